"""Calls that wait equally long, by a clock of the test's own."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import AlreadyCalled
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.calls import AT_ONCE, MOST, Calls


class Later(SynchronousTestCase):
    """What is called, and what the reactor is asked for."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.calls = Calls(self.clock)
        self.told: list[object] = []

    def later(self, delay: float, what: object) -> Any:
        """Have that told then."""
        return self.calls.callLater(delay, self.told.append, what)

    def test_in_turn(self) -> None:
        """Each is made at its own time, once; the reactor has one call for all of them."""
        one = self.later(5, 1)
        self.clock.advance(2)
        self.later(5, 2)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.assertEqual((one.getTime(), one.active()), (5, True))
        self.clock.advance(3)
        self.assertEqual((self.told, one.active()), ([1], False))
        self.clock.advance(1.9)
        self.assertEqual(self.told, [1])
        self.clock.advance(0.2)
        self.assertEqual((self.told, self.clock.getDelayedCalls()), ([1, 2], []))

    def test_cancelled(self) -> None:
        """One that is cancelled is not made, and a second time is an error as it is Twisted's."""
        one = self.later(5, 1)
        self.clock.advance(2)
        self.later(5, 2)
        one.cancel()
        self.assertFalse(one.active())
        self.assertRaises(AlreadyCalled, one.cancel)
        self.clock.pump((4, 1, 1))
        self.assertEqual(self.told, [2])

    def test_nobody_left(self) -> None:
        """Where nobody waits the reactor has nothing to call."""
        one, two = self.later(5, 1), self.later(5, 2)
        one.cancel()
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        two.cancel()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.later(5, 3)
        self.clock.advance(5)
        self.assertEqual(self.told, [3])

    def test_of_its_own(self) -> None:
        """Parts of a second, and more numbers of seconds than settings have, are the reactor's own."""
        for delay in (0, 0.5, 2.5):
            self.later(delay, delay)
            self.later(delay, delay)
        self.assertEqual(len(self.clock.getDelayedCalls()), 6)
        for delay in range(1, MOST + 1):
            self.later(delay, "")
        self.later(MOST + 1, "more")
        last: Any = self.later(MOST + 1, "more")
        self.assertIn(last, self.clock.getDelayedCalls())

    def test_while_it_is_called(self) -> None:
        """What is called may cancel another that is due, and begin to wait anew."""
        others: list[Any] = []

        def call() -> None:
            self.told.append("call")
            others.pop().cancel()
            self.later(5, "anew")

        self.calls.callLater(5, call)
        others.append(self.later(5, "cancelled"))
        self.later(5, "other")
        self.clock.advance(5)
        self.assertEqual(self.told, ["call", "other"])
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.clock.advance(5)
        self.assertEqual(self.told, ["call", "other", "anew"])

    def test_raised(self) -> None:
        """One that raises is told to the log, and the next is made."""

        def raises() -> None:
            raise ValueError

        self.calls.callLater(5, raises)
        self.later(5, "next")
        self.clock.advance(5)
        self.assertEqual(self.told, ["next"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_at_once(self) -> None:
        """A turn makes so many, and the reactor's next one goes on (rule 10)."""
        for at in range(AT_ONCE + 1):
            self.later(5, at)
        self.clock.callLater(5, self.told.append, "another's")
        self.clock.advance(5)
        self.assertEqual(self.told, [*range(AT_ONCE), "another's", AT_ONCE])
