"""How many bytes may go in a second, by the time of the week: ``500KiB/s Mon-Fri 08:00-18:00``."""

from __future__ import annotations

import re
from typing import NamedTuple

from ftpalg.core.value import value
from ftpalg.core.week import Span, span_of

UNITS = {
    "b": 1.0,
    "kib": 1024.0,
    "mib": 1024.0**2,
    "gib": 1024.0**3,
    "kbit": 1000 / 8,
    "mbit": 1000**2 / 8,
    "gbit": 1000**3 / 8,
}
"""Bytes in each: files are counted in binary units, lines in decimal ones."""

FORM = re.compile(
    r"(?:(?P<number>[0-9]{1,15}(?:\.[0-9]{1,6})?)\s*(?P<unit>b|[kmg]ib|[kmg]bit)/s|unlimited)"
    r"(?:\s+(?P<span>\S.*))?"
)

LEAST, MOST = 1024, 1 << 50
"""Below the first peers take a transfer for dead; the other is more than any machine moves."""


@value
class Rate(NamedTuple):
    """``size`` bytes a second, 0 for no limit, in that time of each week; always where there is none."""

    size: int
    span: Span | None = None

    def __str__(self) -> str:
        """As ``rate_of`` reads it."""
        size = f"{self.size}B/s" if self.size else "unlimited"
        return f"{size} {self.span}" if self.span else size


Rates = tuple[Rate, ...]
"""The first that holds counts; where none does there is no limit."""


def rate_of(text: str) -> Rate:
    """Read one: number and unit or ``unlimited``, then days and hours as ``span_of`` has them, or nothing.

    Raise ValueError.
    """
    match = FORM.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(text)
    span = span_of(match["span"]) if match["span"] else None
    if not match["number"]:
        return Rate(0, span)
    return Rate(bounded(int(float(match["number"]) * UNITS[match["unit"]])), span)


def bounded(size: int) -> int:
    """That size.  Raise ValueError where it is no rate to move files at."""
    if not LEAST <= size <= MOST:
        raise ValueError(size)
    return size


def rate_at(rates: Rates, day: int, minute: int) -> int:
    """What counts in that minute of that day of the week, 0 for Monday; 0 for no limit."""
    return next(
        (rate.size for rate in rates if rate.span is None or rate.span.holds(day, minute)), 0
    )
