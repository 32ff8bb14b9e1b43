"""The timers of one control connection; they end with it.

As those of the session (``net.timers``), one that is due waits for one turn more: what the peer has sent
in time is read first.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall

from ftpalg.core.keys import Key
from ftpalg.net.reactors import Timing


class Wait(Key):
    """What is waited for; the value names its setting."""

    HANDSHAKE = "timeouts.handshake"  # a PROXY header or an implicit handshake
    BARE_LINE = "timeouts.bare-line"
    OTHER_END = "timeouts.other-end"
    DRAIN = "timeouts.drain"
    OPAQUE = "timeouts.idle"  # for bytes of either side, where they are copied untouched
    TURN = ""  # none: the reactor's next turn comes at once


class Waits:
    """At most one timer for each of them."""

    __slots__ = ("_reactor", "_running")

    def __init__(self, reactor: Timing) -> None:
        self._reactor = reactor
        self._running: dict[Wait, IDelayedCall] = {}

    def __contains__(self, wait: Wait) -> bool:
        return wait in self._running

    def start(self, wait: Wait, seconds: float, over: Callable[[], None]) -> None:
        """Call ``over`` once in so many seconds, unless it is stopped; one that ran is replaced."""
        self.stop(wait)

        def ring() -> None:
            del self._running[wait]
            over()

        def due() -> None:
            self._running[wait] = self._reactor.callLater(0, ring)

        self._running[wait] = self._reactor.callLater(seconds, due if seconds else ring)

    def stop(self, wait: Wait) -> None:
        """Do not wait any more, if it was waited for."""
        running = self._running.pop(wait, None)
        if running is not None:
            running.cancel()

    def stop_all(self) -> None:
        """Wait for nothing."""
        for running in self._running.values():
            running.cancel()
        self._running.clear()
