"""Drains while the gateway runs, with a clock and sessions of the test's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Settings, Timeouts
from ftpalg.config.tables import RouteRule, ServerUrl
from ftpalg.core.drained import WHOLE, Drained, Kind, NoSuchPart, Part, Standing, Undrained
from ftpalg.core.ends import Reason
from ftpalg.core.events import Link
from ftpalg.core.facts import About, Peer
from ftpalg.core.routes import Server
from ftpalg.life.drains import AT_ONCE, Drains
from ftpalg.net.drained import SENTENCES, DrainedParts, server_part
from ftpalg.net.sessions import Sessions
from tests.net.doubles import Client, Log

A, B = Server("a.example"), Server("b.example")
RULES = RouteRule(users=("a",)), RouteRule(users=("b",))
SERVER, ROUTE = server_part(A), Part(Kind.ROUTE, "routes[0]")
LISTENER = Part(Kind.LISTENER, ":21")
GONE = "the settings do not know it any more"


def settings(*rules: RouteRule, rest: float = 1.0, listen: tuple[str, ...] = (":21",)) -> Settings:
    """Of a gateway to A."""
    return Settings(
        server=ServerUrl("ftp", A),
        routes=rules or RULES,
        listen=listen,
        timeouts=Timeouts(rest=rest),
    )


class DrainsCase(SynchronousTestCase):
    """Orders, and sessions that are as the test says."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.log: Any = Log()
        self.parts = DrainedParts()
        self.settings = settings()
        self.sessions: Sessions[Any, Any] = Sessions(
            self.settings, self.log, lambda peer: True, self.session, drained=self.parts
        )
        gateway: Any = SimpleNamespace(
            drained=self.parts,
            shared=SimpleNamespace(settings=self.settings, sessions=self.sessions),
        )
        self.gateway = gateway
        self.drains = Drains(self.clock, gateway, self.log)
        self.ended: list[tuple[str, str, Reason]] = []

    def session(self, client: Client, link: Link, name: str) -> Any:
        """One that does something, until its test says otherwise."""
        about = About(name, Peer(link.peer, 1), Peer("192.0.2.9", 21), str(A), False, ":21", "")
        made = SimpleNamespace(
            name=name, peer=link.peer, rests_since=None, about=about, shared=self.gateway.shared
        )

        def end(text: str, reason: Reason = Reason.STOPPED) -> None:
            self.ended.append((name, text, reason))
            self.sessions.dismiss(made)

        made.end = end
        return made

    def come(self, rests: float | None = None, **about: Any) -> Any:
        """A session that is there already, though what it uses is drained."""
        parts, self.parts.parts = self.parts.parts, frozenset()
        made: Any = self.sessions.admit(Client(), Link("192.0.2.1", "192.0.2.254", 40000))
        self.parts.parts = parts
        made.rests_since = rests
        made.about = made.about._replace(**about)
        return made

    def run_for(self, seconds: float) -> None:
        """In small steps."""
        self.clock.pump([0.05] * round(seconds / 0.05))

    def words(self) -> list[tuple[str, Reason]]:
        """How sessions ended."""
        return [(text, reason) for _, text, reason in self.ended]


