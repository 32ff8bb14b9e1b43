"""When the peer's TCP has taken everything: by the kernel's count, and step by step."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from errno import ECONNRESET
from itertools import pairwise
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.legs import delivery
from ftpalg.net.legs.delivery import FIRST, LONGEST, Delivery, untaken
from ftpalg.net.legs.sockets import DataSocket, established, reset
from tests.net.pairs import REACTOR, SocketCase, read_some, send_some

BROKEN = os.strerror(ECONNRESET)


def fill(sock: socket.socket) -> int:
    """How much the socket took until it was full."""
    block, sent = bytes(1 << 20), 0
    while size := send_some(sock, block):
        sent += size
    return sent


class Meanwhile:
    """A socket with which something happens between the first look at it and the second."""

    def __init__(self, sock: socket.socket, happens: Callable[[], None]) -> None:
        self._sock = sock
        self._happens = happens
        self._looks = 0

    def _look(self) -> socket.socket:
        self._looks += 1
        if self._looks == 2:
            self._happens()
        return self._sock

    def fileno(self) -> int:
        """For ioctl."""
        return self._look().fileno()

    def getsockopt(self, *words: int) -> Any:
        """For the state."""
        return self._look().getsockopt(*words)


class Counting(SocketCase):
    """What the kernel says."""

    if delivery.OUTQ is None:
        skip = "no SIOCOUTQ"

    async def _count(self) -> None:
        near, far = self.pair(small=True)
        sent = fill(near)
        near.shutdown(socket.SHUT_WR)
        first = untaken(near)
        self.assertTrue(0 < first < sent)
        await self.until(lambda: not read_some(far, 1 << 20) and not untaken(near))

    def test_count(self) -> Deferred[None]:
        """What lies in our kernel counts, until the peer has read enough of what lies in its own."""
        return Deferred.fromCoroutine(self._count())

    def test_fin(self) -> None:
        """Our FIN is no byte, acknowledged or not."""
        near, far = self.pair()
        near.shutdown(socket.SHUT_WR)
        self.assertEqual(untaken(near), 0)
        reset(far)
        far.close()
        self.assertEqual(untaken(near), 0)

    def test_broken(self) -> None:
        """A reset leaves bytes that nobody ever takes; whoever read the error does not hide it."""
        for read in (False, True):
            near, far = self.pair(small=True)
            fill(near)
            near.shutdown(socket.SHUT_WR)
            reset(far)
            far.close()
            if read:
                self.assertRaises(ConnectionResetError, near.recv, 1)
            error = self.assertRaises(OSError, untaken, near)
            self.assertEqual(error.strerror, BROKEN)

    def test_peer_closes_meanwhile(self) -> None:
        """A peer that takes the rest and closes between two looks has taken it: that is no reset."""
        near, far = self.pair(small=True)
        fill(near)
        near.shutdown(socket.SHUT_WR)
        far.settimeout(10.0)

        def takes_all() -> None:
            while far.recv(1 << 20):
                pass
            far.close()

        looked: Any = Meanwhile(near, takes_all)
        self.assertEqual(untaken(looked), 0)

    def test_elsewhere(self) -> None:
        """A system that cannot tell gives no reason to wait."""
        near, _ = self.pair(small=True)
        fill(near)
        self.patch(delivery, "OUTQ", None)
        self.assertEqual(untaken(near), 0)


class Looking(SynchronousTestCase):
    """When it looks, and what it tells."""

    def looking(self, *counts: int | OSError) -> Delivery:
        """One that finds these counts; ``told`` keeps what it says, ``clock`` is its reactor."""
        self.clock, self.told = MemoryReactorClock(), list[str]()
        left = iter(counts)

        def count(sock: socket.socket) -> int:
            found = next(left)
            if isinstance(found, OSError):
                raise found
            return found

        self.patch(delivery, "untaken", count)
        sock = socket.socket()
        self.addCleanup(sock.close)
        return Delivery(
            self.clock,
            sock,
            lambda: self.told.append("done"),
            self.told.append,
            lambda: self.told.append("moved"),
        )

    def test_at_once(self) -> None:
        """Where all is taken at the first look, no clock is asked."""
        one = self.looking(0)
        one.look()
        self.assertEqual(
            (self.told, self.clock.getDelayedCalls(), one.waits), (["done"], [], False)
        )

    def test_growing_waits(self) -> None:
        """Each wait is twice as long, up to the longest."""
        one = self.looking(*[5] * 100)
        one.look()
        waits = []
        for _ in range(15):
            (call,) = self.clock.getDelayedCalls()
            waits.append(call.getTime() - self.clock.seconds())
            self.clock.advance(call.getTime() - self.clock.seconds())
        self.assertAlmostEqual(waits[0], FIRST)
        for before, after in pairwise(waits):
            self.assertAlmostEqual(after, min(2 * before, LONGEST))
        self.assertAlmostEqual(waits[-1], LONGEST)
        self.assertEqual(self.told, [])

    def test_progress(self) -> None:
        """Less than before is progress; as much as before is none; the end is told once."""
        one = self.looking(9, 9, 4, 4, 0)
        one.look()
        self.clock.pump([LONGEST] * 10)
        self.assertEqual((self.told, self.clock.getDelayedCalls()), (["moved", "done"], []))

    def test_looked_in_between(self) -> None:
        """A look before its time takes the place of the one that was to come."""
        one = self.looking(9, 0)
        one.look()
        one.look()
        self.clock.pump([LONGEST] * 10)
        self.assertEqual((self.told, self.clock.getDelayedCalls()), (["done"], []))

    def test_broken(self) -> None:
        """A connection that broke is told once, in the system's words."""
        one = self.looking(9, OSError(ECONNRESET, BROKEN))
        one.look()
        self.clock.pump([LONGEST] * 10)
        self.assertEqual((self.told, self.clock.getDelayedCalls()), ([BROKEN], []))

    def test_stopped(self) -> None:
        """Stopped, it tells nothing; also where the owner of what moved stops it."""
        one = self.looking(9, 0)
        one.look()
        one.stop()
        self.assertEqual((self.told, self.clock.getDelayedCalls()), ([], []))
        one = self.looking(9, 4, 0)
        one._moved = one.stop
        one.look()
        self.clock.pump([LONGEST] * 10)
        self.assertEqual((self.told, self.clock.getDelayedCalls()), ([], []))


