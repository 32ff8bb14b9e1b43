"""Listening, dialling, and the ends of data connections, over real loopback sockets."""

from __future__ import annotations

import errno
import os
import socket

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.data import (
    Address,
    DataSocket,
    Dialer,
    Drain,
    Listener,
    dial,
    established,
    listen,
    reset,
    with_port,
)
from tests.net.pairs import REACTOR, SocketCase, listener, read_some

HERE: Address = ("127.0.0.1", 0)
OTHER = "127.0.0.2"


def loopback_has(host: str) -> bool:
    """Whether a socket can be bound to that address."""
    with socket.socket() as sock:
        try:
            sock.bind((host, 0))
        except OSError:
            return False
    return True


class Addresses(SynchronousTestCase):
    """The same host, another port."""

    def test_with_port(self) -> None:
        """Flow and scope of an IPv6 address stay."""
        self.assertEqual(with_port(("192.0.2.1", 21), 5), ("192.0.2.1", 5))
        self.assertEqual(with_port(("fe80::1", 21, 3, 7), 5), ("fe80::1", 5, 3, 7))


class Listening(SocketCase):
    """A data port for one connection of one peer."""

    def listen(self, *ports: int) -> Listener:
        """A data port for 127.0.0.1; ``opened`` and ``intruders`` keep what it tells."""
        self.opened: list[socket.socket] = []
        self.intruders: list[str] = []
        made = listen(
            REACTOR, HERE, HERE[0], ports or (0,), self.opened.append, self.intruders.append
        )
        self.addCleanup(made.abort)
        return made

    def caller(self, port: int, host: str = "127.0.0.1") -> socket.socket:
        """A connection to the port, from that address."""
        return self.kept(socket.create_connection(("127.0.0.1", port), 1, (host, 0)))

    async def _foreign(self) -> None:
        port = self.listen()
        stranger = self.caller(port.port, OTHER)
        await self.until(lambda: self.intruders)
        self.assertEqual((self.intruders, self.opened), ([OTHER], []))
        self.assertRaises(ConnectionResetError, stranger.recv, 1)
        self.assertIn(port, REACTOR.getReaders())
        friend = self.caller(port.port)
        await self.until(lambda: self.opened)
        (sock,) = self.opened
        self.kept(sock)
        self.assertEqual(sock.getpeername(), friend.getsockname())
        self.assertFalse(sock.getblocking())
        self.unwatched(port)
        self.assertEqual(port.fileno(), -1)

    def test_foreign_peer(self) -> Deferred[None]:
        """Another address is reset and told; the right one is served, and then nobody else."""
        return Deferred.fromCoroutine(self._foreign())

    async def _crowd(self) -> None:
        port = self.listen()
        for _ in range(3):
            self.caller(port.port, OTHER)
        self.caller(port.port)
        self.caller(port.port, OTHER)
        await self.until(lambda: self.opened)
        self.kept(self.opened[0])
        self.assertEqual((self.intruders, len(self.opened)), ([OTHER] * 3, 1))

    def test_crowd(self) -> Deferred[None]:
        """The right peer is found behind strangers, in one wake-up."""
        return Deferred.fromCoroutine(self._crowd())

    if not loopback_has(OTHER):
        test_foreign_peer.skip = "no 127.0.0.2 here"  # type: ignore[attr-defined]
        test_crowd.skip = "no 127.0.0.2 here"  # type: ignore[attr-defined]

    def test_next_port(self) -> None:
        """A port that is taken is passed over."""
        with listener() as taken:
            number = taken.getsockname()[1]
            self.assertNotEqual(self.listen(number, 0).port, number)

    def test_no_port(self) -> None:
        """Where none is free the reason is raised; where there is none to try, too."""
        with listener() as taken:
            error = self.assertRaises(OSError, self.listen, taken.getsockname()[1])
            self.assertEqual(error.errno, errno.EADDRINUSE)
        nothing = self.assertRaises(
            OSError, listen, REACTOR, HERE, HERE[0], (), self.fail, self.fail
        )
        self.assertEqual(str(nothing), "no port is free")

    def test_abort(self) -> None:
        """An aborted port is closed; twice is no harm."""
        port = self.listen()
        port.abort()
        port.abort()
        self.unwatched(port)
        self.assertEqual(port.fileno(), -1)


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
        self.assertEqual(self.reasons, [])
        self.unwatched(made)

    def test_reached(self) -> Deferred[None]:
        """An open port gives the socket, watched no longer."""
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

    def test_impossible(self) -> None:
        """An address that cannot be ours is raised at once."""
        nowhere: Address = ("192.0.2.77", 0)
        with listener() as port:
            error = self.assertRaises(
                OSError, dial, REACTOR, nowhere, port.getsockname(), self.fail, self.fail
            )
        self.assertEqual(error.errno, errno.EADDRNOTAVAIL)