class Leaving(DrainsCase):
    """Who is told to go, and when."""

    def test_at_rest(self) -> None:
        """Who has rested long enough goes at once, who has not as soon as it has; who uses nothing of
        it stays, and so does one that is on the way to a server."""
        self.come(rests=990.0)
        later = self.come()
        stays = self.come(rests=990.0, name=str(B))
        reaching = self.come(rests=990.0, server=None)
        self.assertEqual(self.drains.drain(SERVER), Standing(SERVER, 2))
        self.assertEqual(self.ended, [])
        self.clock.advance(0)
        self.assertEqual(self.words(), [(SENTENCES[Kind.SERVER], Reason.DRAINED)])
        self.run_for(100)
        later.rests_since = self.clock.seconds() - 0.5
        self.run_for(0.4)
        self.assertEqual(len(self.ended), 1)
        self.run_for(0.5)
        self.assertEqual(len(self.ended), 2)
        self.assertEqual(list(self.sessions.open.values()), [stays, reaching])
        self.run_for(5)
        reaching.about = reaching.about._replace(server=Peer("192.0.2.9", 21))
        self.run_for(1.1)
        self.assertEqual(list(self.sessions.open.values()), [stays])

    def test_words(self) -> None:
        """Each part has its sentence."""
        for part, about in (
            (ROUTE, {"route": "routes[0]"}),
            (LISTENER, {}),
            (WHOLE, {"listener": ":990", "server": None}),
        ):
            self.come(rests=0.0, **about)
            self.drains.drain(part)
            self.clock.advance(0)
            self.assertEqual(self.words()[-1], (SENTENCES[part.kind], Reason.DRAINED))
            self.drains.undrain(part)
        self.assertEqual(len(self.ended), 3)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_within(self) -> None:
        """Who has not gone by then is ended, with a reason of its own; others have no bound."""
        self.come(), self.come(name=str(B), route="routes[0]")
        self.drains.drain(SERVER, within=20.0)
        self.drains.drain(ROUTE)
        self.run_for(19.8)
        self.assertEqual(self.ended, [])
        self.run_for(0.6)
        self.assertEqual(self.words(), [(SENTENCES[Kind.SERVER], Reason.DRAIN_TIMEOUT)])

    def test_bound_anew(self) -> None:
        """A second order has the last word on the bound: another, or none."""
        self.come()
        self.drains.drain(SERVER, within=5.0)
        self.drains.drain(SERVER, within=50.0)
        self.run_for(20)
        self.assertEqual((self.ended, self.drains.standing), ([], [Standing(SERVER, 1, 30.0)]))
        self.drains.drain(SERVER)
        self.run_for(100)
        self.assertEqual((self.ended, self.drains.standing), ([], [Standing(SERVER, 1)]))

    def test_many(self) -> None:
        """No turn of the reactor ends more than some."""
        look, left = self.drains._look, []

        def looked() -> None:
            look()
            left.append(len(self.sessions.open))

        self.patch(self.drains, "_look", looked)
        for _ in range(2 * AT_ONCE + 1):
            self.come(rests=0.0)
        self.drains.drain(WHOLE)
        self.clock.advance(0)
        self.assertEqual(left, [AT_ONCE + 1, 1, 0])

    def test_taken_back(self) -> None:
        """Who is still there may stay; nothing runs on, and the bound is forgotten."""
        self.come()
        self.drains.drain(SERVER, within=5.0)
        self.clock.advance(0)
        self.assertEqual(self.drains.undrain(SERVER, 7), Standing(SERVER, 1))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.drains.drain(SERVER)
        self.run_for(10)
        self.assertEqual(self.ended, [])

    def test_one_taken_back(self) -> None:
        """What else is drained stays so."""
        one, other = self.come(name=str(B), route="routes[0]"), self.come()
        self.drains.drain(SERVER), self.drains.drain(ROUTE)
        self.drains.undrain(ROUTE)
        one.rests_since = other.rests_since = 0.0
        self.run_for(1)
        self.assertEqual(list(self.sessions.open.values()), [one])

    def test_stop(self) -> None:
        """At the end nothing runs on."""
        self.drains.stop()
        self.drains.drain(WHOLE)
        self.drains.stop()
        self.drains.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class Told(DrainsCase):
    """What is said of it."""

    def test_records(self) -> None:
        """How many use it, the bound, and who ordered it."""
        self.come()
        self.drains.drain(SERVER, 5.0, 1000)
        self.drains.drain(WHOLE)
        self.drains.undrain(SERVER, 1001)
        self.assertEqual(
            self.log.news,
            [Drained(SERVER, 1, 5.0, 1000), Drained(WHOLE, 1), Undrained(SERVER, 1, 1001)],
        )

    def test_standing(self) -> None:
        """What is drained now, how many are there, and how long they may stay."""
        self.assertEqual(self.drains.standing, [])
        self.come(), self.come(listener=":990")
        self.drains.drain(LISTENER, within=3.0)
        self.drains.drain(WHOLE)
        self.clock.advance(1)
        found = [Standing(LISTENER, 1, 2.0), Standing(WHOLE, 2)]
        self.assertEqual(self.drains.standing, found)
        self.clock.advance(10)
        self.assertGreater(self.drains.standing[0].within, 0, "it is still bounded")

    def test_not_drained(self) -> None:
        """What is not drained cannot be taken back, the whole by its parts neither."""
        self.drains.drain(SERVER)
        for part in (WHOLE, LISTENER, server_part(B)):
            error = self.assertRaises(NoSuchPart, self.drains.undrain, part)
            self.assertEqual(str(error), f"{part} is not drained")
        self.assertEqual(len(self.log.news), 1)

    def test_part(self) -> None:
        """A server that no setting has, but a session."""
        self.assertRaises(NoSuchPart, self.drains.part, Kind.SERVER, "z.example:2121")
        self.come(name="Z.example:2121", server=None)
        self.assertRaises(NoSuchPart, self.drains.part, Kind.SERVER, "z.example:2121")
        self.come(name="Z.example:2121")
        found = Part(Kind.SERVER, "z.example:2121")
        self.assertEqual(self.drains.part(Kind.SERVER, "z.example"), found)
        self.assertEqual(self.drains.part(Kind.GATEWAY), WHOLE)

    def test_taken_over(self) -> None:
        """What the program before this one had drained is; what is unknown here is said."""
        for part in (SERVER, ROUTE, WHOLE):
            self.drains.drain(part)
        names = self.drains.names
        self.setUp()
        self.drains.take_over((*names, ("listener", ":2121"), ("pigeon", "x")))
        self.assertEqual(self.parts.parts, {SERVER, ROUTE, WHOLE})
        self.assertEqual({news.part for news in self.log.news}, {SERVER, ROUTE, WHOLE})
        self.assertEqual(len(self.log.words), 2)
        self.assertIn("there is no listener ':2121'", self.log.words[0][1])

    def test_closed(self) -> None:
        """The whole, or each listener: nobody gets in then."""
        self.gateway.shared.settings = settings(listen=(":21", ":990"))
        self.assertFalse(self.drains.closed)
        self.drains.drain(LISTENER)
        self.assertFalse(self.drains.closed)
        self.drains.drain(Part(Kind.LISTENER, ":990"))
        self.assertTrue(self.drains.closed)
        self.drains.undrain(LISTENER)
        self.drains.drain(WHOLE)
        self.assertTrue(self.drains.closed)


