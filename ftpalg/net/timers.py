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
        self._running: tuple[
            tuple[Timer, IDelayedCall], ...
        ] = ()  # one, mostly: a dict takes thrice

    @property
    def running(self) -> frozenset[Timer]:
        """Those that run."""
        return frozenset(timer for timer, _ in self._running)

    def start(self, timer: Timer) -> None:
        """Begin to wait, anew where it runs."""
        seconds = self._timeouts.of(timer)
        for one, running in self._running:
            if one is timer:
                running.reset(seconds)
                return
        self._running += ((timer, self._reactor.callLater(seconds, self.expire, timer)),)

    def stop(self, timer: Timer) -> None:
        """Wait no more; harmless where it does not run."""
        for running in self._take(timer):
            running.cancel()

    def _take(self, timer: Timer) -> list[IDelayedCall]:
        taken = [running for one, running in self._running if one is timer]
        if taken:
            self._running = tuple(pair for pair in self._running if pair[0] is not timer)
        return taken

    def stop_all(self) -> None:
        """Wait for nothing."""
        waits, self._running = self._running, ()
        for _, running in waits:
            running.cancel()

    def expire(self, timer: Timer) -> None:
        """It is over."""
        for running in self._take(timer):
            if running.active():
                running.cancel()
        self._owner.handle(TimerExpired(timer))
