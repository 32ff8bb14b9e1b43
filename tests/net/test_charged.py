"""What control connections, data connections and relays take of the ledger, and when they give it back."""

from __future__ import annotations

import socket
from typing import Any

from ftpalg.core.events import LegFailed, ListenFailed, Side
from ftpalg.core.facts import Resource, What
from ftpalg.core.session_settings import ClientTls
from ftpalg.net.control.server import ServerControl
from ftpalg.net.ledger import Bound, Grant, Line, OwnLedger
from ftpalg.net.legs.between import PIPE, SPLICE, between
from ftpalg.net.legs.farewell import Farewell
from ftpalg.net.legs.half import Half
from ftpalg.net.legs.relay import CopyRelay, SpliceRelay
from ftpalg.net.legs.sockets import DataSocket, Drain
from tests.net.controls import ControlCase
from tests.net.pairs import REACTOR, SocketCase, read_some
from tests.net.relays import Told
from tests.net.test_pair import Around, Loopback
from tests.net.tls_controls import TlsControlCase

HOST = "127.0.0.1"
FD, MEMORY = Line.DESCRIPTORS, Line.MEMORY


class Clients(ControlCase):
    """Control connections to clients, all of one address."""

    def bind(self, **bounds: Bound) -> OwnLedger:
        """The ledger with these bounds."""
        self.door.ledger.renew({Line[name]: bound for name, bound in bounds.items()}, 64)
        return self.door.ledger

    def held(self) -> dict[str, int]:
        """What that address holds."""
        ledger = self.door.ledger
        return {line.word: ledger.held(HOST, line) for line in Line if ledger.in_all(line)}

    async def test_until_it_is_closed(self) -> None:
        """A descriptor, until the socket is closed and not until the session ends."""
        control, far = self.client()
        self.assertEqual(self.held(), {"descriptors": 1})
        control.hang_up()
        self.assertEqual((self.held(), self.door.ledger.lingering), ({"descriptors": 1}, 1))
        far.close()
        await self.until(lambda: not self.held())
        self.assertEqual(self.door.ledger.lingering, 0)

    async def test_hung_up_is_shed(self) -> None:
        """One that is being hung up is reset where its peer's share is used up, a running one is not."""
        self.bind(DESCRIPTORS=Bound(2))
        running, _ = self.client()
        gone, _ = self.client()
        gone.hang_up()
        self.client()
        self.assertTrue(gone.transport.disconnected)  # type: ignore[attr-defined]
        self.assertFalse(running.transport.disconnected)  # type: ignore[attr-defined]
        refused, _ = self.client()
        self.assertEqual(self.door.refusals, ["crowded out: descriptors"])
        self.assertTrue(refused.transport.disconnected)  # type: ignore[attr-defined]
        self.assertEqual(self.held(), {"descriptors": 2})

    async def test_header(self) -> None:
        """A wait for a PROXY header is the balancer's and is shed; then the descriptor is the client's."""
        self.bind(DESCRIPTORS=Bound(1))
        self.door.balancers = {HOST}
        first, _ = self.client()
        second, far = self.client()
        self.assertTrue(first.transport.disconnected)  # type: ignore[attr-defined]
        self.assertFalse(second.transport.disconnected)  # type: ignore[attr-defined]
        far.sendall(b"PROXY TCP4 192.0.2.9 192.0.2.1 40000 21\r\n")
        await self.until(lambda: self.door.links)
        ledger = self.door.ledger
        self.assertEqual((ledger.held(HOST, FD), ledger.held("192.0.2.9", FD)), (0, 1))
        self.assertEqual(ledger.lingering, 0)
        third, far = self.client()
        far.sendall(b"PROXY TCP4 192.0.2.9 192.0.2.1 40000 21\r\n")
        await self.until(lambda: third.transport.disconnected)  # type: ignore[attr-defined]
        self.assertEqual(self.door.refusals, ["crowded out: descriptors"])
        self.assertEqual((ledger.held(HOST, FD), ledger.held("192.0.2.9", FD)), (0, 1))

    async def test_header_that_fails(self) -> None:
        """One that is wrong, or never comes, leaves nothing."""
        self.door.balancers = {HOST}
        _, far = self.client()
        far.sendall(b"USER joe\r\n")
        await self.until(lambda: not self.held())
        self.client()
        self.clock.advance(self.settings.timeouts.handshake)
        self.clock.advance(0)
        await self.until(lambda: not self.held())
        self.assertEqual(self.door.ledger.lingering, 0)

    async def test_handshakes(self) -> None:
        """One that is not done is shed for the next; its session hears why.  What ends it gives it back."""
        self.bind(HANDSHAKES=Bound(1))
        first, _ = self.client(ClientTls.IMPLICIT)
        self.assertEqual(self.held(), {"descriptors": 1, "handshakes": 1})
        second, far = self.client(ClientTls.IMPLICIT)
        self.assertEqual(self.held(), {"descriptors": 1, "handshakes": 1})
        self.assertTrue(first.transport.disconnected)  # type: ignore[attr-defined]
        lost: Any = self.owner.heard[0]
        self.assertEqual(lost.why.word, "share-used-up")
        far.sendall(b"no TLS at all\r\n" * 10)
        await self.until(lambda: self.held().get("handshakes") is None)
        self.assertTrue(second.closing)

    async def test_too_many_handshakes(self) -> None:
        """Where none of them can be reset the new one is, and it is told what is used up."""
        self.bind(HANDSHAKES=Bound(1))
        self.door.ledger.ask(HOST, Line.HANDSHAKES)
        control, _ = self.client(ClientTls.IMPLICIT)
        self.assertTrue(control.closing)
        self.assertEqual(self.door.news, [Resource(What.HANDSHAKES_PER_PEER, 1, 1)])

    async def test_unread(self) -> None:
        """Replies that are not read are charged beyond what every session has, until they are."""
        control, far = self.client(small=True)
        control.write(b"x" * (1 << 20))
        charged = self.held()["memory"]
        self.assertGreater(charged, 1 << 19)
        self.assertEqual(self.owner.words, ["start", "pause"])
        while charged > 0 and self.held().get("memory"):
            read_some(far)
            await self.turn(0)
        self.assertEqual(self.held(), {"descriptors": 1})

    async def test_unread_too_much(self) -> None:
        """Beyond the share the session is told to end; what waits lingers until that is done, or shed."""
        self.bind(MEMORY=Bound(1 << 20))
        control, _ = self.client(small=True)
        control.write(b"x" * (1 << 20))
        self.assertNotIn("crowded: memory", self.owner.words)
        control.write(b"x" * (1 << 19))
        self.assertIn("crowded: memory", self.owner.words)
        control.hang_up()
        other = Grant(self.door.ledger, HOST, MEMORY)
        self.assertIsNone(other.to(1 << 20))
        self.assertTrue(control.transport.disconnected)  # type: ignore[attr-defined]
        other.back()
        self.assertEqual(self.held(), {})


