"""A token bucket of which others have a part, or whose users wait at another one."""

from __future__ import annotations

from datetime import UTC

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.rates import Rate
from ftpalg.net.bucket import PIECE
from tests.net.test_bucket import RATE, Greedy, bucket, empty, run


class Elsewhere(SynchronousTestCase):
    """Somebody who waits at another bucket has his time here counted as if he waited here."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.limit = bucket(self.clock, Rate(RATE))
        empty(self.limit)
        self.left = self.limit.spent

    def taken(self) -> int:
        """All that it holds."""
        empty(self.limit)
        found, self.left = self.limit.spent - self.left, self.limit.spent
        return found

    def test_held(self) -> None:
        """As much as is held for one who waits, and not as little as for whoever comes."""
        self.clock.advance(10)
        self.assertEqual(self.taken(), int(RATE * PIECE))
        self.limit.hold()
        self.clock.advance(10)
        self.assertGreater(self.taken(), 10 * RATE * PIECE)
        self.limit.release()
        self.clock.advance(10)
        self.assertEqual(self.taken(), int(RATE * PIECE))

    def test_from_then_on(self) -> None:
        """Time before he waited is as for whoever comes, time until he waited no more is his."""
        self.clock.advance(10)
        self.limit.hold()
        self.limit.release()
        self.assertEqual(self.taken(), int(RATE * PIECE))
        self.limit.hold()
        self.clock.advance(10)
        self.limit.release()
        self.assertGreater(self.taken(), 10 * RATE * PIECE)

    def test_several(self) -> None:
        """As long as one of them waits."""
        self.limit.hold()
        self.limit.hold()
        self.limit.release()
        self.clock.advance(10)
        self.assertGreater(self.taken(), 10 * RATE * PIECE)


class Parts(SynchronousTestCase):
    """Where others have a part of the rate."""

    def test_time_before(self) -> None:
        """What has passed counts by the part that held, and what comes by the new one."""
        clock = Clock()
        limit = bucket(clock, Rate(RATE))
        empty(limit)
        before = limit.spent
        clock.advance(PIECE / 2)
        limit.share(0.5)
        empty(limit)
        first = limit.spent - before
        self.assertLess(abs(first - RATE * PIECE / 2), 2)
        clock.advance(PIECE)
        empty(limit)
        self.assertLess(abs(limit.spent - before - first - RATE * PIECE / 2), 2)
        self.assertEqual((limit.whole, limit.rate), (RATE, RATE // 2))

    def test_share(self) -> None:
        """Those who wait have the part from then on, by the time of the week; no part is no limit."""
        clock = Clock()
        limit = bucket(clock, Rate(RATE))
        one = Greedy(limit)
        one.go_on()
        self.assertTrue(limit.waits)
        for part, rate in ((0.25, RATE // 4), (1e-9, 1), (1.0, RATE)):
            limit.share(part)
            self.assertEqual((limit.rate, limit.whole), (rate, RATE))
        limit.share(0.25)
        before = one.sum
        run(clock, 100.0)
        self.assertAlmostEqual((one.sum - before) / (RATE * 25), 1.0, 2)
        self.assertEqual(limit.spent, one.sum)
        limit.change((Rate(4000),), UTC)
        self.assertEqual((limit.rate, limit.whole), (1000, 4000))
        limit.change((), UTC)
        self.assertEqual((limit.rate, limit.whole), (0, 0))

    def test_spent(self) -> None:
        """What has gone, whoever waited for it; what was given back has not."""
        clock = Clock()
        limit = bucket(clock, Rate(RATE))
        taken = limit.take(1000)
        limit.give_back(400)
        self.assertEqual((taken, limit.spent), (1000, 600))
