"""Real servers and clients: explicit and implicit TLS, active and passive, on one leg and on both.

vsftpd and ProFTPD insist on resumed data connections here; each session does ten transfers.
"""

from __future__ import annotations

import ftplib
import ssl
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.tls.cells import Cells
from tests.tls.certificates import VERSIONS, client_context
from tests.tls.servers import Secured, TlsProftpd, TlsPureFtpd, TlsPyftpdlib, TlsVsftpd


class VsftpdCells(Cells, SynchronousTestCase):
    """vsftpd with explicit TLS."""

    server_type = TlsVsftpd


class ProftpdCells(Cells, SynchronousTestCase):
    """ProFTPD with explicit TLS."""

    server_type = TlsProftpd


class PureFtpdCells(Cells, SynchronousTestCase):
    """Pure-FTPd with explicit TLS."""

    server_type = TlsPureFtpd


class PyftpdlibCells(Cells, SynchronousTestCase):
    """pyftpdlib with explicit TLS."""

    server_type = TlsPyftpdlib


def variant(
    kind: type[Secured], version: ssl.TLSVersion | None, *, implicit: bool
) -> type[Secured]:
    """The same server held to one version or to implicit TLS."""
    words = {"version": version, "implicit": implicit, "__doc__": kind.__doc__}
    return type(f"{kind.__name__}Variant", (kind,), words)


class Variants(SynchronousTestCase):
    """vsftpd and ProFTPD held to one TLS version, and over implicit TLS."""

    def one(self, kind: type[Secured], version: ssl.TLSVersion | None, *, implicit: bool) -> None:
        """One session of each data mode, under TLS and in clear."""
        made = variant(kind, version, implicit=implicit)
        words = {"server_type": made, "scheme": "ftps" if implicit else "ftpes"}
        cells: Any = type("VariantCells", (Cells, SynchronousTestCase), words)("stand")
        for mode in ("passive", "active"):
            cells.stand(mode)
            cells.with_ftplib(ftplib.FTP(), implicit=False, passive=True)
            tls = ftplib.FTP_TLS(context=client_context(version))
            cells.with_ftplib(tls, implicit=False, passive=True)
        cells.test_after_a_broken_download()

    def test_vsftpd_1_2(self) -> None:
        """vsftpd with TLS 1.2 only."""
        self.one(TlsVsftpd, VERSIONS[0], implicit=False)

    def test_vsftpd_1_3(self) -> None:
        """vsftpd with TLS 1.3 only."""
        self.one(TlsVsftpd, VERSIONS[1], implicit=False)

    def test_vsftpd_implicit(self) -> None:
        """vsftpd with implicit TLS."""
        self.one(TlsVsftpd, None, implicit=True)

    def test_proftpd_1_2(self) -> None:
        """ProFTPD with TLS 1.2 only."""
        self.one(TlsProftpd, VERSIONS[0], implicit=False)

    def test_proftpd_1_3(self) -> None:
        """ProFTPD with TLS 1.3 only."""
        self.one(TlsProftpd, VERSIONS[1], implicit=False)

    def test_proftpd_implicit(self) -> None:
        """ProFTPD with implicit TLS."""
        self.one(TlsProftpd, None, implicit=True)
