"""Story (b): a router shares one address; its clients know of no proxy and call their servers."""

from __future__ import annotations

import re

from tests.netns.story import ACTIVE_MODES, PASSIVE_MODES, Story
from tests.netns.world import World, rule_set, url

SETTINGS = """
listen = ["tcp6:1025"]
intercept = "redirect"
[access]
clients = ["10.1.0.0/24", "192.0.2.0/24", "fd01::/64", "2001:db8:1::/64"]
[pinholes]
table = "inet ftpalg"
"""

SERVER_FIREWALL = """
table inet server {
  chain input {
    type filter hook input priority filter; policy drop
    ct state established accept
    meta l4proto ipv6-icmp accept
    ip saddr 192.0.2.1 accept comment "the router"
    ip6 saddr 2001:db8:1::1 accept
  }
}
"""

NAIVE = """
table inet naive {
  chain prerouting {
    type nat hook prerouting priority -101; policy accept;
    iifname "client" tcp dport 21 redirect to :1025
  }
  chain output {
    type nat hook output priority -101; policy accept;
    tcp dport 21 redirect to :1025
  }
}
insert rule inet ftpalg input tcp dport 1025 accept
"""
"""Rules as somebody might write them who has not thought of the gateway's own connections."""


class Shared(World):
    """A client, the router and a server, which has no route to the client."""

    def build(self) -> None:
        self.client, self.router, self.server = self.hosts("client", "router", "server")
        self.link(self.client, self.router, "10.1.0.0/24", "fd01::/64")
        self.link(self.router, self.server, "192.0.2.0/24", "2001:db8:1::/64")
        self.router.forward()
        self.client.route(self.router)
        self.server.rules(SERVER_FIREWALL)
        self.load()
        self.ftp = self.server.serve()
        self.gateway = self.router.ftpalg(SETTINGS)

    def load(self) -> None:
        """The rule set as it comes, for our interfaces."""
        self.router.rules(rule_set("router.nft", lan='"client"', wan='"server"'))


class Router(Story):
    """Every client as it comes, with the server's own address."""

    def setUp(self) -> None:
        self.world = Shared.shared(self)
        self.client, self.ftp = self.world.client, self.world.ftp
        self.addresses = [self.world.server.address(version=version) for version in (4, 6)]

    def test_curl_passive(self) -> None:
        """EPSV and PASV to the server's IPv4 address, EPSV to the IPv6 one."""
        for address, modes in zip(self.addresses, (PASSIVE_MODES, PASSIVE_MODES[:1]), strict=True):
            for mode in modes:
                self.curl(self.client, self.ftp, url(address), *mode)

    def test_curl_active(self) -> None:
        """EPRT and PORT over IPv4, EPRT over IPv6."""
        for address, modes in zip(self.addresses, (ACTIVE_MODES, ACTIVE_MODES[:1]), strict=True):
            for mode in modes:
                self.curl(self.client, self.ftp, url(address), *mode)

    def test_ftplib(self) -> None:
        """ftplib, which in passive mode dials the address of the 227."""
        for address in self.addresses:
            for passive in (True, False):
                self.ftplib(self.client, self.ftp, address, passive=passive)

    def test_address_that_was_called(self) -> None:
        """The 227 names the server that the client called: GNU ftp compares the two."""
        self.ftplib(self.client, self.ftp, self.addresses[0], passive=True, strict=True)

    def test_lftp(self) -> None:
        """lftp."""
        for address in self.addresses:
            for passive in (True, False):
                self.lftp(self.client, self.ftp, address, passive=passive)

    def test_server_sees(self) -> None:
        """The server's log holds the router's address, and never the client's."""
        for address in self.addresses:
            self.curl(self.client, self.ftp, url(address))
        said = self.ftp.process.said()
        callers = set(re.findall(r"\] ([0-9a-f.:]+):\d+-\[", said))
        self.assertEqual(callers, {"::ffff:192.0.2.1", "2001:db8:1::1"})

    def test_nothing_left(self) -> None:
        """After the transfers no pinhole is there."""
        for address in self.addresses:
            for mode in PASSIVE_MODES[0], ACTIVE_MODES[0]:
                self.curl(self.client, self.ftp, url(address), *mode)
        listed = self.world.router.run("nft", "list", "table", "inet", "ftpalg").stdout.decode()
        self.assertNotIn("elements", listed)

    def test_own_address(self) -> None:
        """A client of the gateway's own port has no destination, whatever the firewall lets in."""
        for version in (4, 6):
            ours = self.world.router.address(self.client, version)
            self.assertEqual(self.client.reach(ours, 21, 1025), {})
        self.router_is_naive()
        for version in (4, 6):
            ours = self.world.router.address(self.client, version)
            self.assertEqual(self.client.reach(ours, 1025), {1025: ""}, "no word")
        self.assertIn("refused: it was not redirected here", self.world.gateway.said())

    def test_loop(self) -> None:
        """The gateway's own connections, redirected to it again, are refused at the first turn."""
        self.router_is_naive()
        for address in self.addresses:
            before = len(self.world.gateway.said())
            self.assertIn("The server cannot be reached.", self.client.reach(address, 21)[21])
            said = self.world.gateway.said()[before:]
            self.assertEqual(said.count("it is our own call of a server"), 1, said)

    def router_is_naive(self) -> None:
        """Rules without the exceptions of router.nft; gone when the test ends."""
        self.world.router.rules(NAIVE)
        self.addCleanup(self.world.router.run, "nft", "delete", "table", "inet", "naive")
        self.addCleanup(self.world.load)
