"""How fast one client may say commands: first it is not read for a while, and in the end refused.

A client that keeps to the rate again for as long as its bucket takes to fill is as one that never left it.
"""

from __future__ import annotations

from ftpalg.core import pace
from ftpalg.net.rates import EPSILON


class Pace:
    """``rate`` commands a second; ``delay`` are the seconds for which they are held back and not refused."""

    __slots__ = ("_delay", "_full", "_rate", "_since")

    def __init__(self, rate: float, delay: float) -> None:
        self._rate = rate
        self._delay = delay
        self._full = 0.0
        self._since: float | None = None  # when it was held back first, without a pause since

    def wait(self, now: float) -> float:
        """Seconds until the next command may be looked at, 0 for now."""
        self._full = pace.kept(self._full, now, self._rate)
        seconds = pace.wait(self._full, now, self._rate)
        if seconds <= EPSILON:
            return 0.0
        if self._since is None:
            self._since = now
        return seconds

    def take(self, now: float) -> bool:
        """A command is looked at; False where they have come too fast for too long."""
        if self._full <= now:
            self._since = None
        self._full = pace.taken(pace.kept(self._full, now, self._rate), self._rate)
        return self._since is None or now - self._since <= self._delay


def pace_of(rates: tuple[float, ...], delay: float) -> Pace | None:
    """By the strictest of these rates, of which 0 is none; None where there is none."""
    bounded = [rate for rate in rates if rate]
    return Pace(min(bounded), delay) if bounded else None
