"""Buckets of tokens: how much may come at once, how much after that, and clocks that jump."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.pace import burst, kept, taken, wait


class Pace(SynchronousTestCase):
    """One bucket, whose clock is the test's."""

    full, now = 0.0, 1_700_000_000.0

    def take(self, rate: float, most: int = 10_000) -> int:
        """How many tokens there are now."""
        for count in range(most):
            self.full = kept(self.full, self.now, rate)
            if wait(self.full, self.now, rate) > 1e-6:
                return count
            self.full = taken(self.full, rate)
        return most

    def test_burst(self) -> None:
        """A second's tokens at once, one at the least."""
        for rate, most in ((20.0, 20), (1.0, 1), (0.2, 1), (2.5, 2)):
            self.full = 0.0
            self.assertEqual(self.take(rate), most, rate)
            self.assertGreaterEqual(burst(rate), most)

    def test_rate(self) -> None:
        """After that as many as the rate says, over any time."""
        self.take(20.0)
        found = 0
        for _ in range(100):
            self.now += 0.13
            found += self.take(20.0)
        self.assertIn(found, (259, 260, 261))

    def test_seldom(self) -> None:
        """One in five seconds is not two in nine."""
        found = []
        for _ in range(20):
            found.append(self.take(0.2))
            self.now += 1
        self.assertEqual(found, [1, 0, 0, 0, 0] * 4)

    def test_waits(self) -> None:
        """It says when there is a token: then there is one, and no sooner."""
        self.take(4.0)
        seconds = wait(self.full, self.now, 4.0)
        self.assertAlmostEqual(seconds, 0.25, places=5)
        self.now += seconds - 0.01
        self.assertEqual(self.take(4.0), 0)
        self.now += 0.01
        self.assertEqual(self.take(4.0), 1)

    def test_clock_back(self) -> None:
        """A clock that jumps back an hour empties it at the most: a second later there is a second's."""
        self.take(20.0)
        self.now -= 3600
        self.assertEqual(self.take(20.0), 0)
        self.assertLessEqual(wait(self.full, self.now, 20.0), 0.051)
        self.now += 1
        self.assertEqual(self.take(20.0), 20)

    def test_clock_ahead(self) -> None:
        """One that jumps ahead fills it, and no more than that."""
        self.take(20.0)
        self.now += 1e7
        self.assertEqual(self.take(20.0), 20)
