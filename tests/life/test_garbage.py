"""Python's collector of garbage, behind a start."""

from __future__ import annotations

import gc

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.life.garbage import YOUNG, settle


class Settled(SynchronousTestCase):
    """In this process, which is left as it was."""

    def test_settled(self) -> None:
        """What is there is looked through no more, what comes then more seldom; it is on, whatever it was."""
        self.addCleanup(gc.unfreeze)
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        self.addCleanup(gc.enable)
        gc.disable()
        kept: list[list[object]] = [[]]
        settle()
        self.assertFalse(any(kept is one for one in gc.get_objects()))
        self.assertEqual((gc.isenabled(), gc.get_threshold()[0]), (True, YOUNG))
