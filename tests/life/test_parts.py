"""The parts of a gateway by their names, and what becomes of them with new settings."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Listener, Settings
from ftpalg.config.tables import RouteRule, ServerUrl
from ftpalg.core.drained import WHOLE, Kind, NoSuchPart, Part
from ftpalg.core.routes import Server
from ftpalg.life.parts import named, parts_of, renamed


def url(host: str, port: int = 21) -> ServerUrl:
    """A server's."""
    return ServerUrl("ftp", Server(host, port))


def rule(word: str, *urls: ServerUrl) -> RouteRule:
    """A route's."""
    return RouteRule(users=(word,), server=urls)


SETTINGS = Settings(
    server=url("general.example"),
    routes=(rule("a", url("a.example"), url("A.example", 2121)), rule("b", url("::1", 990))),
    listen=(":21",),
    listeners=(Listener("127.0.0.1:990"),),
)
OPEN = Settings(routes=(rule("a", url("a.example")),), listen=(":21",))


class Named(SynchronousTestCase):
    """What somebody means."""

    def test_all(self) -> None:
        """Everything that the settings name, once, servers first."""
        wanted = ["general.example:21", "a.example:21", "a.example:2121", "[::1]:990"]
        wanted += ["routes[0]", "routes[1]", ":21", "127.0.0.1:990"]
        self.assertEqual([part.name for part in parts_of(SETTINGS)], wanted)
        for part in parts_of(SETTINGS):
            self.assertEqual(named(SETTINGS, part.kind, part.name), part)

    def test_gateway(self) -> None:
        """The whole needs no name."""
        for name in ("", "x"):
            self.assertEqual(named(SETTINGS, Kind.GATEWAY, name), WHOLE)

    def test_servers(self) -> None:
        """In any spelling; without a port where there is one of that host."""
        for name, found in (
            ("GENERAL.example.", "general.example:21"),
            ("general.example", "general.example:21"),
            ("a.example:2121", "a.example:2121"),
            ("[::1]", "[::1]:990"),
            ("[0::1]:990", "[::1]:990"),
        ):
            self.assertEqual(named(SETTINGS, Kind.SERVER, name).name, found)

    def refused(self, settings: Settings, kind: Kind, name: str) -> str:
        """The sentence."""
        return str(self.assertRaises(NoSuchPart, named, settings, kind, name))

    def test_which(self) -> None:
        """Of several on one host the port says which."""
        found = self.refused(SETTINGS, Kind.SERVER, "a.example")
        self.assertIn("a.example:21, a.example:2121", found)

    def test_unknown(self) -> None:
        """The nearest name is offered, or all that there are."""
        for kind, name, words in (
            (Kind.SERVER, "genral.example:21", "did you mean 'general.example:21'?"),
            (Kind.ROUTE, "route[1]", "did you mean 'routes[1]'?"),
            (Kind.ROUTE, "x", "there are: routes[0], routes[1]"),
            (Kind.LISTENER, "127.0.0.1:99", "did you mean '127.0.0.1:990'?"),
        ):
            found = self.refused(SETTINGS, kind, name)
            self.assertIn(f"there is no {kind.value} {name!r}", found)
            self.assertIn(words, found)
        self.assertIn("there are: none", self.refused(Settings(), Kind.ROUTE, "routes[0]"))

    def test_unknown_beside_what_sessions_use(self) -> None:
        """A part of the settings that sessions use, too, is there once."""
        settings = Settings(server=url("general.example"))
        part = Part(Kind.SERVER, "general.example:21")
        error = self.assertRaises(NoSuchPart, named, settings, Kind.SERVER, "x", [part, part])
        self.assertEqual(str(error).count(part.name), 1)

    def test_no_servers(self) -> None:
        """What is no server at all."""
        for name in ("", "a b", "a:x", "a:99999", "[::1", "\x00", "a/b"):
            self.assertIn("is no server", self.refused(SETTINGS, Kind.SERVER, name), name)

    def test_hostile(self) -> None:
        """Nothing of a name reaches a terminal as it is, nor without a bound."""
        for kind in (Kind.SERVER, Kind.ROUTE, Kind.LISTENER):
            found = self.refused(SETTINGS, kind, "\x1b]0;owned\x07\u202e\udcff" + "x" * 9999)
            self.assertTrue(found.isprintable(), found)
            self.assertLess(len(found), 400)

    def test_servers_of_clients(self) -> None:
        """Where clients name servers any can be drained, and where not those that sessions use."""
        self.assertEqual(named(OPEN, Kind.SERVER, "z.example:2121").name, "z.example:2121")
        self.assertEqual(named(OPEN, Kind.SERVER, "z.example").name, "z.example:21")
        used = Part(Kind.SERVER, "z.example:2121")
        self.assertEqual(named(SETTINGS, Kind.SERVER, "z.example", [used]), used)


class Renamed(SynchronousTestCase):
    """What a drained part is by new settings."""

    def after(self, part: Part, new: Settings, old: Settings = SETTINGS) -> Part | None:
        """Then."""
        return renamed(old, new, part, parts_of(new))

    def route(self, at: int, *rules: RouteRule) -> str | None:
        """The new name of a route, where these are the rules."""
        found = self.after(Part(Kind.ROUTE, f"routes[{at}]"), Settings(routes=rules))
        return found and found.name

    def test_same(self) -> None:
        """Nothing changes what is there still."""
        for part in (*parts_of(SETTINGS), WHOLE):
            self.assertEqual(self.after(part, SETTINGS), part)

    def test_gone(self) -> None:
        """A listener and a server that are in the settings no more."""
        new = Settings(server=url("a.example"), listen=(":2121",))
        for part in parts_of(SETTINGS):
            found = part if part.name == "a.example:21" else None
            self.assertEqual(self.after(part, new), found, part)

    def test_servers_of_clients(self) -> None:
        """Where clients name servers every one stays."""
        part = Part(Kind.SERVER, "general.example:21")
        self.assertEqual(self.after(part, OPEN), part)

    def test_routes(self) -> None:
        """A rule is followed to its new place; one that was edited in its place is the same."""
        one, two = SETTINGS.routes
        new, newer = rule("c"), rule("d")
        self.assertEqual(self.route(0, new, one, two), "routes[1]")
        self.assertEqual(self.route(1, two), "routes[0]")
        self.assertEqual(self.route(0, new, two), "routes[0]")
        self.assertEqual(self.route(0, two, one), "routes[1]")
        self.assertEqual(self.route(1, one, new), "routes[1]")
        self.assertEqual(self.route(0, new, newer), "routes[0]")

    def test_routes_gone(self) -> None:
        """One that is nowhere; another's place is not its own."""
        two = SETTINGS.routes[1]
        self.assertIsNone(self.route(0, two))
        self.assertIsNone(self.route(0))
        self.assertIsNone(self.route(0, two, two))
        self.assertIsNone(self.route(0, rule("c"), rule("d"), two))

    def test_twins(self) -> None:
        """Of two that are alike each keeps its place."""
        twin = SETTINGS.routes[0]
        old = Settings(routes=(twin, twin))
        found = self.after(Part(Kind.ROUTE, "routes[1]"), old, old)
        assert found is not None
        self.assertEqual(found.name, "routes[1]")
