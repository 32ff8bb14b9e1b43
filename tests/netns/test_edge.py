"""The edge of a company's network, transparent to both sides (TPROXY)."""

from __future__ import annotations

import re

from tests.netns.story import ACTIVE_MODES, PASSIVE_MODES, Story
from tests.netns.world import World, rule_set, url

SETTINGS = """
listen = ["tcp6:1026"]
intercept = "tproxy"
[access]
clients = ["10.1.0.0/24", "fd01::/64"]
[pinholes]
table = "inet ftpalg"
[[routes]]
destinations = ["198.51.100.2", "2001:db8:2::2"]
source-address = "client"
[[routes]]
destinations = ["203.0.113.2", "2001:db8:3::2"]
source-address = "client"
server-mode = "active"
"""

OURS = {"192.0.2.2": "192.0.2.1", "2001:db8:1::2": "2001:db8:1::1"}
CLIENTS = {"198.51.100.2": "10.1.0.1", "2001:db8:2::2": "fd01::1"}
CLIENTS_ACTIVE = {"203.0.113.2": "10.1.0.1", "2001:db8:3::2": "fd01::1"}
"""The server's addresses, and who calls it there: the gateway, or the client it stands for."""


class Shared(World):
    """A client inside, the edge, and a server outside that answers through the edge."""

    def build(self) -> None:
        self.client, self.edge, self.server = self.hosts("client", "edge", "server")
        self.link(self.client, self.edge, "10.1.0.0/24", "fd01::/64")
        four = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
        self.link(self.edge, self.server, *four, *(f"2001:db8:{n}::/64" for n in (1, 2, 3)))
        self.edge.forward()
        self.client.route(self.edge)
        self.server.route(self.edge, "10.1.0.0/24", "fd01::/64")
        self.edge.rules(rule_set("edge.nft", inside='"client"', outside='"server"'))
        for family in ("-4", "-6"):
            self.edge.ip(family, "rule", "add", "fwmark", "1", "lookup", "100")
            self.edge.ip(family, "route", "add", "local", "default", "dev", "lo", "table", "100")
        self.ftp = self.server.serve()
        self.gateway = self.edge.ftpalg(SETTINGS, ports=(1026,))


class Edge(Story):
    """Every client as it comes, with the server's own address.

    pyftpdlib lets in, and dials, no other peer than that of the control connection.
    """

    def setUp(self) -> None:
        self.world = Shared.shared(self)
        self.client, self.ftp = self.world.client, self.world.ftp

    def callers(self, address: str) -> set[str]:
        """Who called the server while curl used it there, in all four modes."""
        before = len(self.ftp.process.said())
        six = ":" in address
        for mode in PASSIVE_MODES[: 1 if six else 2] + ACTIVE_MODES[: 1 if six else 2]:
            self.curl(self.client, self.ftp, url(address), *mode)
        said = self.ftp.process.said()[before:]  # the end of an earlier session may be among it
        return set(re.findall(r"\] (?:::ffff:)?([0-9a-f.:]+):\d+-\[.*\] FTP session opened", said))

    def test_own_address(self) -> None:
        """Without a setting the server sees the gateway."""
        for address, expected in OURS.items():
            self.assertEqual(self.callers(address), {expected})

    def test_clients_address(self) -> None:
        """source-address = "client": the server sees the client, on data connections too."""
        for address, expected in CLIENTS.items():
            self.assertEqual(self.callers(address), {expected})

    def test_clients_address_active(self) -> None:
        """The same where the server opens the data connections."""
        for address, expected in CLIENTS_ACTIVE.items():
            self.assertEqual(self.callers(address), {expected})

    def test_strict_client(self) -> None:
        """Data connections have the server's address for the client, in both modes."""
        for address in (*OURS, *CLIENTS):
            for passive in (True, False):
                self.ftplib(self.client, self.ftp, address, passive=passive, strict=True)

    def test_lftp(self) -> None:
        """lftp."""
        for address in CLIENTS:
            for passive in (True, False):
                self.lftp(self.client, self.ftp, address, passive=passive)

    def test_nothing_left(self) -> None:
        """After the transfers no pinhole is there."""
        for address in (*OURS, *CLIENTS_ACTIVE):
            for mode in PASSIVE_MODES[0], ACTIVE_MODES[0]:
                self.curl(self.client, self.ftp, url(address), *mode)
        listed = self.world.edge.run("nft", "list", "table", "inet", "ftpalg").stdout.decode()
        self.assertNotIn("elements", listed)

    def test_own_port(self) -> None:
        """Nobody reaches the gateway's own port, at no address."""
        for version in (4, 6):
            ours = self.world.edge.address(self.client, version)
            theirs = self.world.server.address(version=version)
            for address in (ours, theirs):
                self.assertEqual(self.client.reach(address, 1026), {})
