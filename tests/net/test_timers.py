"""The waits of all sessions."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Timeouts
from ftpalg.core.events import Timer, TimerExpired
from ftpalg.net.timers import AT_ONCE, Timers
from ftpalg.net.turns import Turns


class Session:
    """Notes in the test's list what is over for it."""

    def __init__(self, told: list[tuple[object, Timer]], name: object) -> None:
        self.told = told
        self.name = name

    def handle(self, event: TimerExpired) -> None:
        self.told.append((self.name, event.timer))
        if self.name == "raises":
            raise ValueError

    def broke(self) -> None:
        self.told.append(("broke", Timer.IDLE))


class Waits(SynchronousTestCase):
    """By a clock of the test's own."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.told: list[tuple[object, Timer]] = []
        self.turns = Turns(self.clock)
        self.timers = Timers(self.clock, Timeouts(idle=5, quit=2), self.turns)
        self.one, self.other = Session(self.told, 1), Session(self.told, 2)

    def test_over(self) -> None:
        """Each is over by its own setting, once."""
        self.timers.start(self.one, Timer.IDLE)
        self.timers.start(self.one, Timer.QUIT)
        self.clock.pump((1.9, 0.2, 2.8, 0.2, 9))
        self.assertEqual(self.told, [(1, Timer.QUIT), (1, Timer.IDLE)])
        self.assertEqual(self.timers.running(self.one), frozenset())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_anew(self) -> None:
        """One that is started again waits its whole time from then on."""
        self.timers.start(self.one, Timer.IDLE)
        self.clock.advance(4)
        self.timers.start(self.one, Timer.IDLE)
        self.clock.advance(4)
        self.assertEqual((self.told, self.timers.running(self.one)), ([], {Timer.IDLE}))
        self.clock.advance(1)
        self.assertEqual(self.told, [(1, Timer.IDLE)])

    def test_put_off(self) -> None:
        """What had come and was put off is read first, and may stop it."""
        for stops in (False, True):
            self.timers.start(self.one, Timer.QUIT)
            self.clock.callLater(1.9, self.turns.enough)
            read = (lambda: self.timers.stop(self.one, Timer.QUIT)) if stops else (lambda: None)
            self.clock.callLater(2, self.turns.put_off, read)
            self.clock.pump((1.95, 0.06, 0, 0))
            self.assertEqual(self.told, [] if stops else [(1, Timer.QUIT)])
            self.told.clear()

    def test_several(self) -> None:
        """Each has its own time, also where those before it have gone; the reactor has one call to make."""
        self.timers.start(self.one, Timer.IDLE)
        self.clock.advance(1)
        self.timers.start(self.other, Timer.IDLE)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.timers.stop(self.one, Timer.IDLE)
        self.clock.advance(4.5)
        self.assertEqual(self.told, [])
        self.timers.start(self.one, Timer.IDLE)
        self.clock.advance(0.5)
        self.assertEqual(self.told, [(2, Timer.IDLE)])
        self.clock.advance(4.5)
        self.assertEqual(self.told, [(2, Timer.IDLE), (1, Timer.IDLE)])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_behind_others(self) -> None:
        """One that is begun anew keeps no other waiting."""
        self.timers.start(self.one, Timer.IDLE)
        self.clock.advance(1)
        self.timers.start(self.other, Timer.IDLE)
        self.clock.advance(1)
        self.timers.start(self.one, Timer.IDLE)
        self.clock.pump((3, 1))
        self.assertEqual(self.told, [(2, Timer.IDLE)])
        self.clock.advance(1)
        self.assertEqual(self.told, [(2, Timer.IDLE), (1, Timer.IDLE)])

    def test_due(self) -> None:
        """What the reactor's same turn has still to bring comes first, and stops it or begins it anew."""
        for change in (self.timers.stop, self.timers.start):
            self.timers.start(self.one, Timer.QUIT)
            self.timers.start(self.other, Timer.QUIT)
            self.clock.callLater(2, change, self.one, Timer.QUIT)
            self.clock.advance(2)
            self.assertEqual(self.told, [(2, Timer.QUIT)])
            self.told.clear()
        self.clock.advance(2)
        self.assertEqual((self.told, self.clock.getDelayedCalls()), ([(1, Timer.QUIT)], []))

    def test_all_gone(self) -> None:
        """Those that are due may all be stopped in that turn."""
        self.timers.start(self.one, Timer.QUIT)
        self.clock.callLater(2, self.timers.stop, self.one, Timer.QUIT)
        self.clock.advance(9)
        self.assertEqual((self.told, self.clock.getDelayedCalls()), ([], []))

    def test_stopped(self) -> None:
        """One that is stopped tells nothing; to stop one that does not run changes nothing."""
        self.timers.start(self.one, Timer.IDLE)
        self.timers.stop(self.one, Timer.IDLE)
        self.timers.stop(self.one, Timer.QUIT)
        self.timers.start(self.one, Timer.QUIT)
        self.timers.start(self.one, Timer.LOGIN)
        self.timers.stop_all(self.one)
        self.clock.advance(999)
        self.assertEqual((self.told, self.clock.getDelayedCalls()), ([], []))

    def test_call_is_left(self) -> None:
        """A wait that is stopped and begun again has the reactor make no other call, and its whole time."""
        self.timers.start(self.one, Timer.IDLE)
        (call,) = self.clock.getDelayedCalls()
        for _ in range(3):
            self.clock.advance(1)
            self.timers.stop(self.one, Timer.IDLE)
            self.assertEqual(self.clock.getDelayedCalls(), [call])
            self.timers.start(self.one, Timer.IDLE)
            self.assertEqual(self.clock.getDelayedCalls(), [call])
        self.clock.pump((2, 2.9))
        self.assertEqual(self.told, [])
        self.clock.advance(0.2)
        self.assertEqual((self.told, self.clock.getDelayedCalls()), ([(1, Timer.IDLE)], []))

    def test_left_for_nobody(self) -> None:
        """A call that comes where nobody waits is the last, until somebody does."""
        self.timers.start(self.one, Timer.QUIT)
        self.timers.stop(self.one, Timer.QUIT)
        self.clock.advance(2)
        self.assertEqual((self.told, self.clock.getDelayedCalls()), ([], []))
        self.timers.start(self.one, Timer.QUIT)
        self.clock.advance(2)
        self.assertEqual(self.told, [(1, Timer.QUIT)])

    def test_taken_back(self) -> None:
        """A session that ends leaves no call behind for its like, but others' waits go on."""
        for who in (self.one, self.other):
            self.timers.start(who, Timer.QUIT)
            self.timers.start(who, Timer.IDLE)
        self.timers.stop(self.one, Timer.QUIT)
        self.timers.stop(self.other, Timer.QUIT)
        self.timers.stop_all(self.one)
        self.assertEqual([call.getTime() for call in self.clock.getDelayedCalls()], [5])
        self.clock.advance(5)
        self.assertEqual(self.told, [(2, Timer.IDLE)])

    def test_turns(self) -> None:
        """Of many that are over at once a turn tells so many, in their order (rule 10)."""
        for number in range(2 * AT_ONCE + 1):
            self.timers.start(Session(self.told, number), Timer.IDLE)
        counts = []
        self.clock.rightNow = 5.0
        while self.clock.calls:
            for call in self.clock.calls[:]:  # a turn of the reactor's
                self.clock.calls.remove(call)
                call.called = 1
                call.func(*call.args, **call.kw)
            counts.append(len(self.told))
        self.assertEqual(counts, [0, 32, 64, 65])
        self.assertEqual([name for name, _ in self.told], [*range(65)])

    def test_turns_of_others(self) -> None:
        """A session may stop another's wait, and begin its own anew, while it is told."""

        def handle(event: TimerExpired) -> None:
            self.timers.stop(self.other, Timer.IDLE)
            self.timers.start(self.one, Timer.IDLE)

        self.one.handle = handle  # type: ignore[method-assign]
        self.timers.start(self.one, Timer.IDLE)
        self.timers.start(self.other, Timer.IDLE)
        self.clock.advance(5)
        self.assertEqual((self.told, self.timers.running(self.one)), ([], {Timer.IDLE}))
        self.assertEqual([call.getTime() for call in self.clock.getDelayedCalls()], [10])

    def test_other_ends(self) -> None:
        """A session that is told may end another that would be next: nothing of that one is left."""
        self.one.handle = lambda event: self.timers.stop_all(self.other)  # type: ignore[method-assign]
        self.timers.start(self.one, Timer.IDLE)
        self.timers.start(self.other, Timer.IDLE)
        self.clock.advance(5)
        self.assertEqual((self.told, self.timers.running(self.other)), ([], frozenset()))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_raises(self) -> None:
        """An exception ends the session that it comes out of, and no other's wait (rule 11)."""
        self.timers.start(Session(self.told, "raises"), Timer.IDLE)
        self.timers.start(self.one, Timer.IDLE)
        self.clock.advance(5)
        self.assertEqual([name for name, _ in self.told], ["raises", "broke", 1])
