"""The waits of one session: each of its timers runs once at most, for the seconds of its setting.

The reactor calls what is due before it looks at its sockets.  Of a gateway that was held up a peer's word
may be there in time and not be read yet: a timer that is due waits for one turn more.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall

from ftpalg.config import Timeouts
from ftpalg.core.events import Timer
from ftpalg.net.reactors import Timing


class Timers:
    """``expired`` is called with each that is over."""

    __slots__ = ("_expired", "_reactor", "_running", "_timeouts")

    def __init__(
        self, reactor: Timing, timeouts: Timeouts, expired: Callable[[Timer], None]
    ) -> None:
        self._reactor = reactor
        self._timeouts = timeouts
        self._expired = expired
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
            self._running[timer] = self._reactor.callLater(seconds, self._due, timer)

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

    def _due(self, timer: Timer) -> None:
        self._running[timer] = self._reactor.callLater(0, self.expire, timer)

    def expire(self, timer: Timer) -> None:
        """It is over."""
        running = self._running.pop(timer)
        if running.active():
            running.cancel()
        self._expired(timer)
