"""What is drained: what is asked of it before a session begins, and of the sessions that are there."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Settings
from ftpalg.config.tables import RouteRule
from ftpalg.core.drained import WHOLE, Kind, Part
from ftpalg.core.ends import Reason, Refusal
from ftpalg.core.facts import About, Peer
from ftpalg.core.routes import Server
from ftpalg.net.drained import DrainedParts, part_named, rule_of, server_part

ONE, TWO = RouteRule(users=("one",)), RouteRule(users=("two",))
SETTINGS = Settings(routes=(ONE, TWO))
A, B = Server("a.example"), Server("b.example", 2121)
FIRST = Part(Kind.ROUTE, "routes[0]")


def about(name: str = "", route: str = "", listener: str = ":21", *, reached: bool = True) -> About:
    """A session's."""
    server = Peer("192.0.2.9", 21) if reached else None
    return About("s", Peer("192.0.2.7", 1), server, name, False, listener, route)


class Names(SynchronousTestCase):
    """Servers and routes by their names."""

    def test_one_spelling(self) -> None:
        """Case, the last dot, brackets and the spelling of an address make no difference."""
        for one, other in (
            (Server("A.Example."), "a.example:21"),
            (Server("2001:DB8::0:1", 990), "[2001:db8::1]:990"),
            (Server("::ffff:192.0.2.1"), "192.0.2.1:21"),
        ):
            self.assertEqual(server_part(one).name, other)
            self.assertEqual(part_named(str(one)), server_part(one))
        self.assertNotEqual(server_part(A), server_part(Server("a.example", 22)))

    def test_rules(self) -> None:
        """Only the name of a route is one of a rule."""
        self.assertIs(rule_of(SETTINGS, "routes[1]"), TWO)
        for name in (
            "",
            "routes[2]",
            "routes[-1]",
            "routes[0]x",
            "xroutes[0]",
            f"routes[{'9' * 5000}]",
        ):
            self.assertIsNone(rule_of(SETTINGS, name), name)


class Questions(SynchronousTestCase):
    """What is answered."""

    def setUp(self) -> None:
        self.parts = DrainedParts()

    def drain(self, *parts: Part) -> None:
        for part in parts:
            self.parts.drain(part, SETTINGS)

    def test_nothing(self) -> None:
        """Everybody may come, every server be dialled."""
        self.assertIsNone(self.parts.closed(":21"))
        self.assertEqual(self.parts.left((A, B)), (A, B))
        self.assertIsNone(self.parts.barred(SETTINGS, "routes[0]", (A,)))
        self.assertEqual(self.parts.parts_of(about("a.example:21", "routes[0]"), SETTINGS), [])

    def test_whole(self) -> None:
        """Nobody comes anywhere; who is there may still reach any server."""
        self.drain(WHOLE)
        self.assertIs(self.parts.closed(":21"), Refusal.DRAINED)
        self.assertIsNone(self.parts.barred(SETTINGS, "", (A,)))
        self.assertEqual(self.parts.parts_of(about(), SETTINGS), [WHOLE])

    def test_listener(self) -> None:
        """Nobody comes to that one."""
        part = Part(Kind.LISTENER, ":21")
        self.drain(part)
        self.assertIs(self.parts.closed(":21"), Refusal.LISTENER_DRAINED)
        self.assertIsNone(self.parts.closed(":990"))
        self.assertEqual(self.parts.parts_of(about(), SETTINGS), [part])
        self.assertEqual(self.parts.parts_of(about(listener=":990"), SETTINGS), [])

    def test_server(self) -> None:
        """It is left out; where none is left the way is barred."""
        self.drain(server_part(A))
        self.assertEqual(self.parts.left((A, B)), (B,))
        self.assertIsNone(self.parts.barred(SETTINGS, "", (A, B)))
        barred = self.parts.barred(SETTINGS, "", (Server("A.EXAMPLE."),))
        assert barred is not None
        self.assertEqual(barred[0], Reason.SERVER_DRAINED)
        self.assertIn("server", barred[1])

    def test_server_reached(self) -> None:
        """A session uses the server that it has reached, not one that it is on the way to."""
        self.drain(server_part(A))
        self.assertEqual(self.parts.parts_of(about("A.example:21"), SETTINGS), [server_part(A)])
        self.assertEqual(self.parts.parts_of(about("a.example:21", reached=False), SETTINGS), [])
        self.assertEqual(self.parts.parts_of(about("b.example:2121"), SETTINGS), [])

    def test_route(self) -> None:
        """The route is barred, whatever its servers; another is not, nor the way without a rule."""
        self.drain(FIRST)
        barred = self.parts.barred(SETTINGS, "routes[0]", (A, B))
        assert barred is not None
        self.assertEqual(barred[0], Reason.ROUTE_DRAINED)
        for route in ("routes[1]", "routes[2]", ""):
            self.assertIsNone(self.parts.barred(SETTINGS, route, (A,)), route)
            self.assertEqual(self.parts.parts_of(about(route=route), SETTINGS), [], route)
        self.assertEqual(self.parts.parts_of(about(route="routes[0]"), SETTINGS), [FIRST])

    def test_order(self) -> None:
        """Of several parts the narrowest speaks."""
        listener = Part(Kind.LISTENER, ":21")
        self.drain(WHOLE, listener, FIRST, server_part(A))
        found = self.parts.parts_of(about("a.example:21", "routes[0]"), SETTINGS)
        self.assertEqual(found, [server_part(A), FIRST, listener, WHOLE])

    def test_taken_back(self) -> None:
        """What is taken back is as it was; a snapshot is as it was taken."""
        self.drain(WHOLE, FIRST, server_part(A))
        before = self.parts.parts
        for part in before:
            self.parts.undrain(part)
        self.assertEqual((len(before), self.parts.parts), (3, frozenset()))
        self.test_nothing()


