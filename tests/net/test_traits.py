"""What is remembered of servers, and for how long."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.events import Traits
from ftpalg.core.routes import Server
from ftpalg.net.reach import traits as module
from ftpalg.net.reach.traits import MOST, Remembered

ONE, OTHER = Server("one.example", 21), Server("one.example", 2121)
NO_EPSV, NO_EPRT = Traits(epsv=False), Traits(eprt=False)


class Remembering(SynchronousTestCase):
    """By name and port, for a while."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.known = Remembered(self.clock, 60.0)

    def test_shared(self) -> None:
        """Sessions with one server share what was learned; its ports are apart."""
        self.known.learn(ONE, NO_EPSV)
        self.assertEqual((self.known.of(ONE), self.known.of(OTHER)), (NO_EPSV, Traits()))

    def test_age(self) -> None:
        """Servers are mended: what was learned is forgotten, counted from the last lesson."""
        self.known.learn(ONE, NO_EPSV)
        self.clock.advance(59)
        self.assertEqual(self.known.of(ONE), NO_EPSV)
        self.known.learn(ONE, NO_EPRT)
        self.clock.advance(59)
        self.assertEqual(self.known.of(ONE), NO_EPRT)
        self.clock.advance(1)
        self.assertEqual(self.known.of(ONE), Traits())

    def test_forgotten(self) -> None:
        """Beyond the bound, the server longest unused is forgotten, not the one first learned of."""
        self.patch(module, "MOST", 3)
        servers = [Server(f"192.0.2.{n}") for n in range(4)]
        for server in servers[:3]:
            self.known.learn(server, NO_EPSV)
        self.known.of(servers[0])
        self.known.learn(servers[3], NO_EPSV)
        found = [self.known.of(server) for server in servers]
        self.assertEqual(found, [NO_EPSV, Traits(), NO_EPSV, NO_EPSV])

    def test_bounded(self) -> None:
        """However many servers there are, no more than the bound are remembered."""
        servers = [Server("192.0.2.1", port) for port in range(MOST + 10)]
        for server in servers:
            self.known.learn(server, NO_EPSV)
        self.assertEqual([self.known.of(server) for server in servers].count(NO_EPSV), MOST)

    def test_told(self) -> None:
        """What a session learns is told, behind a reload too; what others have learned is not, and is as old
        as it is."""
        told: list[object] = []
        self.known.told = lambda *what: told.append(what)
        later = Remembered(self.clock, 60.0)
        later.take_over(self.known)
        self.clock.advance(7)
        later.learn(ONE, NO_EPSV)
        self.assertEqual(told, [(ONE, NO_EPSV, 7.0)])
        later.hear(OTHER, NO_EPRT, -50.0)
        self.assertEqual(list(later), [*told, (OTHER, NO_EPRT, -50.0)])
        self.assertEqual(later.of(OTHER), NO_EPRT)
        self.clock.advance(3)
        self.assertEqual((later.of(OTHER), len(told)), (Traits(), 1))

    def test_other_settings(self) -> None:
        """Behind a reload what was known is known."""
        self.known.learn(ONE, NO_EPSV)
        after = Remembered(self.clock, 30.0)
        after.take_over(self.known)
        self.assertEqual(after.of(ONE), NO_EPSV)
        self.clock.advance(30)
        self.assertEqual(after.of(ONE), Traits())
