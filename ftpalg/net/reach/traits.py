"""What sessions have learned of servers: shared by all sessions with one, for a while.

Servers are mended and firewalls before them changed, so what was learned is forgotten in the end.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator

from twisted.internet.interfaces import IReactorTime

from ftpalg.core.events import UNKNOWN, Traits
from ftpalg.core.routes import Server

MOST = 1024
"""Servers that are remembered; the one longest unused is forgotten first."""


class Remembered:
    """By the server as it was named, for ``lasts`` seconds since something was learned last.

    ``told`` is told what a session has learned, for other processes: they ``hear`` of it, and when it was.
    """

    def __init__(self, reactor: IReactorTime, lasts: float) -> None:
        self.told: Callable[[Server, Traits, float], None] | None = None
        self._reactor = reactor
        self._lasts = lasts
        self._kept: OrderedDict[Server, tuple[Traits, float]] = OrderedDict()

    def take_over(self, before: Remembered) -> None:
        """Know what was known before other settings came."""
        self._kept, self.told = before._kept, before.told

    def of(self, server: Server) -> Traits:
        """What is known of that server now."""
        traits, since = self._kept.get(server, (UNKNOWN, 0.0))
        if server not in self._kept:
            return traits
        if self._reactor.seconds() - since >= self._lasts:
            del self._kept[server]
            return UNKNOWN
        self._kept.move_to_end(server)
        return traits

    def learn(self, server: Server, traits: Traits) -> None:
        """A session has found out more."""
        now = self._reactor.seconds()
        self.hear(server, traits, now)
        if self.told is not None:
            self.told(server, traits, now)

    def hear(self, server: Server, traits: Traits, at: float) -> None:
        """It was found out then."""
        self._kept[server] = traits, at
        self._kept.move_to_end(server)
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def __iter__(self) -> Iterator[tuple[Server, Traits, float]]:
        """All that is known, that of longest ago first; some of it may be too old."""
        return ((server, *known) for server, known in self._kept.items())
