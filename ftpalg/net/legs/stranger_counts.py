"""Strangers at the data ports of a session: counted, and told of once a minute and side at most."""

from __future__ import annotations

from collections.abc import Callable

from ftpalg.core.events import Side
from ftpalg.core.facts import Intruded

MINUTE = 60.0


class Strangers:
    """``tell`` gets the first one at once; those that come within a minute are told of with the next
    one after it, or at the end."""

    __slots__ = ("_seconds", "_since", "_tell", "_told")

    def __init__(self, seconds: Callable[[], float], tell: Callable[[Intruded], None]) -> None:
        self._seconds = seconds
        self._tell = tell
        self._told: dict[Side, float] = {}
        self._since: dict[Side, Intruded] = {}

    def came(self, side: Side, host: str) -> None:
        """One more, from there."""
        before = self._since.get(side)
        self._since[side] = Intruded(side, host, before.times + 1 if before else 1)
        now = self._seconds()
        if now - self._told.get(side, now - MINUTE) >= MINUTE:
            self._told[side] = now
            self._tell(self._since.pop(side))

    def end(self) -> None:
        """No more come: tell of the rest."""
        for fact in self._since.values():
            self._tell(fact)
        self._since.clear()
