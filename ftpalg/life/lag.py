"""How late the reactor comes to what is due: a call again and again, each looked at when it comes."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall

from ftpalg.net.reactors import Timing

EVERY = 0.2
"""Seconds between two looks.  Whoever blocks for longer is seen whole, for less as often as it counts."""


class Lag:
    """From when it is made until it is stopped; ``late`` is told the seconds of each look."""

    def __init__(self, reactor: Timing, late: Callable[[float], None]) -> None:
        self._reactor = reactor
        self._late = late
        self._wait()

    def _wait(self) -> None:
        self._due = self._reactor.seconds() + EVERY
        self._call: IDelayedCall = self._reactor.callLater(EVERY, self._look)

    def _look(self) -> None:
        self._late(self._reactor.seconds() - self._due)
        self._wait()

    def stop(self) -> None:
        """Look no more."""
        if self._call.active():
            self._call.cancel()
