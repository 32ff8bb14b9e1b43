"""The gateway behind NAT, and clients behind theirs."""

from __future__ import annotations

import re

from tests.netns.story import ACTIVE_MODES, PASSIVE_MODES, Story
from tests.netns.world import ACCOUNT, Host, World, url

NAT = """
table ip nat {
  chain prerouting {
    type nat hook prerouting priority dstnat
    iifname "outside" ip daddr 198.51.100.2 tcp dport { 21, 50000-50005 } dnat to 10.2.0.2
    iifname "gateway" ip daddr 10.2.0.1 tcp dport 40000-40009 dnat to 192.168.1.1
  }
  chain postrouting {
    type nat hook postrouting priority srcnat
    iifname "home" masquerade
    oifname "outside" masquerade
  }
}
"""
"""Two devices in one: that of the gateway's network, and that of a home with its ports forwarded."""

INSIDE_FIREWALL = """
table inet inside {
  chain input {
    type filter hook input priority filter; policy drop
    ct state established accept
    ip saddr 10.2.0.2 tcp sport 20 accept
  }
}
"""

GATEWAY = """
listen = ["tcp:21"]
server = "ftp://10.3.0.2"
[data]
client-ports = "50000-50005"
excluded-ports = [50000, 50002, 50004]
client-address = "public.example"
resolve-every = 0.2
replace-private = true
source-port = 20
[[data.client-addresses]]
clients = ["10.0.0.0/8"]
address = ""
"""

PUBLIC, PRIVATE = "198.51.100.2", "10.2.0.2"
USER, _, PASSWORD = ACCOUNT.partition(":")
LITERAL = "--no-ftp-skip-pasv-ip"
"""curl dials the very address of the 227."""


class Shared(World):
    """Clients inside, outside and at home, and a gateway that has no public address."""

    def build(self) -> None:
        self.inside, self.outside, self.home, nat, self.gateway, server = self.hosts(
            "inside", "outside", "home", "nat", "gateway", "server"
        )
        self.link(self.inside, nat, "10.1.0.0/24")
        self.link(self.outside, nat, "198.51.100.0/24")
        self.link(self.home, nat, "192.168.1.0/24")
        self.link(nat, self.gateway, "10.2.0.0/24")
        self.link(self.gateway, server, "10.3.0.0/24")
        nat.forward()
        nat.rules(NAT)
        for host in (self.inside, self.home, self.gateway):
            host.route(nat)
        self.inside.rules(INSIDE_FIREWALL)
        self.gateway.names(**{"public.example": PUBLIC})
        self.ftp = server.serve()
        self.log = self.gateway.ftpalg(GATEWAY, ports=(21,))


UNRESOLVED = re.compile(r"no address for public\.example: .*; the addresses it had are used")


class Nat(Story):
    """Each client is told an address that it can reach, and is reached where it can be."""

    def setUp(self) -> None:
        self.world = Shared.shared(self)
        self.ftp = self.world.ftp

    def ask(self, client: Host, at: str, *lines: str) -> str:
        """All replies to these commands after the login."""
        return client.talk(
            client.address(), at, 21, f"USER {USER}", f"PASS {PASSWORD}", *lines, "QUIT"
        )

    def test_inside(self) -> None:
        """Clients of a listed network are told the address that they reached."""
        self.assertIn("227 Entering Passive Mode (10,2,0,2,", self.told(self.world.inside))
        for mode in PASSIVE_MODES:
            self.curl(self.world.inside, self.ftp, url(PRIVATE), LITERAL, *mode)

    def test_outside(self) -> None:
        """All others are told the public address."""
        self.assertIn("227 Entering Passive Mode (198,51,100,2,", self.told(self.world.outside))
        for mode in PASSIVE_MODES:
            self.curl(self.world.outside, self.ftp, url(PUBLIC), LITERAL, *mode)

    def told(self, client: Host) -> str:
        """The answer to PASV, with what is around it."""
        return self.ask(client, PUBLIC if client is self.world.outside else PRIVATE, "PASV")

    def test_moved(self) -> None:
        """The name of the public address is resolved again; one that is lost keeps its address."""
        world = self.world
        self.addCleanup(self.move, PUBLIC)
        self.move("198.51.100.99")
        world.gateway.names()
        world.log.until(lambda: bool(UNRESOLVED.search(world.log.said())), "warning")
        self.assertIn("(198,51,100,99,", self.told(world.outside))

    def move(self, address: str) -> None:
        """Give the name another address, and wait until the gateway knows."""
        self.world.gateway.names(**{"public.example": address})
        expected = f"({address.replace('.', ',')},"
        self.world.log.until(lambda: expected in self.told(self.world.outside), "address")

    def test_private(self) -> None:
        """A client that sends its private address is reached at the one it came from."""
        home = self.world.home
        for mode in ACTIVE_MODES:
            mode = ("--ftp-port", "192.168.1.1:40000-40009", *mode[2:])
            self.curl(home, self.ftp, url(PRIVATE), *mode)
        for words in ("PORT 9,9,9,9,156,64", "EPRT |1|9.9.9.9|40000|"):
            self.assertIn("500 That is not your address", self.ask(home, PRIVATE, words))

    def test_source_port(self) -> None:
        """A firewall that lets in data from port 20 only; two sessions of one client at once."""
        inside = self.world.inside
        for mode in ACTIVE_MODES:
            self.curl(inside, self.ftp, url(PRIVATE), *mode)
        self.ftplib(inside, self.ftp, PRIVATE, passive=False, strict=True)
        content = b"content" * 1_000_000
        (self.ftp.folder / "long").write_bytes(content)
        both = (url(PRIVATE, "pub/long"),) * 2
        self.assertEqual(
            len(inside.download(*both, "--parallel", "--ftp-port", "-")), 2 * len(content)
        )

    def test_excluded(self) -> None:
        """Ports that are left out are never chosen."""
        said = self.ask(self.world.inside, PRIVATE, *["EPSV", "PASV"] * 10)
        extended = {int(port) for port in re.findall(r"^229 .*\|\|\|(\d+)\|", said, re.M)}
        classic = {
            int(high) * 256 + int(low)
            for high, low in re.findall(r"^227 .*,(\d+),(\d+)\)", said, re.M)
        }
        self.assertEqual(extended | classic, {50001, 50003, 50005})
        self.assertTrue(extended and classic)
