"""Which client meets which server, and how; see ``cells`` for what a cell does."""

from __future__ import annotations

from collections.abc import Callable

from tests.peers import clients, libraries, servers
from tests.peers.cells import Cells
from tests.peers.clients import Client


class EveryClient:
    """All clients, in passive and in active mode."""

    cell: Callable[[type[Client]], None]

    def test_curl(self) -> None:
        """All of the exchange with curl as it is."""
        self.cell(clients.Curl)

    def test_curl_active(self) -> None:
        """All of the exchange with curl with EPRT."""
        self.cell(clients.CurlActive)

    def test_curl_pasv(self) -> None:
        """All of the exchange with curl with PASV."""
        self.cell(clients.CurlPasv)

    def test_curl_port(self) -> None:
        """All of the exchange with curl with PORT."""
        self.cell(clients.CurlPort)

    def test_lftp(self) -> None:
        """All of the exchange with lftp in passive mode."""
        self.cell(clients.Lftp)

    def test_lftp_active(self) -> None:
        """All of the exchange with lftp in active mode."""
        self.cell(clients.LftpActive)

    def test_lftp_pipelined(self) -> None:
        """All of the exchange with lftp that does not wait for replies."""
        self.cell(clients.LftpPipelined)

    def test_tnftp(self) -> None:
        """All of the exchange with tnftp in passive mode."""
        self.cell(clients.Tnftp)

    def test_tnftp_active(self) -> None:
        """All of the exchange with tnftp in active mode."""
        self.cell(clients.TnftpActive)

    def test_inetutils(self) -> None:
        """All of the exchange with inetutils-ftp in active mode."""
        self.cell(clients.Inetutils)

    def test_inetutils_passive(self) -> None:
        """All of the exchange with inetutils-ftp in passive mode."""
        self.cell(clients.InetutilsPassive)

    def test_ncftp(self) -> None:
        """All of the exchange with ncftp in passive mode."""
        self.cell(clients.Ncftp)

    def test_ncftp_active(self) -> None:
        """All of the exchange with ncftp in active mode."""
        self.cell(clients.NcftpActive)

    def test_ftplib(self) -> None:
        """All of the exchange with ftplib in passive mode."""
        self.cell(clients.Ftplib)

    def test_ftplib_active(self) -> None:
        """All of the exchange with ftplib in active mode."""
        self.cell(clients.FtplibActive)


class SomeClients:
    """One client of each kind of data command: EPSV, EPRT, PASV, PORT."""

    cell: Callable[[type[Client]], None]

    def test_curl(self) -> None:
        """All of the exchange with curl as it is."""
        self.cell(clients.Curl)

    def test_curl_active(self) -> None:
        """All of the exchange with curl with EPRT."""
        self.cell(clients.CurlActive)

    def test_lftp_pipelined(self) -> None:
        """All of the exchange with lftp that does not wait for replies."""
        self.cell(clients.LftpPipelined)

    def test_tnftp_active(self) -> None:
        """All of the exchange with tnftp in active mode."""
        self.cell(clients.TnftpActive)

    def test_inetutils_passive(self) -> None:
        """All of the exchange with inetutils-ftp in passive mode."""
        self.cell(clients.InetutilsPassive)

    def test_ftplib_active(self) -> None:
        """All of the exchange with ftplib in active mode."""
        self.cell(clients.FtplibActive)


class RoutableClients:
    """Clients that can be given a user with an at sign and a colon in it."""

    cell: Callable[[type[Client]], None]

    def test_curl(self) -> None:
        """All of the exchange with curl as it is."""
        self.cell(clients.Curl)

    def test_curl_port(self) -> None:
        """All of the exchange with curl with PORT."""
        self.cell(clients.CurlPort)

    def test_lftp(self) -> None:
        """All of the exchange with lftp in passive mode."""
        self.cell(clients.Lftp)

    def test_lftp_active(self) -> None:
        """All of the exchange with lftp in active mode."""
        self.cell(clients.LftpActive)

    def test_ftplib(self) -> None:
        """All of the exchange with ftplib in passive mode."""
        self.cell(clients.Ftplib)


