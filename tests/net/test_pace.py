"""How fast one client may say commands."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.control.pace import Pace, pace_of
from ftpalg.net.rates import EPSILON


class Commands(SynchronousTestCase):
    """One client's."""

    def test_held_back_then_refused(self) -> None:
        """Within the delay it only waits; after it each is refused, until it has paused."""
        pace, now, found = Pace(10.0, 2.0), 1000.0, []
        for _ in range(60):
            now += pace.wait(now)
            found.append(pace.take(now))
        self.assertIn(found.index(False), (29, 30, 31))
        self.assertNotIn(True, found[31:])
        now += 1.0
        self.assertEqual(pace.wait(now), 0.0)
        self.assertTrue(pace.take(now))

    def test_steady(self) -> None:
        """Who keeps to the rate is never refused."""
        pace, now = Pace(10.0, 0.5), 1000.0
        for _ in range(1000):
            now += 0.1001
            self.assertEqual(pace.wait(now), 0.0)
            self.assertTrue(pace.take(now))

    def test_bounds(self) -> None:
        """The last moment of the delay is in it; what is no time is not waited for."""
        pace = Pace(8.0, 2.0)
        self.assertEqual([pace.take(0.0) for _ in range(8)], [True] * 8)
        self.assertEqual(pace.wait(0.0), 1 / 8)
        self.assertEqual(pace.wait(1 / 8 - EPSILON / 2), 0.0)
        taken = [pace.take(at / 8) for at in range(1, 18)]
        self.assertEqual(taken, [True] * 16 + [False])

    def test_clock_set_back(self) -> None:
        """No command waits for longer than the rate has it, whatever the clock said before."""
        pace = Pace(10.0, 2.0)
        pace.take(1000.0)
        self.assertLessEqual(pace.wait(0.0), 0.1)
        self.assertLessEqual(pace.wait(-1000.0), 0.1)

    def test_strictest(self) -> None:
        """The stricter of the general and the listener's rate holds; none where there is neither."""
        self.assertIsNone(pace_of((0.0, 0.0), 1.0))
        for rates in ((5.0, 0.0), (0.0, 5.0), (9.0, 5.0), (5.0, 9.0)):
            pace = pace_of(rates, 1.0)
            assert pace is not None
            taken = 0
            while not pace.wait(0.0):
                pace.take(0.0)
                taken += 1
            self.assertEqual(taken, 5, rates)
