"""Rates: buckets of peers and of all."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

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

    def test_back(self) -> None:
        """What was cheaper is given back, to the bucket's brim at the most, and of no other event."""
        bounds = ("a", 2.0), (ALL, 0.0)
        self.rates.back(Event.SESSION, 1.0, *bounds)
        self.assertEqual([self.take("a", 2, 0) for _ in range(3)], [None, None, "a"])
        self.rates.back(Event.HANDSHAKE, 1.0, *bounds)
        self.rates.back(Event.SESSION, 0.5, *bounds)
        self.assertEqual(self.take("a", 2, 0), "a")
        self.rates.back(Event.SESSION, 0.5, *bounds)
        self.assertEqual([self.take("a", 2, 0) for _ in range(2)], [None, "a"])
        self.rates.back(Event.SESSION, 100.0, *bounds)
        self.assertEqual([self.take("a", 2, 0) for _ in range(3)], [None, None, "a"])
        self.rates.back(Event.SESSION, 1.0, ("a", 0.0))
        self.assertEqual(self.take("a", 2, 0), "a")

    def test_unbound(self) -> None:
        """Without a rate nothing is kept."""
        self.assertEqual({self.take(str(at), 0, 0) for at in range(1000)}, {None})
        self.assertEqual(len(self.rates), 0)

    def test_clock_back(self) -> None:
        """A clock that jumps back shuts nobody out: a second later there are a second's again."""
        self.assertEqual([self.take("a", 2, 0) for _ in range(3)], [None, None, "a"])
        self.now -= 86400
        self.assertEqual(self.take("a", 2, 0), "a")
        self.now += 1
        self.assertEqual([self.take("a", 2, 0) for _ in range(3)], [None, None, "a"])

    def test_bounded(self) -> None:
        """Peers that have gone leave nothing for long."""
        for at in range(5 * SWEEP):
            self.take(f"10.{at}", 1, 0)
            self.now += 0.01
        self.assertLessEqual(len(self.rates), SWEEP + 1)

    def test_swept_seldom(self) -> None:
        """Where all of them are in use the table is looked through when it has doubled, not each time."""
        swept = []
        sweep = self.rates._sweep

        def counted(now: float) -> None:
            swept.append(now)
            sweep(now)

        self.patch(self.rates, "_sweep", counted)
        for at in range(5 * SWEEP):
            self.take(f"10.{at}", 1, 0)
        self.assertEqual((len(swept), len(self.rates)), (3, 5 * SWEEP))
