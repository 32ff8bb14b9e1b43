"""Watches many sockets as one: the reactor sees a single descriptor, whichever of them is ready.

For each that is ready Twisted makes a context for its log first, at the cost of a dozen calls, and each
that comes or goes costs as many.  On Linux a set of epoll's can itself be watched, and what is ready in it
is told here without more ado, with the same meaning.  The price is one system call a turn: data connections,
of which mostly one is ready, do not pay it back.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import Any

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IDelayedCall, IHalfCloseableDescriptor, IReadDescriptor
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.net.calls import Calls
from ftpalg.net.reactors import IReaching, IWatched, Reactor, Reading

MOST = 64
"""Descriptors that one turn of the reactor serves; the others are first in the next one (rule 10)."""


def watch_of(reactor: IReaching) -> Reactor:
    """What control connections are to be watched by: the reactor itself where there is no epoll."""
    return Watch(reactor) if hasattr(select, "epoll") else reactor


@implementer(IReadDescriptor)
class Watch:
    """Part of a reactor (``Reactor``): while it watches anybody the reactor watches it."""

    IN, OUT = (select.EPOLLIN, select.EPOLLOUT) if hasattr(select, "epoll") else (1, 4)
    BROKEN = select.EPOLLHUP | select.EPOLLERR if hasattr(select, "epoll") else 0
    BREAKS = select.EPOLLERR if hasattr(select, "epoll") else 0
    """To be asked for nothing else is to be watched: that one breaks is always told."""

    def __init__(self, reactor: Reading) -> None:
        self._reactor = reactor
        self._ready: Any = None  # epoll's, while anybody is watched, or it is kept
        self._kept = False
        self._watched: dict[int, IWatched] = {}
        self._asked: dict[int, int] = {}  # what of each
        self.seconds = reactor.seconds
        self.callLater: Callable[..., IDelayedCall] = Calls(reactor).callLater
        self._log = Logger()

    def keep(self) -> None:
        """Have its descriptor from now on: later there may be none."""
        self._kept, self._ready = True, self._ready or select.epoll()

    def let_go(self) -> None:
        """Have it as long as somebody is watched."""
        self._kept = False
        self._close()

    # -- who is watched -----------------------------------------------------------------------------

    def addReader(self, reader: IWatched, /) -> None:
        self._ask(reader, self.IN)

    def addWriter(self, writer: IWatched, /) -> None:
        self._ask(writer, self.OUT)

    def removeReader(self, reader: IWatched, /) -> None:
        self._leave(reader, self.IN | self.BREAKS)

    def removeWriter(self, writer: IWatched, /) -> None:
        self._leave(writer, self.OUT)

    def rest(self, reader: IWatched) -> None:
        """Do not tell it that it may read; it is lost when it breaks, until the reader is removed."""
        self._ask(reader, self.BREAKS)
        self._leave(reader, self.IN)

    def _ask(self, one: IWatched, what: int) -> None:
        number = one.fileno()
        asked = self._asked.get(number, 0)
        if asked & what:
            return
        if asked:
            self._ready.modify(number, asked | what)
        elif self._watched:
            self._ready.register(number, what)
        else:
            self._ready = self._ready or select.epoll()
            self._ready.register(number, what)
            self._reactor.addReader(self)
        self._asked[number] = asked | what
        self._watched[number] = one

    def _leave(self, one: IWatched, what: int) -> None:
        number = one.fileno()
        asked = self._asked.get(number, 0)
        if not asked & what:
            return
        if asked & ~what:
            self._ready.modify(number, asked & ~what)
            self._asked[number] = asked & ~what
            return
        del self._asked[number], self._watched[number]
        self._ready.unregister(number)
        if not self._watched:
            self._reactor.removeReader(self)
            self._close()

    def _close(self) -> None:
        if self._ready is not None and not (self._kept or self._watched):
            self._ready.close()
            self._ready = None

    # -- as the reactor sees it ---------------------------------------------------------------------

    def fileno(self) -> int:
        return -1 if self._ready is None else int(self._ready.fileno())

    def logPrefix(self) -> str:
        return type(self).__name__

    def doRead(self) -> None:
        """Some of them are ready; who was left meanwhile is not told any more."""
        if self._ready is None:
            return
        ready = self._ready.poll(0, MOST)
        whose = [self._watched.get(number) for number, _ in ready]
        for (number, found), one in zip(ready, whose, strict=True):
            # What another has closed may have given its number to a new one, to which nothing has happened.
            if one is not None and self._watched.get(number) is one:
                self._tell(number, one, found & (self._asked[number] | self.BROKEN))

    def connectionLost(self, reason: Failure) -> None:
        """The reactor ends."""
        for one in list(self._watched.values()):
            one.connectionLost(reason)

    # -- what is ready ------------------------------------------------------------------------------

    def _tell(self, number: int, one: IWatched, found: int) -> None:
        reads = bool(found & self.IN)
        try:
            if reads:
                why: Any = one.doRead()
            elif found & self.BROKEN:
                reads = bool(self._asked[number] & self.IN)
                why = CONNECTION_DONE if reads else CONNECTION_LOST
            else:
                why = None
            if not why and found & self.OUT and self._watched.get(number) == one:
                reads, why = False, one.doWrite()
        except Exception as error:
            self._log.failure("a descriptor has raised")
            why = error
        if why:
            self._lose(one, why, reads=reads)

    def _lose(self, one: IWatched, why: Exception, *, reads: bool) -> None:
        self.removeReader(one)
        ended = reads and isinstance(why, ConnectionDone)
        if ended and IHalfCloseableDescriptor.providedBy(one):
            one.readConnectionLost(DONE)
            return
        self.removeWriter(one)
        known = DONE if why is CONNECTION_DONE else LOST if why is CONNECTION_LOST else Failure(why)
        one.connectionLost(known)


DONE, LOST = Failure(ConnectionDone()), Failure(ConnectionLost())
"""They are told again and again."""
