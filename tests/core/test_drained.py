"""What can be drained, as it is written down, and a session whose way is."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.actions import Tell
from ftpalg.core.drained import WHOLE, Kind, Part
from ftpalg.core.ends import Reason
from ftpalg.core.facts import ServerUnreachable as Unreachable
from ftpalg.core.facts import SessionClosed
from tests.core.ladder import LadderTest, actions
from tests.core.openings import ROUTED
from tests.core.scripts import OPEN


class Parts(SynchronousTestCase):
    """The parts of a gateway."""

    def test_words(self) -> None:
        """A part is its kind and its name, the gateway is no name."""
        self.assertEqual(str(Part(Kind.SERVER, "a.example:21")), "server a.example:21")
        self.assertEqual(str(Part(Kind.ROUTE, "routes[3]")), "route routes[3]")
        self.assertEqual(str(WHOLE), "the gateway")

    def test_apart(self) -> None:
        """Parts of two kinds are two, and a part is no other pair."""
        self.assertNotEqual(Part(Kind.SERVER, ":21"), Part(Kind.LISTENER, ":21"))
        self.assertNotEqual(WHOLE, (Kind.GATEWAY, ""))


class Ways(LadderTest):
    """A session whose way takes no new ones."""

    def test_named(self) -> None:
        """421 and the end, whatever named the server: no other way is tried, and nothing is refused
        that the client could name anew."""
        for what, reason in (("route", Reason.ROUTE_DRAINED), ("server", Reason.SERVER_DRAINED)):
            for command in ("USER bob@two.example", "OPEN two.example"):
                made = self.ladder(OPEN).play(
                    ROUTED,
                    f"""
                    C -> P  {command}
                    P ..    dials two.example:21
                    P ..    {what} is drained
                    C <- P  421 The {what} is drained.
                    P ..    hangs up
                    """,
                )
                facts = [one.fact for one in actions(made, Tell)]
                (closed,) = (one for one in facts if isinstance(one, SessionClosed))
                self.assertEqual((closed.reason, closed.letters), (reason, "OR"))
                self.assertFalse([one for one in facts if isinstance(one, Unreachable)])

    def test_where_the_server_would_greet(self) -> None:
        """421 is the first that the client hears."""
        self.ladder().play(
            """
            P ..    dials ftp.example:21
            C -> P  USER bob
            P ..    route is drained
            C <- P  421 The route is drained.
            P ..    hangs up
            """
        )
