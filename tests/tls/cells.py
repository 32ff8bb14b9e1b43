"""Real clients through the gateway to one real server under TLS, ten transfers each.

curl 7.88 in active mode under TLS fails at vsftpd without a gateway too: that cell is left out.
"""

from __future__ import annotations

import atexit
import ftplib
import hashlib
import shutil
import socket
import ssl
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from typing import Any, ClassVar
from unittest import SkipTest

from tests.peers.servers import Server
from tests.tls.certificates import VERSIONS, authority, client_context, issued
from tests.tls.peers import TlsGateway
from tests.tls.servers import Secured
from tests.wire.patience import PATIENT, shortened

BODY = hashlib.sha256(b"body").digest() * 9000  # 288 kB
TRANSFERS = 10


class ReusingFtpTls(ftplib.FTP_TLS):
    """ftplib with the one line that session reuse takes."""

    def ntransfercmd(self, cmd: str, rest: Any = None) -> Any:
        """Wrap the data connection in the control connection's session."""
        data, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        if self._prot_p:  # type: ignore[attr-defined]
            assert isinstance(self.sock, ssl.SSLSocket)
            data = self.context.wrap_socket(
                data, server_hostname=self.host, session=self.sock.session
            )
            assert data.session_reused
        return data, size


class ImplicitFtpTls(ftplib.FTP_TLS):
    """ftplib over implicit TLS."""

    def connect(self, *arguments: Any, **options: Any) -> str:
        """Shake hands before the greeting is read."""
        host, port, timeout = arguments
        self.host, self.port, self.timeout = host, port, timeout
        raw = socket.create_connection((host, port), timeout)
        self.af = raw.family
        self.sock = self.context.wrap_socket(raw, server_hostname=host)
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()
        return self.welcome


class Stage:
    """The servers and gateways that run; each is started once."""

    servers: ClassVar[dict[type[Server], Server]] = {}
    gateways: ClassVar[dict[tuple[Any, ...], TlsGateway]] = {}
    folder: ClassVar[Path] = Path(tempfile.mkdtemp(prefix="ftpalg-tls-real-"))
    names: ClassVar[Any] = count()

    @classmethod
    def server(cls, kind: type[Server]) -> Server:
        """That server, running."""
        why = kind.missing()
        if why:
            raise SkipTest(why)
        if kind not in cls.servers:
            made = kind("127.0.0.1")
            made.start()
            cls.servers[kind] = made
            for name in ("file", "upload"):
                (made.root / name).mkdir()
                (made.root / name).chmod(0o777)
            for name, body in (("body", BODY), ("big", BODY * 40)):
                path = made.root / "file" / name
                path.write_bytes(body)
                path.chmod(0o644)
        return cls.servers[kind]

    @classmethod
    def gateway(cls, server: Server, scheme: str, mode: str) -> TlsGateway:
        """The gateway in front of it: its first port offers TLS, its second is implicit."""
        key = (server.port, scheme, mode)
        if key not in cls.gateways:
            toml = (
                shortened(PATIENT, abort=5.0)
                + '[client-tls]\nmode = "offer"\nimplicit-listen = ["tcp:0:interface=127.0.0.1"]\n'
                + issued("good").toml
                + f'[server-tls]\nca = "{authority().file}"\n[log]\nladder = true\n'
            )
            words = ["--server-mode", mode, "--server", f"{scheme}://127.0.0.1:{server.port}"]
            cls.gateways[key] = TlsGateway(words, toml, 2)
        return cls.gateways[key]

    @classmethod
    def clear(cls) -> None:
        """Leave nothing behind."""
        for gateway in cls.gateways.values():
            gateway.stop()
        for server in cls.servers.values():
            server.stop()
        shutil.rmtree(cls.folder, ignore_errors=True)


atexit.register(Stage.clear)


