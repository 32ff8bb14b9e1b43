"""The transport of a control connection: its socket, watched by the reactor.

It does what Twisted's own does for TCP, in the same order, with a third of the memory: a session has two
of them for hours and mostly says nothing.  A connection that is closed in order is shut down first, one
that is aborted is reset.  Whatever it calls of its control connection is guarded (rule 11).
"""

from __future__ import annotations

import socket

from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import IHalfCloseableDescriptor, IPullProducer
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.core.keys import Key
from ftpalg.net.control.line import READ, Control
from ftpalg.net.control.outlet import IConnection
from ftpalg.net.legs.sockets import reset
from ftpalg.net.reactors import IWatched, Reactor
from ftpalg.net.turns import TURN
from ftpalg.net.watch import Watch

PIECE = 1 << 17
"""Bytes that one turn offers to the socket."""


SHORT, BYTE = 64, 2e-5
"""Most reads are a line.  Looking at the time would cost as much as framing it: one of so few bytes counts
for as many seconds as it might take, were it all the shortest commands."""


class Step(Key):
    """How far its end has come.  It may leave any of them for a later one, never for an earlier."""

    OPEN = "it is read and written"
    HALVING = "our side ends behind what waits to be written"
    HALVED = "our side has ended"
    ENDING = "it is closed behind what waits to be written"
    GOING = "it is closed in the reactor's next turn"
    GONE = "it is closed"


UNWRITTEN = (Step.HALVED, Step.GOING, Step.GONE)
"""Where nothing is written any more."""
UNREAD = (Step.ENDING, Step.GOING, Step.GONE)
"""Where nothing is read any more."""


