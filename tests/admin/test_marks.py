"""Sessions that end behind their transfer."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.marks import Marks
from ftpalg.core.ends import Moment, Reason
from ftpalg.core.facts import Noted, Outcome, SessionClosed, TransferOver
from ftpalg.core.news import Stopped
from ftpalg.core.wire.commands import Command
from tests.admin.cases import Standing, session, transferring

OVER = TransferOver(Command(b"RETR", b"file"), Outcome.COMPLETE, "")
CLOSED = SessionClosed(Reason.QUIT, Moment.IDLE)


class MarksTests(SynchronousTestCase):
    """Two sessions that move something."""

    def setUp(self) -> None:
        self.gateway = Standing(transferring("s1"), transferring("s2"))
        self.marks = Marks(self.gateway, "Bye.")

    def test_behind_its_transfer(self) -> None:
        """Not with the fact, whose last reply is still to be said, but in the next turn."""
        self.marks.add("s1")
        self.gateway.happens("s1", Noted("x"))
        self.gateway.happens("s2", OVER)
        self.gateway.reactor.advance(1)
        self.gateway.happens("s1", OVER)
        self.gateway.snapshots["s1"] = session("s1")
        self.assertEqual(self.gateway.ended, [])
        self.gateway.reactor.advance(0)
        self.assertEqual(self.gateway.ended, [("s1", "Bye.", Reason.KICKED)])

    def test_the_next_one(self) -> None:
        """A client that has sent its next command ahead gets that file too."""
        self.marks.add("s1")
        self.gateway.happens("s1", OVER)
        self.gateway.reactor.advance(0)
        self.assertEqual(self.gateway.ended, [])
        self.gateway.happens("s1", OVER)
        self.gateway.snapshots["s1"] = session("s1")
        self.gateway.reactor.advance(0)
        self.assertEqual(len(self.gateway.ended), 1)

    def test_gone(self) -> None:
        """It has ended with its transfer, by itself."""
        self.marks.add("s1")
        self.gateway.happens("s1", OVER)
        del self.gateway.snapshots["s1"]
        self.gateway.reactor.advance(0)
        self.assertEqual(self.gateway.ended, [])

    def test_company(self) -> None:
        """It listens as long as there is somebody to listen for."""
        self.assertEqual(self.gateway.observers, [])
        self.marks.add("s1")
        self.marks.add("s2")
        self.assertEqual(self.gateway.observers, [self.marks])
        self.marks.tell(Stopped(0))
        self.gateway.happens("s1", CLOSED)
        self.gateway.happens("s3", CLOSED)
        self.assertEqual(self.gateway.observers, [self.marks])
        self.gateway.happens("s2", CLOSED)
        self.assertEqual(self.gateway.observers, [])
