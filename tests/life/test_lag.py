"""How late the reactor is."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.life.lag import EVERY, Lag


class LagTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.late: list[float] = []
        self.lag = Lag(self.clock, self.late.append)

    def test_in_time(self) -> None:
        """A reactor that does nothing else is never late."""
        self.clock.pump([EVERY] * 3)
        self.assertEqual([round(late, 6) for late in self.late], [0.0] * 3)

    def test_blocked(self) -> None:
        """Who blocks is seen, and what comes behind is measured from then on."""
        self.clock.advance(EVERY + 0.5)
        self.clock.advance(EVERY)
        self.assertEqual([round(late, 6) for late in self.late], [0.5, 0.0])

    def test_stopped(self) -> None:
        """Nobody looks any more, and nothing waits; a second time changes nothing."""
        self.lag.stop()
        self.lag.stop()
        self.clock.advance(10 * EVERY)
        self.assertEqual((self.late, self.clock.getDelayedCalls()), ([], []))
