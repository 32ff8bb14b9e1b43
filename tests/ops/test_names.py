"""Names of sessions."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.ops.names import session_names, spelled


class Names(SynchronousTestCase):
    """Unique, sorted, short."""

    def test_unique_in_one_moment(self) -> None:
        """A clock that stands gives a thousand names, in their order."""
        name = session_names(lambda: 1_790_000_000.0)
        made = [name() for _ in range(1_000)]
        self.assertEqual(len(set(made)), 1_000)
        self.assertEqual(sorted(made), made)

    def test_over_restarts(self) -> None:
        """A later process has later names, though both count anew."""
        clock = Clock()
        clock.advance(1_790_000_000)
        first = session_names(clock.seconds)
        before = [first() for _ in range(100)]
        clock.advance(1)
        second = session_names(clock.seconds)
        after = [second() for _ in range(100)]
        self.assertLess(max(before), min(after))

    def test_workers(self) -> None:
        """Several processes have other names each, as fast as they come; they follow the clock together."""
        clock = Clock()
        clock.advance(1_790_000_000)
        names = [session_names(clock.seconds, worker, 3) for worker in (1, 2, 3)]
        made = [name() for _ in range(500) for name in names]
        self.assertEqual(len(set(made)), len(made))
        clock.advance(3)
        later = [name() for name in names]
        self.assertLess(max(made), min(later))
        self.assertLess(max(later), spelled(int(clock.seconds() * 1024) + 1))

    def test_clock_goes_back(self) -> None:
        """Then names go on from the last one."""
        clock = Clock()
        clock.advance(1_790_000_000)
        name = session_names(clock.seconds)
        last = name()
        clock.rightNow -= 3_600
        self.assertLess(last, name())

    def test_short(self) -> None:
        """Nine signs, for a thousand years."""
        for seconds in (0, 1_790_000_000, 30_000_000_000):
            self.assertRegex(spelled(seconds * 1024), r"^[0-9a-hjkmnp-tv-z]{9}$")