class Ends(SocketCase):
    """How connections end, and how an end is seen."""

    def test_established(self) -> None:
        """Open is open, with bytes unread or none."""
        near, far = self.pair()
        self.assertTrue(established(near))
        far.send(b"x")
        self.assertTrue(established(near))

    async def _closed(self) -> None:
        near, far = self.pair()
        far.send(b"unread")
        far.shutdown(socket.SHUT_WR)
        await self.until(lambda: not established(near))
        self.assertEqual(read_some(near), b"unread")

    def test_closed_behind_bytes(self) -> Deferred[None]:
        """A FIN is seen behind bytes that nobody has read, and those stay."""
        return Deferred.fromCoroutine(self._closed())

    if not hasattr(socket, "TCP_INFO"):
        test_closed_behind_bytes.skip = "no TCP_INFO"  # type: ignore[attr-defined]

    async def _was_reset(self) -> None:
        near, far = self.pair()
        reset(far)
        far.close()
        await self.until(lambda: not established(near))

    def test_reset_is_not_established(self) -> Deferred[None]:
        """A connection that was reset is not established."""
        return Deferred.fromCoroutine(self._was_reset())

    def test_abort_resets(self) -> None:
        """An aborted leg's peer sees a failure; twice is no harm."""
        near, far = self.pair()
        leg = DataSocket(REACTOR, near)
        leg.abort()
        leg.abort()
        self.assertRaises(ConnectionResetError, far.recv, 1)

    def test_lost_before_a_relay(self) -> None:
        """A leg that the reactor finds broken before any relay has it is aborted."""
        near, _ = self.pair()
        leg = DataSocket(REACTOR, near)
        leg.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(leg.fileno(), -1)

    def test_finish(self) -> None:
        """The clean end goes to the kernel; the leg can still be read."""
        near, far = self.pair()
        told: list[str] = []
        DataSocket(REACTOR, near).finish(lambda: told.append("done"), told.append)
        self.assertEqual((told, read_some(far)), (["done"], b""))

    async def _finish_broken(self) -> None:
        near, far = self.pair()
        reset(far)
        far.close()
        await self.until(lambda: not established(near))
        told: list[str] = []
        leg = DataSocket.__new__(DataSocket)  # its constructor asks for the peer, who is gone
        leg.reactor, leg.socket = REACTOR, near
        leg.finish(lambda: told.append("done"), told.append)
        self.assertEqual(told, [os.strerror(errno.ENOTCONN)])
        self.assertEqual(leg.fileno(), -1)

    def test_finish_of_a_broken_leg(self) -> Deferred[None]:
        """A leg that broke before its end is told as failed, never as done."""
        return Deferred.fromCoroutine(self._finish_broken())


class ResetBeforeUse(SocketCase):
    """A peer that is gone before its connection is looked at."""

    async def _gone(self) -> None:
        near, far = self.pair()
        reset(far)
        far.close()
        await self.until(lambda: not established(near))
        DataSocket(REACTOR, near).abort()

    def test_data_socket_of_a_reset_connection(self) -> Deferred[None]:
        """Making a leg of a connection that was reset already raises nothing."""
        return Deferred.fromCoroutine(self._gone())


class Draining(SocketCase):
    """An ended sink waits for its peer's end."""

    async def _peer_closes(self) -> None:
        near, far = self.pair()
        near.shutdown(socket.SHUT_WR)
        drain = Drain(REACTOR, near, 60.0)
        far.send(bytes(100_000))
        await self.turn()
        self.assertIn(drain, Drain.open)
        self.assertEqual(read_some(far), b"")
        far.close()
        await self.until(lambda: drain not in Drain.open)
        self.unwatched(drain)
        self.assertEqual(drain.fileno(), -1)

    def test_peer_closes(self) -> Deferred[None]:
        """What the peer still sends is read; its FIN closes the socket and stops the clock."""
        return Deferred.fromCoroutine(self._peer_closes())

    def test_time(self) -> None:
        """A peer that never closes is waited for no longer than the time given."""
        near, _ = self.pair()
        clock = MemoryReactorClock()
        drain = Drain(clock, near, 5.0)
        drain.doRead()
        clock.advance(4.9)
        self.assertIn(drain, Drain.open)
        clock.advance(0.2)
        self.assertNotIn(drain, Drain.open)
        self.assertEqual((drain.fileno(), clock.getReaders()), (-1, []))

    def test_peer_resets(self) -> None:
        """A peer that resets has nothing more to wait for."""
        near, far = self.pair()
        clock = MemoryReactorClock()
        drain = Drain(clock, near, 5.0)
        reset(far)
        far.close()
        drain.doRead()
        self.assertEqual((drain.fileno(), clock.getDelayedCalls()), (-1, []))

    def test_lost(self) -> None:
        """The reactor's word that it broke closes it as well."""
        near, _ = self.pair()
        clock = MemoryReactorClock()
        drain = Drain(clock, near, 5.0)
        drain.connectionLost(Failure(ConnectionDone()))
        self.assertEqual((drain.fileno(), clock.getDelayedCalls()), (-1, []))