class Renewed(DrainsCase):
    """New settings."""

    def renew(self, new: Settings) -> None:
        """They hold for new sessions."""
        self.gateway.shared = SimpleNamespace(settings=new, sessions=self.sessions)
        self.drains.renewed(self.settings, new)

    def test_stays(self) -> None:
        """What is known still is drained still, with its bound; nothing is said."""
        self.come(route="routes[0]")
        for part in (SERVER, ROUTE, LISTENER, WHOLE):
            self.drains.drain(part, within=5.0)
        said = len(self.log.news)
        self.renew(settings(rest=0.5))
        self.assertEqual(self.parts.parts, {SERVER, ROUTE, LISTENER, WHOLE})
        self.assertEqual((len(self.log.news), self.log.words), (said, []))
        self.run_for(5.3)
        self.assertEqual(self.words(), [(SENTENCES[Kind.SERVER], Reason.DRAIN_TIMEOUT)])

    def test_gone(self) -> None:
        """What is not known any more is said, with those that are there."""
        self.come(route="routes[0]")
        for part in (SERVER, ROUTE, LISTENER, WHOLE):
            self.drains.drain(part, within=5.0)
        self.log.news.clear()
        self.renew(Settings(server=ServerUrl("ftp", B), listen=(":2121",)))
        self.assertEqual(
            self.log.news,
            [Undrained(part, 1, reason=GONE) for part in (LISTENER, ROUTE, SERVER)],
        )
        self.assertEqual(self.parts.parts, {WHOLE})
        self.run_for(5.3)
        self.assertEqual(self.words(), [(SENTENCES[Kind.GATEWAY], Reason.DRAIN_TIMEOUT)])

    def test_moved(self) -> None:
        """A route is followed, its old sessions too; who is on another by its old name now stays."""
        uses, other = self.come(route="routes[0]"), self.come(route="routes[1]")
        self.drains.drain(ROUTE, within=5.0)
        self.renew(settings(*reversed(RULES)))
        moved = Part(Kind.ROUTE, "routes[1]")
        self.assertEqual(
            self.log.words, [("told", "drained: route routes[0] is route routes[1] now")]
        )
        self.assertEqual(self.drains.standing, [Standing(moved, 1, 5.0)])
        new, late = self.come(route="routes[0]"), self.come(route="routes[1]")
        for one in (uses, other, new, late):
            one.rests_since = 0.0
        self.run_for(6)
        self.assertEqual(list(self.sessions.open.values()), [other, new])
