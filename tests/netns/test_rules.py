"""The rule sets of etc/nftables, with listeners in the gateway's place."""

from __future__ import annotations

import sys

from tests.netns.world import Host, World, rule_set, skip_reason
from tests.wire.peers import TestCase

INSIDE = '{ "client", "other" }'
OUTSIDE = '{ "server", "stranger" }'

TRANSPARENT = """
import socket
def transparent(host):
    six = ":" in host
    sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET)
    option = (socket.IPPROTO_IPV6, 75) if six else (socket.IPPROTO_IP, 19)
    sock.setsockopt(*option, 1)
    if six:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return sock, option
"""
"""A socket that may be bound to anybody's address."""

LISTENER = f"""{TRANSPARENT}
import selectors, sys
ORIGINAL_DST = 80
selector = selectors.DefaultSelector()
for word in sys.argv[1:]:
    host, port = word.split()
    sock, option = transparent(host)
    sock.bind((host, int(port)))
    sock.listen()
    selector.register(sock, selectors.EVENT_READ, option)
print("ready", flush=True)
while True:
    for key, _ in selector.select():
        sock, theirs = key.fileobj.accept()
        dialled = "-"  # where no packet filter has kept it
        try:
            if ":" in theirs[0]:
                kept = sock.getsockopt(socket.IPPROTO_IPV6, ORIGINAL_DST, 28)
                dialled = socket.inet_ntop(socket.AF_INET6, kept[8:24])
            else:
                kept = sock.getsockopt(socket.IPPROTO_IP, ORIGINAL_DST, 16)
                dialled = socket.inet_ntop(socket.AF_INET, kept[4:8])
        except OSError:
            pass
        own = sock.getsockopt(*key.data)
        sock.send(f"{{sock.getsockname()[0]}} {{theirs[0]}} {{dialled}} {{own}}".encode())
        sock.close()
"""
"""Listens on each "address port"; tells who connects our address, theirs, the one they dialled, and
whether the accepted socket is transparent as its listener is."""

DIALLER = f"""{TRANSPARENT}
import sys
ours, theirs, port = sys.argv[1:]
sock, _ = transparent(ours)
sock.settimeout(5)
sock.bind((ours, 0))
sock.connect((theirs, int(port)))
print(sock.recv(1000).decode())
"""
"""Connects from any address; prints what it is told."""


class Shared(World):
    """Hosts inside and outside of one machine with a rule set."""

    def build(self) -> None:
        hosts = self.hosts("client", "other", "gateway", "server", "stranger")
        self.client, self.other, self.gateway, self.server, self.stranger = hosts
        self.link(self.client, self.gateway, "10.1.0.0/24", "fd01::/64")
        self.link(self.other, self.gateway, "10.2.0.0/24", "fd02::/64")
        self.link(self.gateway, self.server, "192.0.2.0/24", "2001:db8:1::/64")
        self.link(self.gateway, self.stranger, "198.51.100.0/24", "2001:db8:2::/64")
        self.gateway.forward()
        for host in (self.client, self.other, self.server, self.stranger):
            host.route(self.gateway)
        for family in ("-4", "-6"):
            self.gateway.ip(family, "rule", "add", "fwmark", "1", "lookup", "100")
            self.gateway.ip(family, "route", "add", "local", "default", "dev", "lo", "table", "100")
        self.listen(self.server, 21, 1026, 50000)
        self.listen(self.client, 40000)
        self.listen(self.gateway, 21, 22, 990, 1025, 1026, 50000, 50001)

    def listen(self, host: Host, *ports: int, at: tuple[str, ...] = ("0.0.0.0", "::")) -> None:
        """Listen on addresses of both families."""
        words = [f"{address} {port}" for address in at for port in ports]
        process = host.start(sys.executable, "-c", LISTENER, *words)
        process.until(lambda: "ready" in process.said(), "listener")


class RuleSet(TestCase):
    """Each test loads its rule set anew, which takes the other ones' pinholes away."""

    skip = skip_reason() or None

    def load(self, name: str, **defines: str) -> None:
        """Load the rule set with these definitions; ask the world for its hosts."""
        world = Shared.shared(self)
        self.listen = world.listen
        self.client, self.other, self.gateway = world.client, world.other, world.gateway
        self.server, self.stranger = world.server, world.stranger
        for _ in range(2):  # it replaces itself
            self.gateway.rules(rule_set(name, **defines))

    def pinhole(self, peer: str, port: int) -> None:
        """Let that peer in."""
        name = "data6" if ":" in peer else "data4"
        element = f"{{ {peer} . {port} timeout 60s }}"
        self.gateway.run("nft", f"add element inet ftpalg {name} {element}")

    def at(self, version: int, *hosts: Host) -> list[str]:
        """The hosts' first addresses of that IP version."""
        return [host.address(version=version) for host in hosts]

    def told(self, host: Host, address: str, port: int) -> list[str]:
        """What a listener tells the host: its own address, the host's, the one that was dialled."""
        return host.reach(address, port).get(port, "").split()[:3]

    def dialled(self, ours: str, theirs: str, port: int) -> list[str]:
        """What a listener tells the gateway that connects from any address: its own, the other."""
        words = (sys.executable, "-c", DIALLER, ours, theirs, str(port))
        return self.gateway.run(*words).stdout.decode().split()[:2]


