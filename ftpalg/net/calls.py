"""Calls that are made later, of which many wait equally long and few come to be made.

Nearly every wait of a connection is one of the settings' whole seconds, and is over long before.  The
first of them to begin is the first to be due: for each number of seconds the reactor has one call to make.
What waits for a part of a second, or for what is left of something, is the reactor's own.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any, cast

from twisted.internet.error import AlreadyCalled
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from ftpalg.net.reactors import Timing

AT_ONCE = 32
"""Calls that one turn makes (rule 10)."""
MOST = 64
"""Numbers of seconds that have a queue; a few dozen settings have them."""


class Call:
    """One that is to be made: as much of IDelayedCall as is asked for."""

    __slots__ = ("_queue", "what", "when")

    def __init__(self, queue: Queue, when: float, what: tuple[Callable[..., object], Any]) -> None:
        self._queue = queue
        self.when = when
        self.what = what

    def getTime(self) -> float:
        return self.when

    def active(self) -> bool:
        return self in self._queue.calls

    def cancel(self) -> None:
        """Do not make it.  Raise AlreadyCalled where it has been made or cancelled."""
        self._queue.leave(self)


class Queue:
    """Those that wait for the same number of seconds, in the order in which they are due."""

    __slots__ = ("_busy", "_call", "_reactor", "_seconds", "calls")

    def __init__(self, reactor: Timing, seconds: float) -> None:
        self._reactor = reactor
        self._seconds = seconds
        self._call: IDelayedCall | None = None
        self._busy = False
        self.calls: dict[Call, None] = {}

    def add(self, what: tuple[Callable[..., object], Any]) -> Call:
        """One more."""
        call = Call(self, self._reactor.seconds() + self._seconds, what)
        self.calls[call] = None
        if self._call is None and not self._busy:
            self._call = self._reactor.callLater(self._seconds, self._due)
        return call

    def leave(self, call: Call) -> None:
        """It is not to be made."""
        try:
            del self.calls[call]
        except KeyError:
            raise AlreadyCalled from None
        if self._call is not None and not self.calls:
            self._call.cancel()
            self._call = None

    def _due(self) -> None:
        """The first may be due, or it was another's time that is."""
        self._call, self._busy = None, True
        now = self._reactor.seconds()
        for call in list(islice(self.calls, AT_ONCE)):
            if call.when > now:
                break
            if call in self.calls:  # nobody has cancelled it meanwhile
                del self.calls[call]
                what, told = call.what
                try:
                    what(*told)
                except Exception:
                    Logger().failure("a call has raised")
        self._busy = False
        if self.calls:
            first = next(iter(self.calls))
            self._call = self._reactor.callLater(max(0.0, first.when - now), self._due)


class Calls:
    """A clock (``Timing``) over the reactor's."""

    def __init__(self, reactor: Timing) -> None:
        self._reactor = reactor
        self._queues: dict[float, Queue] = {}
        self.seconds = reactor.seconds

    def callLater(
        self, delay: float, callable: Callable[..., object], /, *args: object
    ) -> IDelayedCall:
        queue = self._queues.get(delay)
        if queue is None:
            if delay < 1 or delay % 1 or len(self._queues) >= MOST:
                return self._reactor.callLater(delay, callable, *args)
            queue = self._queues[delay] = Queue(self._reactor, delay)
        return cast(IDelayedCall, queue.add((callable, args)))
