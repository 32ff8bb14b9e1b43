"""The proxies that are measured beside one another: what they need, and how each is told to serve.

Each listens on a port of loopback and leads to one server.  What they would do beside that is off: looking
names up, delaying logins, logging transfers, keeping files.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.family import PATIENCE, PAUSE
from bench.measure import child, drained
from bench.work import USER


@dataclass(frozen=True, slots=True)
class Place:
    """Where one of them serves: its port, the server's, a folder of its own, and a pair of PEM files."""

    port: int
    server: int
    folder: Path
    certificate: Path
    key: Path

    def file(self, text: str) -> str:
        """A settings file with this text; the name of it."""
        path = self.folder / "settings"
        path.write_text(text)
        return str(path)


def ftpalg(place: Place) -> list[str]:
    """The gateway of this tree, with its log on, as it is by default."""
    words = [sys.executable, "-m", "ftpalg", "run", "--listen", f"127.0.0.1:{place.port}"]
    words += ["--server", f"ftp://127.0.0.1:{place.server}", "--client-tls", "offer"]
    return [*words, "--certificate", str(place.certificate), "--private-key", str(place.key)]


def mod_proxy(place: Place) -> list[str]:
    """ProFTPD, which has a process for each client."""
    here = place.folder
    (here / "tables").mkdir()
    text = f"""
ServerName "bench"
ServerType standalone
DefaultServer on
DefaultAddress 127.0.0.1
Port {place.port}
UseReverseDNS off
UseIPv6 off
ModulePath /usr/lib/proftpd
LoadModule mod_tls.c
LoadModule mod_proxy.c
User nobody
Group nogroup
MaxInstances none
PidFile {here}/pid
ScoreboardFile {here}/score
SystemLog {here}/log
DelayEngine off
WtmpLog off
TransferLog none
TLSEngine on
TLSRequired off
TLSRSACertificateFile {place.certificate}
TLSRSACertificateKeyFile {place.key}
TLSOptions NoSessionReuseRequired
ProxyEngine on
ProxyTables {here}/tables
ProxyRole reverse
ProxyReverseConnectPolicy Random
ProxyReverseServers ftp://127.0.0.1:{place.server}
"""
    return ["/usr/sbin/proftpd", "-n", "-c", place.file(text)]


def suse(place: Place) -> list[str]:
    """SuSE's, which has a process for each client too."""
    text = f"""
[-Global-]
ServerType standalone
Listen 127.0.0.1
Port {place.port}
DestinationAddress 127.0.0.1
DestinationPort {place.server}
User nobody
Group nogroup
MaxClients 10000
ForkLimit 10000
LogDestination {place.folder}/log
"""
    return ["/usr/sbin/ftp-proxy", "-n", "-d", "-f", place.file(text)]


def squid(place: Place) -> list[str]:
    """Squid, whose clients name the server."""
    here = place.folder
    text = f"""
http_port 127.0.0.1:{free_port()}
ftp_port 127.0.0.1:{place.port}
http_access allow all
cache deny all
pid_filename {here}/pid
access_log none
pinger_enable off
cache_log {here}/log
coredump_dir {here}
shutdown_lifetime 1 seconds
visible_hostname localhost
max_filedescriptors 16000
"""
    return ["/usr/sbin/squid", "-N", "-f", place.file(text)]


@dataclass(frozen=True, slots=True)
class Proxy:
    """One of them; ``needs`` has files, each with the Debian package that has it."""

    name: str
    words: Callable[[Place], list[str]]
    needs: dict[str, str]
    user: str = USER
    owner: str = ""
    """Of its folder, where it changes its user before it opens files."""
    tls: bool = False

    def missing(self) -> str:
        """Why it cannot run here, or nothing."""
        packages = [package for file, package in self.needs.items() if not os.path.exists(file)]
        if packages:
            return f"not installed; Debian has it in {' and '.join(packages)}"
        return "wants root" if self.needs and os.geteuid() else ""


PROXIES = (
    Proxy("ftpalg", ftpalg, {}, tls=True),
    Proxy(
        "mod_proxy",
        mod_proxy,
        {
            "/usr/sbin/proftpd": "proftpd-core",
            "/usr/lib/proftpd/mod_proxy.so": "proftpd-mod-proxy",
            "/usr/lib/proftpd/mod_tls.so": "proftpd-mod-crypto",
        },
        tls=True,
    ),
    Proxy("SuSE ftp-proxy", suse, {"/usr/sbin/ftp-proxy": "ftp-proxy"}, owner="nobody"),
    Proxy(
        "Squid ftp_port",
        squid,
        {"/usr/sbin/squid": "squid"},
        user=USER + "@127.0.0.1:{}",
        owner="proxy",
    ),
)
"""The first is the one that the others are compared with."""


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def greeted(process: subprocess.Popen[str], port: int) -> None:
    """Wait until it greets clients.  Raise SystemExit where it does not."""
    for _ in range(PATIENCE):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as probe:
            if probe.recv(3) == b"220":
                return
        try:
            process.wait(PAUSE)
        except subprocess.TimeoutExpired:
            continue
        break
    process.kill()
    said, _ = process.communicate()
    raise SystemExit(f"bench: {process.args!r} does not serve: {said}")


@contextlib.contextmanager
def serving(proxy: Proxy, place: Place) -> Iterator[subprocess.Popen[str]]:
    """The proxy, from its first greeting to the end of the block."""
    place.folder.mkdir()
    if proxy.owner:
        shutil.chown(place.folder, proxy.owner)
    with child(*proxy.words(place)) as process:
        greeted(process, place.port)
        with drained(process):
            yield process