@implementer(IConnection, IWatched, IHalfCloseableDescriptor)
class Connection:
    """One that stands.  The socket is its own from now on.  Raise OSError where it cannot be watched."""

    reading = writing = False  # it guards itself
    __slots__ = ("_control", "_producer", "_reactor", "_step", "_waiting", "bufferSize", "socket")

    def __init__(self, reactor: Reactor, sock: socket.socket, control: Control) -> None:
        self._reactor = reactor
        self._control = control
        self.socket = sock
        self.bufferSize = READ
        self._step = Step.OPEN
        self._producer: IPullProducer | None = None
        self._waiting: bytearray | None = None  # mostly nothing does
        if sock.gettimeout() != 0.0:
            sock.setblocking(False)
        reactor.addReader(self)

    @property
    def disconnected(self) -> bool:
        """Whether it is closed."""
        return self._step is Step.GONE

    def getHandle(self) -> socket.socket:
        return self.socket

    def fileno(self) -> int:
        return self.socket.fileno()

    def logPrefix(self) -> str:
        return type(self._control).__name__

    # -- reading ----------------------------------------------------------------------------------

    def doRead(self) -> None:
        """Bytes have come, or the peer's end."""
        if self._step in UNREAD:
            return
        control = self._control
        turns = control.turns
        if turns.over:
            self._reactor.removeReader(self)
            turns.put_off(self._read_late)
            return
        try:
            try:
                data = self.socket.recv(self.bufferSize)
            except BlockingIOError:
                return
            except OSError:
                data = None
            if data and (size := len(data)) <= SHORT:
                turns.spent += size * BYTE
                control.dataReceived(data)
            else:
                began = turns.now()
                control.dataReceived(data) if data else self._ended(data)
                turns.spent += turns.now() - began
        except Exception:
            control.broke()
        if not 0.0 <= turns.spent <= TURN:
            turns.enough()

    def _ended(self, data: bytes | None) -> None:
        """Nothing comes any more; None where the connection has failed."""
        self._reactor.removeReader(self)
        if data is None:
            self.connectionLost(Failure(CONNECTION_LOST))
        else:
            self.readConnectionLost(Failure(CONNECTION_DONE))

    def _read_late(self) -> None:
        """Something had come, and the turn was over; meanwhile it may be that nothing is to be read."""
        if self._step not in UNREAD and not self._control.pauses:
            self._reactor.addReader(self)
            self.doRead()

    def pauseProducing(self) -> None:
        """Do not read.  A client that fails is gone at once: nobody waits for what it has asked for.

        What a server has said before it failed is for the client, and is read first.
        """
        reactor = self._reactor
        if self._control.half_closeable and self._step not in UNREAD and isinstance(reactor, Watch):
            reactor.rest(self)
        else:
            reactor.removeReader(self)

    def resumeProducing(self) -> None:
        """Read on; an end that was read already is told once more."""
        if self._step not in UNREAD:
            self._reactor.addReader(self)

    # -- writing ----------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Keep this until the socket takes it, behind what is kept already."""
        if self._step in UNWRITTEN or not data:
            return
        if self._waiting is None:
            self._waiting = bytearray()
        self._waiting += data
        self._reactor.addWriter(self)

    def doWrite(self) -> None:
        """The socket takes more."""
        if self._step in UNWRITTEN:
            return
        control = self._control
        turns = control.turns
        if turns.over:
            self._reactor.removeWriter(self)
            turns.put_off(self._write_late)
            return
        began = turns.now()
        try:
            if self._waiting is None or self._sent(self._waiting):
                self._wrote()
        except Exception:
            control.broke()
        turns.spent += turns.now() - began
        if not 0.0 <= turns.spent <= TURN:
            turns.enough()

    def _write_late(self) -> None:
        """It would have taken more, and the turn was over."""
        if self._step not in UNWRITTEN:
            self._reactor.addWriter(self)
            self.doWrite()

    def _sent(self, waiting: bytearray) -> bool:
        """Whether nothing waits any more."""
        try:
            with memoryview(waiting) as whole, whole[:PIECE] as piece:
                sent = self.socket.send(piece)
        except BlockingIOError:
            return False
        except OSError:
            self.connectionLost(Failure(CONNECTION_LOST))
            return False
        del waiting[:sent]
        if not waiting:
            self._waiting = None
        return not waiting

    def _wrote(self) -> None:
        self._reactor.removeWriter(self)
        if self._producer is not None:
            self._producer.resumeProducing()
        elif self._step is Step.ENDING:
            self.connectionLost(Failure(CONNECTION_DONE))
        elif self._step is Step.HALVING:
            self._halve()

    def registerProducer(self, producer: IPullProducer, streaming: bool) -> None:
        """Tell it each time that nothing is left to write, now for the first time."""
        if self._step is Step.GONE:
            producer.stopProducing()
            return
        self._producer = producer
        producer.resumeProducing()

    def unregisterProducer(self) -> None:
        """Tell it nothing any more."""
        self._producer = None
        if self._step is Step.ENDING:
            self._reactor.addWriter(self)

    # -- the end ----------------------------------------------------------------------------------

    def _halve(self) -> None:
        self._step = Step.HALVED
        self._shut(socket.SHUT_WR)

    def _shut(self, how: int) -> None:
        try:
            self.socket.shutdown(how)
        except OSError:
            pass  # its peer has ended it

    def loseWriteConnection(self) -> None:
        """End our side behind what is kept, at once where nothing is."""
        if self._step is not Step.OPEN:
            return
        if self._waiting is None:
            self._halve()
        else:
            self._step = Step.HALVING

    def loseConnection(self) -> None:
        """Close it behind what is kept."""
        if self._step in UNREAD:
            return
        self._reactor.removeReader(self)
        if self._step is Step.HALVED:
            self._go(ConnectionDone())
        else:
            self._step = Step.ENDING
            self._reactor.addWriter(self)

    stopProducing = loseConnection

    def abortConnection(self) -> None:
        """Reset it."""
        if self._step in (Step.GOING, Step.GONE):
            return
        self._reactor.removeReader(self)
        self._go(ConnectionAborted())

    abort = abortConnection

    def _go(self, why: Exception) -> None:
        """In the next turn: who asks for it may be in the midst of something."""
        self._step = Step.GOING
        self._reactor.removeWriter(self)
        self._reactor.callLater(0, self.connectionLost, Failure(why))

    def readConnectionLost(self, reason: Failure) -> None:
        """The peer has closed its side."""
        if self._control.half_closeable:
            self._control.enter(self._control.readConnectionLost)
        else:
            self.connectionLost(reason)

    def writeConnectionLost(self, reason: Failure) -> None:
        """The reactor tells nobody so."""
        self.connectionLost(reason)

    def connectionLost(self, reason: Failure) -> None:
        """It is over, for that reason: close the socket; told once."""
        if self._step is Step.GONE:
            return
        step, self._step = self._step, Step.GONE
        producer, self._producer, self._waiting = self._producer, None, None
        if producer is not None:
            producer.stopProducing()
        self._reactor.removeReader(self)
        self._reactor.removeWriter(self)
        control = self._control
        del self._control  # which has this connection: they would be garbage together
        control.enter(self._close, reason, step)
        control.enter(control.connectionLost, reason)

    def _close(self, reason: Failure, step: Step) -> None:
        try:
            if isinstance(reason.value, ConnectionAborted):
                reset(self.socket)
            elif step is not Step.HALVED:  # else it is closed on our side, wherever it is open, too
                self._shut(socket.SHUT_RDWR)
        finally:
            self.socket.close()
