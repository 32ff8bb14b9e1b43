"""Times of day and week."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.week import ALL, Span, span_of

MON, TUE, FRI, SAT, SUN = 0, 1, 4, 5, 6


class Spans(SynchronousTestCase):
    """Read, and asked."""

    def test_read(self) -> None:
        """Days, hours, both; a week goes round."""
        for text, expected in (
            ("Mon", Span(frozenset({0}))),
            ("mon-FRI", Span(frozenset(range(5)))),
            ("Sat-Mon", Span(frozenset({5, 6, 0}))),
            ("Mon,Wed-Thu", Span(frozenset({0, 2, 3}))),
            ("08:00-18:30", Span(ALL, 480, 1110)),
            (" Sun  22:00-06:00 ", Span(frozenset({6}), 1320, 360)),
            ("00:00-24:00", Span()),
        ):
            self.assertEqual(span_of(text), expected, text)
            self.assertEqual(span_of(str(expected)), expected, "written again")

    def test_wrong(self) -> None:
        """What is none."""
        for text in (
            *("", "8:00-18:00", "Mo", "Xyz", "Mon-", "Mon 08:00", "08:00-08:00", "24:00-01:00"),
            *("08:60-09:00", "08:00-24:01", "25:00-26:00", "Mon08:00-09:00", "Mon-Fox 01:00-02:00"),
        ):
            self.assertRaises(ValueError, span_of, text)

    def test_holds(self) -> None:
        """From its begin to before its end."""
        span = span_of("Mon-Fri 08:00-18:00")
        for day, minute, expected in (
            (MON, 480, True),
            (MON, 479, False),
            (FRI, 1079, True),
            (FRI, 1080, False),
            (SAT, 600, False),
        ):
            self.assertIs(span.holds(day, minute), expected, (day, minute))

    def test_over_midnight(self) -> None:
        """The hours behind midnight are of the night that began on the day before."""
        span = span_of("Sun 22:00-06:00")
        for day, minute, expected in (
            (SUN, 1320, True),
            (SUN, 100, False),
            (MON, 359, True),
            (MON, 360, False),
            (MON, 1320, False),
            (TUE, 100, False),
        ):
            self.assertIs(span.holds(day, minute), expected, (day, minute))
