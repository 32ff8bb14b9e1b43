"""A control connection as Twisted's transport sees it: every call goes through its guard (rule 11)."""

from __future__ import annotations

import socket

from twisted.internet.interfaces import IHalfCloseableProtocol, IReactorFDSet, ITransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.tcp import Connection
from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.net.control.line import Control


class Attached(Protocol):
    """Stands between the two."""

    __slots__ = ("_control",)

    def __init__(self, control: Control) -> None:
        self._control = control

    def makeConnection(self, transport: ITransport) -> None:
        self._control.reactor.enter(self._control.made, transport)

    def dataReceived(self, data: bytes) -> None:
        try:
            self._control.dataReceived(data)
        except Exception:
            self._control.broke()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._control.reactor.enter(self._control.connectionLost, reason)


def attached(control: Control) -> Attached:
    """What to give to a transport; half-closeable where the control connection is."""
    return (HalfCloseable if control.half_closeable else Attached)(control)


@implementer(IHalfCloseableProtocol)
class HalfCloseable(Attached):
    """Where the peer's end is not yet the connection's."""

    __slots__ = ()

    def readConnectionLost(self) -> None:
        """The peer has closed its side."""
        self._control.reactor.enter(self._control.readConnectionLost)

    def writeConnectionLost(self) -> None:
        """Our own end has gone out."""


class Adopted(Connection):
    """Twisted's transport on a socket that we have connected.

    The reactor's own way, ``adoptStreamConnection``, duplicates the socket and asks it who it is.
    """

    logstr = "server"

    def __init__(self, reactor: IReactorFDSet, sock: socket.socket, protocol: Attached) -> None:
        super().__init__(sock, protocol, reactor)
        self.connected = True
        reactor.addReader(self)


def adopt(reactor: IReactorFDSet, sock: socket.socket, control: Control) -> None:
    """Give it the connected socket, which is its transport's to close from now on."""
    protocol = attached(control)
    protocol.makeConnection(Adopted(reactor, sock, protocol))
