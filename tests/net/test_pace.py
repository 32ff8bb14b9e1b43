"""How fast one client may say commands."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.control.pace import Pace, pace_of


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