class SixClients:
    """Clients that speak IPv6; not active lftp, whose EPRT says :: on loopback."""

    cell: Callable[[type[Client]], None]

    def test_curl(self) -> None:
        """All of the exchange with curl as it is."""
        self.cell(clients.Curl)

    def test_curl_active(self) -> None:
        """All of the exchange with curl with EPRT."""
        self.cell(clients.CurlActive)

    def test_lftp(self) -> None:
        """All of the exchange with lftp in passive mode."""
        self.cell(clients.Lftp)

    def test_tnftp_active(self) -> None:
        """All of the exchange with tnftp in active mode."""
        self.cell(clients.TnftpActive)

    def test_ftplib(self) -> None:
        """All of the exchange with ftplib in passive mode."""
        self.cell(clients.Ftplib)

    def test_ftplib_active(self) -> None:
        """All of the exchange with ftplib in active mode."""
        self.cell(clients.FtplibActive)


class VsftpdPassive(EveryClient, Cells):
    """vsftpd, to which the gateway opens passive data connections."""

    server_type = servers.Vsftpd


class ProftpdPassive(EveryClient, Cells):
    """ProFTPD, to which the gateway opens passive data connections."""

    server_type = servers.Proftpd


class PureFtpdPassive(EveryClient, Cells):
    """Pure-FTPd, to which the gateway opens passive data connections."""

    server_type = servers.PureFtpd


class PyftpdlibPassive(EveryClient, Cells):
    """pyftpdlib, to which the gateway opens passive data connections."""

    server_type = servers.Pyftpdlib


class InetutilsFtpdPassive(SomeClients, Cells):
    """GNU inetutils' ftpd, to which the gateway opens passive data connections."""

    server_type = libraries.InetutilsFtpd


class VsftpdActive(SomeClients, Cells):
    """vsftpd, which opens active data connections to the gateway."""

    server_type = servers.Vsftpd
    mode = "active"


class ProftpdActive(SomeClients, Cells):
    """ProFTPD, which opens active data connections to the gateway."""

    server_type = servers.Proftpd
    mode = "active"


class PureFtpdActive(SomeClients, Cells):
    """Pure-FTPd, which opens active data connections to the gateway."""

    server_type = servers.PureFtpd
    mode = "active"


class PyftpdlibActive(SomeClients, Cells):
    """pyftpdlib, which opens active data connections to the gateway."""

    server_type = servers.Pyftpdlib
    mode = "active"


class VsftpdClient(SomeClients, Cells):
    """vsftpd, with the data mode that each client chose."""

    server_type = servers.Vsftpd
    mode = "client"


class ProftpdClient(SomeClients, Cells):
    """ProFTPD, with the data mode that each client chose."""

    server_type = servers.Proftpd
    mode = "client"


class PureFtpdClient(SomeClients, Cells):
    """Pure-FTPd, with the data mode that each client chose."""

    server_type = servers.PureFtpd
    mode = "client"


class PyftpdlibClient(SomeClients, Cells):
    """pyftpdlib, with the data mode that each client chose."""

    server_type = servers.Pyftpdlib
    mode = "client"


class VsftpdRouted(RoutableClients, Cells):
    """vsftpd, named by the client in its user name."""

    server_type = servers.Vsftpd
    routed = True


class PureFtpdRoutedSix(RoutableClients, Cells):
    """Pure-FTPd over IPv6, named by the client in its user name."""

    server_type = servers.PureFtpd
    server_host = "::1"
    routed = True


class ProftpdFromSix(SixClients, Cells):
    """ProFTPD over IPv4 for clients on IPv6."""

    server_type = servers.Proftpd
    client_host = "::1"


class VsftpdToSix(SomeClients, Cells):
    """vsftpd over IPv6 for clients on IPv4, active towards the server."""

    server_type = servers.Vsftpd
    server_host = "::1"
    mode = "active"


class PyftpdlibSix(SixClients, Cells):
    """pyftpdlib over IPv6 for clients on IPv6."""

    server_type = servers.Pyftpdlib
    client_host = "::1"
    server_host = "::1"
    mode = "client"
