"""Networks of hosts, each a network namespace, for stories with real firewalls and real routes.

    world = World(self)
    client, gateway, server = world.hosts("client", "gateway", "server")
    world.link(client, gateway, "10.1.0.0/24", "fd01::/64")
    world.link(gateway, server, "10.2.0.0/24")
    client.rules(FIREWALL)
    ftp = server.serve(passive=range(50000, 50010))
    gateway.ftpalg(f'listen = ["tcp:1025"]\\nserver = "{ftp.url()}"')
    client.download(gateway.url(client, "pub/name", port=1025), "--ftp-port", "-")

A subclass that builds itself is shared by the tests that ask for it: ``world = Shop.shared(self)``.
An interface bears the name of the host at its other end.  Nothing here sleeps: a wait is a wait for
a process's death that looks at a condition now and then, and every wait has a deadline.  A world
ends with its test, and with the process of the tests however that ends.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from ipaddress import ip_address, ip_network
from itertools import chain
from pathlib import Path
from tempfile import mkdtemp
from typing import ClassVar, Self

from tests.netns.processes import TIMEOUT, Keeper, Process, unique
from tests.netns.scripts import FTPLIB, LFTP, PYFTPDLIB, REACH, TALK
from tests.peers.servers import PASSWORD, Pyftpdlib, Server, Vsftpd
from tests.wire.peers import BIN, TestCase

PASSIVE = range(50000, 50100)
ACCOUNT = f"{Pyftpdlib.user}:{PASSWORD}"
RULES = Path(__file__).parents[2] / "etc" / "nftables"


@cache
def skip_reason() -> str:
    """Why no world can be made here, or nothing."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "network namespaces need root"
    for program in ("ip", "ss", "sysctl", "nft", "curl"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    try:
        Keeper(unique("probe")).close()
    except AssertionError as error:
        return str(error)
    return ""


def rule_set(name: str, **defines: str) -> str:
    """A file of etc/nftables with these definitions of its own replaced."""
    text = (RULES / name).read_text("utf-8")
    for word, value in defines.items():
        text, found = re.subn(f"(?m)^define {word} = .*$", f"define {word} = {value}", text)
        assert found == 1, word
    return text


def url(host: str, path: str = "", port: int = 21) -> str:
    """``ftp://host:port/path``, an IPv6 address in brackets."""
    shown = f"[{host}]" if ":" in host else host
    return f"ftp://{shown}:{port}/{path}"


class FtpServer:
    """An FTP server that runs in a host on every address; ``folder`` is what it serves as ``pub``."""

    def __init__(self, host: Host, kind: type[Server], port: int) -> None:
        self.host, self.port = host, port
        self.server = kind("::")
        self.server.port = port
        self.user = f"{kind.user}:{PASSWORD}"
        self.folder = self.server.root / "pub"
        self.folder.mkdir()
        self.folder.chmod(0o777)
        self.process: Process

    def command(self, passive: range, advertised: str, promiscuous: bool) -> list[str]:
        """Its command line, with these passive ports and this address in 227."""
        words = self.server.command()
        if isinstance(self.server, Vsftpd):
            with Path(words[-1]).open("a", encoding="utf-8") as settings:
                settings.write(f"pasv_min_port={passive[0]}\npasv_max_port={passive[-1]}\n")
                # an empty value unsets; vsftpd takes :: for no address
                settings.write(f"pasv_address={advertised}\nlisten_address6=\n")
                settings.write(f"pasv_promiscuous={'YES' if promiscuous else 'NO'}\n")
            return words
        more = (self.port, self.server.root, *self.user.split(":"), *passive[:: len(passive) - 1])
        words = [sys.executable, "-W", "ignore", "-c", PYFTPDLIB, *map(str, more)]
        return [*words, advertised, "yes" if promiscuous else ""]

    def url(self, path: str = "", near: Host | None = None) -> str:
        """Where it is reached: at its host's address towards a neighbour, or its first one."""
        return self.host.url(near, path, self.port)


class Host:
    """A network namespace with its neighbours, its firewall and its programs."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder / name
        self.folder.mkdir()
        self.namespace = unique(name)
        self.neighbours: dict[Host, list[str]] = {}
        """Our addresses towards each, in the order of the link's networks."""
        self.processes: list[Process] = []
        self.gateways: list[Process] = []
        self.servers: list[FtpServer] = []
        self._keeper = Keeper(self.namespace)
        # link-local addresses are usable at once too
        self.sysctl("net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0")
        self.ip("link", "set", "lo", "up")

    def close(self) -> None:
        """Kill all that runs here, and remove the namespace."""
        self._keeper.close()
        for process in self.processes:
            process.popen.wait(TIMEOUT)
        for ftp in self.servers:
            ftp.server.stop()

    # -- the network ----------------------------------------------------------------------------

    def ip(self, *words: str) -> None:
        """The ``ip`` of iproute2, here."""
        self.run("ip", *words)

    def sysctl(self, *settings: str) -> None:
        """Set kernel parameters, each as ``name=value``."""
        self.run("sysctl", "-q", "-w", *settings)

    def forward(self) -> None:
        """Be a router."""
        self.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")

    def route(self, via: Host, *networks: str) -> None:
        """Reach these networks, or everything, through a neighbour."""
        hops = {ip_address(hop).version: hop for hop in reversed(via.neighbours[self])}
        for version, hop in hops.items():
            for network in networks or ("default",):
                if network == "default" or ip_network(network).version == version:
                    self.ip(f"-{version}", "route", "add", network, "via", hop)

    def names(self, **addresses: str) -> None:
        """Let programs know these host names and no others, if they are started behind the first call."""
        folder = Path("/etc/netns") / self.namespace
        folder.mkdir(parents=True, exist_ok=True)
        lines = [f"{address} {name}\n" for name, address in addresses.items()]
        (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")  # refused at once
        (folder / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n" + "".join(lines))

    def rules(self, text: str) -> None:
        """Load nftables rules, on top of what is loaded."""
        self.run("nft", "-f", "-", stdin=text.encode())

    def address(self, near: Host | None = None, version: int = 0) -> str:
        """Our first address towards a neighbour (any, if none is named), of one IP version or any."""
        ours = self.neighbours[near] if near else chain(*self.neighbours.values())
        return next(found for found in ours if version in (0, ip_address(found).version))

    def url(
        self, near: Host | None = None, path: str = "", port: int = 21, version: int = 0
    ) -> str:
        """The URL of something served here, at ``address(near, version)``."""
        return url(self.address(near, version), path, port)

    # -- programs -------------------------------------------------------------------------------

    def run(
        self, *command: str, stdin: bytes = b"", check: bool = True, timeout: float = TIMEOUT
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end.  Where ``check`` holds, fail if it fails."""
        words = ["ip", "netns", "exec", self.namespace, *command]
        done = subprocess.run(words, input=stdin, capture_output=True, timeout=timeout)
        if check and done.returncode:
            said = (done.stdout[-1000:] + done.stderr[-2000:]).decode(errors="replace")
            raise AssertionError(f"{self.name}: {' '.join(command)}: {done.returncode}: {said}")
        return done

    def start(self, *command: str, ports: tuple[int, ...] = ()) -> Process:
        """Start a program and wait until the host listens on these TCP ports."""
        log = self.folder / f"{len(self.processes)}.log"
        process = Process(["ip", "netns", "exec", self.namespace, *command], log)
        self.processes.append(process)
        process.until(lambda: self.listening() >= set(ports), f"listener on {ports}")
        return process

    def listening(self) -> set[int]:
        """The TCP ports that something here listens on."""
        rows = self.run("ss", "-Hltn").stdout.decode().splitlines()
        return {int(row.split()[3].rpartition(":")[2]) for row in rows}

    def ftpalg(self, toml: str, *words: str, ports: tuple[int, ...] = (1025,)) -> Process:
        """Start a gateway with these settings, and wait until it listens on these ports."""
        settings = self.folder / f"ftpalg{len(self.gateways)}.toml"
        settings.write_text(toml, "utf-8")
        twistd = (str(BIN / "twistd"), "-n", "--pidfile=", "ftpalg", "--config", str(settings))
        self.gateways.append(self.start(*twistd, *words, ports=ports))
        return self.gateways[-1]

    def serve(
        self,
        kind: type[Server] = Pyftpdlib,
        port: int = 21,
        passive: range = PASSIVE,
        advertised: str = "",
        *,
        promiscuous: bool = False,
    ) -> FtpServer:
        """Start pyftpdlib or vsftpd and wait until it listens.

        ``promiscuous``: data connections may come from other hosts than the control connection.
        """
        ftp = FtpServer(self, kind, port)
        self.servers.append(ftp)
        ftp.process = self.start(*ftp.command(passive, advertised, promiscuous), ports=(port,))
        return ftp

    def reach(self, address: str, *ports: int, wait: float = 0.2) -> dict[int, str]:
        """Connect to all these TCP ports at once: those that accept, and what each says first.

        ``wait`` bounds a silence of all, in seconds: a firewall that drops says nothing, and one that
        does not lets the kernel answer at once.
        """
        words = (sys.executable, "-c", REACH, address, str(wait), *map(str, ports))
        found: dict[str, str] = json.loads(self.run(*words).stdout)
        return {int(port): said for port, said in found.items()}

    def talk(self, source: str, host: str, port: int, *lines: str) -> str:
        """Say these lines at once, from that address of ours; what came back, or ``reset``."""
        words = (sys.executable, "-c", TALK, source, host, str(port), *lines)
        return self.run(*words).stdout.decode()

    def curl(self, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run curl; its failure is the caller's to judge."""
        # with the family left open, curl 7.88 pauses for a second before many a passive transfer
        family = "-6" if "://[" in words[-1] else "-4"
        quiet = ("curl", family, "--silent", "--show-error", "--max-time", "15", "--user", ACCOUNT)
        return self.run(*quiet, *words, stdin=stdin, check=False)

    def download(self, url: str, *words: str) -> bytes:
        """What curl downloads; fail where it fails."""
        done = self.curl(*words, url)
        assert done.returncode == 0, f"{self.name}: {url}: {done.stderr.decode(errors='replace')}"
        return done.stdout

    def upload(self, url: str, content: bytes, *words: str) -> None:
        """Upload with curl; fail where it fails."""
        done = self.curl(*words, "--upload-file", "-", url, stdin=content)
        assert done.returncode == 0, f"{self.name}: {url}: {done.stderr.decode(errors='replace')}"

    def ftplib(
        self,
        host: str,
        verb: str,
        name: str,
        *,
        user: str = ACCOUNT,
        port: int = 21,
        passive: bool = True,
        strict: bool = False,
        content: bytes = b"",
    ) -> bytes:
        """RETR or STOR with Python's ftplib, PASV or PORT on IPv4; what it downloads.

        It dials the address that a 227 names.  ``strict``: data connections must have the address
        of the control connection at their other end.
        """
        account, _, password = user.rpartition(":")
        mode = "yes" if passive else "no"
        words = (host, str(port), account, password, mode, verb, name, "yes" if strict else "")
        return self.run(sys.executable, "-c", FTPLIB, *words, stdin=content).stdout

    def lftp(
        self,
        host: str,
        verb: str,
        name: str,
        *,
        user: str = ACCOUNT,
        port: int = 21,
        passive: bool = True,
        content: bytes = b"",
    ) -> bytes:
        """``get`` or ``put`` with lftp; what it downloads."""
        account, _, password = user.rpartition(":")
        local = self.folder / "lftp"
        local.unlink(missing_ok=True)
        if verb == "put":
            local.write_bytes(content)
        words = (name, "-o", str(local)) if verb == "get" else (str(local), "-o", name)
        script = LFTP.format(
            passive="yes" if passive else "no",
            account=account,
            password=password,
            host=f"[{host}]" if ":" in host else host,
            port=port,
            order=" ".join((verb, *words)),
        )
        self.run("env", f"HOME={self.folder}", "lftp", "--norc", "-e", script)
        return local.read_bytes()


class World:
    """Hosts and the links between them, of one test or shared by several."""

    _standing: ClassVar[World | None] = None
    """The shared one; trial knows no setUpClass, so the next one's first test clears it away."""

    def __init__(self, case: TestCase | None = None) -> None:
        self._hosts: list[Host] = []
        self.folder = Path(mkdtemp(prefix="ftpalg-netns-"))
        self.folder.chmod(0o755)
        if case is not None:
            case.addCleanup(self.close)

    @classmethod
    def shared(cls, case: TestCase) -> Self:
        """The world of this class, built for the first test that asks; each looks at the logs."""
        standing = World._standing
        if not isinstance(standing, cls):
            if standing is not None:
                standing.remove()
            World._standing = standing = cls()
            try:
                standing.build()
            except BaseException:
                World.clear()
                raise
        case.addCleanup(standing.check)
        return standing

    @staticmethod
    def clear() -> None:
        """Remove the shared world."""
        if World._standing is not None:
            World._standing.remove()
            World._standing = None

    def build(self) -> None:
        """What a shared world consists of."""

    def hosts(self, *names: str) -> list[Host]:
        """New hosts, with no neighbours yet."""
        for name in names:
            self._hosts.append(Host(name, self.folder))
        return self._hosts[-len(names) :]

    def link(self, first: Host, second: Host, *networks: str) -> None:
        """Make neighbours: in each network the first host is number 1, the second number 2."""
        ends = ((first, second, 1), (second, first, 2))
        veth = ("type", "veth", "peer", "name", first.name, "netns", second.namespace)
        first.ip("link", "add", second.name, *veth)
        for ours, theirs, number in ends:
            ours.ip("link", "set", theirs.name, "up")
            ours.neighbours[theirs] = []
            for text in networks:
                network = ip_network(text)
                address = str(network[number])
                nodad = ["nodad"] if network.version == 6 else []
                prefix = f"{address}/{network.prefixlen}"
                ours.ip("address", "add", prefix, "dev", theirs.name, *nodad)
                ours.neighbours[theirs].append(address)

    def check(self) -> None:
        """Fail where a gateway has logged a traceback."""
        for log in [gateway.said() for host in self._hosts for gateway in host.gateways]:
            assert "Traceback" not in log and "Unhandled" not in log, log

    def remove(self) -> None:
        """Remove every host with all that runs there."""
        for host in self._hosts:
            host.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Remove it; fail where a gateway has logged a traceback."""
        for host in self._hosts:
            host.close()
        try:
            self.check()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


atexit.register(World.clear)
