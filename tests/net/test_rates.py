"""Rates: buckets of peers and of all, and one session's commands."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.control.pace import Pace, pace_of
from ftpalg.net.rates import ALL, SWEEP, Event, Rates


class Buckets(SynchronousTestCase):
    """What is taken of several at once."""

    now = 1_700_000_000.0

    def setUp(self) -> None:
        self.rates = Rates(lambda: self.now)

    def take(
        self, key: str, of_one: float, in_all: float, event: Event = Event.SESSION
    ) -> str | None:
        """One token of each."""
        return self.rates.take(event, (key, of_one), (ALL, in_all))

    def test_all_or_none(self) -> None:
        """What one peer is refused it takes from nobody, nor from itself."""
        self.assertEqual([self.take("a", 1, 3) for _ in range(100)], [None] + ["a"] * 99)
        self.assertEqual([self.take(key, 1, 3) for key in "bcd"], [None, None, ALL])
        self.now += 1 / 3
        self.assertEqual(self.take("d", 1, 3), None)

    def test_events(self) -> None:
        """Sessions and handshakes are counted apart."""
        self.assertIsNone(self.take("a", 1, 0))
        self.assertIsNone(self.take("a", 1, 0, Event.HANDSHAKE))
        self.assertEqual(self.take("a", 1, 0, Event.HANDSHAKE), "a")

    def test_unbound(self) -> None:
        """Without a rate nothing is kept."""
        self.assertEqual({self.take(str(at), 0, 0) for at in range(1000)}, {None})
        self.assertEqual(len(self.rates), 0)

    def test_bounded(self) -> None:
        """Peers that have gone leave nothing for long."""
        for at in range(5 * SWEEP):
            self.take(f"10.{at}", 1, 0)
            self.now += 0.01
        self.assertLessEqual(len(self.rates), SWEEP + 1)


class Commands(SynchronousTestCase):
    """One client's."""

    def test_held_back_then_refused(self) -> None:
        """Within the delay it only waits; after it each is refused, until it has paused."""
        pace, now, found = Pace(10.0, 2.0), 1000.0, []
        for _ in range(60):
            now += pace.wait(now)
            found.append(pace.take(now))
        self.assertEqual(found.index(False), 10 + 21)
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
