"""The hot path, both ways of it, step by step; and which way is taken."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from typing import Any

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.legs.between import SPLICE, between
from ftpalg.net.legs.relay import (
    CHUNK,
    ROUNDS,
    SMALL,
    CopyRelay,
    Relay,
    SpliceRelay,
)
from ftpalg.net.legs.sockets import DataSocket
from tests.net.pairs import REACTOR, SocketCase, pair, read_some, send_some
from tests.net.relays import Told

SIZE = 5_000_000
LONG = 60.0


class StepByStep:
    """The cases with a clock, where the test says which descriptor is ready."""

    kind: type[Relay]

    def build(self: Any, stalled: float = 10.0, *, small: bool = False) -> Relay:
        """A relay on a reactor that does nothing by itself."""
        source, self.giver = pair()
        sink, self.taker = pair(small=small)
        for sock in (source, self.giver, sink, self.taker):
            self.addCleanup(sock.close)
        self.clock = MemoryReactorClock()
        self.source, self.sink = DataSocket(self.clock, source), DataSocket(self.clock, sink)
        self.told = Told()
        made: Relay = self.kind(self.clock, self.source, self.sink, *self.told.callbacks())
        self.addCleanup(made.stop)
        made.start(stalled)
        return made

    def test_bounded_work(self: Any) -> None:
        """However much has come, one wake-up moves a bounded number of chunks."""
        relay = self.build()
        filled: list[int] = []

        def fill() -> int:
            filled.append(1)
            return 1

        self.patch(relay, "_fill", fill)
        self.patch(relay, "_drain", lambda: 0)
        self.source.doRead()
        self.assertEqual(len(filled), ROUNDS)
        self.assertEqual(self.told.words, [])

    def test_slow_transfer_is_no_stall(self: Any) -> None:
        """A byte now and then keeps a transfer alive; the wait begins with the last one seen."""
        relay = self.build()
        for moved in (1, 2, 3):
            self.giver.send(b"x")
            self.clock.advance(9.0)
            self.source.doRead()
            self.assertEqual(relay.moved, moved)
            self.clock.advance(1.0)
        self.assertEqual(self.told.words, [])
        self.clock.advance(10.0)
        self.assertEqual(self.told.words, ["source: no data moved for 10 seconds"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_given_time(self: Any) -> None:
        """Its server is at work: what does not move has its time anew, and no more than that."""
        relay = self.build()
        for _ in range(3):
            self.clock.advance(9.0)
            relay.give_time()
            self.clock.advance(1.0)
        self.assertEqual(self.told.words, [])
        self.clock.advance(10.0)
        self.assertEqual(self.told.words, ["source: no data moved for 10 seconds"])

    def test_held_back(self: Any) -> None:
        """While the sink is full only its writability is waited for, then only the source again."""
        relay = self.build(small=True)
        block = bytes(1 << 20)
        while self.sink not in self.clock.getWriters():
            send_some(self.giver, block)
            self.source.doRead()
        self.assertNotIn(self.source, self.clock.getReaders())
        held = relay.moved
        came = 0
        while self.sink in self.clock.getWriters():
            came += len(read_some(self.taker) or b"")
            self.sink.doWrite()
        self.assertIn(self.source, self.clock.getReaders())
        self.assertGreater(relay.moved, held)
        self.assertGreater(came, 0)

    def test_announced_again(self: Any) -> None:
        """What a leg under TLS holds already is moved without waiting for the socket."""
        relay = self.build()
        filled: list[int] = []

        def fill() -> int:
            filled.append(1)
            self.source.waiting = len(filled) < 2 * ROUNDS
            return 1

        self.patch(relay, "_fill", fill)
        self.patch(relay, "_drain", lambda: 0)
        self.source.doRead()
        self.clock.advance(0)
        self.assertEqual(len(filled), 2 * ROUNDS)
        filled.clear()
        self.source.doRead()
        relay.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_nothing_overwritten(self: Any) -> None:
        """A source that stirs while its bytes still wait for the sink does not push them out."""
        self.build(small=True)
        data = os.urandom(4 << 20)
        left, came = memoryview(data), bytearray()
        while self.sink not in self.clock.getWriters():
            left = left[send_some(self.giver, left) :]
            self.source.doRead()
        sent = len(data) - len(left)
        self.source.doWrite()  # TLS may wait for writability in order to read
        self.giver.shutdown(socket.SHUT_WR)
        for _ in range(1000):
            came += read_some(self.taker) or b""
            if self.sink in self.clock.getWriters():
                self.sink.doWrite()
            elif self.source in self.clock.getReaders():
                self.source.doRead()
        came += read_some(self.taker, 1 << 22) or b""
        self.assertEqual(self.told.words, ["ended"])
        self.assertTrue(bytes(came) == data[:sent], f"{len(came)} of {sent} bytes, or others")

    def test_stop_leaves_nothing(self: Any) -> None:
        """Stopping takes both legs from the reactor and cancels the clock."""
        relay = self.build()
        relay.stop()
        self.assertEqual(self.clock.getReaders() + self.clock.getWriters(), [])
        self.assertEqual(self.clock.getDelayedCalls(), [])


class Choosing(SocketCase):
    """Which relay serves."""

    def legs(self) -> tuple[DataSocket, DataSocket]:
        """Two that stand."""
        return DataSocket(REACTOR, self.pair()[0]), DataSocket(REACTOR, self.pair()[0])

    def between(self, source: DataSocket, sink: DataSocket, *, splice: bool = True) -> type[Relay]:
        """The kind of relay for these."""
        made = between(REACTOR, source, sink, *Told().callbacks(), splice=splice)
        self.addCleanup(made.stop)
        return type(made)

    def test_kinds(self) -> None:
        """In the kernel where both legs are plain and the setting allows it."""
        self.assertIs(self.between(*self.legs()), SpliceRelay if SPLICE else CopyRelay)
        self.assertIs(self.between(*self.legs(), splice=False), CopyRelay)
        for at in (0, 1):
            legs = self.legs()
            legs[at].plain = False
            self.assertIs(self.between(*legs), CopyRelay)

    def test_no_pipe(self) -> None:
        """Without descriptors for a pipe the transfer goes all the same."""
        for lack in (errno.EMFILE, errno.ENFILE):

            def pipe2(flags: int, lack: int = lack) -> tuple[int, int]:
                raise OSError(lack, os.strerror(lack))

            self.patch(os, "pipe2", pipe2)
            self.assertIs(self.between(*self.legs()), CopyRelay)

    def test_no_splice_pipe(self) -> None:
        """A relay that has to have one raises; it has touched neither leg nor reactor."""

        def pipe2(flags: int) -> tuple[int, int]:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

        self.patch(os, "pipe2", pipe2)
        source, sink = self.legs()
        before = REACTOR.getDelayedCalls()
        self.assertRaises(OSError, SpliceRelay, REACTOR, source, sink, *Told().callbacks())
        self.unwatched(source, sink)
        self.assertEqual(REACTOR.getDelayedCalls(), before)

    if not SPLICE:
        test_no_splice_pipe.skip = "splice is Linux's"  # type: ignore[attr-defined]


class CopyStepByStep(StepByStep, SynchronousTestCase):
    """Through a buffer, step by step."""

    kind = CopyRelay

    def fast(self) -> CopyRelay:
        """A relay whose source gives all that it has room for; its sink takes what it is let."""
        relay = self.build()
        assert isinstance(relay, CopyRelay)
        self.sizes: list[int] = []
        self.room = 1 << 40
        self.arrived = bytearray()

        def receive_into(buffer: memoryview) -> int:
            self.sizes.append(len(buffer))
            buffer[:] = os.urandom(1) * len(buffer)
            return len(buffer)

        def send(data: memoryview) -> int:
            size = min(len(data), self.room)
            if not size:
                raise BlockingIOError
            self.room -= size
            self.arrived += data[:size]
            return size

        self.patch(self.source, "receive_into", receive_into)
        self.patch(self.sink, "send", send)
        return relay

    def test_large_at_first(self) -> None:
        """The buffer is large from the first byte on, and stays large while the transfer is fast."""
        relay = self.fast()
        self.assertEqual(len(relay._buffer), 0)  # nothing has come yet
        for _ in range(5):
            self.source.doRead()
            self.clock.advance(relay.LULL)
        self.assertEqual(set(self.sizes), {relay.SIZE})

    def lull(self, relay: CopyRelay) -> None:
        """Let nothing move for a while."""
        self.room = 0
        self.source.doRead()
        self.clock.advance(2 * relay.LULL)
        self.clock.advance(2 * relay.LULL)
        self.room = 1 << 40
        self.sink.doWrite()
        self.sizes.clear()

    def test_slow_stays_small(self) -> None:
        """Behind a lull one chunk that does not fill it begins the count anew."""
        relay = self.fast()
        self.lull(relay)
        receive = self.source.receive_into

        def receive_into(buffer: memoryview) -> int:
            size = receive(buffer)
            return size if len(self.sizes) % relay.SHOWN else relay.FULL

        self.patch(self.source, "receive_into", receive_into)
        for _ in range(5):
            self.source.doRead()
        self.assertEqual(set(self.sizes), {relay.SMALL})

    def test_given_back(self) -> None:
        """A stall gives it back, whatever it holds goes on, and what is fast again grows again."""
        relay = self.fast()
        self.room = relay.SIZE + 1000
        self.source.doRead()
        self.assertTrue(relay._holds)
        before = bytes(relay._held)
        self.clock.advance(relay.LULL)  # it has moved a little in that time
        self.clock.advance(relay.LULL)
        self.assertEqual((len(relay._buffer), bytes(relay._held)), (relay.SMALL, before))
        self.room = 1 << 40
        self.sizes.clear()
        self.sink.doWrite()
        self.assertEqual(self.arrived[-len(before) :], before)
        self.source.doRead()
        self.assertEqual(self.sizes[: relay.SHOWN], [relay.SMALL] * relay.SHOWN)
        self.assertEqual(self.sizes[-1], relay.SIZE)

    def test_no_clock_left(self) -> None:
        """A fast transfer that ends leaves no clock behind."""
        relay = self.fast()
        self.source.doRead()
        self.assertEqual(len(self.clock.getDelayedCalls()), 2)
        relay.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class SpliceStepByStep(StepByStep, SynchronousTestCase):
    """Inside the kernel, step by step."""

    kind = SpliceRelay
    if not SPLICE:
        skip = "splice is Linux's"

    def test_pipe_closed(self) -> None:
        """Stopping closes both ends of the pipe."""
        relay = self.build()
        assert isinstance(relay, SpliceRelay)
        ends = relay._in, relay._out
        relay.stop()
        for end in ends:
            self.assertRaises(OSError, os.fstat, end)
        self.assertEqual((relay._in, relay._out), (-1, -1))

    def test_pipe_enlarged(self) -> None:
        """A small file goes through the pipe that the system makes; for more it becomes a chunk's size."""
        relay = self.build()
        assert isinstance(relay, SpliceRelay)
        sizes = [fcntl.fcntl(relay._in, fcntl.F_GETPIPE_SZ)]
        for size in (SMALL - 1, 1, 1):
            self.giver.sendall(bytes(size))
            self.source.doRead()
            sizes.append(fcntl.fcntl(relay._in, fcntl.F_GETPIPE_SZ))
        self.assertEqual(sizes, [sizes[0], sizes[0], CHUNK, CHUNK])
        self.assertLess(sizes[0], CHUNK)
