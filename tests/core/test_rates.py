"""Bytes a second by the time of the week."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.rates import LEAST, MOST, Rate, bounded, rate_at, rate_of
from ftpalg.core.week import span_of

OFFICE = "Mon-Fri 08:00-18:00"


class Read(SynchronousTestCase):
    """What is written, and written again."""

    def test_forms(self) -> None:
        """Numbers with units, of files and of lines, and the time at which they count."""
        for text, rate in (
            ("2048 B/s", Rate(2048)),
            ("1.5KiB/s", Rate(1536)),
            ("10MiB/s", Rate(10 << 20)),
            ("1gib/s", Rate(1 << 30)),
            ("80kbit/s", Rate(10_000)),
            ("100Mbit/s", Rate(12_500_000)),
            ("1Gbit/s", Rate(125_000_000)),
            ("unlimited", Rate(0)),
            (f"2MiB/s {OFFICE}", Rate(2 << 20, span_of(OFFICE))),
            ("Unlimited Sat,Sun", Rate(0, span_of("Sat,Sun"))),
        ):
            self.assertEqual(rate_of(text), rate)
            self.assertEqual(rate_of(str(rate)), rate)

    def test_wrong(self) -> None:
        """No unit, no such unit, no such time, nothing that moves, more than moves."""
        for text in (
            *(
                "",
                "10",
                "10MB",
                "10MB/s",
                "-1MiB/s",
                "1MiB/s often",
                "0B/s",
                "1023B/s",
                "unlimited x",
            ),
            *("9999999999GiB/s", "1e6B/s", "1MiB/sMon", "nanB/s"),
        ):
            self.assertRaises(ValueError, rate_of, text)

    def test_bounds(self) -> None:
        """Both ends are rates."""
        self.assertEqual((bounded(LEAST), bounded(MOST)), (LEAST, MOST))
        self.assertRaises(ValueError, bounded, LEAST - 1)
        self.assertRaises(ValueError, bounded, MOST + 1)


class Counts(SynchronousTestCase):
    """Which of several counts."""

    def test_first(self) -> None:
        """The first whose time it is; where it is none's there is no limit."""
        rates = (rate_of(f"2KiB/s {OFFICE}"), rate_of("4KiB/s Mon"), rate_of("unlimited Tue"))
        found = [rate_at(rates, *at) for at in ((0, 480), (0, 479), (1, 480), (1, 0), (2, 0))]
        self.assertEqual(found, [2048, 4096, 2048, 0, 0])
        self.assertEqual(rate_at((), 0, 0), 0)
