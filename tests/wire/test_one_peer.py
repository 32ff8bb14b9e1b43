"""What one peer is, over real sockets: an IPv4 address in whatever clothes, a network of IPv6, and behind a
balancer whom its PROXY header names."""

from __future__ import annotations

import http.client
import json
import socket
import tempfile
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.tls.certificates import issued
from tests.wire.clients import Client
from tests.wire.crowds import Site
from tests.wire.gateways import Gateway
from tests.wire.test_limit_table import Running

FULL = b"421 Too many sessions from your address; try again later."
OURS = "192.0.2.254", "2001:db8:f::1"
BALANCER = "127.0.0.1"


class OnePeerCase(SynchronousTestCase):
    """A gateway before a site."""

    def begin(self, limits: str, *, balancer: bool = True) -> Gateway:
        """One with those limits, on IPv4 and, where there is IPv6, on both in one socket."""
        site = Site()
        self.addCleanup(site.close)
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-peer-")
        self.addCleanup(holder.cleanup)
        self.socket = str(Path(holder.name) / "admin.sock")
        both = "" if balancer else '[[listeners]]\nendpoint = "tcp6:0:interface=\\\\:\\\\:"\n'
        proxied = f'[proxy-protocol]\nbalancers = ["{BALANCER}"]\n' if balancer else ""
        text = (
            f'server = "ftp://127.0.0.1:{site.port}"\n[limits]\n{limits}\n{proxied}'
            f'[[listeners]]\nendpoint = "tcp:0:interface=127.0.0.1"\n{both}'
            f'[client-tls]\nmode = "offer"\n{issued("good").toml}'
            f'[admin]\nsocket = "{self.socket}"\n'
        )
        hosts = ("127.0.0.1",) if balancer else ("127.0.0.1", "::")
        gateway = Running([], text, (), hosts)
        self.addCleanup(gateway.stop)
        return gateway

    def behind(self, gateway: Gateway, peer: str) -> Client:
        """A client of which the balancer says that it is that one."""
        client = Client(gateway.address)
        self.addCleanup(client.close)
        six = ":" in peer
        head = f"PROXY TCP{6 if six else 4} {peer} {OURS[six]} 40000 21\r\n"
        client.send(head.encode())
        return client

    def holders(self) -> dict[str, dict[str, int]]:
        """Who holds how much of each limit of one."""
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.socket)
        connection.request("GET", "/shares")
        found = json.loads(connection.getresponse().read())["shares"]
        connection.close()
        held: dict[str, dict[str, int]] = {}
        for row in found:
            if row["holder"]:
                held.setdefault(row["limit"], {})[row["holder"]] = row["used"]
        return held


class Balanced(OnePeerCase):
    """Behind a balancer."""

    def test_share_is_the_clients(self) -> None:
        """The balancer's own share is not used up, however many come through it; each client has its own."""
        gateway = self.begin("sessions-per-peer = 2\ndescriptors-per-peer = 5")
        for number in range(20):
            self.assertEqual(self.behind(gateway, f"192.0.2.{number + 1}").code(), 220)
        again = [self.behind(gateway, "192.0.2.1").line() for _ in range(3)]
        self.assertEqual([line[:3] for line in again], [b"220", b"421", b"421"])
        self.assertEqual(again[-1], FULL)
        held = self.holders()
        self.assertNotIn(BALANCER, held["sessions-per-peer"])
        self.assertEqual(held["sessions-per-peer"]["192.0.2.1"], 2)
        self.assertNotIn(BALANCER, held["descriptors-per-peer"])

    def test_network(self) -> None:
        """Every address of a /64 is one client; the next network is another."""
        gateway = self.begin("sessions-per-peer = 3")
        for end in (":1", ":2", "ffff:ffff:ffff:ffff"):
            self.assertEqual(self.behind(gateway, f"2001:db8:0:7:{end}").code(), 220, end)
        self.assertEqual(self.behind(gateway, "2001:db8:0:7:8::1").line(), FULL)
        self.assertEqual(self.behind(gateway, "2001:db8:0:8::1").code(), 220)

    def test_prefix(self) -> None:
        """As wide as limits.ipv6-prefix says, in every line of the ledger that has a peer."""
        gateway = self.begin("ipv6-prefix = 48\ntransfers-per-peer = 9")
        client = self.behind(gateway, "2001:db8:7:1::1")
        self.assertEqual(client.code(), 220)
        client.login()
        client.passive()
        client.send(b"RETR endless\r\n")
        waiting = self.behind(gateway, "2001:db8:7:2::1")
        self.assertEqual(waiting.code(), 220)
        waiting.login()
        waiting.passive()
        shaking = self.behind(gateway, "2001:db8:7:3::1")
        self.assertEqual(shaking.code(), 220)
        self.assertEqual(shaking.ask(b"AUTH TLS").code, 234)
        self.assertTrue(gateway.until(lambda: "transfers-per-peer" in self.holders()))
        held, network = self.holders(), "2001:db8:7::/48"
        for limit, used in (
            ("sessions-per-peer", 3),
            ("handshakes-per-peer", 1),
            ("passive-listeners-per-peer", 2),
            ("transfers-per-peer", 1),
        ):
            self.assertEqual(held[limit], {network: used}, limit)
        self.assertEqual(set(held["descriptors-per-peer"]), {network})

    def test_mapped(self) -> None:
        """An IPv4 address in IPv6's clothes is that IPv4 address."""
        gateway = self.begin("sessions-per-peer = 1")
        self.assertEqual(self.behind(gateway, "::ffff:192.0.2.7").code(), 220)
        self.assertEqual(self.behind(gateway, "192.0.2.7").line(), FULL)
        self.assertEqual(self.behind(gateway, "::ffff:192.0.2.8").code(), 220)
        self.assertEqual(set(self.holders()["sessions-per-peer"]), {"192.0.2.7", "192.0.2.8"})


class Mapped(OnePeerCase):
    """One socket for both."""

    def test_one_socket(self) -> None:
        """Who comes by IPv4 to a socket of IPv6 is who comes by IPv4."""
        if not socket.has_ipv6:
            raise SkipTest("this machine has no IPv6")
        gateway = self.begin("sessions-per-peer = 2", balancer=False)
        for (_, port), code in zip(gateway.addresses, (220, 220), strict=True):
            client = Client(("127.0.0.1", port))
            self.addCleanup(client.close)
            self.assertEqual(client.code(), code)
        for _, port in gateway.addresses:
            client = Client(("127.0.0.1", port))
            self.addCleanup(client.close)
            self.assertEqual(client.line(), FULL)
        self.assertEqual(self.holders()["sessions-per-peer"], {"127.0.0.1": 2})
