"""Data connections on which nothing moved, ended cleanly behind the refusal that their client reads.

A client that is connected, or just connecting, takes a reset for an error of its own (basic-ftp does,
before it reads the reply).  Under TLS a handshake that the client has begun is brought to its end first;
one that has said nothing yet (ftplib and curl begin theirs behind the 1xx) is not waited for.
"""

from __future__ import annotations

import socket

from ftpalg.net.legs.data_port import Listener
from ftpalg.net.legs.sockets import DataSocket, Drain, clean
from ftpalg.net.legs.tls import TlsDataSocket
from ftpalg.net.reactors import Reactor


class Farewell:
    """Takes a port or a connection over, and ends it within ``seconds``."""

    def __init__(self, reactor: Reactor, leg: DataSocket | Listener, seconds: float) -> None:
        self._reactor = reactor
        self._seconds = seconds
        if isinstance(leg, Listener):
            self._of_port(leg)
        elif isinstance(leg, TlsDataSocket) and leg.unheard:
            self._drain(leg.release())
        elif isinstance(leg, TlsDataSocket) and not leg.stood:
            self._timer = reactor.callLater(seconds, leg.abort)
            leg.told(lambda: self._shaken(leg), lambda reason: self._failed(leg))
        else:
            self._timer = reactor.callLater(seconds, leg.abort)
            self._finish(leg)

    def _of_port(self, port: Listener) -> None:
        """Who has connected already, and is not accepted yet, is let go like the others."""
        sock = port.last()
        port.abort()
        if sock is not None:
            self._drain(sock)

    def _shaken(self, leg: TlsDataSocket) -> None:
        self._finish(leg)

    def _failed(self, leg: DataSocket) -> None:
        if self._timer.active():
            self._timer.cancel()
        leg.abort()

    def _finish(self, leg: DataSocket) -> None:
        leg.finish(lambda: self._ended(leg), lambda reason: self._failed(leg))

    def _ended(self, leg: DataSocket) -> None:
        if self._timer.active():
            self._timer.cancel()
        Drain(self._reactor, leg.release(), self._seconds)

    def _drain(self, sock: socket.socket) -> None:
        try:
            clean(sock)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            sock.close()
        else:
            Drain(self._reactor, sock, self._seconds)
