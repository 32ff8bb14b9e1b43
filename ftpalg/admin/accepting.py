"""The listening end of the admin socket: takes connections, and holds no more of them than a bound.

Twisted's own Unix ports unlink their path when they close, whosever it is by then; here the path is
``socket_file``'s business alone.
"""

from __future__ import annotations

import errno
import socket
from socket import AddressFamily
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall, IProtocolFactory, IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.net.reactors import Reading

AT_ONCE = 16
"""Connections taken in one turn of the reactor."""
PAUSE = 1.0
"""Seconds without a look, where the process has no descriptor left."""


class Adopting(Reading, Protocol):
    """A reactor that takes connections that somebody else has accepted (IReactorSocket)."""

    def adoptStreamConnection(
        self, number: int, family: AddressFamily, factory: Any, /
    ) -> object: ...


@implementer(IReadDescriptor)
class Accepting:
    """Gives each connection to the factory, whose ``buildProtocol`` may be against it."""

    def __init__(
        self, reactor: Adopting, listening: socket.socket, factory: IProtocolFactory
    ) -> None:
        self._reactor = reactor
        self._listening = listening
        self._factory = factory
        self._paused: IDelayedCall | None = None
        listening.setblocking(False)
        reactor.addReader(self)

    def fileno(self) -> int:
        """Where connections arrive."""
        return self._listening.fileno()

    def logPrefix(self) -> str:
        """For Twisted's log."""
        return "admin socket"

    def doRead(self) -> None:
        """Some have arrived."""
        for _ in range(AT_ONCE):
            try:
                connection, _ = self._listening.accept()
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    self._pause()
                return
            with connection:  # Twisted makes a copy
                connection.setblocking(False)
                self._adopt(connection)

    def _adopt(self, connection: socket.socket) -> None:
        try:
            self._reactor.adoptStreamConnection(connection.fileno(), socket.AF_UNIX, self._factory)
        except OSError:
            return  # no descriptor for the copy, or the client has gone

    def _pause(self) -> None:
        """Where there is no descriptor the reactor would call again at once, for ever."""
        self._reactor.removeReader(self)
        self._paused = self._reactor.callLater(PAUSE, self._go_on)

    def _go_on(self) -> None:
        self._paused = None
        self._reactor.addReader(self)

    def connectionLost(self, reason: Failure) -> None:
        """The reactor ends."""
        self.close()

    def close(self) -> None:
        """Take no more; those that were taken stay.  A second time changes nothing."""
        if self._listening.fileno() < 0:
            return
        if self._paused is not None:
            self._paused.cancel()
        self._reactor.removeReader(self)
        self._listening.close()
