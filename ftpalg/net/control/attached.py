"""How control connections get their transports, ours wherever Twisted lets us.

Whatever a transport of Twisted's calls goes through the control connection's guard, too (rule 11).
"""

from __future__ import annotations

import socket

from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IListeningPort,
    IProtocolFactory,
    ITransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.tcp import Port
from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.net.control.connection import Connection
from ftpalg.net.control.line import Control
from ftpalg.net.reactors import Reactor


class Attached(Protocol):
    """Stands between the two."""

    __slots__ = ("control",)

    def __init__(self, control: Control) -> None:
        self.control = control

    def makeConnection(self, transport: ITransport) -> None:
        control = self.control
        control.turns.spent += BEGINNING
        control.enter(control.made, transport)

    def dataReceived(self, data: bytes) -> None:
        try:
            self.control.dataReceived(data)
        except Exception:
            self.control.broke()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.control.enter(self.control.connectionLost, reason)


def attached(control: Control) -> Attached:
    """What to give to a transport; half-closeable where the control connection is."""
    return (HalfCloseable if control.half_closeable else Attached)(control)


@implementer(IHalfCloseableProtocol)
class HalfCloseable(Attached):
    """Where the peer's end is not yet the connection's."""

    __slots__ = ()

    def readConnectionLost(self) -> None:
        """The peer has closed its side."""
        self.control.enter(self.control.readConnectionLost)

    def writeConnectionLost(self) -> None:
        """Our own end has gone out."""


def adopt(reactor: Reactor, sock: socket.socket, control: Control) -> None:
    """Give it the connected socket, which is its connection's to close from now on.

    Raise OSError where it cannot be watched.
    """
    connection = Connection(reactor, sock, control)
    control.enter(control.made, connection)


BEGINNING = 0.0003
"""Seconds that the beginning of a session takes of its turn."""
ACCEPTS = 16
"""Connections that a port accepts in one turn of the reactor."""


class Few(Port):
    """A port that does not accept twenty more in each turn, as long as somebody comes."""

    @property
    def numberAccepts(self) -> int:
        return ACCEPTS

    @numberAccepts.setter
    def numberAccepts(self, number: int) -> None:
        """Twisted's own count is not used."""


def accepted(
    sock: socket.socket,
    protocol: Attached,
    peer: object,
    port: Port,
    number: int,
    reactor: Reactor,
) -> Connection:
    """The transport of a connection that one of Twisted's ports has accepted."""
    return Connection(reactor, sock, protocol.control)


def accept_from(port: IListeningPort, factory: IProtocolFactory) -> None:
    """Have a TCP port give our transport to what it accepts.  Where an endpoint of another kind has put
    something between the two, what comes from there keeps its own."""
    if isinstance(port, Port) and port.factory is factory:
        port.transport = accepted  # type: ignore[assignment]
        port.__class__ = Few
