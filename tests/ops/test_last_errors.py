"""What broke the protocol last: which of it is kept, and how much."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.ends import Moment
from ftpalg.core.events import Side
from ftpalg.core.facts import About, Noted, Peer, ProtocolError
from ftpalg.core.news import GatewayTold
from ftpalg.ops.last_errors import LONGEST, MOST, LastErrors

MINE = "files.example.net:21"


class Kept(SynchronousTestCase):
    """A clock, one server of the settings, and errors."""

    def setUp(self) -> None:
        self.now = 0.0
        self.configured = {MINE}
        self.errors = LastErrors(lambda: self.now, lambda: self.configured)

    def happen(
        self, name: str, line: bytes = b"SSH-2.0", side: Side = Side.SERVER, listener: str = "l"
    ) -> None:
        """A peer of a session breaks the protocol."""
        self.now += 1
        about = About(f"{self.now:.0f}", Peer("192.0.2.1", 1), None, name, listener=listener)
        self.errors.see(about, ProtocolError(side, "no reply", Moment.REACHING, line, 7))

    def names(self) -> list[str]:
        """The servers, the newest first."""
        return [one.about.name for one in self.errors.rows]

    def test_the_last_of_each(self) -> None:
        """Of each server, and of each listener's clients, whatever server they had."""
        for name in ("a", "b", "a"):
            self.happen(name, name.encode() + b"%.0f" % self.now)
        for listener in ("x", "y", "x"):
            self.happen("a", b"GET /", Side.CLIENT, listener)
        found = [
            (one.seconds, one.about.session, one.fact.side.value, one.about.listener, one.fact.line)
            for one in self.errors.rows
        ]
        self.assertEqual(
            found,
            [
                (6.0, "6", "client", "x", b"GET /"),
                (5.0, "5", "client", "y", b"GET /"),
                (3.0, "3", "server", "l", b"a2"),
                (2.0, "2", "server", "l", b"b1"),
            ],
        )

    def test_other_facts(self) -> None:
        self.errors.see(About("1", Peer("192.0.2.1", 1)), Noted("x"))
        self.errors.tell(GatewayTold("x"))
        self.assertEqual(self.errors.rows, ())

    def test_a_long_line(self) -> None:
        """Its beginning is kept, and its length told; one that fits is kept whole."""
        for length in (LONGEST, LONGEST + 1, 65536):
            self.happen("a", b"x" * length)
            (row,) = self.errors.rows
            self.assertEqual((row.length, row.fact.line), (length, b"x" * LONGEST))

    def test_servers_that_clients_name_go_first(self) -> None:
        """However many of them there are, and though they are newer."""
        self.happen(MINE)
        self.happen("", b"GET /", Side.CLIENT)
        for number in range(MOST + 50):
            self.happen(str(number))
        self.assertEqual(len(self.errors.rows), MOST)
        newest = [str(number) for number in range(MOST + 49, 51, -1)]
        self.assertEqual(self.names(), [*newest, "", MINE])

    def test_then_the_oldest(self) -> None:
        """Where the settings name more servers than are kept."""
        self.configured = {str(number) for number in range(MOST + 2)}
        for number in range(MOST + 2):
            self.happen(str(number))
        self.assertEqual(self.names(), [str(number) for number in range(MOST + 1, 1, -1)])
