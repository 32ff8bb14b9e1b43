"""Rules that are only tried: when the core asks them, and with what."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.actions import Tell
from ftpalg.core.events import CommandReceived, Link, ReplyReceived, ServerConnected
from ftpalg.core.facts import Fact, LoginRefused, SessionOpened, Shadowed
from ftpalg.core.routes import Facts, Route, Server
from ftpalg.core.session import Session
from ftpalg.core.session_settings import Rules
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.replies import reply
from tests.core.ladder import CLIENT, FIXED
from tests.core.scripts import OPEN


class Tried(SynchronousTestCase):
    """Rules that are only tried are asked where a session goes its way, and told of."""

    def asked(self, rules: Rules, *users: bytes) -> tuple[list[tuple[Facts, Route]], list[Fact]]:
        """What they were asked, and what was told, while a client says each USER."""
        asked: list[tuple[Facts, Route]] = []
        told = Shadowed("f.toml:3: routes[0]", "take it to one.example:21", differs=True)

        def tried(facts: Facts, route: Route) -> Shadowed:
            asked.append((facts, route))
            return told

        session = Session(replace(rules, tried=tried), CLIENT)
        ordered = session.start()
        for user in users:
            ordered += session.handle(CommandReceived(Command(b"USER", user)))
        facts = [one.fact for one in ordered if isinstance(one, Tell)]
        self.assertEqual([one for one in facts if one == told], [told] * len(asked))
        return asked, facts

    def test_with_the_greeting(self) -> None:
        """With what is known when the server is dialled at once."""
        asked, _ = self.asked(Rules(server=FIXED))
        self.assertEqual(asked, [(Facts(CLIENT.peer), Route((FIXED,)))])

    def test_named(self) -> None:
        """With all that is known once the client has named its server; refused or not."""
        one = Server("one.example")
        facts = Facts(CLIENT.peer, user="bob", destination=one, named=one, final=True)
        asked, _ = self.asked(OPEN, b"bob@one.example")
        self.assertEqual(asked, [(facts, Route())])
        asked, _ = self.asked(OPEN)
        self.assertEqual(asked, [])

    def test_silent(self) -> None:
        """Where none of them fits nothing is told."""
        session = Session(Rules(server=FIXED, tried=lambda facts, route: None), CLIENT)
        told = [one.fact for one in session.start() if isinstance(one, Tell)]
        self.assertEqual([type(fact) for fact in told], [SessionOpened])

    def with_users(self, *users: str, early: bool) -> list[Facts]:
        """What they are asked at a server that greets and refuses each USER; they have something to say
        to bob, or ``early`` to everybody, and are told of once."""
        asked: list[Facts] = []
        told = Shadowed("f.toml:3: routes[0]", "take it to one.example:21", differs=True)

        def tried(facts: Facts, route: Route) -> Shadowed | None:
            asked.append(facts)
            self.assertEqual(route, Route((FIXED,)))
            return told if early or facts.user == "bob" else None

        session = Session(Rules(server=FIXED, tried=tried), CLIENT)
        ordered = session.start()
        ordered += session.handle(ServerConnected(Link("198.51.100.2", "192.0.2.1")))
        ordered += session.handle(ReplyReceived(reply(220, "Hello.")))
        for user in users:
            ordered += session.handle(CommandReceived(Command(b"USER", user.encode())))
            ordered += session.handle(ReplyReceived(reply(530, "No.")))
        facts = [one.fact for one in ordered if isinstance(one, Tell)]
        self.assertEqual([one for one in facts if isinstance(one, Shadowed)], [told])
        self.assertEqual([type(one) for one in facts].count(LoginRefused), len(users))
        return asked

    def test_with_the_user(self) -> None:
        """Where they had nothing to say to the greeting they are asked again with USER, until they have."""
        known = [Facts(CLIENT.peer, user=name, final=True) for name in ("amy", "bob")]
        asked = self.with_users("amy", "bob", "bob", early=False)
        self.assertEqual(asked, [Facts(CLIENT.peer), *known])

    def test_told_with_the_greeting(self) -> None:
        """Where they had, USER changes nothing."""
        self.assertEqual(self.with_users("amy", "bob", early=True), [Facts(CLIENT.peer)])
