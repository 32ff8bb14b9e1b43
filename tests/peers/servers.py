"""Real FTP servers, and the gateway itself, as child processes on free ports of loopback.

Each server serves one temporary folder as an unprivileged user, and needs root for that.  A child
that dies before it listens lost its port to somebody else: another port is tried.  Nothing sleeps:
the wait for a port is a wait for the child's death, with a bound.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import ClassVar

from tests.wire.sockets import bound, port_of

READY_WITHIN = 20.0
NOBODY = 65534
PASSWORD = "secret"
HASH = (  # of PASSWORD
    "$6$ftpalgpeers$"
    "wIFOwm2br4CB3dkF6F3UDO83Qmk/OD5OzrryTO/t5o/Z3NWZcBD2f1Ik98vqxpdvuNIwULjhBjPiE9beF6LFE1"
)


class NotStarted(Exception):
    """A child did not begin to listen; the text holds what it printed."""


@dataclass(frozen=True)
class Account:
    """Where a server listens, and who may log in."""

    host: str
    port: int
    user: str
    password: str

    @property
    def authority(self) -> str:
        """``host:port`` as URLs want it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def free_port(host: str) -> int:
    """A port that nobody listened on a moment ago, and that is ours alone."""
    with bound(host) as probe:
        return port_of(probe)


WATCH = 'read -r _; kill -s KILL -- "-$1"'
"""Waits for the end of its standard input, which is the end of the process that holds the pipe."""


class Child:
    """A process group of our own, killed as a whole; it does not outlive the tests either."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.log = folder / "output.txt"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.watch = subprocess.Popen(
            ["sh", "-c", WATCH, "sh", str(self.process.pid)],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def listens(self, host: str, port: int) -> bool:
        """Wait until the child greets on its port; False where it died or greets not in time."""
        until = monotonic() + READY_WITHIN
        while monotonic() < until:
            try:
                with socket.create_connection((host, port), timeout=READY_WITHIN) as probe:
                    if self.process.poll() is None and probe.recv(3) == b"220":
                        return True
            except OSError:
                pass
            try:
                self.process.wait(0.02)
                return False
            except subprocess.TimeoutExpired:
                continue
        return False

    def kill(self) -> None:
        """End the child and all that it has started."""
        self.watch.kill()  # before its group's number can be somebody else's
        self.watch.communicate()
        for number, grace in ((signal.SIGTERM, 1.0), (signal.SIGKILL, 5.0)):
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                pass
            try:
                self.process.wait(grace)
            except subprocess.TimeoutExpired:
                continue
        # the leader is gone, but sessions it forked may not be
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Server:
    """One FTP server with a folder of its own; subclasses say how it is configured."""

    name: ClassVar[str]
    program: ClassVar[str]
    user: ClassVar[str] = "peer"

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host
        self.base = Path(tempfile.mkdtemp(prefix="ftpalg-peers-"))
        self.base.chmod(0o755)
        self.root = self.base / "root"
        self.root.mkdir()
        self.root.chmod(0o755)  # vsftpd refuses a root that its user may write to
        self.child: Child | None = None
        self.port = 0

    @classmethod
    def missing(cls) -> str:
        """Why the server cannot run here, or nothing."""
        if os.geteuid() != 0:
            return f"{cls.name} needs root"
        return "" if os.access(cls.program, os.X_OK) else f"{cls.program} is not installed"

    @property
    def account(self) -> Account:
        """How to reach it."""
        return Account(self.host, self.port, self.user, PASSWORD)

    def command(self) -> list[str]:
        """Write the configuration for ``port``; return the command line."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it and wait until it greets.  Raise NotStarted."""
        said = ""
        for _ in range(3):
            self.port = free_port(self.host)
            self.child = Child(self.command(), self.base)
            if self.child.listens(self.host, self.port):
                return
            self.child.kill()
            said = self.child.log.read_text(errors="replace")
        self.stop()
        raise NotStarted(f"{self.name}: {said}")

    def stop(self) -> None:
        """Kill it and remove its folder."""
        if self.child is not None:
            self.child.kill()
        shutil.rmtree(self.base, ignore_errors=True)


class Vsftpd(Server):
    """vsftpd, anonymous only: its local users would need PAM."""

    name = "vsftpd"
    program = "/opt/peers/usr/sbin/vsftpd"
    user = "anonymous"

    def command(self) -> list[str]:
        empty = self.base / "empty"
        empty.mkdir(mode=0o555, exist_ok=True)
        six = ":" in self.host
        settings = {
            "background": "NO",
            "listen": "NO" if six else "YES",
            "listen_ipv6": "YES" if six else "NO",
            "listen_address6" if six else "listen_address": self.host,
            "listen_port": self.port,
            "anonymous_enable": "YES",
            "local_enable": "NO",
            "no_anon_password": "NO",
            "ftp_username": "daemon",  # nobody has no home, and vsftpd insists on one
            "anon_root": self.root,
            "secure_chroot_dir": empty,
            "write_enable": "YES",
            "anon_upload_enable": "YES",
            "anon_mkdir_write_enable": "YES",
            "anon_other_write_enable": "YES",
            "anon_world_readable_only": "NO",
            "anon_umask": "022",
            "xferlog_enable": "NO",
        }
        path = self.base / "vsftpd.conf"
        path.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        return [self.program, str(path)]


