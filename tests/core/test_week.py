"""Times of the week."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.week import ALL, DAY, Span, span_of

WORK = frozenset(range(5))


class Read(SynchronousTestCase):
    """What is written, and written again."""

    def test_forms(self) -> None:
        """Days, hours, or both; days may pass Sunday."""
        for text, span in (
            ("Mon-Fri 08:00-18:00", Span(WORK, 480, 1080)),
            (" sat,SUN ", Span(frozenset({5, 6}))),
            ("22:00-06:00", Span(ALL, 1320, 360)),
            ("Sun-Mon 00:00-24:00", Span(frozenset({6, 0}), 0, DAY)),
        ):
            self.assertEqual(span_of(text), span)
            self.assertEqual(span_of(str(span)), span)

    def test_wrong(self) -> None:
        """Whatever is no time of a week."""
        for text in (
            *("", "mon 8:00-9:00", "08:00", "24:00-06:00", "08:00-08:00", "00:00-24:01"),
            *("mon- 08:00-09:00", "29:00-30:00", "Mon08:00-09:00", "mon\t,tue", "08:00-09:60"),
        ):
            self.assertRaises(ValueError, span_of, text)
        self.assertRaises(ValueError, span_of, "foo")


class Holds(SynchronousTestCase):
    """Which minutes are in it."""

    def test_day(self) -> None:
        """The begin is in it, the end is not."""
        span = span_of("Mon-Fri 08:00-18:00")
        found = [span.holds(0, minute) for minute in (479, 480, 1079, 1080)]
        self.assertEqual(found, [False, True, True, False])
        self.assertFalse(span.holds(5, 600))

    def test_night(self) -> None:
        """A night belongs to the day on which it begins."""
        span = span_of("Sun 22:00-06:00")
        found = [span.holds(*at) for at in ((6, 1319), (6, 1320), (0, 359), (0, 360), (6, 0))]
        self.assertEqual(found, [False, True, True, False, False])
