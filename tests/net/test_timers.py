"""The waits of one session."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Timeouts
from ftpalg.core.events import Timer, TimerExpired
from ftpalg.net.timers import Timers


class Waits(SynchronousTestCase):
    """Timers by a clock of the test's own."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.told: list[Timer] = []
        self.timers = Timers(self.clock, Timeouts(idle=5, quit=2), self)

    def handle(self, event: TimerExpired) -> None:
        self.told.append(event.timer)

    def test_over(self) -> None:
        """Each is over by its own setting, once."""
        self.timers.start(Timer.IDLE)
        self.timers.start(Timer.QUIT)
        self.clock.pump((1.9, 0.2, 2.8, 0.2, 9))
        self.assertEqual(self.told, [Timer.QUIT, Timer.IDLE])
        self.assertEqual(self.timers.running, frozenset())

    def test_anew(self) -> None:
        """One that is started again waits its whole time from then on."""
        self.timers.start(Timer.IDLE)
        self.clock.advance(4)
        self.timers.start(Timer.IDLE)
        self.clock.advance(4)
        self.assertEqual((self.told, self.timers.running), ([], {Timer.IDLE}))
        self.clock.advance(1)
        self.assertEqual(self.told, [Timer.IDLE])

    def test_stopped(self) -> None:
        """One that is stopped tells nothing; to stop one that does not run changes nothing."""
        self.timers.start(Timer.IDLE)
        self.timers.stop(Timer.IDLE)
        self.timers.stop(Timer.QUIT)
        self.timers.start(Timer.QUIT)
        self.timers.stop_all()
        self.clock.advance(9)
        self.assertEqual((self.told, self.clock.getDelayedCalls()), ([], []))