class Proftpd(Server):
    """ProFTPD with a password file of its own."""

    name = "ProFTPD"
    program = "/usr/sbin/proftpd"

    def command(self) -> list[str]:
        users, path = self.base / "users", self.base / "proftpd.conf"
        users.write_text(f"peer:{HASH}:{NOBODY}:{NOBODY}::{self.root}:/bin/false\n")
        users.chmod(0o600)
        path.write_text(
            f"""ServerName peers
ServerType standalone
UseIPv6 {"on" if ":" in self.host else "off"}
DefaultAddress {self.host}
SocketBindTight on
Port {self.port}
User nobody
Group nogroup
PidFile {self.base}/pid
ScoreboardFile {self.base}/scoreboard
SystemLog {self.base}/log
DelayTable {self.base}/delay
<IfModule mod_delay.c>
DelayEngine off
</IfModule>
<IfModule mod_lang.c>
UseEncoding off
</IfModule>
TransferLog none
WtmpLog off
UseReverseDNS off
AuthOrder mod_auth_file.c
AuthUserFile {users}
RequireValidShell off
DefaultRoot ~
AllowOverwrite on
AllowStoreRestart on
AllowRetrieveRestart on
"""
        )
        return [self.program, "-n", "-c", str(path)]


class PureFtpd(Server):
    """Pure-FTPd with a PureDB of its own."""

    name = "Pure-FTPd"
    program = "/opt/peers/usr/sbin/pure-ftpd"
    compiler: ClassVar[str] = "/opt/peers/usr/bin/pure-pw"

    @classmethod
    def missing(cls) -> str:
        return super().missing() or (
            "" if os.access(cls.compiler, os.X_OK) else f"{cls.compiler} is not installed"
        )

    def command(self) -> list[str]:
        users, compiled = self.base / "users", self.base / "users.pdb"
        users.write_text(f"peer:{HASH}:{NOBODY}:{NOBODY}::{self.root}/./::::::::::::\n")
        subprocess.run([self.compiler, "mkdb", str(compiled), "-f", str(users)], check=True)
        return [
            self.program,
            "-S",
            f"{self.host},{self.port}",
            "-l",
            f"puredb:{compiled}",
            "-u",
            "1",
            "-A",
            "-E",
            "-H",
            "-g",
            str(self.base / "pid"),
        ]


class Pyftpdlib(Server):
    """pyftpdlib in a Python of its own; names are bytes to it as to the others."""

    name = "pyftpdlib"
    program = sys.executable
    script: ClassVar[str] = """
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
host, port, root, user, password = sys.argv[1:]
FTPHandler.authorizer = DummyAuthorizer()
FTPHandler.authorizer.add_user(user, password, root, perm="elradfmwMT")
FTPHandler.unicode_errors = "surrogateescape"
FTPServer((host, int(port)), FTPHandler).serve_forever()
"""

    @classmethod
    def missing(cls) -> str:
        return super().missing() if find_spec("pyftpdlib") else "pyftpdlib is not installed"

    def command(self) -> list[str]:
        return [
            self.program,
            "-W",
            "ignore",
            "-c",
            self.script,
            self.host,
            str(self.port),
            str(self.root),
            "peer",
            PASSWORD,
        ]


class Gateway:
    """ftpalg as its command line starts it, in front of one server or with no fixed server."""

    scheme: ClassVar[str] = "ftp"
    toml: ClassVar[str] = ""
    """Settings beside the log's."""

    def __init__(self, server: Account | None, mode: str, host: str = "127.0.0.1") -> None:
        self.server, self.mode, self.host = server, mode, host
        self.folder = Path(tempfile.mkdtemp(prefix="ftpalg-peers-"))
        self.child: Child | None = None
        self.port = 0

    def command(self) -> list[str]:
        """The command line; it logs the dialogues of both sides."""
        settings = self.folder / "ftpalg.toml"
        settings.write_text(f"{self.toml}[log]\nladder = true\n")
        interface = self.host.replace(":", "\\:")
        words = [
            str(Path(sys.executable).parent / "twistd"),
            "-n",
            "--pidfile=",
            "ftpalg",
            "--config",
            str(settings),
            "--server-mode",
            self.mode,
            "--listen",
            f"tcp:{self.port}:interface={interface}",
        ]
        url = f"{self.scheme}://{self.server.authority}" if self.server else ""
        return words + (["--server", url] if url else [])

    def start(self) -> None:
        """Start it and wait until it passes a greeting on.  Raise NotStarted."""
        said = ""
        for _ in range(3):
            self.port = free_port(self.host)
            self.child = Child(self.command(), self.folder)
            if self.child.listens(self.host, self.port):
                return
            self.child.kill()
            said = self.said()
        self.stop()
        raise NotStarted(f"ftpalg: {said}")

    def said(self) -> str:
        """Its log so far."""
        return self.child.log.read_text(errors="replace") if self.child else ""

    def stop(self) -> None:
        """Kill it and remove its folder."""
        if self.child is not None:
            self.child.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
