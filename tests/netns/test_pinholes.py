"""Pinholes in a real kernel, and the rule sets of etc/nftables that let them in."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from tests.netns.world import Host, World, skip_reason
from tests.wire.peers import TestCase

RULES = Path(__file__).parents[2] / "etc" / "nftables"
INSIDE = '{ "client", "other" }'
OUTSIDE = '{ "server", "stranger" }'

SETS = """
table inet ftpalg {
  set data4 { type ipv4_addr . inet_service; flags timeout; }
  set data6 { type ipv6_addr . inet_service; flags timeout; }
  set small { type ipv4_addr . inet_service; flags timeout; size 1; }
  set lasting { type ipv4_addr . inet_service; }
  set ports { type inet_service; flags timeout; }
}
"""

CHILD = """
import json, sys
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater, react
from ftpalg.net.pinholes import Pinholes

async def main(reactor):
    table, four, six, *orders = sys.argv[1:]
    failures, told = [], []
    pinholes = Pinholes(reactor, table, four, six, failures.append)
    wrong = pinholes.check()
    for order in orders:
        verb, peer, port, *seconds = order.split()
        if verb == "open":
            told.append(Deferred())
            pinholes.open(peer, int(port), float(*seconds), told[-1].callback)
        elif verb == "close":
            pinholes.close(peer, int(port))
    told = [await found for found in told]
    pinholes.stop()
    await deferLater(reactor, 0)  # what the last orders came to is told by the reactor
    print(json.dumps({"check": wrong, "told": told, "failures": failures}))

react(lambda reactor: Deferred.fromCoroutine(main(reactor)))
"""

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


class Pinholing(TestCase):
    """Each test has a firewall of its own with the sets in it."""

    skip = skip_reason() or None

    def setUp(self) -> None:
        (self.host,) = World(self).hosts("gateway")
        self.host.rules(SETS)

    def perform(
        self, *orders: str, sets: tuple[str, str] = ("data4", "data6"), under: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Orders given all at once to a process of its own: what came of them."""
        command = (*under, sys.executable, "-c", CHILD, "inet ftpalg", *sets, *orders)
        found: dict[str, Any] = json.loads(self.host.run(*command).stdout)
        return found

    def elements(self, name: str) -> dict[tuple[str, int], int]:
        """A set's elements and their timeouts in seconds."""
        listed = json.loads(
            self.host.run("nft", "-j", "list", "set", "inet", "ftpalg", name).stdout
        )
        rows = [row["elem"] for row in listed["nftables"][1]["set"].get("elem", [])]
        return {tuple(row["val"]["concat"]): row["timeout"] for row in rows}

    def test_open_and_close(self) -> None:
        """Elements of both families, renewed, removed, removed twice."""
        found = self.perform(
            "open 192.0.2.7 50000 20",
            "open 192.0.2.7 50000 40",
            "open 192.0.2.8 50001 30",
            "close 192.0.2.8 50001",
            "close 192.0.2.8 50001",
            "open 2001:db8::7 50002 50",
        )
        self.assertEqual(found, {"check": "", "failures": [], "told": ["", "", "", ""]})
        self.assertEqual(self.elements("data4"), {("192.0.2.7", 50000): 40})
        self.assertEqual(self.elements("data6"), {("2001:db8::7", 50002): 50})
        self.perform("open 192.0.2.7 50000 60", "close 2001:db8::7 50002")
        self.assertEqual(self.elements("data4"), {("192.0.2.7", 50000): 60})
        self.assertEqual(self.elements("data6"), {})

    def test_expired(self) -> None:
        """To close what has timed out is no error, alone or beside others."""
        self.perform("open 192.0.2.7 50000 0.05")
        found = self.perform("close 192.0.2.7 50000", "open 192.0.2.7 50001 20")
        self.assertEqual(found, {"check": "", "told": [""], "failures": []})
        self.assertEqual(self.elements("data4"), {("192.0.2.7", 50001): 20})

    def test_full(self) -> None:
        """What the kernel refuses takes nothing else of its transaction with it."""
        orders = [f"open 192.0.2.7 {port} 20" for port in (1, 2, 3)]
        orders += ["close 192.0.2.7 1", "open 2001:db8::7 4 20", "close 2001:db8::7 5"]
        found = self.perform(*orders, sets=("small", "data6"))
        self.assertEqual(found["told"][0], "")
        self.assertEqual([bool(reason) for reason in found["told"]], [False, True, True, False])
        self.assertIn("Too many open files", found["told"][1])
        self.assertEqual(self.elements("small"), {})
        self.assertEqual(self.elements("data6"), {("2001:db8::7", 4): 20})

    def test_check(self) -> None:
        """A set that is missing, of another type, or without timeouts cannot be used."""
        for name in ("none", "ports", "lasting", "data6"):
            wrong = self.perform(sets=(name, "data6"))["check"]
            self.assertIn(f"the nftables set inet ftpalg {name} cannot be used: ", wrong)
            self.assertIn(f"set {name} {{ type ipv4_addr . inet_service; flags timeout; }}", wrong)

    def test_remedy(self) -> None:
        """The remedy for a missing table is a command that makes the check succeed."""
        self.host.run("nft", "delete", "table", "inet", "ftpalg")
        for _ in range(2):
            remedy = self.perform()["check"].partition("; ")[2]
            self.host.run("sh", "-c", remedy)
        self.assertEqual(self.perform()["check"], "")

    def test_capability(self) -> None:
        """Without CAP_NET_ADMIN the check says so, and nothing is opened."""
        found = self.perform(
            "open 192.0.2.7 50000 20", under=("setpriv", "--bounding-set", "-net_admin")
        )
        self.assertIn("CAP_NET_ADMIN", found["check"])
        self.assertIn("Operation not permitted", found["told"][0])


