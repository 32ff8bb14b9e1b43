"""What both control connections share: their sockets, one write for each line, how they close."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from ftpalg.core.addresses import normal
from ftpalg.core.events import Link

if TYPE_CHECKING:
    from ftpalg.net.driver import Driver
    from ftpalg.net.gateway import Gateway


def prepare_socket(sock: socket.socket, keepalive: int) -> None:
    """No delay, urgent data in line, and TCP keepalive after that many idle seconds; 0 is off.

    Without SO_OOBINLINE the urgent byte of ABOR would be lost (ftplib sends its LF urgent).
    """
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
    if keepalive:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_KEEPIDLE"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, keepalive)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, keepalive)


def link_of(sock: socket.socket) -> Link:
    """Both addresses of a connected socket."""
    peer, local = sock.getpeername(), sock.getsockname()
    return Link(normal(peer[0]), normal(local[0]), peer[1])


class Control(Protocol):
    """What both control connections share: how they close."""

    transport: Any
    driver: Driver | None
    _burial: IDelayedCall | None = None

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def write(self, data: bytes) -> None:
        """Write at once what the socket takes; the transport keeps the rest.

        Twisted would hand even one line to its next turn, at the cost of two calls of epoll_ctl.
        """
        transport = self.transport
        if not transport.connected:
            return  # its connectionLost is on the way to the session
        if not (transport.TLS or transport.dataBuffer or transport._tempDataBuffer):
            try:
                sent = transport.socket.send(data)
            except OSError:
                sent = 0  # full, or ending: the transport finds out which
            if sent == len(data):
                return
            data = data[sent:]
        transport.write(data)

    def hang_up(self) -> None:
        """Close after what was written; what the peer still sends is read and dropped meanwhile.

        A socket closed with unread bytes is reset by the kernel, and the last reply lost with it.
        A peer that does not close its end in time is reset.
        """
        self.driver = None
        if self.transport.connected and self._burial is None:
            self.transport.unregisterProducer()
            seconds = self._gateway.settings.timeouts.drain
            self._burial = self._gateway.reactor.callLater(seconds, self._bury)
            self.transport.resumeProducing()
            if self.transport.TLS:
                self.transport.loseConnection()
            else:
                self.transport.loseWriteConnection()

    def _bury(self) -> None:
        self._burial = None
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._burial is not None:
            self._burial.cancel()
            self._burial = None
