"""Where a session stands."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.actions import Tell
from ftpalg.core.ends import Moment, Reason
from ftpalg.core.events import ClientLost
from ftpalg.core.facts import SessionClosed
from ftpalg.core.phases import PATHS, Phase, moment_of
from ftpalg.core.wire.commands import Command
from tests.core.ladder import LadderTest, actions
from tests.core.openings import RELAYED


class Paths(SynchronousTestCase):
    """From phase to phase."""

    def test_paths(self) -> None:
        """Each phase is named, can be reached, and can come to the end."""
        self.assertEqual(set(PATHS), set(Phase))
        self.assertEqual(set().union(*PATHS.values()), set(Phase))
        self.assertEqual(PATHS[Phase.OVER], ())
        for phase in set(Phase) - {Phase.OVER}:
            self.assertIn(Phase.OVER, PATHS[phase], phase)


class Moments(LadderTest):
    """Where a session stands, as observers are told."""

    def test_phases(self) -> None:
        """Every phase that lives is a moment; the one with a server is several."""
        get, put, noop = Command(b"RETR", b"x"), Command(b"STOR", b"x"), Command(b"NOOP")
        found = [
            moment_of(Phase.UNROUTED, None, False),
            moment_of(Phase.CHECKING, noop, False),
            moment_of(Phase.DIALING, noop, False),
            moment_of(Phase.SERVED, noop, False),
            moment_of(Phase.SERVED, None, True),
            moment_of(Phase.SERVED, noop, True),
            moment_of(Phase.SERVED, get, True),
            moment_of(Phase.SERVED, put, True),
            moment_of(Phase.OPAQUE, None, True),
        ]
        data = [Moment.DATA] * 2
        wanted = [*list(Moment)[:6], *data, Moment.OPAQUE]
        self.assertEqual(found, wanted)

    def test_before_the_event(self) -> None:
        """It is where the session stood when what ended it came, and not what that led to."""
        made = self.after_login(RELAYED)
        made.feed(ClientLost("gone"))
        told = [action.fact for action in actions(made, Tell)]
        (closed,) = [fact for fact in told if isinstance(fact, SessionClosed)]
        self.assertEqual((closed.letters, closed.reason), ("CD", Reason.CLIENT_LOST))