class Renamed(SynchronousTestCase):
    """Routes under new settings, with sessions of the old ones."""

    def test_moved(self) -> None:
        """It is the same rule, for old sessions by its old name, for new ones by its new."""
        parts = DrainedParts()
        parts.drain(FIRST, SETTINGS)
        later = Settings(routes=(TWO, ONE))
        parts.rename({"routes[0]": "routes[1]"}, later)
        self.assertEqual(parts.parts, {Part(Kind.ROUTE, "routes[1]")})
        for settings, barred in ((SETTINGS, "routes[0]"), (later, "routes[1]")):
            other = "routes[1]" if barred == "routes[0]" else "routes[0]"
            self.assertIsNotNone(parts.barred(settings, barred, (A,)))
            self.assertIsNone(parts.barred(settings, other, (A,)))
            self.assertEqual(len(parts.parts_of(about(route=barred), settings)), 1)
            self.assertEqual(parts.parts_of(about(route=other), settings), [])

    def test_edited(self) -> None:
        """It is the rule as it was and as it is now, through several changes."""
        parts = DrainedParts()
        parts.drain(FIRST, SETTINGS)
        for at in range(3):
            last = Settings(routes=(RouteRule(users=(f"u{at}",)), TWO))
            parts.rename({"routes[0]": "routes[0]"}, last)
        for settings in (SETTINGS, last):
            self.assertEqual(len(parts.parts_of(about(route="routes[0]"), settings)), 1)

    def test_gone(self) -> None:
        """One without a new name is drained no longer; servers and listeners stay."""
        parts = DrainedParts()
        for part in (FIRST, Part(Kind.ROUTE, "routes[1]"), server_part(A), WHOLE):
            parts.drain(part, SETTINGS)
        parts.rename({"routes[1]": "routes[0]"}, Settings(routes=(TWO,)))
        self.assertEqual(parts.parts, {FIRST, server_part(A), WHOLE})
        self.assertEqual(parts.parts_of(about(route="routes[0]"), SETTINGS), [WHOLE])

    def test_two_alike(self) -> None:
        """Two drained rules that are one now keep the sessions of both."""
        parts, first = DrainedParts(), Settings(routes=(RouteRule(users=("first",)), TWO))
        parts.drain(FIRST, first)
        parts.rename({"routes[0]": "routes[0]"}, SETTINGS)
        parts.drain(Part(Kind.ROUTE, "routes[1]"), SETTINGS)
        parts.rename({"routes[0]": "routes[0]", "routes[1]": "routes[0]"}, Settings(routes=(ONE,)))
        for route, settings in (
            ("routes[0]", first),
            ("routes[0]", SETTINGS),
            ("routes[1]", SETTINGS),
        ):
            self.assertEqual(len(parts.parts_of(about(route=route), settings)), 1, route)