class Finishing(SocketCase):
    """A leg whose end is told when its peer has everything."""

    if delivery.OUTQ is None:
        skip = "no SIOCOUTQ"

    def finishing(self, leg: DataSocket) -> list[str]:
        """What it tells."""
        told: list[str] = []
        leg.finish(
            lambda: told.append("done"), told.append, lambda: told.append("moved"), taken=True
        )
        return told

    def full(self, reactor: Any = REACTOR) -> tuple[DataSocket, socket.socket, int]:
        """A leg that was given more than its peer's TCP takes, and how much."""
        near, far = self.pair(small=True)
        leg = DataSocket(reactor, near)
        self.addCleanup(leg.close)
        return leg, far, fill(near)

    def setUp(self) -> None:
        super().setUp()
        self.clock = MemoryReactorClock()

    def test_small(self) -> None:
        """A small file's end is told at once: no clock, nothing watched."""
        near, far = self.pair()
        leg = DataSocket(self.clock, near)
        near.send(bytes(1000))
        self.assertEqual(self.finishing(leg), ["done"])
        self.assertEqual((self.clock.getReaders(), self.clock.getDelayedCalls()), ([], []))
        self.assertEqual(len(read_some(far) or b""), 1000)

    async def _slow(self) -> None:
        leg, far, sent = self.full(self.clock)
        told = self.finishing(leg)
        self.clock.pump([LONGEST] * 3)
        self.assertEqual(told, [])
        came = 0
        while came < sent:
            came += len(read_some(far) or b"")
            self.clock.advance(LONGEST)
            await self.turn(0)
        self.clock.advance(LONGEST)
        self.assertEqual((told[0], told[-1], told.count("done")), ("moved", "done", 1))
        self.assertEqual((read_some(far), self.clock.getDelayedCalls()), (b"", []))

    def test_slow_reader(self) -> Deferred[None]:
        """Nothing is done before the peer has room for the rest; what it takes is told meanwhile."""
        return Deferred.fromCoroutine(self._slow())

    async def _stirs(self) -> None:
        leg, far, sent = self.full(self.clock)
        told = self.finishing(leg)
        for stray in (b"stray", b"and more"):
            far.send(stray)
            leg.doRead()
            self.assertEqual(self.clock.getReaders(), [leg])
            self.assertIsNone(read_some(leg.socket))
        far.shutdown(socket.SHUT_WR)
        leg.doRead()
        self.assertEqual(("done" in told, self.clock.getReaders()), (False, []))
        came = 0
        while came < sent:
            came += len(read_some(far) or b"")
            await self.turn(0)
        self.clock.advance(LONGEST)
        self.assertEqual(told[-1], "done")
        leg.release().close()
        self.assertEqual(read_some(far), b"")  # an end, no reset

    def test_peer_stirs(self) -> Deferred[None]:
        """Stray bytes and a half-close change nothing, and cost the file nothing."""
        return Deferred.fromCoroutine(self._stirs())

    async def _closes(self) -> None:
        leg, far, _ = self.full()
        told = self.finishing(leg)
        far.close()  # with bytes unread: a reset
        await self.until(lambda: told)
        self.assertEqual((told, leg.fileno()), ([BROKEN], -1))
        self.unwatched(leg)

    def test_peer_gives_up(self) -> Deferred[None]:
        """A peer that is gone before it has everything has failed; it is seen at once."""
        self.patch(delivery, "FIRST", 60.0)  # not by the clock
        return Deferred.fromCoroutine(self._closes())

    async def _taken_then_reset(self) -> None:
        leg, far, sent = self.full(self.clock)
        told = self.finishing(leg)
        came = 0
        while came < sent:
            came += len(read_some(far) or b"")
            await self.turn(0)
        reset(far)
        far.close()
        await self.until(lambda: not established(leg.socket))
        leg.doRead()
        self.assertEqual(told[-1:], ["done"])

    def test_reset_behind_the_end(self) -> Deferred[None]:
        """A peer that had taken all of it may go as it likes."""
        return Deferred.fromCoroutine(self._taken_then_reset())

    def test_aborted(self) -> None:
        """Behind an abort nothing is called, whatever the reactor still has to say."""
        leg, far, _ = self.full(self.clock)
        told = self.finishing(leg)
        self.assertEqual(self.clock.getReaders(), [leg])
        leg.abort()
        self.assertEqual((self.clock.getReaders(), self.clock.getDelayedCalls()), ([], []))
        leg.doRead()
        leg.doWrite()
        self.assertEqual(told, [])
        with self.assertRaises(ConnectionResetError):
            while far.recv(1 << 20):
                pass

    def test_as_before(self) -> None:
        """Where it is not asked for, an end is done when our kernel has it."""
        leg, _, _ = self.full(self.clock)
        told: list[str] = []
        leg.finish(lambda: told.append("done"), told.append)
        self.assertEqual((told, self.clock.getReaders()), (["done"], []))
