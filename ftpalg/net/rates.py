"""How many sessions and TLS handshakes there may be a second: one bucket for each peer, and one in all."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping

from ftpalg.core.keys import Key
from ftpalg.core.pace import kept, taken, wait

ALL = ""
"""The key of everybody together."""
SWEEP = 4096
"""Buckets that are kept before those that are full again are dropped."""
EPSILON = 1e-6
"""Seconds by which a token may be early: sums of fractions are not exact."""


class Event(Key):
    """What is counted by the second."""

    SESSION = "a client is admitted"
    HANDSHAKE = "TLS with a client begins"


class Rates:
    """The buckets of one process (``ledger.Ledger``), or those in ``full``, the second at which each is full.
    ``seconds`` is the clock, which may jump."""

    def __init__(
        self,
        seconds: Callable[[], float],
        full: MutableMapping[tuple[Event, str], float] | None = None,
    ) -> None:
        self._seconds = seconds
        self._full: MutableMapping[tuple[Event, str], float] = {} if full is None else full
        self._sweep_at = SWEEP

    def take(self, event: Event, *bounds: tuple[str, float]) -> str | None:
        """Take a token of each bucket; the key of the first that has none, else None.

        ``bounds`` are keys, each with its rate; 0 is for no bound.  Either all are taken, or none.
        """
        bounded = [(key, rate) for key, rate in bounds if rate]
        if not bounded:
            return None
        now = self._seconds()
        found = []
        for key, rate in bounded:
            full = kept(self._full.get((event, key), now), now, rate)
            if wait(full, now, rate) > EPSILON:
                self._full[event, key] = full
                return key
            found.append(((event, key), taken(full, rate)))
        self._full.update(found)
        if len(self._full) > self._sweep_at:
            self._sweep(now)
        return None

    def back(self, event: Event, part: float, *bounds: tuple[str, float]) -> None:
        """That part of a token is put back into each bucket, as far as there is room."""
        now = self._seconds()
        for key, rate in bounds:
            full = self._full.get((event, key), now)
            if rate and full > now:
                self._full[event, key] = max(now, full - part / rate)

    def _sweep(self, now: float) -> None:
        """A bucket that is full is as good as none; twice as many as are left may come before the next."""
        self._full = {one: full for one, full in self._full.items() if full > now}
        self._sweep_at = max(SWEEP, 2 * len(self._full))

    def __len__(self) -> int:
        return len(self._full)
