"""Dialling for data connections, over real loopback sockets."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from ftpalg.net.legs import dialling
from ftpalg.net.legs.dialling import Dialer, dial
from ftpalg.net.legs.sockets import ANY, Address
from tests.net.pairs import REACTOR, SocketCase, listener

HERE: Address = ("127.0.0.1", 0)


class Dialling(SocketCase):
    """A data connection on its way."""

    def dial(self, theirs: Address, source_port: int = 0) -> Dialer:
        """A connection to there; ``opened`` and ``reasons`` keep what it tells."""
        self.opened: list[socket.socket] = []
        self.reasons: list[str] = []
        made = dial(REACTOR, HERE, theirs, self.opened.append, self.reasons.append, source_port)
        self.addCleanup(made.abort)
        return made

    async def _reached(self) -> None:
        port = self.kept(listener())
        made = self.dial(port.getsockname())
        await self.until(lambda: self.opened)
        sock, address = port.accept()
        self.kept(sock)
        self.assertEqual(address, self.opened[0].getsockname())
        self.assertEqual((self.reasons, made.fileno()), ([], -1))
        self.unwatched(made)

    def test_reached(self) -> Deferred[None]:
        """An open port gives the socket, watched no longer and no longer its own."""
        return Deferred.fromCoroutine(self._reached())

    async def _refused(self) -> None:
        with listener() as port:
            theirs = port.getsockname()
        made = self.dial(theirs)
        await self.until(lambda: self.reasons)
        self.assertEqual((self.reasons, self.opened), ([os.strerror(errno.ECONNREFUSED)], []))
        self.unwatched(made)
        self.assertEqual(made.fileno(), -1)

    def test_refused(self) -> Deferred[None]:
        """A closed port is told in the system's words."""
        return Deferred.fromCoroutine(self._refused())

    def test_from(self) -> None:
        """Our address is the one that is told, with its port; where any will do none is asked for."""
        bound: list[Address] = []

        class Sock(socket.socket):
            def bind(self, address: Any) -> None:
                bound.append(address)  # no more: somebody may have that port

        def new_socket(address: Address) -> socket.socket:
            made = Sock()
            made.setblocking(False)
            return made

        self.patch(dialling, "new_socket", new_socket)
        with listener() as port:
            for ours, source_port, expected in (
                (ANY[0], 0, []),
                (("127.0.0.2", 0), 0, [("127.0.0.2", 0)]),
                (("127.0.0.3", 0), 20, [("127.0.0.3", 20)]),
                (ANY[0], 20, [("0.0.0.0", 20)]),
            ):
                bound.clear()
                theirs = port.getsockname()
                made = dial(REACTOR, ours, theirs, self.fail, self.fail, source_port)
                made.abort()
                self.assertEqual(bound, expected)

    def test_impossible(self) -> None:
        """An address that cannot be ours is raised at once."""
        nowhere: Address = ("192.0.2.77", 0)
        with listener() as port:
            error = self.assertRaises(
                OSError, dial, REACTOR, nowhere, port.getsockname(), self.fail, self.fail
            )
        self.assertEqual(error.errno, errno.EADDRNOTAVAIL)

    def test_owner_fails(self) -> None:
        """An owner who raises is not asked a second time when the reactor drops what raised."""
        clock, asked = MemoryReactorClock(), list[socket.socket]()

        def opened(sock: socket.socket) -> None:
            asked.append(sock)
            raise ZeroDivisionError

        port = self.kept(listener())
        made = dial(clock, HERE, port.getsockname(), opened, self.fail)
        self.addCleanup(made.abort)
        far, _ = port.accept()
        self.kept(far)
        self.assertRaises(ZeroDivisionError, made.doWrite)
        made.connectionLost(Failure(ConnectionDone()))
        self.assertEqual((len(asked), asked[0].fileno(), made.fileno()), (1, -1, -1))
        self.assertRaises(ConnectionResetError, far.recv, 1)
        self.assertEqual(clock.getWriters(), [])

    def test_not_there_yet(self) -> None:
        """Where the reactor says it of another socket, which had the same number, it goes on waiting."""
        clock = MemoryReactorClock()
        full = self.kept(socket.socket())
        full.bind(HERE)
        full.listen(0)
        self.kept(socket.create_connection(full.getsockname()))
        made = dial(clock, HERE, full.getsockname(), self.fail, self.fail)
        self.addCleanup(made.abort)
        made.doWrite()
        self.assertEqual(clock.getWriters(), [made])
        told: list[str] = []
        made._failed = told.append
        made.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(told, [os.strerror(errno.ECONNRESET)])

    def test_lost_before_it_is_told(self) -> None:
        """The reactor's word that a connection broke is told once, with the reason."""
        clock, reasons = MemoryReactorClock(), list[str]()
        with listener() as port:
            theirs = port.getsockname()
        made = dial(clock, HERE, theirs, self.fail, reasons.append)
        made.connectionLost(Failure(ConnectionDone()))
        made.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(reasons, [os.strerror(errno.ECONNREFUSED)])