class Router(RuleSet):
    """A router that shares one address: REDIRECT."""

    def setUp(self) -> None:
        self.load("router.nft", lan=INSIDE, wan=OUTSIDE)

    def test_control(self) -> None:
        """Control connections come to the gateway, which finds the address that was dialled."""
        for version in (4, 6):
            server, client = self.at(version, self.server, self.client)
            ours = self.gateway.address(self.client, version)
            self.assertEqual(self.told(self.client, server, 21), [ours, client, server])

    def test_no_loop(self) -> None:
        """The gateway's own connections reach the server; those to the router are not taken."""
        for version in (4, 6):
            server, ours = self.at(version, self.server, self.gateway)
            self.assertEqual(self.told(self.gateway, server, 21)[0], server)
            self.assertEqual(self.client.reach(ours, 21, 1025), {})

    def test_passive_data(self) -> None:
        """What is expected comes to the gateway; others' connections to that port are shared."""
        for version in (4, 6):
            server, client = self.at(version, self.server, self.client)
            self.assertEqual(self.told(self.client, server, 50000)[0], server)
            self.pinhole(client, 50000)
            ours = self.gateway.address(self.client, version)
            self.assertEqual(self.told(self.client, server, 50000), [ours, client, server])
            self.assertEqual(self.told(self.other, server, 50000)[0], server)
            self.assertEqual(self.told(self.client, ours, 50000)[0], ours)

    def test_shared_address(self) -> None:
        """Servers see the router's IPv4 address."""
        told = self.told(self.client, self.server.address(version=4), 50000)
        self.assertEqual(told[1], self.gateway.address(self.server, 4))

    def test_outside(self) -> None:
        """Only a server in active mode gets in, to its own port."""
        for version in (4, 6):
            (server,) = self.at(version, self.server)
            ours = self.gateway.address(self.server, version)
            self.pinhole(server, 50001)
            self.assertEqual(self.server.reach(ours, 21, 22, 1025, 50000, 50001).keys(), {50001})
            self.assertEqual(self.stranger.reach(ours, 21, 22, 1025, 50000, 50001), {})


class Edge(RuleSet):
    """The edge of a company's network: TPROXY."""

    def setUp(self) -> None:
        self.load("edge.nft", inside=INSIDE, outside=OUTSIDE)

    def test_control(self) -> None:
        """Control connections come to the gateway, whose socket bears the address dialled."""
        for version in (4, 6):
            server, client = self.at(version, self.server, self.client)
            said = self.client.reach(server, 21)[21]
            self.assertEqual(said, f"{server} {client} {server} 1", "IP_TRANSPARENT is inherited")
            self.assertEqual(
                self.told(self.gateway, server, 21)[1], self.gateway.address(self.server, version)
            )

    def test_clients_address(self) -> None:
        """The server sees the client's address; its answers come back to the gateway."""
        for version in (4, 6):
            server, client = self.at(version, self.server, self.client)
            self.assertEqual(self.dialled(client, server, 21), [server, client])

    def test_servers_address(self) -> None:
        """The client in active mode sees the server's address."""
        for version in (4, 6):
            server, client = self.at(version, self.server, self.client)
            self.assertEqual(self.dialled(server, client, 40000), [client, server])

    def test_data(self) -> None:
        """Listeners at others' addresses get what is expected, from inside and from outside."""
        for version in (4, 6):
            server, client = self.at(version, self.server, self.client)
            cases = (self.client, server, 50010), (self.server, client, 50011)
            for caller, called, port in cases:
                self.listen(self.gateway, port, at=(called,))
                self.assertEqual(caller.reach(called, port), {})
                self.pinhole(caller.address(version=version), port)
                self.assertEqual(self.told(caller, called, port)[0], called)
                self.assertEqual(self.stranger.reach(called, port), {})
                self.assertEqual(self.other.reach(called, port), {})

    def test_closed(self) -> None:
        """The gateway's port is nobody's, at no address; from outside nothing is open."""
        for version in (4, 6):
            (server,) = self.at(version, self.server)
            ours = self.gateway.address(self.server, version)
            for called in (server, ours):
                self.assertEqual(self.client.reach(called, 1026), {})
            self.assertEqual(self.stranger.reach(ours, 21, 22, 1026, 50000), {})

    def test_others_port(self) -> None:
        """A connection to the gateway's port at another host, where forwarded at all, gets there."""
        self.gateway.run("nft", "insert rule inet ftpalg forward tcp dport 1026 accept")
        for version in (4, 6):
            (server,) = self.at(version, self.server)
            self.assertEqual(self.told(self.client, server, 1026)[0], server)


class ServersEdge(RuleSet):
    """The edge of an FTP server's network."""

    def setUp(self) -> None:
        self.load("server.nft", admin4="{ 10.2.0.0/24 }", admin6="{ fd02::/64 }")

    def test_open(self) -> None:
        """The control ports for all, data for the expected, ssh for administrators, nothing else."""
        ports = (21, 22, 990, 50000)
        for version in (4, 6):
            ours = self.gateway.address(self.stranger, version)
            client = self.client.address(version=version)
            self.assertEqual(self.client.reach(ours, *ports).keys(), {21, 990})
            self.pinhole(client, 50000)
            self.assertEqual(self.client.reach(ours, *ports).keys(), {21, 990, 50000})
            self.assertEqual(self.stranger.reach(ours, *ports).keys(), {21, 990})
            self.assertEqual(self.other.reach(ours, *ports).keys(), {21, 22, 990})
            self.assertEqual(self.stranger.reach(self.server.address(version=version), 21), {})
