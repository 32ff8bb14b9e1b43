"""What both control connections share: the socket, TLS on it, pauses, and how they close.

TLS is ours (``net.control.tls``), between the TCP transport and the lines, so it can begin and end
in the middle of a connection.  After ``hang_up`` whatever comes is read and dropped.
"""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import lru_cache
from typing import ClassVar, Protocol

from twisted.internet.error import ConnectionAborted
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure as Reason

from ftpalg.config.model import Timeouts
from ftpalg.core.events import Link
from ftpalg.core.wire.addresses import normal
from ftpalg.net.control.flow_control import Hold, Pauses
from ftpalg.net.control.outlet import IConnection, Outlet
from ftpalg.net.control.state import State
from ftpalg.net.control.timers import Wait, Waits
from ftpalg.net.control.tls import LEFT, ControlTls, Failure, Stage
from ftpalg.net.guarded import Guarded
from ftpalg.net.ledger import Grant, Short
from ftpalg.net.reactors import Reactor
from ftpalg.net.tls.connection import TlsConnection
from ftpalg.net.turns import Turns

TURN = 1024
"""Lines that one turn of the reactor takes; the others wait for the next one (rule 10)."""
EVENT = 32
"""What one that goes to the session costs of them."""
FREE = 1 << 14
"""Bytes that may wait on a control connection and are not counted: every session may have them."""
READ = 1 << 13
"""Bytes that one turn takes from a socket: they may all be Telnet commands, each of which costs."""


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


@lru_cache(1024)
def _shared(address: str) -> str:
    """The same object for the same address.  ``sys.intern`` would keep each for ever in Python 3.12."""
    return address


def link_of(sock: socket.socket) -> Link:
    """Both addresses of a connected socket; many sessions have one of them in common."""
    peer, local = sock.getpeername(), sock.getsockname()
    return Link(_shared(normal(peer[0])), _shared(normal(local[0])), peer[1])


class Lines(Protocol):
    """What has been received and not been taken."""

    def take(self) -> bytes:
        """Give it up, as it came."""


