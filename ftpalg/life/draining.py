"""The drain: no new session comes, those at rest leave with 421, transfers run to their end or the bound.

At rest is who has been asked for nothing for ``timeouts.rest``: a client in the middle of its login
or between its commands does what it came for.  What still runs at ``timeouts.stop`` fails visibly.
"""

from __future__ import annotations

from collections.abc import Callable

from ftpalg.core.news import Draining, Stopped
from ftpalg.life.notify import Notify
from ftpalg.net.reactors import Timing
from ftpalg.net.shared import Shared

STEP = 0.1
"""Seconds between two looks at who is at rest."""

EXTENSION = 10_000_000
"""Microseconds that systemd is asked to wait on, anew with each look."""

LEAVES = "The gateway stops; try again later."


class Drain:
    """Begins when it is made.  ``over`` is called once no session is left."""

    def __init__(
        self, reactor: Timing, shared: Shared, notify: Notify, over: Callable[[], None]
    ) -> None:
        self._reactor = reactor
        self._shared = shared
        self._notify = notify
        self._over = over
        self._ends = reactor.seconds() + shared.settings.timeouts.stop
        self._said = ""
        sessions = shared.sessions
        shared.log.tell(Draining(len(sessions.open), sessions.transfers))
        self._call = reactor.callLater(0, self._step)

    def stop(self) -> None:
        """End what is left, now."""
        if self._call.active():
            self._call.cancel()
        self._finish()

    def _step(self) -> None:
        sessions, now = self._shared.sessions, self._reactor.seconds()
        sessions.end_rested(now - self._shared.settings.timeouts.rest, LEAVES)
        if not sessions.open or now >= self._ends:
            self._finish()
            return
        left = self._ends - now
        self._say(f"draining, {len(sessions.open)} sessions, {sessions.transfers} transfers", left)
        self._call = self._reactor.callLater(min(STEP, left), self._step)

    def _say(self, text: str, left: float) -> None:
        said = f"STATUS={text}, {left:.0f} s"
        if said != self._said:
            self._said = said
            self._notify.say(said, f"EXTEND_TIMEOUT_USEC={EXTENSION}")

    def _finish(self) -> None:
        sessions = self._shared.sessions
        stopped = Stopped(len(sessions.open), sessions.transfers)
        sessions.end(LEAVES)
        self._shared.log.tell(stopped)
        self._over()
