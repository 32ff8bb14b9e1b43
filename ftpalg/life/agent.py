"""HAProxy's agent-check: whoever connects gets one line that says how the gateway is, and the end.

The line is words between spaces (HAProxy's configuration manual, ``agent-check``).  Whatever it leaves
out stays as it was, so it always says both: ``up`` or ``stopped``, the state of operation, and ``ready`` or
``drain``, what an administrator wants.  The percentage is the share of the sessions that are still free,
of which HAProxy makes the server's weight; 0 takes it out of service.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    ITCPTransport,
)
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.net.reactors import Timing

MOST = 16
"""Connections at once; a balancer has one, for as long as a line takes."""

SECONDS = 2.0
"""For the other side to close behind the line: a close of ours in the middle of what it sends would be a
reset, which may overtake the line."""

HEARD = 4096
"""Bytes of it that are let go by (agent-send)."""


def line(*, serves: bool, drained: bool, free: int, sessions: int) -> bytes:
    """What HAProxy reads: ``free`` of so many ``sessions`` can still come."""
    if not serves:
        return b"stopped # the gateway ends\n"
    percent = -(-100 * max(free, 0) // max(sessions, 1))
    return b"up %s %d%%\n" % (b"drain" if drained else b"ready", percent)


@implementer(IHalfCloseableProtocol)
class Answer(Protocol):
    """One connection."""

    transport: ITCPTransport

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._heard = 0
        self._late: IDelayedCall | None = None

    def connectionMade(self) -> None:
        if not self._agent.comes(self):
            self.transport.abortConnection()
            return
        self._late = self._agent.reactor.callLater(SECONDS, self.transport.abortConnection)
        self.transport.write(self._agent.says())
        self.transport.loseWriteConnection()

    def dataReceived(self, data: bytes) -> None:
        self._heard += len(data)
        if self._heard > HEARD:
            self.transport.abortConnection()

    def readConnectionLost(self) -> None:
        """It has closed too."""
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """The line has gone out."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._late is not None and self._late.active():
            self._late.cancel()
        self._agent.goes(self)


class Agent(ServerFactory):
    """Answers; ``says`` makes the line."""

    noisy = False

    def __init__(self, reactor: Timing, says: Callable[[], bytes]) -> None:
        self.reactor = reactor
        self.says = says
        self._here: set[Answer] = set()

    def buildProtocol(self, addr: IAddress | None) -> Answer:
        return Answer(self)

    def comes(self, answer: Answer) -> bool:
        """Whether there is room for it."""
        if len(self._here) >= MOST:
            return False
        self._here.add(answer)
        return True

    def goes(self, answer: Answer) -> None:
        """It is over."""
        self._here.discard(answer)
