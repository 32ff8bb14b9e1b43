"""The timers of one control connection; they end with it.

As those of the session (``net.timers``), one that is due waits for one turn more, and until what was put
off before has been read: what the peer has sent in time comes first.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall

from ftpalg.core.keys import Key
from ftpalg.net.guarded import Guarded
from ftpalg.net.turns import Later


class Wait(Key):
    """What is waited for; the value names its setting."""

    HANDSHAKE = "timeouts.handshake"  # a PROXY header or an implicit handshake
    BARE_LINE = "timeouts.bare-line"
    OTHER_END = "timeouts.other-end"
    DRAIN = "timeouts.drain"
    OPAQUE = "timeouts.idle"  # for bytes of either side, where they are copied untouched
    RATE = "limits.command-rate"  # until the next command may be looked at
    TURN = ""  # none: the reactor's next turn comes at once


class Waits:
    """At most one timer for each of them."""

    __slots__ = ("_reactor", "_running")

    def __init__(self, reactor: Guarded) -> None:
        self._reactor = reactor
        self._running: dict[Wait, IDelayedCall | Later] | None = (
            None  # most of the time nothing runs
        )

    def __contains__(self, wait: Wait) -> bool:
        return self._running is not None and wait in self._running

    def start(self, wait: Wait, seconds: float, over: Callable[[], None]) -> None:
        """Call ``over`` once in so many seconds, unless it is stopped; one that ran is replaced."""
        self.stop(wait)

        def ring() -> None:
            self._take(wait)
            over()

        def due() -> None:
            self._keep(wait, self._reactor.callLater(0, behind))

        def behind() -> None:
            if self._reactor.turns.busy:
                self._keep(wait, self._reactor.later(ring))
            else:
                ring()

        later = self._reactor.callLater(seconds, due) if seconds else self._reactor.later(ring)
        self._keep(wait, later)

    def _keep(self, wait: Wait, running: IDelayedCall | Later) -> None:
        self._running = self._running or {}
        self._running[wait] = running

    def _take(self, wait: Wait) -> IDelayedCall | Later | None:
        if self._running is None:
            return None
        running = self._running.pop(wait, None)
        self._running = self._running or None
        return running

    def stop(self, wait: Wait) -> None:
        """Do not wait any more, if it was waited for."""
        running = self._take(wait) if self._running is not None else None
        if running is not None:
            running.cancel()

    def stop_all(self) -> None:
        """Wait for nothing."""
        waits, self._running = self._running, None
        for running in (waits or {}).values():
            running.cancel()
