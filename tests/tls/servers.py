"""Real servers under TLS: vsftpd, ProFTPD, Pure-FTPd, pyftpdlib."""

from __future__ import annotations

import socket
import ssl
import subprocess
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import ClassVar

from tests.peers.servers import (
    Child,
    NotStarted,
    Proftpd,
    PureFtpd,
    Pyftpdlib,
    Server,
    Vsftpd,
    free_port,
)
from tests.tls.certificates import issued

NUMBER = {ssl.TLSVersion.TLSv1_2: "1.2", ssl.TLSVersion.TLSv1_3: "1.3"}


class Secured(Server):
    """What the four servers have in common: a certificate, and a start without a greeting."""

    implicit: ClassVar[bool] = False
    version: ClassVar[ssl.TLSVersion | None] = None
    """The only one that the server speaks."""

    def files(self) -> tuple[Path, Path, Path]:
        """Certificate, key and both in one, readable by root only."""
        pair = issued("rsa")
        made = self.base / "cert.pem", self.base / "key.pem", self.base / "both.pem"
        made[0].write_bytes(pair.certificate.read_bytes())
        made[1].write_bytes(pair.private_key.read_bytes())
        made[2].write_bytes(pair.private_key.read_bytes() + pair.certificate.read_bytes())
        for path in made:
            path.chmod(0o600)
        return made

    def forced(self, command: list[str]) -> list[str]:
        """The command with OpenSSL held to one version."""
        if self.version is None:
            return command
        path = self.base / "openssl.cnf"
        number = NUMBER[self.version]
        path.write_text(
            "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = all\n"
            f"[all]\nMinProtocol = TLSv{number}\nMaxProtocol = TLSv{number}\n"
        )
        return ["env", f"OPENSSL_CONF={path}", *command]

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        for _ in range(3):
            self.port = free_port(self.host)
            self.child = Child(self.forced(self.command()), self.base)
            if self.accepts(self.child):
                return
            self.child.kill()
        said = self.child.log.read_text(errors="replace") if self.child else ""
        self.stop()
        raise NotStarted(f"{self.name}: {said}")

    def accepts(self, child: Child) -> bool:
        """Wait for the port, not for what is said there: under implicit TLS nothing is."""
        until = monotonic() + 10
        while monotonic() < until:
            try:
                socket.create_connection((self.host, self.port), timeout=5).close()
            except OSError:
                pass
            else:
                return child.process.poll() is None
            try:
                child.process.wait(0.05)
                return False
            except subprocess.TimeoutExpired:
                continue
        return False


class TlsVsftpd(Secured, Vsftpd):
    """Strict in every way it can be."""

    def command(self) -> list[str]:
        words = Vsftpd.command(self)
        certificate, key, _ = self.files()
        yes = (
            "ssl_enable",
            "allow_anon_ssl",
            "force_anon_data_ssl",
            "force_anon_logins_ssl",
            "require_ssl_reuse",
            "strict_ssl_read_eof",
            "strict_ssl_write_shutdown",
            "ssl_tlsv1",
        )
        path = Path(words[-1])
        path.write_text(
            path.read_text()
            + "".join(f"{word}=YES\n" for word in yes)
            + f"ssl_ciphers=HIGH\nrsa_cert_file={certificate}\nrsa_private_key_file={key}\n"
            + f"implicit_ssl={'YES' if self.implicit else 'NO'}\n"
        )
        return words


class TlsProftpd(Secured, Proftpd):
    """mod_tls as it comes: data connections must resume."""

    @classmethod
    def missing(cls) -> str:
        if not Path("/usr/lib/proftpd/mod_tls.so").exists():
            return "ProFTPD's mod_tls is not installed"
        return super().missing()

    def command(self) -> list[str]:
        words = Proftpd.command(self)
        certificate, key, _ = self.files()
        options = "TLSOptions UseImplicitSSL\n" if self.implicit else ""
        protocol = f"TLSv{NUMBER[self.version]}" if self.version else "TLSv1.2 TLSv1.3"
        path = Path(words[-1])
        path.write_text(
            "ModulePath /usr/lib/proftpd\nLoadModule mod_tls.c\n"
            + path.read_text()
            + f"TLSEngine on\nTLSLog {self.base}/tls.log\nTLSRequired on\n{options}"
            + f"TLSProtocol {protocol}\nTLSRSACertificateFile {certificate}\n"
            + f"TLSRSACertificateKeyFile {key}\nTLSVerifyClient off\n"
        )
        return words

    def forced(self, command: list[str]) -> list[str]:
        return command


class TlsPureFtpd(Secured, PureFtpd):
    """-Y 2: no login in clear; it has no implicit TLS beside explicit (-Y 3 is data as well)."""

    def command(self) -> list[str]:
        _, _, both = self.files()
        return [*PureFtpd.command(self), "-Y", "2", "-2", str(both)]


class TlsPyftpdlib(Secured, Pyftpdlib):
    """TLS required on control and data."""

    script: ClassVar[str] = (
        Pyftpdlib.script.replace("import FTPHandler", "import TLS_FTPHandler as FTPHandler")
        .replace("= sys.argv[1:]", "= sys.argv[1:6]")
        .replace(
            "FTPServer((host",
            "FTPHandler.certfile = sys.argv[6]\nFTPHandler.tls_control_required = True\n"
            "FTPHandler.tls_data_required = True\nFTPServer((host",
        )
    )

    @classmethod
    def missing(cls) -> str:
        try:
            found = hasattr(import_module("pyftpdlib.handlers"), "TLS_FTPHandler")
        except ImportError:
            found = False
        if not found:
            return "pyftpdlib has no TLS here: it wants pyOpenSSL"
        return super().missing()

    def command(self) -> list[str]:
        return [*super().command(), str(self.files()[2])]
