"""Python's collector of garbage, behind a start."""

from __future__ import annotations

import gc

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.life import garbage
from ftpalg.life.garbage import MIDDLE, OLD, SELDOM, YOUNG, Keeper, settle


def seen(one: object) -> bool:
    """Whether the collector looks at it."""
    return any(one is other for other in gc.get_objects())


class Settled(SynchronousTestCase):
    """In this process, which is left as it was."""

    def setUp(self) -> None:
        self.addCleanup(gc.unfreeze)
        self.addCleanup(gc.set_threshold, *gc.get_threshold())
        self.addCleanup(gc.enable)
        self.addCleanup(gc.callbacks.__setitem__, slice(None), [*gc.callbacks])

    def test_settled(self) -> None:
        """What is there is looked through no more, what comes then more seldom; it is on, whatever it was."""
        gc.disable()
        kept: list[list[object]] = [[]]
        settle()
        settle()
        self.assertFalse(seen(kept))
        self.assertEqual((gc.isenabled(), gc.get_threshold()), (True, (YOUNG, MIDDLE, OLD)))
        self.assertEqual(sum(isinstance(one, Keeper) for one in gc.callbacks), 1)

        later: list[list[object]] = [[]]
        for look in (0, 1):
            gc.collect(look)
            self.assertTrue(seen(later))
        gc.collect()
        self.assertFalse(seen(later))

    def test_kept_garbage(self) -> None:
        """What was kept and holds itself is found, but only where much more is kept, and seldom."""
        self.patch(garbage, "MORE", 1000)
        gc.disable()
        now = [0.0]
        keeper = Keeper(lambda: now[0])
        gc.callbacks.append(keeper)
        gc.collect()
        circle: list[object] = [[] for _ in range(2000)]
        circle.append(circle)
        gc.collect()
        mark = id(circle)
        del circle

        def left() -> bool:
            gc.unfreeze()
            found = any(id(one) == mark for one in gc.get_objects())
            gc.freeze()
            return found

        gc.collect()
        gc.collect()
        self.assertTrue(left())
        now[0] = SELDOM
        gc.collect()
        gc.collect()
        self.assertFalse(left())

    def test_few_kept(self) -> None:
        """Where hardly more is kept than at the last look, there is none."""
        gc.disable()
        now = [0.0]
        keeper = Keeper(lambda: now[0])
        gc.callbacks.append(keeper)
        gc.collect()
        gc.collect()
        kept: list[list[object]] = [[]]
        now[0] = SELDOM
        gc.collect()
        self.assertFalse(seen(kept))
