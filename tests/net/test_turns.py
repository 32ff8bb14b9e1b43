"""What one turn of the reactor does, and who goes on in the next."""

from __future__ import annotations

from functools import partial

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.turns import TURN, Later, Turns


class Bounded(SynchronousTestCase):
    """By a clock of the test's own, on which work takes time where it says so."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.turns = Turns(self.clock)
        self.done: list[object] = []

    def work(self, name: object = "", seconds: float = 0.6 * TURN) -> None:
        """Do it."""
        self.done.append(name)
        self.clock.rightNow += seconds

    def test_little(self) -> None:
        """What is little ends no turn."""
        Later(self.turns, self.work)
        self.turn()
        self.assertEqual((self.done, self.turns.over), ([""], False))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_over(self) -> None:
        """Once it is enough the turn is over, until the next one begins."""
        for _ in range(2):
            Later(self.turns, self.work)
        self.turn()
        self.assertTrue(self.turns.over)
        self.turn()
        self.assertEqual((self.turns.over, self.turns.spent), (False, 0.0))

    def turn(self) -> None:
        """One, as a reactor goes: what is asked for in it comes in the next."""
        for call in list(self.clock.calls):
            self.clock.calls.remove(call)
            call.called = 1
            call.func(*call.args)

    def test_clock_set_back(self) -> None:
        """A machine's clock that goes back lets nobody work for hours."""
        Later(self.turns, partial(self.work, "", -3600.0))
        self.turn()
        self.assertTrue(self.turns.over)

    def test_queue(self) -> None:
        """First come, first served, so many in each turn as there is time for; what comes then is behind."""
        for name in range(5):
            Later(self.turns, partial(self.work, name))
        self.turns.put_off(lambda: Later(self.turns, partial(self.work, "again")))
        self.turn()
        self.assertEqual((self.done, self.turns.over, self.turns.busy), ([0, 1], True, True))
        Later(self.turns, partial(self.work, "new"))
        self.turn()
        self.assertEqual(self.done, [0, 1, 2, 3])
        self.turn()
        self.assertEqual(self.done, [0, 1, 2, 3, 4, "new"])
        self.turn()
        self.assertEqual(self.done[-1], "again")
        self.assertEqual((self.turns.busy, self.clock.getDelayedCalls()), (False, []))

    def test_same_turn(self) -> None:
        """What is put off by what was put off waits for another turn, however little it is."""
        self.turns.put_off(lambda: self.turns.put_off(partial(self.work, "again", 0.0)))
        self.turn()
        self.assertEqual((self.done, self.turns.busy), ([], True))
        self.turn()
        self.assertEqual(self.done, ["again"])

    def test_raises(self) -> None:
        """What raises does not keep the others."""

        def wrong() -> None:
            raise ZeroDivisionError

        self.turns.put_off(wrong)
        self.turns.put_off(partial(self.work, "next"))
        self.assertRaises(ZeroDivisionError, self.turn)
        self.turn()
        self.assertEqual(self.done, ["next"])

    def test_taken_back(self) -> None:
        """One that is taken back is not called, and one that was called is not called again."""
        one, other = (Later(self.turns, partial(self.work, name, 0.0)) for name in (1, 2))
        self.turns.put_off(other)
        one.cancel()
        self.turn()
        self.assertEqual(self.done, [2])
