"""The line for HAProxy's agent-check: its words, and whoever asks for it."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.life.agent import HEARD, MOST, SECONDS, Agent, Answer, line


class Lines(SynchronousTestCase):
    """What it says."""

    def test_weight(self) -> None:
        """The percentage of sessions that are free; nothing only where nothing is, whole where all are."""
        for free, sessions, percent in (
            *((5000, 5000, 100), (4999, 5000, 100), (2500, 5000, 50), (1, 5000, 1), (0, 5000, 0)),
            *((1, 3, 34), (-7, 10, 0), (0, 0, 0)),
        ):
            said = line(serves=True, drained=False, free=free, sessions=sessions)
            self.assertEqual(said, b"up ready %d%%\n" % percent, (free, sessions))

    def test_drained(self) -> None:
        """The state of operation stays up: who is there is served."""
        said = line(serves=True, drained=True, free=1, sessions=2)
        self.assertEqual(said, b"up drain 50%\n")

    def test_ends(self) -> None:
        """Drained or not, it is no server any more."""
        for drained in (True, False):
            said = line(serves=False, drained=drained, free=1, sessions=2)
            self.assertRegex(said, rb"\Astopped # [a-z ]+\n\Z")


class Transport(StringTransport):
    """One that can be closed by half, and aborted."""

    aborted = half = False

    def loseWriteConnection(self) -> None:
        self.half = True

    def abortConnection(self) -> None:
        self.aborted = True


class Asked(SynchronousTestCase):
    """Who connects."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.agent = Agent(self.clock, lambda: b"up\n")

    def call(self) -> tuple[Answer, Any]:
        """A connection."""
        made, transport = self.agent.buildProtocol(None), Transport()
        made.makeConnection(transport)
        return made, transport

    def close(self, made: Answer) -> None:
        """It is over."""
        made.connectionLost(Failure(ConnectionDone()))

    def test_line(self) -> None:
        """The line and our end; the rest of the connection when the other side has closed too."""
        made, transport = self.call()
        self.assertEqual((transport.value(), transport.half), (b"up\n", True))
        self.assertFalse(transport.disconnecting)
        made.dataReceived(b"agent-send\n")
        made.readConnectionLost()
        self.assertTrue(transport.disconnecting)
        made.writeConnectionLost()
        self.close(made)
        self.assertEqual((self.clock.getDelayedCalls(), transport.aborted), ([], False))

    def test_never_closes(self) -> None:
        """One that stays is closed on, after a while."""
        _, transport = self.call()
        self.clock.advance(SECONDS - 0.1)
        self.assertFalse(transport.aborted)
        self.clock.advance(0.1)
        self.assertTrue(transport.aborted)

    def test_talks(self) -> None:
        """One that sends without end is closed on at once."""
        made, transport = self.call()
        made.dataReceived(b"x" * HEARD)
        self.assertFalse(transport.aborted)
        made.dataReceived(b"x")
        self.assertTrue(transport.aborted)

    def test_many(self) -> None:
        """So many at once; the next one gets nothing, and room when one has gone."""
        calls = [self.call() for _ in range(MOST)]
        refused, transport = self.call()
        self.assertEqual((transport.aborted, transport.value()), (True, b""))
        self.close(refused)
        self.assertTrue(self.call()[1].aborted)
        self.close(calls[0][0])
        self.assertEqual(self.call()[1].value(), b"up\n")
