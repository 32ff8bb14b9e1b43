"""Data connections on which nothing moved, ended cleanly behind the refusal that their client reads.

A client that is connected, or just connecting, takes a reset for an error of its own (basic-ftp does,
before it reads the reply).  Under TLS a handshake that the client has begun is brought to its end first;
one that has said nothing yet (ftplib and curl begin theirs behind the 1xx) is not waited for.
"""

from __future__ import annotations

import socket

from ftpalg.net.ledger import Grant
from ftpalg.net.legs.data_port import Listener
from ftpalg.net.legs.sockets import DataSocket, Drain, clean
from ftpalg.net.legs.tls import TlsDataSocket
from ftpalg.net.reactors import Reactor


class Farewell:
    """Takes a port or a connection over, and ends it within ``seconds``.

    ``held`` is its descriptor in the ledger, where it lingers; ``shaking`` its handshake, where that is
    not done.
    """

    def __init__(
        self,
        reactor: Reactor,
        leg: DataSocket | Listener,
        seconds: float,
        held: Grant | None = None,
        shaking: Grant | None = None,
    ) -> None:
        self._reactor = reactor
        self._seconds = seconds
        self._held = held
        self._shaking = shaking
        self._leg = leg
        if isinstance(leg, Listener):
            self._of_port(leg)
        elif isinstance(leg, TlsDataSocket) and leg.unheard:
            self._stop_shaking()
            self._drain(leg.release())
        elif isinstance(leg, TlsDataSocket) and not leg.stood:
            self._linger()
            leg.told(lambda: self._shaken(leg), lambda reason: self._failed(leg))
        else:
            self._linger()
            self._finish(leg)

    def _linger(self) -> None:
        self._timer = self._reactor.callLater(self._seconds, self.shed)
        held, shaking = self._held, self._shaking
        if held is not None:
            lines = (held.line,) if shaking is None else (held.line, shaking.line)
            held.ledger.linger(self, held.key, *lines)

    def _stop_shaking(self) -> None:
        if self._shaking is not None:
            self._shaking.back()

    def shed(self) -> None:
        """Reset it (``ledger.Lingering``)."""
        if self._timer.active():
            self._timer.cancel()
        try:
            self._leg.abort()
        finally:
            self._stop_shaking()
            if self._held is not None:
                self._held.settle(self)

    def _of_port(self, port: Listener) -> None:
        """Who has connected already, and is not accepted yet, is let go like the others."""
        sock = port.last()
        port.abort()
        if sock is not None:
            self._drain(sock)
        elif self._held is not None:
            self._held.back()

    def _shaken(self, leg: TlsDataSocket) -> None:
        self._stop_shaking()
        self._finish(leg)

    def _failed(self, leg: DataSocket) -> None:
        self.shed()

    def _finish(self, leg: DataSocket) -> None:
        leg.finish(lambda: self._ended(leg), lambda reason: self._failed(leg))

    def _ended(self, leg: DataSocket) -> None:
        if self._timer.active():
            self._timer.cancel()
        if self._held is not None:
            self._held.ledger.settle(self)
        Drain(self._reactor, leg.release(), self._seconds, self._held)

    def _drain(self, sock: socket.socket) -> None:
        try:
            clean(sock)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            sock.close()
            if self._held is not None:
                self._held.back()
        else:
            Drain(self._reactor, sock, self._seconds, self._held)