class Secured(TlsControlCase):
    """Behind the handshake."""

    async def test_secured(self) -> None:
        """One that is done is none any more, and its connection is not shed."""
        await self.secured_client(ClientTls.IMPLICIT)
        ledger = self.door.ledger
        self.assertEqual(ledger.in_all(Line.HANDSHAKES), 0)
        self.assertEqual((ledger.in_all(FD), ledger.lingering), (1, 0))


class Servers(ControlCase):
    """Control connections to servers."""

    def charged(self, **bounds: Bound) -> tuple[ServerControl, socket.socket]:
        """One with a descriptor."""
        self.ledger = OwnLedger({Line[name]: bound for name, bound in bounds.items()})
        held = Grant(self.ledger, HOST, FD)
        self.assertIsNone(held.to(1))
        control = ServerControl(self.owner, self.clock, self.settings, self.door.turns, held)
        return control, self.adopted(control)

    async def test_descriptor(self) -> None:
        """It is held until the server has closed its end, and lingers behind the session's."""
        control, far = self.charged()
        control.hang_up()
        self.assertEqual((self.ledger.held(HOST, FD), self.ledger.lingering), (1, 1))
        far.close()
        await self.until(lambda: not self.ledger.in_all(FD))
        self.assertEqual(self.ledger.lingering, 0)

    async def test_shed(self) -> None:
        """Behind the session's end it is reset for what is needed."""
        control, _ = self.charged(DESCRIPTORS=Bound(1))
        self.assertIsNotNone(self.ledger.ask(HOST, FD))
        control.hang_up()
        self.assertIsNone(self.ledger.ask(HOST, FD))
        self.assertTrue(control.transport.disconnected)  # type: ignore[attr-defined]
        self.assertEqual(self.ledger.held(HOST, FD), 1)

    def test_half_a_reply(self) -> None:
        """What of a reply has come is held until it is whole."""
        control, _ = self.charged(MEMORY=Bound(60_000))
        control.dataReceived(b"214-Help\r\n" + b" x" * 8000 + b"\r\n")
        self.assertEqual(self.ledger.in_all(MEMORY), 0)
        control.dataReceived(b" x" * 8000 + b"\r\n")
        self.assertGreater(self.ledger.in_all(MEMORY), 32000)
        self.assertEqual(self.owner.words, ["met"])
        control.dataReceived(b"214 End\r\n")
        self.assertEqual(self.ledger.in_all(MEMORY), 0)
        control.dataReceived(b"214-Help\r\n" + (b" x" * 8000 + b"\r\n") * 4)
        self.assertEqual(self.owner.words, ["met", "crowded: memory"])


