"""Pinholes in a real kernel, and story (f): no data port is open to anybody who was not expected."""

from __future__ import annotations

import json
import os
import random
import sys
from typing import Any
from zlib import crc32

from tests.netns.processes import TIMEOUT
from tests.netns.story import ACTIVE_MODES, PASSIVE_MODES, Story
from tests.netns.world import Host, World, rule_set, skip_reason, url
from tests.wire.peers import TestCase

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


WAIT = """
import ftplib, signal, sys
ftp = ftplib.FTP(timeout=10)
ftp.connect(sys.argv[1])
ftp.login(*sys.argv[2].split(":"))
print(ftp.makepasv()[1], flush=True)
signal.pause()
"""
"""Asks for a data port, prints it and does not use it."""

SLOW = """
import ftplib, sys, zlib
host, user, name, go_on, passive = sys.argv[1:]
ftp = ftplib.FTP(timeout=10)
ftp.connect(host)
ftp.login(*user.split(":"))
ftp.set_pasv(passive == "yes")
ftp.voidcmd("TYPE I")
with ftp.transfercmd(f"RETR {name}") as data:
    read = data.recv(1000)
    print("running", flush=True)
    open(go_on).read()
    while piece := data.recv(1 << 20):
        read += piece
print(ftp.voidresp())
print(zlib.crc32(read))
"""
"""Downloads; in the middle it waits for the end of a FIFO."""

SETTINGS = """
listen = ["tcp6:21"]
server = "ftp://10.2.0.2"
server-mode = "client"
[pinholes]
table = "inet ftpalg"
"""

PORTS = range(49152, 65535)  # data.client-ports and data.server-ports, as they come

Elements = dict[tuple[str, int], int]
"""Address and port, and the timeout in seconds."""


def elements(host: Host, name: str) -> Elements:
    """What is in a set."""
    listed = json.loads(host.run("nft", "-j", "list", "set", "inet", "ftpalg", name).stdout)
    rows = [row["elem"] for row in listed["nftables"][1]["set"].get("elem", [])]
    return {tuple(row["val"]["concat"]): row["timeout"] for row in rows}


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

    def elements(self, name: str) -> Elements:
        """A set's elements."""
        return elements(self.host, name)

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


class Shared(World):
    """A client and a stranger outside, and the edge of the server's network."""

    def build(self) -> None:
        self.client, self.stranger, self.edge, server = self.hosts(
            "client", "stranger", "edge", "server"
        )
        self.link(self.client, self.edge, "192.0.2.0/24", "2001:db8:1::/64")
        self.link(self.stranger, self.edge, "198.51.100.0/24", "2001:db8:2::/64")
        self.link(self.edge, server, "10.2.0.0/24")
        self.client.route(self.edge)
        self.stranger.route(self.edge)
        self.edge.rules(rule_set("server.nft"))
        self.ftp = server.serve()
        self.gateway = self.edge.ftpalg(SETTINGS, ports=(21,))


class Scan(Story):
    """The gateway before a server, with etc/nftables/server.nft as it comes."""

    def setUp(self) -> None:
        self.world = Shared.shared(self)
        self.client, self.ftp = self.world.client, self.world.ftp
        self.addresses = [self.world.edge.address(self.client, version) for version in (4, 6)]

    def holes(self) -> Elements:
        """All there are."""
        return {**elements(self.world.edge, "data4"), **elements(self.world.edge, "data6")}

    def test_transfers(self) -> None:
        """EPSV, PASV, EPRT and PORT, and with each the same at the server; then no hole is left."""
        for address, number in zip(self.addresses, (2, 1), strict=True):
            for mode in (*PASSIVE_MODES[:number], *ACTIVE_MODES[:number]):
                self.curl(self.client, self.ftp, url(address), *mode)
                self.assertEqual(self.holes(), {}, mode)

    def test_scan(self) -> None:
        """While transfers run, and a port waits for its client, nobody else finds a data port."""
        content = random.Random(6).randbytes(1_000_000) * 30  # more than all buffers take
        (self.ftp.folder / "slow").write_bytes(content)
        path = self.client.folder / "go on"
        os.mkfifo(path)
        words = (self.addresses[0], self.ftp.user, "pub/slow", str(path))
        with path.open("r+b", buffering=0):  # its readers wait for us to close it
            running = [
                self.client.start(sys.executable, "-c", SLOW, *words, passive)
                for passive in ("yes", "")
            ]
            waiting = self.client.start(sys.executable, "-c", WAIT, *words[:2])
            for program in (*running, waiting):
                program.until(program.said, "first bytes")
            found = self.world.stranger.reach(self.addresses[0], 21, *PORTS)
            self.assertEqual(found.keys(), {21})
        for slow in running:
            self.assertEqual(slow.popen.wait(TIMEOUT), 0, slow.said())
            self.assertIn(f"226 Transfer complete.\n{crc32(content)}", slow.said())
        waiting.stop()
        self.world.gateway.until(lambda: not self.holes(), "end of the pinholes")

    def test_expected(self) -> None:
        """A port that waits for its client is open to that client only, and gone with it."""
        for address, version in zip(self.addresses, (4, 6), strict=True):
            waiting = self.client.start(sys.executable, "-c", WAIT, address, self.ftp.user)
            waiting.until(waiting.said, "data port")
            port = int(waiting.said())
            self.assertEqual(list(self.holes()), [(self.client.address(version=version), port)])
            self.assertEqual(self.world.stranger.reach(address, port), {})
            waiting.stop()
            self.world.gateway.until(lambda: not self.holes(), "end of the pinhole")
