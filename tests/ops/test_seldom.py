"""What is told once a minute."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.ops.seldom import MOST, Seldom


class Counting(SynchronousTestCase):
    """Counts and their minute."""

    def test_minute(self) -> None:
        """The first is told at once, those of the next minute together with the first behind it."""
        seldom = Seldom()
        told = [seldom.count("x", at) for at in (0.0, 1.0, 59.9, 60.0, 61.0, 130.0)]
        self.assertEqual(told, [1, 0, 0, 3, 0, 2])

    def test_each(self) -> None:
        """Every name has its own minute."""
        seldom = Seldom()
        self.assertEqual([seldom.count(name, 0.0) for name in "aab"], [1, 0, 1])

    def test_bound(self) -> None:
        """However many names come, so many are kept."""
        seldom = Seldom()
        for at in range(3 * MOST):
            seldom.count(str(at), float(at))
        self.assertEqual(len(seldom._told), MOST)
