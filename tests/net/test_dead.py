"""Addresses that did not answer: remembered for a while, and only so many."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.reach import dead as module
from ftpalg.net.reach.dead import LASTS, Dead


class Remembered(SynchronousTestCase):
    """The order of addresses."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.dead = Dead(self.clock)

    def test_last(self) -> None:
        """The dead come last; otherwise the order stays, and nobody is left out."""
        self.dead.add("b"), self.dead.add("a")
        self.assertEqual(self.dead.last(["a", "b", "c", "d"]), ["c", "d", "a", "b"])
        self.assertEqual(self.dead.last(["b", "a"]), ["b", "a"])

    def test_for_a_while(self) -> None:
        """It is forgotten after its time, which begins anew with each report."""
        self.assertTrue(self.dead.add("a"))
        self.clock.advance(LASTS - 1)
        self.assertFalse(self.dead.add("a"))
        self.clock.advance(LASTS - 1)
        self.assertTrue(self.dead.holds("a"))
        self.clock.advance(2)
        self.assertFalse(self.dead.holds("a"))
        self.assertTrue(self.dead.add("a"))

    def test_bounded(self) -> None:
        """However many are reported, the newest are kept."""
        self.patch(module, "MOST", 3)
        for target in "abcad":
            self.dead.add(target)
        self.assertEqual([target for target in "abcd" if self.dead.holds(target)], ["a", "c", "d"])
