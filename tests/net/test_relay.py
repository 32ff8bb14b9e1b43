"""The hot path, both ways of it, over real sockets."""

from __future__ import annotations

import os
import socket
from typing import Any

from twisted.internet.defer import Deferred

from ftpalg.net.legs.between import SPLICE
from ftpalg.net.legs.relay import CopyRelay, Relay, SpliceRelay
from ftpalg.net.legs.sockets import DataSocket, Drain, reset
from tests.net.pairs import REACTOR, SocketCase, read_some, send_some
from tests.net.relays import Told

SIZE = 5_000_000
LONG = 60.0


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

    async def _sink_leaves(self: Any, word: bytes) -> None:
        self.build(small=True)
        self.taker.sendall(word)
        self.taker.shutdown(socket.SHUT_WR)
        await self.until(lambda: self.sink not in REACTOR.getReaders())
        block = memoryview(bytes(1 << 20))
        await self.until(
            lambda: not send_some(self.giver, block) and self.source not in REACTOR.getReaders()
        )
        self.taker.close()  # with bytes unread: a reset
        self.assertRegex(await self.over(), "^sink: ")

    def test_sink_leaves_in_two_steps(self) -> Deferred[None]:
        """A sink that ends its side first and is reset later, while it holds the source back, has
        failed; a client that closes when it has read everything, before more comes, does that."""
        return Deferred.fromCoroutine(self._sink_leaves(b""))

    def test_sink_leaves_behind_a_word(self) -> Deferred[None]:
        """So has one whose word that nobody reads would be read first."""
        return Deferred.fromCoroutine(self._sink_leaves(b"?"))

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

    async def _stirs_to_the_end(self: Any) -> None:
        relay = self.build(small=True)
        send_some(self.taker, b"stray")
        data = os.urandom(1 << 20)
        left = memoryview(data)
        came = bytearray()
        while not self.told.words:
            if left:
                left = left[send_some(self.giver, left) :]
                if not left:
                    self.giver.close()
            if relay.moved < len(data) - (1 << 17):  # then it reads no more, for a while
                came += read_some(self.taker) or b""
            await self.turn(0)
        drains: list[Drain] = []
        self.sink.finish(
            lambda: drains.append(Drain(REACTOR, self.sink.release(), 60.0)), self.told.words.append
        )
        relay.stop()  # the session is told that the transfer is over
        drains[0].doRead()
        drains[0].close()  # its time is over
        while more := await self.next_of(self.taker):
            came += more
        self.assertTrue(bytes(came) == data, f"{len(came)} bytes, or others")

    async def next_of(self: Any, sock: socket.socket) -> bytes:
        """What comes next; a reset raises."""
        while (found := read_some(sock)) is None:
            await self.turn(0)
        return found

    def test_sink_stirs_to_the_end(self) -> Deferred[None]:
        """A stray byte of a slow reader costs it neither the tail of the file nor the clean end."""
        return Deferred.fromCoroutine(self._stirs_to_the_end())

    async def _drained(self: Any) -> None:
        relay = self.build()
        self.giver.close()
        self.assertEqual(await self.over(), "ended")
        drain = Drain(REACTOR, self.sink.release(), 60.0)
        relay.stop()
        self.taker.close()
        await self.until(lambda: drain.fileno() < 0)

    def test_stop_behind_the_end(self) -> Deferred[None]:
        """A relay that is stopped again leaves whoever drains its sink alone."""
        return Deferred.fromCoroutine(self._drained())

    async def _stopped_twice(self: Any) -> None:
        relay = self.build()
        self.giver.close()
        self.assertEqual(await self.over(), "ended")
        finished: list[str] = []
        self.sink.on_ready(lambda: finished.append("readable"), self.fail)
        REACTOR.addReader(self.sink)
        relay.stop()
        send_some(self.taker, b"x")
        await self.until(lambda: finished)
        self.sink.close()

    def test_stop_twice(self) -> Deferred[None]:
        """What a leg is watched for after its relay is not the relay's to end."""
        return Deferred.fromCoroutine(self._stopped_twice())

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


class CopyOverSockets(OverSockets, SocketCase):
    """Through a buffer, with the real reactor."""

    kind = CopyRelay


class SpliceOverSockets(OverSockets, SocketCase):
    """Inside the kernel, with the real reactor."""

    kind = SpliceRelay
    if not SPLICE:
        skip = "splice is Linux's"
