"""The ends of data connections, over real loopback sockets."""

from __future__ import annotations

import errno
import gc
import os
import socket
from weakref import ref

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.legs.sockets import DataSocket, Drain, established, reset, with_port
from tests.net.pairs import REACTOR, SocketCase, read_some


class Addresses(SynchronousTestCase):
    """The same host, another port."""

    def test_with_port(self) -> None:
        """Flow and scope of an IPv6 address stay."""
        self.assertEqual(with_port(("192.0.2.1", 21), 5), ("192.0.2.1", 5))
        self.assertEqual(with_port(("fe80::1", 21, 3, 7), 5), ("fe80::1", 5, 3, 7))


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

    def test_no_cycle(self) -> None:
        """One that has ended is gone at once: a transfer leaves nothing to the garbage collector."""
        near, _ = self.pair()
        legs, drains = [DataSocket(REACTOR, near)], list[Drain]()

        def done() -> None:
            drains.append(Drain(REACTOR, legs.pop().release(), 60.0))

        gc.disable()
        self.addCleanup(gc.enable)
        gone = ref(legs[0])
        legs[0].finish(done, self.fail, taken=True)
        drains[0].close()
        self.assertIsNone(gone())

    async def _released(self) -> None:
        near, far = self.pair()
        leg = DataSocket(REACTOR, near)
        leg.on_ready(self.fail, self.fail)
        REACTOR.addReader(leg)
        REACTOR.addWriter(leg)
        self.assertIs(leg.release(), near)
        self.unwatched(leg)
        drain = Drain(REACTOR, near, 60.0)
        for end in (leg.close, leg.abort, leg.release):
            end()
        far.close()
        await self.until(lambda: drain.fileno() < 0)

    def test_release(self) -> Deferred[None]:
        """A leg that gave its socket away can do nothing to it, nor to its next owner's watch."""
        return Deferred.fromCoroutine(self._released())

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
        self.assertGreaterEqual(drain.fileno(), 0)
        self.assertEqual(read_some(far), b"")
        far.close()
        await self.until(lambda: drain.fileno() < 0)
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
        self.assertGreaterEqual(drain.fileno(), 0)
        clock.advance(0.2)
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
