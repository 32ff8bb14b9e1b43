"""Times of day and week: ``Mon-Fri 08:00-18:00``."""

from __future__ import annotations

import re
from typing import NamedTuple

from ftpalg.core.value import value

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALL = frozenset(range(7))
DAY = 24 * 60
FORM = re.compile(
    r"(?:(?P<days>[a-z]{3}(?:-[a-z]{3})?(?:,[a-z]{3}(?:-[a-z]{3})?)*)(?:\s+|$))?"
    r"(?:(?P<begin>[0-2][0-9]:[0-5][0-9])-(?P<end>[0-2][0-9]:[0-5][0-9]))?"
)


@value
class Span(NamedTuple):
    """A time of every week: from ``begin`` to before ``end``, minutes of the days on which it begins.
    An end that is not behind its begin is of the next day."""

    days: frozenset[int] = ALL
    begin: int = 0
    end: int = DAY

    def __str__(self) -> str:
        """As ``span_of`` reads it."""
        begin, end = (f"{at // 60:02}:{at % 60:02}" for at in (self.begin, self.end))
        return f"{','.join(DAYS[day].capitalize() for day in sorted(self.days))} {begin}-{end}"

    def holds(self, day: int, minute: int) -> bool:
        """Whether that minute of that day of the week, 0 for Monday, is in it."""
        if self.begin < self.end:
            return day in self.days and self.begin <= minute < self.end
        late = day in self.days and minute >= self.begin
        return late or ((day - 1) % 7 in self.days and minute < self.end)


def span_of(text: str) -> Span:
    """Read one: days (``Mon``, ``Mon-Fri``, ``Sat,Sun``), hours, or both.  Raise ValueError."""
    match = FORM.fullmatch(text.strip().lower())
    if match is None or not (match["days"] or match["begin"]):
        raise ValueError(text)
    days = _days(match["days"]) if match["days"] else ALL
    if not match["begin"]:
        return Span(days)
    begin, end = _minute(match["begin"]), _minute(match["end"])
    if begin in (DAY, end):
        raise ValueError(text)
    return Span(days, begin, end)


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        one = DAYS.index(first)
        many = (DAYS.index(last or first) - one) % 7
        found |= {(one + more) % 7 for more in range(many + 1)}
    return frozenset(found)


def _minute(text: str) -> int:
    hours, minutes = map(int, text.split(":"))
    if hours * 60 + minutes > DAY:
        raise ValueError(text)
    return hours * 60 + minutes
