"""The waits of all sessions: of each kind one session has one at most, for the seconds of its setting.

Those of one kind take equally long, so the first to begin is the first to be over: for each kind the
reactor has one call to make, however many sessions wait.  It is left to come where the last of them waits
no more, for most waits are stopped soon and begun again; a session that ends takes it back.

The reactor calls what is due before it looks at its sockets.  Of a gateway that was held up a peer's word
may be there in time and not be read yet: a wait that is over lasts for one turn more, and until what was
put off before (``net.turns``) has been read.
"""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall

from ftpalg.config import Timeouts
from ftpalg.core.events import Timer, TimerExpired
from ftpalg.net.reactors import Timing
from ftpalg.net.turns import Later, Turns

AT_ONCE = 32
"""Sessions that one turn tells: the end of each costs a millisecond (rule 10)."""


class Waiting(Protocol):
    """A session, alike to nobody but itself."""

    def handle(self, event: TimerExpired) -> None:
        """One of its waits is over."""

    def broke(self) -> None:
        """An exception is being handled that came out of that (rule 11)."""


class Queue:
    """Who waits for the same, in the order in which they began: ``ends`` has the second when it is over,
    ``call`` is the reactor's, of which there is one while anybody waits that is not being told."""

    __slots__ = ("_reactor", "_seconds", "_timer", "_turns", "call", "ends")

    def __init__(self, reactor: Timing, timer: Timer, seconds: float, turns: Turns) -> None:
        self._reactor = reactor
        self._turns = turns
        self._timer = timer
        self._seconds = seconds
        self.ends: dict[Waiting, float] = {}
        self.call: IDelayedCall | Later | None = None

    def __contains__(self, who: Waiting) -> bool:
        return who in self.ends

    def start(self, who: Waiting) -> None:
        """Begin to wait, behind all others also where it waits already."""
        self.ends.pop(who, None)
        self.ends[who] = self._reactor.seconds() + self._seconds
        if self.call is None:
            self.call = self._reactor.callLater(self._seconds, self._due)

    def stop(self, who: Waiting) -> None:
        """Wait no more; harmless where it does not."""
        self.ends.pop(who, None)

    def leave(self, who: Waiting) -> None:
        """Wait no more, nor again: where nobody else does the reactor has no call to make."""
        self.ends.pop(who, None)
        if self.call is not None and not self.ends:
            self.call.cancel()
            self.call = None

    def _due(self) -> None:
        """The first may be over, or it was another's time that is."""
        if not self.ends:
            self.call = None
            return
        now = self._reactor.seconds()
        first = next(iter(self.ends.values()))
        if first > now:
            self.call = self._reactor.callLater(first - now, self._due)
        else:
            self.call = self._reactor.callLater(0, self._tell, now)

    def _tell(self, now: float) -> None:
        """What was over then is told, unless it was stopped or begun anew meanwhile.

        What has come already and was put off comes first, too.
        """
        if self._turns.busy:
            self.call = Later(self._turns, partial(self._tell_now, now))
        else:
            self._tell_now(now)

    def _tell_now(self, now: float) -> None:
        self.call = None
        for who in list(islice(self.ends, AT_ONCE)):
            if self.ends.get(who, now + 1) <= now:
                del self.ends[who]
                try:
                    who.handle(TimerExpired(self._timer))
                except Exception:
                    who.broke()
        if self.ends and self.call is None:
            self._due()


class Timers:
    """One of a gateway, for as long as its settings last."""

    def __init__(self, reactor: Timing, timeouts: Timeouts, turns: Turns) -> None:
        self._queues = {timer: Queue(reactor, timer, timeouts.of(timer), turns) for timer in Timer}

    def running(self, who: Waiting) -> frozenset[Timer]:
        """Those that run for a session."""
        return frozenset(timer for timer, queue in self._queues.items() if who in queue)

    def start(self, who: Waiting, timer: Timer) -> None:
        """Begin to wait, anew where it runs."""
        self._queues[timer].start(who)

    def stop(self, who: Waiting, timer: Timer) -> None:
        """Wait no more; harmless where it does not run."""
        self._queues[timer].stop(who)

    def stop_all(self, who: Waiting) -> None:
        """Wait for nothing: the session is over."""
        for queue in self._queues.values():
            if queue.ends or queue.call is not None:
                queue.leave(who)
