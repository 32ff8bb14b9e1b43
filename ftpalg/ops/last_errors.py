"""What broke the protocol last: once for each server, and for the clients of each listener.

Nothing of it is made printable before somebody asks; passwords have been taken out by whoever told it.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import NamedTuple

from ftpalg.core.events import Side
from ftpalg.core.facts import About, Fact, ProtocolError
from ftpalg.core.news import News
from ftpalg.core.value import value

MOST = 100
"""Rows that are kept."""
LONGEST = 512
"""Bytes that are kept of what was said."""


@value
class LastError(NamedTuple):
    """One of them: ``seconds`` since 1970, whose it was, and what; its line may be cut to ``LONGEST``.

    ``length`` is that of the whole line.
    """

    seconds: float
    about: About
    fact: ProtocolError
    length: int


class LastErrors:
    """Keeps them.  ``clock`` gives seconds since 1970, ``configured`` the servers of the settings.

    Where there are too many the oldest goes of a server that some client has named; then the oldest.
    """

    def __init__(
        self, clock: Callable[[], float], configured: Callable[[], Container[str]]
    ) -> None:
        self._clock = clock
        self._configured = configured
        self._rows: dict[tuple[Side, str], LastError] = {}

    def see(self, about: About, fact: Fact) -> None:
        """Something has happened in a session."""
        if not isinstance(fact, ProtocolError):
            return
        key = (fact.side, about.name if fact.side is Side.SERVER else about.listener)
        self._rows.pop(key, None)
        length = len(fact.line)
        if length > LONGEST:
            fact = fact._replace(line=fact.line[:LONGEST])
        self._rows[key] = LastError(self._clock(), about, fact, length)
        if len(self._rows) > MOST:
            self._forget_one()

    def tell(self, news: News) -> None:
        """Nothing of the gateway matters here."""

    def _forget_one(self) -> None:
        configured = self._configured()
        named = (
            (side, name)
            for side, name in self._rows
            if side is Side.SERVER and name not in configured
        )
        del self._rows[next(named, next(iter(self._rows)))]

    @property
    def rows(self) -> tuple[LastError, ...]:
        """The newest first."""
        return tuple(reversed(self._rows.values()))
