"""Whole files through data connections under TLS, with the real reactor."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from twisted.internet.defer import Deferred

from ftpalg.net.legs.relay import CopyRelay
from ftpalg.net.legs.sockets import DataSocket, reset
from ftpalg.net.legs.tls import TlsDataSocket
from tests.net.pairs import REACTOR, read_some, send_some
from tests.net.tls_legs import DONE, RESET, VERSIONS, Far, LegCase


class Relayed(LegCase):
    """Whole files through a relay, with the real reactor."""

    def setUp(self) -> None:
        super().setUp()
        self.reactor = REACTOR
        self.data = os.urandom(3_000_000)

    async def stood(self, role: str, version: str, *, small: bool) -> tuple[TlsDataSocket, Far]:
        """A leg that stands."""
        leg, far = self.leg(role, version, sockets=self.pair(small=small))
        while not self.told:
            if far.shake():
                far.write()
            await self.turn(0)
        while not far.shake():
            await self.turn(0)
        self.assertEqual(self.told, [DONE])
        self.told.clear()
        return leg, far

    def relay(self, source: DataSocket, sink: DataSocket) -> None:
        """A running relay; ``told`` keeps how it ends."""
        made = CopyRelay(
            REACTOR,
            source,
            sink,
            lambda: self.told.append("ended"),
            lambda reason: self.told.append(f"source: {reason}"),
            lambda reason: self.told.append(f"sink: {reason}"),
        )
        self.addCleanup(made.stop)
        made.start(60.0)

    async def _upload(self) -> None:
        for version in VERSIONS:
            leg, far = await self.stood("server", version, small=False)
            sink, taker = self.pair(small=True)
            self.relay(leg, DataSocket(REACTOR, sink))
            far.tls.send(self.data)
            far.tls.shutdown()
            left, came = memoryview(far.take()), b""
            while not self.told or len(came) < len(self.data):
                left = left[send_some(far.sock, left) :] if left else left
                came += read_some(taker) or b""
                await self.turn(0)
            self.assertEqual(self.told, ["ended"])
            self.assertTrue(came == self.data, "the bytes differ")
            self.told.clear()

    def test_upload(self) -> Deferred[None]:
        """From TLS to plain, the reader slower than the writer."""
        return Deferred.fromCoroutine(self._upload())

    async def _download(self) -> None:
        for version in VERSIONS:
            leg, far = await self.stood("server", version, small=True)
            source, giver = self.pair()
            self.relay(DataSocket(REACTOR, source), leg)
            left, came = memoryview(self.data), b""
            while len(came) < len(self.data):
                left = left[send_some(giver, left) :] if left else left
                if not left:
                    giver.close()
                came += far.said()
                await self.turn(0)
            await self.until(lambda: self.told)
            self.assertEqual(self.told, ["ended"])
            leg.finish(lambda: self.told.append("finished"), self.told.append)
            while not far.notified:
                self.assertEqual(far.said(), b"")
                await self.turn()
            self.assertEqual(self.told, ["ended", "finished"])
            self.assertTrue(came == self.data, "the bytes differ")
            self.told.clear()

    def test_download(self) -> Deferred[None]:
        """From plain to TLS, the reader slower than the writer."""
        return Deferred.fromCoroutine(self._download())

    async def _cut(self, end: Callable[[socket.socket], None], reason: str) -> None:
        leg, far = await self.stood("server", "1.3", small=False)
        sink, taker = self.pair()
        self.relay(leg, DataSocket(REACTOR, sink))
        far.tls.send(b"half a file")
        far.write()
        await self.until(lambda: read_some(taker))
        end(far.sock)
        await self.until(lambda: self.told)
        self.assertEqual(self.told, [f"source: {reason}"])
        self.unwatched(leg)

    def test_cut(self) -> Deferred[None]:
        """A source that ends without close_notify has failed."""
        end = socket.socket.close
        return Deferred.fromCoroutine(self._cut(end, "TLS ended without close_notify"))

    def test_reset(self) -> Deferred[None]:
        """So has one that is reset."""

        def end(sock: socket.socket) -> None:
            reset(sock)
            sock.close()

        return Deferred.fromCoroutine(self._cut(end, RESET))

    async def _leaves(self, version: str) -> None:
        leg, far = await self.stood("server", version, small=True)
        source, giver = self.pair()
        far.sock.shutdown(socket.SHUT_WR)
        self.relay(DataSocket(REACTOR, source), leg)
        await self.until(lambda: leg not in REACTOR.getReaders())
        block = memoryview(bytes(1 << 20))
        await self.until(lambda: not send_some(giver, block) and leg in REACTOR.getWriters())
        far.sock.close()  # with bytes unread: a reset
        await self.until(lambda: self.told)
        self.assertRegex(" ".join(self.told), "^sink: ")
        self.unwatched(leg)
        self.told.clear()

    def test_leaves_in_two_steps(self) -> Deferred[None]:
        """A sink that ends its side, and is reset while it takes no more, has failed."""

        async def each() -> None:
            for version in VERSIONS:
                await self._leaves(version)

        return Deferred.fromCoroutine(each())
