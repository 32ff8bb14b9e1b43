"""Writes to a control connection: one write for each line, at once (rule 8).

Twisted would hand even one line to its next turn, and our end too, at the cost of two calls of epoll_ctl.
So the socket is written to directly while nothing waits in the transport, and whether something does is
known without looking inside it: a pull producer is told each time its buffer has become empty.
"""

from __future__ import annotations

import socket
from typing import Protocol

from twisted.internet.interfaces import IPullProducer, IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import Attribute, implementer

FULL = 1 << 16
"""Bytes handed to the transport since it was last empty; above them its peer does not read."""


class IConnection(IPushProducer):
    """What a control connection wants of its transport, ours or one of Twisted's."""

    bufferSize = Attribute("bytes that are read at once")

    def getHandle() -> socket.socket:
        """The socket itself."""

    def write(data: bytes) -> None:
        """Keep this until the socket takes it."""

    def registerProducer(producer: IPullProducer, streaming: bool) -> None:
        """Tell it each time that all is written."""

    def unregisterProducer() -> None:
        """Tell it no more."""

    def loseWriteConnection() -> None:
        """End our side behind what was written."""

    def loseConnection() -> None:
        """Close it behind what was written."""

    def abortConnection() -> None:
        """Reset it."""

    def connectionLost(reason: Failure) -> None:
        """Close it, and let its protocol know."""


class Writing(Protocol):
    """Who writes."""

    def filled(self) -> None:
        """The peer does not take what is written."""

    def emptied(self) -> None:
        """It has taken all of it again."""

    def holds(self, amount: int) -> None:
        """So many bytes wait for it, at the most."""


class Nobody:
    """Who writes where nobody does any more."""

    def filled(self) -> None:
        """Nothing is written."""

    emptied = filled

    def holds(self, amount: int) -> None:
        """Nothing waits."""


NOBODY = Nobody()


@implementer(IPullProducer)
class Outlet:
    """The way out.  Its owner is told when it is full; even then no more is refused."""

    __slots__ = ("_open", "_owner", "_transport", "_waiting")

    def __init__(self, transport: IConnection, owner: Writing) -> None:
        self._transport = transport
        self._owner = owner
        self._waiting = 0
        self._open = True
        transport.registerProducer(self, False)

    @property
    def full(self) -> bool:
        """Whether the peer has not taken what was written, by much."""
        return self._waiting > FULL

    def write(self, data: bytes) -> None:
        """Write what the socket takes; the transport keeps the rest.  Nothing once it is closed."""
        if not self._open:
            return
        if not self._waiting:
            try:
                sent = self._transport.getHandle().send(data)
            except OSError:
                sent = 0  # no room, or ending: the transport finds out which
            if sent == len(data):
                return
            data = data[sent:]
        was_full = self.full
        self._waiting += len(data)
        self._transport.write(data)
        self._owner.holds(self._waiting)
        if self.full and not was_full:
            self._owner.filled()

    def interrupt(self, before: bytes, urgent: bytes) -> None:
        """Send ``before``, then ``urgent`` as TCP's urgent byte; nothing while something waits."""
        if self._open and not self._waiting:
            sock = self._transport.getHandle()
            try:
                sock.send(before)
                sock.send(urgent, socket.MSG_OOB)
            except OSError:
                pass  # the connection is ending; the reactor tells

    def close(self) -> None:
        """Take nothing more; what the transport holds still goes out, then our end."""
        if not self._open:
            return
        self._open = False
        self._transport.unregisterProducer()
        if self._waiting:
            self._transport.loseWriteConnection()
            return
        try:
            self._transport.getHandle().shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the connection is ending; the reactor tells

    def finish(self) -> None:
        """It is closed, and the peer has ended its side: nothing keeps the connection but what waits."""
        if self._waiting:
            self._transport.loseConnection()
        else:
            self._transport.connectionLost(connectionDone)

    def forget(self) -> None:
        """The transport has gone, and nothing is told any more."""
        self._open, self._waiting = False, 0
        self._owner = NOBODY

    def resumeProducing(self) -> None:
        """The transport has written all it had."""
        was_full, waited, self._waiting = self.full, self._waiting, 0
        if waited:
            self._owner.holds(0)
        if was_full:
            self._owner.emptied()

    def stopProducing(self) -> None:
        """The transport is going away."""
        self._open = False