class Legs(SocketCase):
    """Data connections."""

    def begin(self, bound: int) -> Half:
        """One side's, whose client may have so many descriptors."""
        self.around = Around()
        self.ledger = self.around.ledger
        self.ledger.renew({FD: Bound(bound)}, 64)
        return Half(Side.CLIENT, Loopback(), self.around)

    def test_listen(self) -> None:
        """A port is one, until it is closed; a second one of the same side takes its place."""
        half = self.begin(1)
        half.listen()
        half.listen()
        self.assertEqual(self.ledger.in_all(FD), 1)
        half.abort()
        self.assertEqual(self.ledger.in_all(FD), 0)

    def test_none_left(self) -> None:
        """Where there is no descriptor the core hears it, and nothing is open."""
        half = self.begin(0)
        half.listen()
        half.connect(1)
        why = "short of descriptors"
        refused = ListenFailed(Side.CLIENT, why), LegFailed(Side.CLIENT, f"client: {why}")
        self.assertEqual(tuple(self.around.heard), refused)
        self.assertIsNone(half.leg)

    async def standing(self) -> tuple[Half, socket.socket]:
        """One that stands, and its peer's end."""
        half = self.begin(1)
        half.listen()
        far = self.kept(socket.create_connection((HOST, half.port)))
        await self.until(lambda: isinstance(half.leg, DataSocket))
        self.assertEqual(self.ledger.in_all(FD), 1)
        return half, far

    async def test_fails(self) -> None:
        """One that breaks gives it back."""
        half, _ = await self.standing()
        half.failed("x")
        self.assertEqual(self.ledger.in_all(FD), 0)

    async def test_source(self) -> None:
        """One that was read to its end gives it back."""
        half, far = await self.standing()
        far.close()
        half.source_ended()
        self.assertEqual(self.ledger.in_all(FD), 0)

    async def test_sink(self) -> None:
        """An ended one lingers in its drain until the peer closes, or a descriptor is wanted."""
        half, far = await self.standing()
        half.finish_sink()
        await self.until(lambda: half.leg is None)
        self.assertEqual((self.ledger.in_all(FD), self.ledger.lingering), (1, 1))
        half.listen()
        self.assertEqual((self.ledger.in_all(FD), self.ledger.lingering), (1, 0))
        half.abort()
        half, far = await self.standing()
        half.finish_sink()
        await self.until(lambda: half.leg is None)
        far.close()
        await self.until(lambda: not self.ledger.in_all(FD))
        self.assertEqual(self.ledger.lingering, 0)

    async def test_closed(self) -> None:
        """One that is closed in order lingers as well; a port that nobody has reached does not."""
        half, far = await self.standing()
        half.close()
        self.assertEqual((self.ledger.in_all(FD), self.ledger.lingering), (1, 1))
        far.close()
        await self.until(lambda: not self.ledger.in_all(FD))
        half.listen()
        half.close()
        self.assertEqual((self.ledger.in_all(FD), self.ledger.lingering), (0, 0))

    async def test_farewell_is_shed(self) -> None:
        """In the midst of its end it is reset, and its drain too."""
        ledger = OwnLedger({FD: Bound(1)})
        near, far = self.pair(small=True)
        leg = DataSocket(REACTOR, near)
        leg.finish = lambda *given, **more: None  # type: ignore[method-assign]
        held = Grant(ledger, HOST, FD)
        held.to(1)
        Farewell(REACTOR, leg, 60.0, held)
        self.assertIsNone(ledger.ask(HOST, FD))
        self.assertRaises(ConnectionResetError, far.recv, 1)
        ledger.give(HOST, FD)
        near, far = self.pair()
        held.to(1)
        Drain(REACTOR, near, 60.0, held)
        self.assertIsNone(ledger.ask(HOST, FD))
        self.assertEqual(near.fileno(), -1)
        self.assertEqual((ledger.in_all(FD), ledger.lingering), (1, 0))


