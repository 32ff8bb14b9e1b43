"""Our addresses as peers are told them: by network, and by names that are resolved again."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Data
from ftpalg.config.tables import ClientAddress
from ftpalg.core.events import Side
from ftpalg.net.advertised import Advertised, holds
from tests.net.doubles import Reactor, Resolver

PEER, PEER6 = "192.0.2.1", "2001:db8::1"


class AdvertisedCase(SynchronousTestCase):
    """A clock, a resolver and the warnings."""

    def setUp(self) -> None:
        self.reactor = Reactor()
        self.resolver = Resolver()
        self.warnings: list[str] = []

    def advertised(self, **data: Any) -> Advertised:
        """What such settings say, begun."""
        made = Advertised(self.reactor, Data(**data), self.resolver.look_up, self.warnings.append)
        made.start()
        return made


class Literal(AdvertisedCase):
    """Addresses."""

    def test_nothing(self) -> None:
        """Without settings nothing is told, nothing resolved, and no clock runs."""
        made = self.advertised()
        self.assertEqual((made.to_client(PEER), made.to_server(PEER6)), ("", ""))
        self.assertEqual((self.resolver.asked, self.reactor.getDelayedCalls()), ([], []))
        made.stop()

    def test_server(self) -> None:
        """A server is told an address of its own family, or none."""
        made = self.advertised(server_address="203.0.113.5")
        self.assertEqual((made.to_server(PEER), made.to_server(PEER6)), ("203.0.113.5", ""))
        made = self.advertised(server_address="2001:db8::5")
        self.assertEqual((made.to_server(PEER), made.to_server(PEER6)), ("", "2001:db8::5"))

    def test_client(self) -> None:
        """The first network that holds the client decides, an empty address for the one it reached;
        all others are told the general one."""
        made = self.advertised(
            client_address="203.0.113.5",
            client_addresses=(
                ClientAddress((ip_network("10.1.0.0/16"),), "10.1.0.254"),
                ClientAddress((ip_network("10.0.0.0/8"), ip_network("2001:db8::/64")), ""),
                ClientAddress((ip_network("10.2.0.0/16"),), "10.2.0.254"),
            ),
        )
        for peer, told in (
            ("10.1.2.3", "10.1.0.254"),
            ("10.2.2.3", ""),
            (PEER6, ""),
            (PEER, "203.0.113.5"),
        ):
            self.assertEqual(made.to_client(peer), told, peer)

    def test_holds(self) -> None:
        """A network of the other family holds nothing, the whole Internet neither."""
        networks = (ip_network("0.0.0.0/0"),)
        self.assertEqual((holds(networks, PEER), holds(networks, PEER6)), (True, False))
        self.assertFalse(holds((), PEER))


class Names(AdvertisedCase):
    """Names, resolved again and again."""

    def test_resolved(self) -> None:
        """A name is told by its address; until it has one it is missing, and nothing is told."""
        made = self.advertised(client_address="gw.example")
        self.assertEqual(self.resolver.asked, ["gw.example"])
        self.assertEqual(made.to_client(PEER), "")
        self.assertEqual(made.missing(Side.CLIENT, PEER, ""), "gw.example")
        self.assertEqual(made.missing(Side.SERVER, PEER, ""), "")
        self.resolver.answer("::ffff:203.0.113.5")
        self.assertEqual(made.missing(Side.CLIENT, PEER, made.to_client(PEER)), "")
        self.assertEqual(made.to_client(PEER), "203.0.113.5")

    def test_both_families(self) -> None:
        """Of a name's addresses a peer is told the first of its own family, in whichever order."""
        for found in (("2001:db8::5", "203.0.113.5"), ("203.0.113.5", "2001:db8::5")):
            made = self.advertised(client_address="gw.example", server_address="gw.example")
            self.resolver.answer(*found, "203.0.113.6", "2001:db8::6")
            for peer, told in ((PEER, "203.0.113.5"), (PEER6, "2001:db8::5")):
                self.assertEqual((made.to_client(peer), made.to_server(peer)), (told, told))

    def test_other_family(self) -> None:
        """A name with addresses of the other family only is told to clients, never to servers."""
        made = self.advertised(client_address="gw.example", server_address="gw.example")
        self.resolver.answer("2001:db8::5")
        self.assertEqual((made.to_client(PEER), made.to_server(PEER)), ("2001:db8::5", ""))

    def test_never_resolved(self) -> None:
        """A session that began while a name was missing is told none, the inner one never."""
        made = self.advertised(client_address="gw.example", server_address="out.example")
        self.resolver.answer()
        self.assertEqual(made.missing(Side.CLIENT, PEER, ""), "gw.example")
        self.assertEqual(made.missing(Side.SERVER, PEER, ""), "out.example")
        self.assertIn("no data port is opened until it does", self.warnings[0])

    def test_by_network(self) -> None:
        """A network whose clients are told what they reached misses nothing."""
        made = self.advertised(
            client_address="gw.example",
            client_addresses=(ClientAddress((ip_network("10.0.0.0/8"),), ""),),
        )
        self.assertEqual(made.missing(Side.CLIENT, "10.1.2.3", ""), "")
        self.assertEqual(made.missing(Side.CLIENT, PEER, ""), "gw.example")

    def test_server_of_the_other_family(self) -> None:
        """A server's name that has resolved, to the other family only, misses nothing either."""
        made = self.advertised(server_address="gw.example")
        self.resolver.answer("2001:db8::5")
        self.assertEqual(made.missing(Side.SERVER, PEER, made.to_server(PEER)), "")

    def test_each_once(self) -> None:
        """Each name is resolved once a time, wherever and however often it stands."""
        self.advertised(
            client_address="a.example",
            server_address="a.example",
            client_addresses=(
                ClientAddress((ip_network("10.0.0.0/8"),), "b.example"),
                ClientAddress((ip_network("10.0.0.0/8"),), "192.0.2.9"),
            ),
        )
        self.assertEqual(sorted(self.resolver.asked), ["a.example", "b.example"])

    def test_again(self) -> None:
        """A new address is taken up after the time that the settings give."""
        made = self.advertised(client_address="gw.example", resolve_every=30.0)
        self.resolver.answer("203.0.113.5")
        self.reactor.advance(29.9)
        self.assertEqual(len(self.resolver.asked), 1)
        self.reactor.advance(0.2)
        self.assertEqual(len(self.resolver.asked), 2)
        self.assertEqual(made.to_client(PEER), "203.0.113.5")
        self.resolver.answer("203.0.113.6")
        self.assertEqual((made.to_client(PEER), self.warnings), ("203.0.113.6", []))

    def test_failing(self) -> None:
        """A name that fails keeps what it had, and is warned of once until it resolves again."""
        made = self.advertised(client_address="gw.example", resolve_every=30.0)
        self.resolver.answer("203.0.113.5")
        for _ in range(3):
            self.reactor.advance(30)
            self.resolver.answer()
        self.assertEqual((made.to_client(PEER), len(self.warnings)), ("203.0.113.5", 1))
        self.assertIn("gw.example, does not resolve", self.warnings[0])
        self.reactor.advance(30)
        self.resolver.answer("203.0.113.6")
        self.reactor.advance(30)
        self.resolver.answer()
        self.assertEqual((made.to_client(PEER), len(self.warnings)), ("203.0.113.6", 2))

    def test_stop(self) -> None:
        """Stopped, it resolves no more; twice is no harm."""
        made = self.advertised(client_address="gw.example")
        made.stop()
        made.stop()
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.assertIn("gw.example", self.resolver.given_up)
        self.resolver.answer()
        self.reactor.advance(1000)
        self.assertEqual(len(self.resolver.asked), 1)
