"""The proxies that are measured beside one another: what they need, and how each is told to serve.

Each listens on a port of loopback and leads to one server (``bench.servers``).  What they would do beside
that is off: looking names up, delaying logins, logging transfers, keeping files.
"""

from __future__ import annotations

import contextlib
import ftplib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.family import PATIENCE, PAUSE, Failed
from bench.measure import child, drained
from bench.servers import Kind, Server, free_port
from bench.work import USER, Implicit, trusting
from ftpalg.certificate import CA_FILE

CLEAR, EITHER = frozenset({False}), frozenset({False, True})
BOTH = {False: Kind.CLEAR, True: Kind.TLS}


@dataclass(frozen=True, slots=True)
class Place:
    """Where one of them serves: its port, the server, a folder of its own, and a pair of PEM files."""

    port: int
    server: Server
    folder: Path
    pair: tuple[Path, Path]

    def file(self, text: str) -> str:
        """A settings file with this text; the name of it."""
        path = self.folder / "settings"
        path.write_text(text)
        return str(path)


def ftpalg(
    place: Place, own: str = "", limits: str = "", more: str = "", module: str = "ftpalg"
) -> list[str]:
    """The gateway of this tree as it is by default, but that one client may have all that there is.

    ``own`` are settings without a table, ``limits`` those of that table, ``more`` further tables.
    """
    certificate, key = place.pair
    tls = place.server.tls
    text = f"""
listen = ["127.0.0.1:{place.port}"]
server = "{"ftpes" if tls else "ftp"}://127.0.0.1:{place.server.port}"
{own}
[limits]
sessions-per-peer = 4000
transfers-per-peer = 4000
{limits}
{more}
[client-tls]
mode = "offer"
certificate = "{certificate}"
private-key = "{key}"
[server-tls]
ca = "{certificate.with_name(CA_FILE) if tls else ""}"
"""
    return [sys.executable, "-m", module, "run", "--config", place.file(text)]


def mod_proxy(place: Place) -> list[str]:
    """ProFTPD, which has a process for each client."""
    here, (certificate, key) = place.folder, place.pair
    (here / "tables").mkdir()
    text = f"""
ServerName "bench"
ServerType standalone
DefaultServer on
DefaultAddress 127.0.0.1
Port {place.port}
UseReverseDNS off
UseIPv6 off
SocketBindTight on
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
TLSRSACertificateFile {certificate}
TLSRSACertificateKeyFile {key}
TLSOptions NoSessionReuseRequired
ProxyEngine on
ProxyTables {here}/tables
ProxyRole reverse
ProxyReverseConnectPolicy Random
ProxyReverseServers ftp://127.0.0.1:{place.server.port}
ProxyTLSEngine {"on" if place.server.tls else "off"}
ProxyTLSCACertificateFile {certificate.with_name(CA_FILE)}
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
DestinationPort {place.server.port}
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


def haproxy(place: Place) -> list[str]:
    """HAProxy, which knows no FTP: it ends TLS on the port and on all data ports of a server that has few."""
    here, (certificate, key) = place.folder, place.pair
    both = here / "pair.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    first, last = place.server.data_ports
    text = f"""
global
    maxconn 4000
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
frontend control
    bind 127.0.0.1:{place.port} ssl crt {both}
    default_backend control
backend control
    server one {place.server.host}:{place.server.port}
frontend data
    bind 127.0.0.1:{first}-{last} ssl crt {both}
    default_backend data
backend data
    server one {place.server.host}
"""
    return ["/usr/sbin/haproxy", "-db", "-f", place.file(text)]


@dataclass(frozen=True, slots=True)
class Proxy:
    """One of them; ``needs`` has files, each with the Debian package that has it."""

    name: str
    words: Callable[[Place], list[str]]
    needs: dict[str, str]
    user: str = USER
    owner: str = ""
    """Of its folder, where it changes its user before it opens files."""
    clients: frozenset[bool] = CLEAR
    """Whether it takes clients in clear, and under TLS."""
    servers: Mapping[bool, Kind] = field(default_factory=lambda: {False: Kind.CLEAR})
    """The server it is before, in clear or under TLS."""
    by: type[ftplib.FTP_TLS] = ftplib.FTP_TLS
    """How its clients begin TLS."""
    load: int = 1
    """Of logins at once it gets so many times as many."""

    def missing(self) -> str:
        """Why it cannot run here, or nothing."""
        packages = [package for file, package in self.needs.items() if not os.path.exists(file)]
        if packages:
            return f"not installed; Debian has it in {' and '.join(packages)}"
        return "wants root" if self.needs and os.geteuid() else ""


PROXIES = (
    Proxy("ftpalg", ftpalg, {}, clients=EITHER, servers=BOTH),
    Proxy(
        "mod_proxy",
        mod_proxy,
        {
            "/usr/sbin/proftpd": "proftpd-core",
            "/usr/lib/proftpd/mod_proxy.so": "proftpd-mod-proxy",
            "/usr/lib/proftpd/mod_tls.so": "proftpd-mod-crypto",
        },
        clients=EITHER,
        servers=BOTH,
    ),
    Proxy("SuSE ftp-proxy", suse, {"/usr/sbin/ftp-proxy": "ftp-proxy"}, owner="nobody"),
    Proxy(
        "Squid ftp_port",
        squid,
        {"/usr/sbin/squid": "squid"},
        user=USER + "@127.0.0.1:{}",
        owner="proxy",
    ),
    Proxy(
        "HAProxy",
        haproxy,
        {"/usr/sbin/haproxy": "haproxy"},
        clients=frozenset({True}),
        servers={False: Kind.FEW_PORTS},
        by=Implicit,
    ),
)
"""The first is the one that the others are compared with."""


def greeted(process: subprocess.Popen[str], port: int, by: type[ftplib.FTP_TLS]) -> None:
    """Wait until it greets clients.  Raise Failed where it does not."""
    for _ in range(PATIENCE):
        with contextlib.suppress(*ftplib.all_errors):
            probe = by(context=trusting()) if by is Implicit else ftplib.FTP()
            probe.connect("127.0.0.1", port, timeout=5)
            probe.close()
            return
        try:
            process.wait(PAUSE)
        except subprocess.TimeoutExpired:
            continue
        break
    process.kill()
    said, _ = process.communicate()
    raise Failed(f"bench: {process.args!r} does not serve: {said}")


@contextlib.contextmanager
def serving(proxy: Proxy, place: Place) -> Iterator[subprocess.Popen[str]]:
    """The proxy, from its first greeting to the end of the block."""
    place.folder.mkdir()
    if proxy.owner:
        shutil.chown(place.folder, proxy.owner)
    with child(*proxy.words(place)) as process:
        greeted(process, place.port, proxy.by)
        with drained(process):
            yield process