class Relays(SocketCase):
    """What moving the bytes takes."""

    def begin(self, *, splice: bool, **bounds: Bound) -> Any:
        """A relay, not started."""
        self.around = Around()
        self.ledger = self.around.ledger
        self.ledger.renew({Line[name]: bound for name, bound in bounds.items()}, 64)
        source, self.giver = self.pair()
        sink, self.taker = self.pair()
        legs = DataSocket(REACTOR, source), DataSocket(REACTOR, sink)
        self.told = Told()

        def hold(line: Line, amount: int, part: float) -> Grant | None:
            grant = Grant(self.ledger, HOST, line)
            of_one, _ = self.ledger.bound(line)
            least = Bound(int((part or 1) * of_one))
            if self.ledger.ask(HOST, line, amount, least) is not None:
                return None
            grant.amount = amount
            return grant

        words = self.told.callbacks()
        relay = between(REACTOR, *legs, *words, splice=splice, hold=hold)
        self.addCleanup(relay.stop)
        return relay

    def test_pipe(self) -> None:
        """Two descriptors for the pipe; without them the bytes go through a buffer."""
        if not SPLICE:
            self.skipTest("no splice here")
        relay = self.begin(splice=True, DESCRIPTORS=Bound(PIPE))
        self.assertIsInstance(relay, SpliceRelay)
        self.assertEqual(self.ledger.in_all(FD), PIPE)
        relay.stop()
        relay.stop()
        self.assertEqual(self.ledger.in_all(FD), 0)
        self.assertIsInstance(self.begin(splice=True, DESCRIPTORS=Bound(1)), CopyRelay)

    async def moved(self, relay: Any) -> None:
        """It has moved something."""
        relay.start(60.0)
        self.giver.sendall(b"x")
        await self.until(lambda: relay.moved or self.told.words)

    async def test_large_then_small(self) -> None:
        """A large buffer at first, a small one in a lull, nothing in the end."""
        relay = self.begin(splice=False)
        await self.moved(relay)
        self.assertEqual(self.ledger.in_all(MEMORY), CopyRelay.SIZE)
        relay._lull.reset(0)
        await self.until(lambda: self.ledger.in_all(MEMORY) == CopyRelay.SMALL)
        relay.stop()
        self.assertEqual(self.ledger.in_all(MEMORY), 0)

    async def test_small_at_once(self) -> None:
        """Large ones have a part of the share only."""
        relay = self.begin(splice=False, MEMORY=Bound(CopyRelay.SIZE))
        await self.moved(relay)
        self.assertEqual(self.ledger.in_all(MEMORY), CopyRelay.SMALL)
        self.assertEqual((relay.moved, len(relay._buffer)), (1, CopyRelay.SMALL))

    async def test_none(self) -> None:
        """Without memory for a small one the transfer fails, visibly."""
        relay = self.begin(splice=False, MEMORY=Bound(CopyRelay.SMALL - 1))
        await self.moved(relay)
        self.assertEqual(relay.moved, 0)
        self.assertEqual(self.told.words, ["source: too much waits for your address"])
        self.assertEqual(self.ledger.in_all(MEMORY), 0)
