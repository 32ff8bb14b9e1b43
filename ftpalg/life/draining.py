"""The drain: no new session comes, those at rest leave with 421, transfers run to their end or the bound.

At rest is who has been asked for nothing for ``timeouts.rest``: a client in the middle of its login
or between its commands does what it came for.  What still runs at ``timeouts.stop`` fails visibly.
"""

from __future__ import annotations

from collections.abc import Callable

from ftpalg.core.news import Draining, Stopped
from ftpalg.life.notify import Notify
from ftpalg.net.reactors import Timing
from ftpalg.net.sessions import AT_ONCE
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
        self._finishing = False
        sessions = shared.sessions
        shared.log.tell(Draining(len(sessions.open), sessions.transfers))
        self._call = reactor.callLater(0, self._step)

    def stop(self) -> None:
        """End what is left, now; a second time changes nothing."""
        if not self._finishing:
            if self._call.active():
                self._call.cancel()
            self._finish()

    def _step(self) -> None:
        sessions, now = self._shared.sessions, self._reactor.seconds()
        others = sessions.end_rested(now - self._shared.settings.timeouts.rest, LEAVES)
        if not sessions.open or now >= self._ends:
            self._finish()
            return
        left = self._ends - now
        self._say(f"draining, {len(sessions.open)} sessions, {sessions.transfers} transfers", left)
        self._call = self._reactor.callLater(0 if others else min(STEP, left), self._step)

    def _say(self, text: str, left: float) -> None:
        said = f"STATUS={text}, {left:.0f} s"
        if said != self._said:
            self._said = said
            self._notify.say(said, f"EXTEND_TIMEOUT_USEC={EXTENSION}")

    def _finish(self) -> None:
        self._finishing = True
        sessions = self._shared.sessions
        stopped = Stopped(len(sessions.open), sessions.transfers)
        self._end(list(sessions.open), stopped)

    def _end(self, left: list[str], stopped: Stopped) -> None:
        """So many in each turn of the reactor."""
        sessions = self._shared.sessions.open
        for name in left[:AT_ONCE]:
            if name in sessions:
                sessions[name].end(LEAVES)
        if len(left) > AT_ONCE:
            self._reactor.callLater(0, self._end, left[AT_ONCE:], stopped)
        else:
            self._shared.log.tell(stopped)
            self._over()
