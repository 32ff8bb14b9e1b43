"""The waits of one session: each of its timers runs once at most, for the seconds of its setting."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.interfaces import IDelayedCall

from ftpalg.config import Timeouts
from ftpalg.core.events import Timer, TimerExpired
from ftpalg.net.reactors import Timing


class Waiting(Protocol):
    """Whose waits they are."""

    def handle(self, event: TimerExpired) -> None:
        """One is over."""


class Timers:
    """``owner`` is told of each that is over."""

    __slots__ = ("_owner", "_reactor", "_running", "_timeouts")

    def __init__(self, reactor: Timing, timeouts: Timeouts, owner: Waiting) -> None:
        self._reactor = reactor
        self._timeouts = timeouts
        self._owner = owner
        self._running: dict[Timer, IDelayedCall] = {}

    @property
    def running(self) -> frozenset[Timer]:
        """Those that run."""
        return frozenset(self._running)

    def start(self, timer: Timer) -> None:
        """Begin to wait, anew where it runs."""
        seconds = self._timeouts.of(timer)
        running = self._running.get(timer)
        if running is not None:
            running.reset(seconds)
        else:
            self._running[timer] = self._reactor.callLater(seconds, self.expire, timer)

    def stop(self, timer: Timer) -> None:
        """Wait no more; harmless where it does not run."""
        running = self._running.pop(timer, None)
        if running is not None:
            running.cancel()

    def stop_all(self) -> None:
        """Wait for nothing."""
        for running in self._running.values():
            running.cancel()
        self._running.clear()

    def expire(self, timer: Timer) -> None:
        """It is over."""
        running = self._running.pop(timer)
        if running.active():
            running.cancel()
        self._owner.handle(TimerExpired(timer))