class Cells:
    """What is done with every server, in both server modes; the subclasses name the server."""

    server_type: type[Secured]
    scheme = "ftpes"

    def stand(self: Any, mode: str) -> None:
        """Have server and gateway run."""
        self.server = Stage.server(self.server_type)
        self.gateway = Stage.gateway(self.server, self.scheme, mode)
        self.begun = len(self.gateway.whole_log())

    def fail_with_log(self: Any, why: str) -> None:
        """Fail with the ladder of what happened."""
        self.fail(f"{why}\n{self.gateway.whole_log()[self.begun :][-6000:]}")

    def arrived(self: Any, names: list[str]) -> None:
        """Every upload is whole at the server."""
        for name in names:
            path = self.server.root / "upload" / name
            if not path.exists() or path.read_bytes() != BODY:
                size = path.stat().st_size if path.exists() else None
                self.fail_with_log(f"{name}: {size} bytes of {len(BODY)}")

    def with_ftplib(self: Any, ftp: ftplib.FTP, *, implicit: bool, passive: bool) -> None:
        """Five downloads and five uploads in one session."""
        account = self.server.account
        names = [f"up-{next(Stage.names)}" for _ in range(TRANSFERS // 2)]
        try:
            ftp.connect("127.0.0.1", self.gateway.ports[1 if implicit else 0], 15)
            ftp.login(account.user, account.password)
            if isinstance(ftp, ftplib.FTP_TLS):
                ftp.prot_p()
            ftp.set_pasv(passive)
            source = Stage.folder / "body"
            source.write_bytes(BODY)
            for name in names:
                parts: list[bytes] = []
                ftp.retrbinary("RETR file/body", parts.append)
                assert b"".join(parts) == BODY, len(b"".join(parts))
                with source.open("rb") as file:
                    ftp.storbinary(f"STOR upload/{name}", file)
            ftp.quit()
        except (OSError, EOFError, AssertionError, ftplib.Error) as error:
            self.fail_with_log(repr(error))
        finally:
            ftp.close()
        self.arrived(names)

    def run_client(self: Any, command: list[str]) -> None:
        """Run a client; its failure is the test's."""
        done = subprocess.run(
            command, cwd=Stage.folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=60
        )
        if done.returncode:
            said = (done.stdout + done.stderr).decode(errors="replace")[-3000:]
            self.fail_with_log(f"exit {done.returncode}\n{said}")

    def with_curl(self: Any, *, tls: str, active: bool) -> None:
        """Ten transfers in one curl, which keeps its control connection."""
        if not shutil.which("curl"):
            raise SkipTest("curl is not installed")
        account = self.server.account
        (Stage.folder / "body").write_bytes(BODY)
        scheme = "ftps" if tls == "implicit" else "ftp"
        url = f"{scheme}://localhost:{self.gateway.ports[1 if tls == 'implicit' else 0]}"
        names = [f"up-{next(Stage.names)}" for _ in range(TRANSFERS // 2)]
        common = ["-sS", "--max-time", "20", "-u", f"{account.user}:{account.password}"]
        common += ["--cacert", str(authority().file)] if tls else []
        common += ["--ssl-reqd"] if tls == "explicit" else []
        common += ["-P", "-"] if active else []
        command = ["curl", "--fail-early"]
        for at, name in enumerate(names):
            command += ["--next"] if at else []
            command += [*common, f"{url}/file/body", "-o", f"down-{name}"]
            command += ["--next", *common, "-T", "body", f"{url}/upload/{name}"]
        self.run_client(command)
        for name in names:
            if (Stage.folder / f"down-{name}").read_bytes() != BODY:
                self.fail_with_log(f"down-{name} is not whole")
        self.arrived(names)

    def with_lftp(self: Any, *, tls: str, passive: bool, uploads: bool = True) -> None:
        """Ten transfers in one lftp, or five.

        lftp does not read on a connection that it uploads through: tickets of TLS 1.3 would lie
        there unread, and its close would become a RST that takes the tail of the file with it.
        """
        if not shutil.which("lftp"):
            raise SkipTest("lftp is not installed")
        account = self.server.account
        (Stage.folder / "body").write_bytes(BODY)
        names = [f"up-{next(Stage.names)}" for _ in range(TRANSFERS // 2)]
        scheme = "ftps" if tls == "implicit" else "ftp"
        port = self.gateway.ports[1 if tls == "implicit" else 0]
        script = [
            f"set ssl:ca-file {authority().file}",
            "set cmd:fail-exit yes",
            "set net:timeout 10",
            "set net:max-retries 1",
            "set xfer:clobber yes",
            f"set ftp:passive-mode {'yes' if passive else 'no'}",
            f"set ftp:ssl-allow {'yes' if tls else 'no'}",
            f"set ftp:ssl-force {'yes' if tls == 'explicit' else 'no'}",
            f"set ftp:ssl-protect-data {'yes' if tls else 'no'}",
            f"open -u {account.user},{account.password} {scheme}://localhost:{port}",
        ]
        for name in names:
            script += [f"get file/body -o down-{name}"]
            script += [f"put body -o upload/{name}"] if uploads else []
        self.run_client(["lftp", "--norc", "-c", "; ".join(script)])
        for name in names:
            if (Stage.folder / f"down-{name}").read_bytes() != BODY:
                self.fail_with_log(f"down-{name} is not whole")
        self.arrived(names if uploads else [])

    # -- the cells --------------------------------------------------

    def test_plain_ftplib(self: Any) -> None:
        """A plain client reaches the protected server, in all four combinations of modes."""
        for mode in ("passive", "active"):
            self.stand(mode)
            for passive in (True, False):
                self.with_ftplib(ftplib.FTP(), implicit=False, passive=passive)

    def test_ftplib(self: Any) -> None:
        """FTP_TLS as it is, explicit, in all four combinations of modes."""
        for mode in ("passive", "active"):
            self.stand(mode)
            for passive in (True, False):
                ftp = ftplib.FTP_TLS(context=client_context())
                self.with_ftplib(ftp, implicit=False, passive=passive)

    def test_ftplib_that_reuses(self: Any) -> None:
        """FTP_TLS with session reuse, TLS 1.2 and 1.3."""
        self.stand("passive")
        for version in VERSIONS:
            ftp = ReusingFtpTls(context=client_context(version))
            self.with_ftplib(ftp, implicit=False, passive=version is VERSIONS[0])

    def test_implicit_ftplib(self: Any) -> None:
        """FTP_TLS over implicit TLS."""
        self.stand("passive")
        for passive in (True, False):
            ftp = ImplicitFtpTls(context=client_context())
            self.with_ftplib(ftp, implicit=True, passive=passive)

    def test_curl(self: Any) -> None:
        """curl in clear, explicit and implicit, passive; plain also active."""
        self.stand("passive")
        for tls in ("", "explicit", "implicit"):
            self.with_curl(tls=tls, active=False)
        self.with_curl(tls="", active=True)

    def test_lftp(self: Any) -> None:
        """lftp in clear, explicit and implicit, passive and active."""
        self.stand("passive")
        for tls in ("", "explicit", "implicit"):
            for passive in (True, False):
                self.with_lftp(tls=tls, passive=passive)
            self.with_lftp(tls=tls, passive=True, uploads=False)

    def test_after_a_broken_download(self: Any) -> None:
        """A client breaks a download off; the same session's next transfers work."""
        self.stand("passive")
        account = self.server.account
        ftp = ftplib.FTP()
        try:
            ftp.connect("127.0.0.1", self.gateway.ports[0], 15)
            ftp.login(account.user, account.password)
            for _ in range(3):
                ftp.voidcmd("TYPE I")
                data = ftp.transfercmd("RETR file/big")
                data.recv(1000)
                data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                data.close()
                try:
                    ftp.voidresp()
                    self.fail_with_log("a broken download was called complete")
                except ftplib.Error:
                    pass
                parts: list[bytes] = []
                ftp.retrbinary("RETR file/body", parts.append)
                assert b"".join(parts) == BODY
            ftp.quit()
        except (OSError, EOFError, AssertionError, ftplib.Error) as error:
            self.fail_with_log(repr(error))
        finally:
            ftp.close()
