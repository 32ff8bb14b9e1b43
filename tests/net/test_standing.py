"""How sessions stand that are counted."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.desk import Desk
from ftpalg.core.events import Link, Side
from ftpalg.core.phases import Phase
from ftpalg.core.routes import Route
from ftpalg.core.session import Session
from ftpalg.core.session_settings import Rules
from ftpalg.core.stages.transfer_states import Transfer
from ftpalg.core.wire.commands import Command, parse_command
from ftpalg.net.standing import Standing, standing

LINK = Link("192.0.2.1", "192.0.2.254", 40000)


class Legs:
    """Data connections of which the server's has a port."""

    moved = 77

    def uses_port(self, side: Side) -> bool:
        return side is Side.SERVER


class StandingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.session = Session(Rules(), LINK)

    @property
    def desk(self) -> Desk:
        return self.session.desk

    def transferring(self, line: bytes) -> Command:
        """A transfer's command is being answered."""
        command = parse_command(line)
        self.desk.phase, self.desk.logged_in, self.desk.head = Phase.SERVED, True, command
        self.session.transfer.state = Transfer(command=command)
        return command

    def test_at_first(self) -> None:
        """It has named no server, and has no data connections."""
        self.assertEqual(standing(self.session, ":21", None), Standing(":21", "", "N"))

    def test_route(self) -> None:
        """The one that was taken."""
        login = self.session.login
        login.state = login.state._replace(route=Route(name="routes[3]"))
        self.desk.phase, self.desk.logged_in = Phase.SERVED, True
        self.assertEqual(standing(self.session, ":21", None), Standing(":21", "routes[3]", "I"))

    def test_transfers(self) -> None:
        """Whence the file comes, what has moved, where there are ports."""
        for line, source in ((b"STOR x", Side.CLIENT), (b"LIST", Side.SERVER)):
            self.transferring(line)
            expected = Standing(":21", "", "D", source, 77, frozenset((Side.SERVER,)))
            self.assertEqual(standing(self.session, ":21", Legs()), expected)

    def test_between_transfers(self) -> None:
        """A port that waits is one; nothing moves for a transfer that is only prepared, or over."""
        self.transferring(b"LIST")
        self.desk.head = None
        for state in (None, Transfer()):
            self.session.transfer.state = state
            expected = Standing(":21", "", "I", ports=frozenset((Side.SERVER,)))
            self.assertEqual(standing(self.session, ":21", Legs()), expected)

    def test_alike(self) -> None:
        """Sessions that stand alike count as one value many times."""
        other = Session(Rules(), LINK._replace(peer_port=40001))
        both = {standing(self.session, ":21", None), standing(other, ":21", None)}
        self.assertEqual(len(both), 1)