class Control(ABC):
    """A control connection.  Subclasses say what is done with what comes."""

    __slots__ = (
        "_lines",
        "_memory",
        "_other",
        "_outlet",
        "_reactor",
        "_timeouts",
        "_waits",
        "connected",
        "pauses",
        "state",
        "tls",
        "transport",
        "turns",
    )  # fmt: skip

    half_closeable: ClassVar[bool] = False
    """Whether the peer's end is not yet the connection's: ``readConnectionLost`` is called then."""
    transport: IConnection
    pauses: Pauses
    _outlet: Outlet
    _lines: Lines

    def __init__(self, reactor: Reactor, timeouts: Timeouts, turns: Turns) -> None:
        self.connected = False
        self._reactor = reactor
        self.turns = turns
        self.state = State.TALKING
        self.tls: ControlTls | None = None
        self._other: Control | None = None
        self._timeouts = timeouts
        self._waits: Waits | None = None  # mostly nothing is waited for
        self._memory: Grant | None = None  # mostly nothing waits

    def made(self, transport: IConnection) -> None:
        """It stands."""
        self.connected, self.transport = True, transport
        transport.bufferSize = READ
        self.pauses = Pauses(self.transport)
        self._outlet = Outlet(self.transport, self)

    @property
    def reactor(self) -> Guarded:
        """The reactor as one part of it sees it: what the part raises goes to ``broke``."""
        return Guarded(self._reactor, self, self.turns)

    def enter(self, call: Callable[..., object], *args: object) -> None:
        """Call it; what it raises goes to ``broke`` and no further."""
        try:
            call(*args)
        except Exception:
            self.broke()

    @property
    def closing(self) -> bool:
        """Whether it is over for the session."""
        return self.state is State.CLOSING

    # -- what subclasses do ---------------------------------------------------------------------

    @abstractmethod
    def broke(self) -> None:
        """An exception is being handled that came out of what the reactor has called."""

    def readConnectionLost(self) -> None:
        """The peer has closed its side, where the connection is half-closeable."""

    def received(self, data: bytes) -> None:
        """Bytes of the peer, out of TLS where there is any."""

    def pump(self) -> None:
        """Go on with what has been received, and end where TLS has."""
        self._end_with_tls()

    def secured(self) -> None:
        """The handshake is done."""

    def tls_over(self, failure: Failure | None) -> None:
        """TLS has failed, or the peer has ended it; the connection is closing."""

    def late(self) -> None:
        """Something came under TLS, behind the word that has ended TLS."""

    def filled(self) -> None:
        """The peer does not take what is written to it."""
        self.pauses.hold(Hold.PEER)

    def emptied(self) -> None:
        """It takes it again."""
        self.pauses.release(Hold.PEER)

    def stirred(self) -> None:
        """Bytes of either side were copied untouched."""

    # -- what it is charged (``net.ledger``) ------------------------------------------------------

    def holds(self, amount: int) -> None:
        """So many bytes wait for the peer to take them, at the most."""
        self._charge_memory(amount)

    def _charge_memory(self, amount: int) -> None:
        """A session's own share of FREE bytes is not counted, what is more is its peer's."""
        charged = amount if amount > FREE else 0
        if self._memory is None and charged:
            self._memory = self._memory_grant()
        short = self._memory.to(charged) if self._memory is not None else None
        if short is not None:
            self.crowded(short)

    def _memory_grant(self) -> Grant | None:
        """For the bytes that wait; None where nobody counts."""
        return None

    def crowded(self, short: Short) -> None:
        """There is no memory for what waits: the session is to end."""

    def lingers(self) -> None:
        """Nobody needs it any more, and it waits for its peer's end."""

    def shed(self) -> None:
        """Reset it at once; what it holds is free when this returns."""
        self.abort()
        self.transport.connectionLost(Reason(ConnectionAborted()))

    # -- bytes ----------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Write at once what the socket takes; nothing once the connection is closing."""
        if self.state is State.CLOSING:
            return
        if self.tls is None or self.tls.stage in LEFT:
            self._outlet.write(data)
            return
        self.tls.seal(data)
        self._flush(self.tls)
        if self.tls.failure is not None:
            self._next_turn()

    def dataReceived(self, data: bytes) -> None:
        """Bytes have come."""
        if self.state is State.CLOSING:
            return
        tls = self.tls
        if tls is None or tls.cleared:
            self.received(data)
            return
        shaking, leaving = tls.shaking, tls.stage is Stage.LEAVING
        plain = tls.feed(data)
        self._flush(tls)  # an alert that says why, too
        if shaking and tls.stood:
            self.secured()
        if plain and not self.closing:
            if leaving:
                self.late()
            else:
                self.received(plain)
        if self.closing:
            return
        if tls.over:
            self.pump()
        elif tls.cleared:
            self.received(tls.take())
        elif tls.waiting and Hold.TURN not in self.pauses:
            self._next_turn()

    def go_opaque(self, other: Control) -> None:
        """Copy everything to that one from now on, beginning with what has not been taken yet."""
        self.state = State.OPAQUE
        self._other = other
        other.write(self._lines.take())

    def _flush(self, tls: ControlTls) -> None:
        data = tls.outgoing()
        if data:
            self._outlet.write(data)

    def _next_turn(self) -> None:
        """Go on in the reactor's next turn."""
        self.pauses.hold(Hold.TURN)
        self._wait(Wait.TURN, 0, self._turned)

    def _turned(self) -> None:
        self.pauses.release(Hold.TURN)
        self.pump()
        waiting = self.tls is not None and self.tls.waiting
        if waiting and not self.closing and Hold.TURN not in self.pauses:
            self.dataReceived(b"")

    def _wait(self, wait: Wait, seconds: float, over: Callable[[], None]) -> None:
        """Call ``over`` once in so many seconds."""
        if self._waits is None:
            self._waits = Waits(self.reactor)
        self._waits.start(wait, seconds, over)

    def _stop(self, wait: Wait) -> None:
        """Do not wait for that any more, if it was waited for."""
        if self._waits is not None:
            self._waits.stop(wait)

    def _wait_no_more(self) -> None:
        """Nothing is waited for."""
        if self._waits is not None:
            self._waits.stop_all()

    # -- TLS ------------------------------------------------------------------------------------

    def begin_tls(self, connection: TlsConnection) -> None:
        """Speak TLS from now on; nothing of the peer's may wait to be read."""
        self.tls = ControlTls(connection)
        self.tls.start()
        self._flush(self.tls)

    def _end_with_tls(self) -> None:
        """What came before its end has been taken."""
        if self.tls is not None and self.tls.over and not self.closing:
            self.tls.say_goodbye()
            self._flush(self.tls)
            self._close()
            self.tls_over(self.tls.failure)

    # -- the end --------------------------------------------------------------------------------

    def hang_up(self) -> None:
        """Close after what was written; what the peer still sends is read and dropped meanwhile.

        A socket closed with unread bytes is reset by the kernel, and the last reply lost with it.
        A peer that does not close its end in time is reset.
        """
        if self.closing:
            return
        if not self.connected:
            self.abort()
            return
        try:
            if self.tls is not None:
                self.tls.say_goodbye()
                self._flush(self.tls)
        finally:
            self._close()

    def _close(self) -> None:
        self.state, self._other = State.CLOSING, None
        self._wait_no_more()
        self._wait(Wait.DRAIN, self._timeouts.drain, self.transport.abortConnection)
        self.pauses.clear()
        self.lingers()
        self.transport.resumeProducing()  # an end that was read already is told once more
        self._outlet.close()

    def finish(self) -> None:
        """Close; the peer has ended its side, and only our last words are still to go out."""
        if not self.closing:
            self._close()
        self._outlet.finish()

    def abort(self) -> None:
        """Reset the connection; harmless where there is none."""
        self.state, self._other = State.CLOSING, None
        self._wait_no_more()
        if self.connected:
            self.transport.abortConnection()

    def connectionLost(self, reason: Reason = connectionDone) -> None:
        """It is gone.  What leads back here is let go, too: nothing is left for the collector of garbage."""
        self.state, self._other = State.CLOSING, None
        self._wait_no_more()
        self._waits = None
        if self.connected:
            self._outlet.forget()
        if self._memory is not None:
            self._memory.back()
