"""The hot path, both ways of it: over real sockets, and step by step."""

from __future__ import annotations

import os
import socket
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.data import DataSocket, reset
from ftpalg.net.relay import ROUNDS, SPLICE, CopyRelay, Relay, SpliceRelay
from tests.net.pairs import REACTOR, SocketCase, pair, read_some, send_some

SIZE = 5_000_000
LONG = 60.0


class Told:
    """What a relay has told, in order."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def callbacks(self) -> tuple[Any, Any, Any]:
        """The three that a relay wants."""
        return (
            lambda: self.words.append("ended"),
            lambda reason: self.words.append(f"source: {reason}"),
            lambda reason: self.words.append(f"sink: {reason}"),
        )


class OverSockets:
    """The cases with the real reactor."""

    kind: type[Relay]

    def build(self: Any, stalled: float = LONG, *, small: bool = False) -> Relay:
        """A running relay between two connections; their far ends are ``giver`` and ``taker``."""
        source, self.giver = self.pair()
        sink, self.taker = self.pair(small=small)
        self.source, self.sink = DataSocket(REACTOR, source), DataSocket(REACTOR, sink)
        self.told = Told()
        made: Relay = self.kind(REACTOR, self.source, self.sink, *self.told.callbacks())
        self.addCleanup(made.stop)
        made.start(stalled)
        return made

    async def over(self: Any) -> str:
        """The one thing that the relay told; nothing follows, nothing is watched any more."""
        await self.until(lambda: self.told.words)
        await self.turn()
        (word,) = self.told.words
        self.unwatched(self.source, self.sink)
        return str(word)

    async def _whole(self: Any) -> None:
        relay = self.build(small=True)
        data = os.urandom(SIZE)
        left, came, paused = memoryview(data), bytearray(), False
        while len(came) < SIZE:
            if left:
                left = left[send_some(self.giver, left) :]
                if not left:
                    self.giver.shutdown(socket.SHUT_WR)
            came += read_some(self.taker) or b""
            paused = paused or (len(came) < SIZE and self.source not in REACTOR.getReaders())
            await self.turn(0)
        self.assertEqual(await self.over(), "ended")
        self.assertTrue(paused, "the slow reader never held the source back")
        self.assertEqual(relay.moved, SIZE)
        self.assertTrue(bytes(came) == data, "the bytes differ")

    def test_whole(self) -> Deferred[None]:
        """Five megabytes arrive whole, although their reader is slower than their writer."""
        return Deferred.fromCoroutine(self._whole())

    async def _empty(self: Any) -> None:
        relay = self.build()
        self.giver.shutdown(socket.SHUT_WR)
        self.assertEqual(await self.over(), "ended")
        self.assertEqual(relay.moved, 0)

    def test_empty(self) -> Deferred[None]:
        """A source that ends without a byte is a transfer of nothing."""
        return Deferred.fromCoroutine(self._empty())

    async def _source_reset(self: Any) -> None:
        relay = self.build()
        send_some(self.giver, b"half a file")
        await self.until(lambda: relay.moved)
        reset(self.giver)
        self.giver.close()
        self.assertEqual(await self.over(), f"source: {os.strerror(104)}")

    def test_source_reset(self) -> Deferred[None]:
        """A source that is reset has failed; it never counts as ended."""
        return Deferred.fromCoroutine(self._source_reset())

    async def _source_reset_held_back(self: Any) -> None:
        self.build(small=True)
        block = memoryview(bytes(1 << 20))
        await self.until(
            lambda: not send_some(self.giver, block) and self.source not in REACTOR.getReaders()
        )
        reset(self.giver)
        self.giver.close()
        await self.turn()
        self.assertEqual(self.told.words, [])
        await self.until(lambda: not read_some(self.taker) and self.told.words)
        self.assertEqual(await self.over(), f"source: {os.strerror(104)}")

    def test_source_reset_held_back(self) -> Deferred[None]:
        """A source that is reset while the sink holds it back has failed as well."""
        return Deferred.fromCoroutine(self._source_reset_held_back())

    async def _sink_reset(self: Any) -> None:
        self.build()
        reset(self.taker)
        self.taker.close()
        self.assertEqual(await self.over(), f"sink: {os.strerror(104)}")

    def test_sink_reset_while_idle(self) -> Deferred[None]:
        """A sink that is reset while its source is silent is told at once."""
        return Deferred.fromCoroutine(self._sink_reset())

    async def _sink_reset_full(self: Any) -> None:
        self.build(small=True)
        block = memoryview(bytes(1 << 20))
        await self.until(
            lambda: not send_some(self.giver, block) and self.source not in REACTOR.getReaders()
        )
        reset(self.taker)
        self.taker.close()
        self.assertRegex(await self.over(), "^sink: ")

    def test_sink_reset_while_full(self) -> Deferred[None]:
        """A sink that is reset while it holds the source back has failed."""
        return Deferred.fromCoroutine(self._sink_reset_full())

    async def _sink_stirs(self: Any) -> None:
        relay = self.build()
        send_some(self.taker, b"?")
        self.taker.shutdown(socket.SHUT_WR)
        await self.until(lambda: self.sink not in REACTOR.getReaders())
        send_some(self.giver, b"file")
        self.giver.shutdown(socket.SHUT_WR)
        self.assertEqual(await self.over(), "ended")
        self.assertEqual((relay.moved, read_some(self.taker)), (4, b"file"))

    def test_sink_sends_and_closes_its_side(self) -> Deferred[None]:
        """Bytes from the sink and its half-close end nothing."""
        return Deferred.fromCoroutine(self._sink_stirs())

    async def _stalls(self: Any) -> None:
        self.build(0.05)
        send_some(self.giver, b"half a file")
        self.assertEqual(await self.over(), "source: no data moved for 0.05 seconds")

    def test_source_stalls(self) -> Deferred[None]:
        """A source that falls silent is the side that failed."""
        return Deferred.fromCoroutine(self._stalls())

    async def _sink_stalls(self: Any) -> None:
        self.build(0.05, small=True)
        block = memoryview(bytes(1 << 20))
        await self.until(lambda: self.told.words or send_some(self.giver, block) < 0)
        self.assertEqual(await self.over(), "sink: no data moved for 0.05 seconds")

    def test_sink_stalls(self) -> Deferred[None]:
        """A sink that reads no more is the side that failed."""
        return Deferred.fromCoroutine(self._sink_stalls())

    async def _stop(self: Any) -> None:
        relay = self.build()
        send_some(self.giver, b"half a file")
        await self.until(lambda: relay.moved)
        relay.stop()
        relay.stop()
        self.unwatched(self.source, self.sink)
        self.giver.shutdown(socket.SHUT_WR)
        await self.turn()
        self.assertEqual(self.told.words, [])
        self.assertTrue(self.source.fileno() >= 0 <= self.sink.fileno())

    def test_stop(self) -> Deferred[None]:
        """A stopped relay watches nothing, tells nothing, and closes neither leg; twice is no harm."""
        return Deferred.fromCoroutine(self._stop())

    async def _no_descriptor_left(self: Any) -> None:
        await self.turn()  # a reactor that starts opens descriptors of its own
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(5):
            self.build()
            self.giver.close()
            self.assertEqual(await self.over(), "ended")
            for closed in (self.source, self.sink, self.taker):
                closed.close()
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)

    def test_no_descriptor_left(self) -> Deferred[None]:
        """Whatever a relay opened for itself is closed when it has ended."""
        return Deferred.fromCoroutine(self._no_descriptor_left())

    if not os.path.isdir("/proc/self/fd"):
        test_no_descriptor_left.skip = "no /proc"  # type: ignore[attr-defined]


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


class CopyOverSockets(OverSockets, SocketCase):
    """Through a buffer, with the real reactor."""

    kind = CopyRelay


class CopyStepByStep(StepByStep, SynchronousTestCase):
    """Through a buffer, step by step."""

    kind = CopyRelay


class SpliceOverSockets(OverSockets, SocketCase):
    """Inside the kernel, with the real reactor."""

    kind = SpliceRelay
    if not SPLICE:
        skip = "splice is Linux's"


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