class RuleSet(TestCase):
    """Hosts inside and outside of one machine with a rule set; listeners stand for the gateway."""

    skip = skip_reason() or None

    def build(self, name: str, **defines: str) -> None:
        """Load the rule set with these definitions; listen at ``gateway`` and ``server``."""
        world = World(self)
        hosts = world.hosts("client", "other", "gateway", "server", "stranger")
        self.client, self.other, self.gateway, self.server, self.stranger = hosts
        world.link(self.client, self.gateway, "10.1.0.0/24", "fd01::/64")
        world.link(self.other, self.gateway, "10.2.0.0/24", "fd02::/64")
        world.link(self.gateway, self.server, "192.0.2.0/24", "2001:db8:1::/64")
        world.link(self.gateway, self.stranger, "198.51.100.0/24", "2001:db8:2::/64")
        self.gateway.forward()
        for host in (self.client, self.other, self.server, self.stranger):
            host.route(self.gateway)
        text = (RULES / name).read_text("utf-8")
        for word, value in defines.items():
            text, found = re.subn(f"(?m)^define {word} = .*$", f"define {word} = {value}", text)
            self.assertEqual(found, 1, word)
        for _ in range(2):  # it replaces itself
            self.gateway.rules(text)
        self.listen(self.server, 21, 50000)

    def listen(self, host: Host, *ports: int, at: tuple[str, ...] = ("0.0.0.0", "::")) -> None:
        """Listen on addresses of both families."""
        words = [f"{address} {port}" for address in at for port in ports]
        process = host.start(sys.executable, "-c", LISTENER, *words)
        process.until(lambda: "ready" in process.said(), "listener")

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
        self.build("router.nft", lan=INSIDE, wan=OUTSIDE)
        self.listen(self.gateway, 21, 22, 1025, 50000, 50001)

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
        self.build("edge.nft", inside=INSIDE, outside=OUTSIDE)
        for family in ("-4", "-6"):
            self.gateway.ip(family, "rule", "add", "fwmark", "1", "lookup", "100")
            self.gateway.ip(family, "route", "add", "local", "default", "dev", "lo", "table", "100")
        self.listen(self.gateway, 21, 22, 1026)

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
        self.listen(self.client, 40000)
        for version in (4, 6):
            server, client = self.at(version, self.server, self.client)
            self.assertEqual(self.dialled(server, client, 40000), [client, server])

    def test_data(self) -> None:
        """Listeners at others' addresses get what is expected, from inside and from outside."""
        for version in (4, 6):
            server, client = self.at(version, self.server, self.client)
            cases = (self.client, server, 50000), (self.server, client, 50001)
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
        self.listen(self.server, 1026)
        for version in (4, 6):
            (server,) = self.at(version, self.server)
            self.assertEqual(self.told(self.client, server, 1026)[0], server)


class ServersEdge(RuleSet):
    """The edge of an FTP server's network."""

    def setUp(self) -> None:
        self.build("server.nft", admin4="{ 10.2.0.0/24 }", admin6="{ fd02::/64 }")
        self.listen(self.gateway, 21, 22, 990, 50000)

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
