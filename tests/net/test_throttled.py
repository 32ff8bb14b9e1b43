"""Relays within a limit: all that holds of those without one, and what a throttled wait is."""

from __future__ import annotations

import os
import socket
from datetime import UTC
from typing import Any

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.rates import Rate
from ftpalg.net.bucket import BURST, PIECE, Bucket
from ftpalg.net.legs.allowance import Allowance
from ftpalg.net.legs.between import SPLICE
from ftpalg.net.legs.relay import Relay
from ftpalg.net.legs.sockets import DataSocket
from ftpalg.net.legs.throttled import ThrottledCopy, ThrottledSplice, throttled
from ftpalg.net.legs.tls import RECORD
from tests.net.pairs import SocketCase, pair, read_some, send_some
from tests.net.relays import Told
from tests.net.test_relay import OverSockets
from tests.net.test_relay_steps import Choosing, StepByStep
from tests.net.throttles import enter, limited

RATE = 1 << 20
SLOW = 1 << 16
"""Bytes a second: a piece is 1,310, and so much may go at once."""


class Cases(StepByStep):
    """Step by step: the others' cases, and these."""

    splice: bool

    def kind(  # type: ignore[override]
        self: Any, clock: Any, source: DataSocket, sink: DataSocket, *told: Any
    ) -> Relay:
        return limited(clock, source, sink, *told, rate=self.rate, splice=self.splice)

    rate = 1 << 40

    def slow(self: Any, stalled: float = 10.0, *, small: bool = False) -> Any:
        """A relay that is throttled, whose giver has given more than the burst."""
        self.rate = SLOW
        relay = self.build(stalled, small=small)
        send_some(self.giver, bytes(1 << 18))
        while self.reads():
            self.source.doRead()
        return relay

    def reads(self: Any) -> bool:
        """Whether the source is watched."""
        return self.source in self.clock.getReaders()

    def run_for(self: Any, seconds: float, step: float = 0.01) -> None:
        """So much time passes, in which the reactor tells who is ready; the taker takes all."""
        for _ in range(round(seconds / step)):
            self.clock.advance(step)
            if self.reads():
                self.source.doRead()
            read_some(self.taker)

    def test_rate(self: Any) -> None:
        """What moves is the rate, and a piece."""
        relay = self.slow()
        self.assertLessEqual(relay.moved, SLOW * BURST)
        self.run_for(2.0)
        self.assertLessEqual(abs(relay.moved - SLOW * (2.0 + PIECE)), SLOW * 0.04)

    def test_no_stall(self: Any) -> None:
        """A wait that is ours is none of the peer's: however long it takes, nobody has stalled."""
        self.rate = 1024
        relay = self.build(0.5)
        send_some(self.giver, bytes(4096))
        self.source.doRead()
        moved = [relay.moved]
        for _ in range(3):
            self.clock.advance(0.9)  # a piece of a second's bytes is not there yet
            self.assertFalse(self.reads())
            self.clock.advance(0.1)
            moved.append(relay.moved)
        self.assertEqual(moved, [1024, 2048, 3072, 4096])
        self.assertEqual(self.told.words, [])

    def test_real_stall(self: Any) -> None:
        """Behind such a wait the peer has the time that it had left before, and no more."""
        relay = self.slow()
        self.clock.advance(0.001)
        while not self.reads():
            read_some(self.giver)
            self.run_for(0.1)
        self.run_for(6.0)
        self.assertTrue(self.reads(), "all is moved, and the giver silent")
        moved = relay.moved
        self.assertEqual(moved, 1 << 18)
        self.run_for(10.1, 0.1)
        self.assertEqual(self.told.words, [])
        self.run_for(10.0, 0.1)
        self.assertEqual(self.told.words, ["source: no data moved for 10 seconds"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_trickle_is_a_stall(self: Any) -> None:
        """Who wakes the relay without a byte to move has stalled as well, however many share the limit."""
        relay = self.slow()
        self.run_for(6.0)
        self.patch(self.source, "receive_into", self.blocked)
        self.patch(os, "splice", self.blocked)
        for _ in range(500):
            relay.limit.wait(relay.limit.piece, lambda: None)
            if self.reads():
                self.source.doRead()
            self.clock.advance(0.05)
            if self.told.words:
                break
        self.assertEqual(self.told.words, ["source: no data moved for 10 seconds"])

    def blocked(self: Any, *_: object, **__: object) -> int:
        """Nothing has come."""
        raise BlockingIOError

    def test_sink_stalls(self: Any) -> None:
        """A sink that takes nothing is found while nobody throttles it."""
        self.rate = 1 << 40
        relay = self.build(small=True)
        while not relay._holds:
            send_some(self.giver, bytes(1 << 20))
            self.source.doRead()
        self.clock.advance(10.0)
        self.clock.advance(10.0)
        self.assertEqual(self.told.words, ["sink: no data moved for 10 seconds"])

    def test_sink_reset_meanwhile(self: Any) -> None:
        """A sink that is reset while its source is throttled is told at once; nothing waits any more."""
        self.slow()
        self.taker.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.taker.close()
        self.sink.doRead()
        self.assertEqual(self.told.words, [f"sink: {os.strerror(104)}"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_source_reset_meanwhile(self: Any) -> None:
        """A source that is reset while it is throttled has failed, and never ended."""
        self.slow()
        self.giver.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.giver.close()
        self.run_for(5.0)
        self.assertEqual(self.told.words, [f"source: {os.strerror(104)}"])

    def test_whole(self: Any) -> None:
        """A file arrives whole, and its end behind it."""
        relay = self.build_slow()
        data, came = os.urandom(100_000), bytearray()
        left = memoryview(data)
        for _ in range(1000):
            if left:
                left = left[send_some(self.giver, left) :]
                if not left:
                    self.giver.shutdown(socket.SHUT_WR)
            if self.reads():
                self.source.doRead()
            came += read_some(self.taker) or b""
            self.clock.advance(0.01)
            if self.told.words:
                break
        came += read_some(self.taker) or b""
        self.assertEqual(self.told.words, ["ended"])
        self.assertEqual(relay.moved, len(data))
        self.assertTrue(bytes(came) == data)
        self.assertGreaterEqual(self.clock.seconds(), 1.2)

    def build_slow(self: Any) -> Any:
        """A relay with a slow limit, and nothing given."""
        self.rate = SLOW
        return self.build()

    def test_stopped_while_waiting(self: Any) -> None:
        """A relay that is stopped in its wait takes nothing any more, and wakes nobody; twice is no harm."""
        relay = self.slow()
        moved, limit = relay.moved, relay.limit
        self.assertEqual(limit.users, 1)
        relay.stop()
        relay.stop()
        self.assertEqual((limit.users, len(limit._queue)), (0, 0))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(5.0)
        self.assertEqual((relay.moved, self.told.words), (moved, []))
        self.assertTrue(limit.full)

    def test_unused(self: Any) -> None:
        """What was granted and not used serves the next bytes, and is given back at the end."""
        relay = self.build_slow()
        before = relay.limit._tokens
        for data, moved in ((b"x", 1), (b"yz", 3)):
            send_some(self.giver, data)
            self.source.doRead()
            self.assertEqual((relay.moved, relay._credit), (moved, relay.limit.piece - moved))
        relay.stop()
        relay.stop()
        self.assertEqual(before - relay.limit._tokens, 3)

    def test_again_in_the_wait(self: Any) -> None:
        """What calls a throttled relay meanwhile, as a source under TLS does, moves nothing."""
        relay = self.slow()
        moved = relay.moved
        relay._pull()
        self.assertEqual((relay.moved, len(relay.limit._queue)), (moved, 1))

    def test_bounded_work(self: Any) -> None:
        """The others' case patches what reads, which here asks first: patched one step further in."""
        taken: list[int] = []

        def take(most: int) -> int:
            taken.append(most)
            return 1

        relay = self.build()
        self.patch(relay, "_take", take)
        self.patch(relay, "_drain", lambda: 0)
        self.source.doRead()
        self.assertEqual(len(taken), 8)


class CopySteps(Cases, SynchronousTestCase):
    """Through a buffer, step by step."""

    splice = False

    def test_records(self) -> None:
        """A source under TLS gives whole records: what one is too long is paid before the next."""
        relay: Any = self.build_slow()
        self.source.plain = False
        rooms: list[int] = []

        def receive_into(buffer: memoryview) -> int:
            rooms.append(len(buffer))
            return min(RECORD, len(buffer))

        self.patch(self.source, "receive_into", receive_into)
        self.patch(self.sink, "send", len)
        self.source.doRead()
        self.assertTrue(all(room >= RECORD for room in rooms))
        self.run_for(20.0)
        wanted = SLOW * (20.0 + PIECE)
        self.assertLessEqual(relay.moved - wanted, RECORD)
        self.assertGreaterEqual(relay.moved - wanted, -RECORD)

    def test_holds_no_buffer(self) -> None:
        """Neither a wait nor a silent source costs a buffer."""
        relay: Any = self.slow()
        self.assertEqual(len(relay._buffer), 0)
        self.run_for(6.0)
        self.assertTrue(self.reads())
        self.assertEqual(len(relay._buffer), 0)


class SpliceSteps(Cases, SynchronousTestCase):
    """Inside the kernel, step by step."""

    splice = True
    if not SPLICE:
        skip = "splice is Linux's"


class CopySockets(OverSockets, SocketCase):
    """The others' cases over real sockets, through a buffer."""

    def kind(self, *arguments: Any) -> Relay:  # type: ignore[override]
        return limited(*arguments, splice=False)


class SpliceSockets(OverSockets, SocketCase):
    """The others' cases over real sockets, inside the kernel."""

    def kind(self, *arguments: Any) -> Relay:  # type: ignore[override]
        return limited(*arguments, splice=True)

    if not SPLICE:
        skip = "splice is Linux's"


class Shares(SynchronousTestCase):
    """Transfers that share limits, over real sockets and by a clock."""

    def test_hundred(self) -> None:
        """A hundred transfers share one limit within 10 %, plain and not, and all of it together."""
        clock = MemoryReactorClock()
        limit = Bucket(clock, (Rate(RATE),), UTC)
        transfers = []
        for at in range(100):
            source, giver = pair()
            sink, taker = pair()
            for sock in (source, giver, sink, taker):
                self.addCleanup(sock.close)
            legs = DataSocket(clock, source), DataSocket(clock, sink)
            allowance = Allowance((limit,), enter)
            relay = throttled(allowance, clock, *legs, *Told().callbacks(), splice=at % 2 == 0)
            self.addCleanup(relay.stop)
            relay.start(60.0)
            transfers.append((relay, giver, taker, legs[0]))
        full = bytes(1 << 15)
        for _ in range(800):
            clock.advance(0.05)
            for _, giver, taker, leg in transfers:
                send_some(giver, full)
                read_some(taker)
                if leg in clock.getReaders():
                    leg.doRead()
        moved = [relay.moved for relay, *_ in transfers]
        wanted = RATE * 40.0 / 100
        self.assertLessEqual(abs(sum(moved) - 100 * wanted), 0.01 * 100 * wanted)
        self.assertTrue(all(0.9 * wanted <= one <= 1.1 * wanted for one in moved), sorted(moved))


class Kinds(Choosing):
    """Which relay serves: the others' cases with throttled ones."""

    def between(self, source: DataSocket, sink: DataSocket, *, splice: bool = True) -> type[Relay]:
        """The kind without a limit that it is."""
        made = limited(source.reactor, source, sink, *Told().callbacks(), splice=splice)
        self.addCleanup(made.stop)
        self.assertIsInstance(made, ThrottledSplice | ThrottledCopy)
        return type(made).__mro__[2]
