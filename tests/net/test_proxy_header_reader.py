"""The PROXY protocol over real loopback sockets: each header whole, cut anywhere, broken, glued."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.wire.addresses import HostPort
from ftpalg.core.wire.proxy_header import SIGNATURE
from ftpalg.net.proxy_header_reader import unbelievable
from tests.core.splits import splits
from tests.net.pairs import REACTOR, read_some
from tests.net.proxyheaders import (
    ADDRESSES4,
    ADDRESSES6,
    BEHIND,
    CLIENT4,
    CLIENT6,
    LINE4,
    LINE6,
    NO_HEADER,
    SERVER4,
    SERVER6,
    Paused,
    ReaderCase,
    block,
    tlv,
)
from tests.net.test_leading_bytes import PrefaceCase


class Believed(SynchronousTestCase):
    """Whom a header may name."""

    def test_elsewhere(self) -> None:
        """A balancer elsewhere cannot have a client with an address that only means itself."""
        for source in (
            *("127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "0.1.2.3", "::", "169.254.1.1"),
            *("fe80::1", "224.0.0.1", "239.1.1.1", "ff02::1", "255.255.255.255", "240.0.0.1"),
        ):
            for balancer in ("192.0.2.9", "2001:db8::9", "10.0.0.1"):
                self.assertIn(f"says {source},", unbelievable(source, balancer))

    def test_here(self) -> None:
        """One on this machine can: its loopback is ours."""
        for source in ("127.0.0.1", "::1", "fe80::1"):
            for balancer in ("127.0.0.1", "::1"):
                self.assertEqual(unbelievable(source, balancer), "")

    def test_others(self) -> None:
        """All other clients are believed."""
        for source in ("192.0.2.7", "10.1.2.3", "2001:db8::7", "fd00::1", "100.64.0.1"):
            self.assertEqual(unbelievable(source, "192.0.2.9"), "")


class Reading(ReaderCase):
    """A header at the beginning of an accepted connection."""

    async def _read(self, data: bytes, source: HostPort | None, dest: HostPort | None) -> None:
        for *pieces, last in splits(data):
            near, far = self.pair()
            reader = self.reader(near)
            await self.arrive(near, far, *pieces, last + BEHIND)
            await self.until(lambda: self.told)
            self.assertEqual(self.told, [(source, dest)])
            self.unwatched(reader)
            self.assertEqual(near.recv(100), BEHIND)
            self.told.clear()
            near.close()
            far.close()

    def read(
        self, data: bytes, source: HostPort | None = None, dest: HostPort | None = None
    ) -> Deferred[None]:
        """It says so whole and cut at every point; what is behind it stays in the kernel."""
        return Deferred.fromCoroutine(self._read(data, source, dest))

    def test_line4(self) -> Deferred[None]:
        """Version 1, IPv4."""
        return self.read(LINE4, CLIENT4, SERVER4)

    def test_line6(self) -> Deferred[None]:
        """Version 1, IPv6, with the highest and the lowest port."""
        return self.read(LINE6, CLIENT6, SERVER6)

    def test_line_unknown(self) -> Deferred[None]:
        """UNKNOWN leaves the connection's own addresses."""
        return self.read(b"PROXY UNKNOWN\r\n")

    def test_line_unknown_with_more(self) -> Deferred[None]:
        """What follows UNKNOWN is ignored."""
        return self.read(b"PROXY UNKNOWN ffff::1 \x80 1 2\r\n")

    def test_longest_line(self) -> Deferred[None]:
        """107 bytes are allowed."""
        return self.read(b"PROXY UNKNOWN " + b"f" * 91 + b"\r\n")

    def test_spelling(self) -> Deferred[None]:
        """Addresses come in normal spelling."""
        return self.read(b"PROXY TCP6 ::FFFF:192.0.2.7 2001:DB8:0::1 50123 0\r\n", CLIENT4, SERVER6)

    def test_block4(self) -> Deferred[None]:
        """Version 2, IPv4."""
        return self.read(block(0x21, 0x11, ADDRESSES4), CLIENT4, SERVER4)

    def test_block6(self) -> Deferred[None]:
        """Version 2, IPv6."""
        return self.read(block(0x21, 0x21, ADDRESSES6), CLIENT6, SERVER6)

    def test_block_local(self) -> Deferred[None]:
        """LOCAL leaves the connection's own addresses, whatever it carries."""
        return self.read(block(0x20, 0x31, b"ignored"))

    def test_block_local_without_more(self) -> Deferred[None]:
        """A health check of haproxy ends with its length, zero."""
        return self.read(block(0x20, 0x00, b""))

    def test_block_unspecified(self) -> Deferred[None]:
        """A family left open leaves the connection's own addresses."""
        return self.read(block(0x21, 0x00, b"ignored"))

    def test_block_with_more(self) -> Deferred[None]:
        """Types, lengths and values behind the addresses are passed over."""
        more = tlv(0x02, b"ftp.example") + tlv(0xE0, b"\r\n" * 8) + tlv(0x04, b"")
        return self.read(block(0x21, 0x11, ADDRESSES4 + more), CLIENT4, SERVER4)

    async def _longest_block(self) -> None:
        near, far = self.pair()
        self.reader(near)
        longest = ADDRESSES4 + tlv(0x04, bytes(4096 - len(ADDRESSES4) - 3))
        await self.arrive(near, far, block(0x21, 0x11, longest) + BEHIND)
        await self.until(lambda: self.told)
        self.assertEqual(self.told, [(CLIENT4, SERVER4)])
        self.assertEqual(near.recv(100), BEHIND)

    def test_longest_block(self) -> Deferred[None]:
        """4096 bytes behind the head are allowed."""
        return Deferred.fromCoroutine(self._longest_block())

    async def _idle(self, *pieces: bytes) -> None:
        for piece in pieces:
            near, far = self.pair()
            reader = self.reader(near)
            await self.arrive(near, far, piece, b"")
            await self.quiet(reader)
            reader.cancel()
            self.unwatched(reader)
            self.assertEqual(self.told, [])
            self.assertNotEqual(near.fileno(), -1)

    def test_no_busy_loop(self) -> Deferred[None]:
        """A part of a header does not wake the reactor again; cancelled, it leaves the socket open."""
        return Deferred.fromCoroutine(
            self._idle(b"PRO", LINE4[:20], LINE4[:-1], SIGNATURE, block(0x21, 0x11, b"", 12) + b"x")
        )


class UnderTwisted(PrefaceCase):
    """The socket of a transport whose reading is paused."""

    async def _served(self, data: bytes, told: object, reply: bytes) -> None:
        made = Paused(self.told)
        port = REACTOR.listenTCP(0, Factory.forProtocol(lambda: made), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        far = self.kept(socket.create_connection(("127.0.0.1", port.getHost().port)))
        far.setblocking(False)
        half = len(data) // 2
        far.sendall(data[:half])
        await self.turn()
        far.sendall(data[half:] + BEHIND)
        await self.until(lambda: self.told)
        self.assertEqual(self.told, [told])
        await self.until(lambda: not reply or made.received)
        self.assertEqual(made.received, BEHIND if reply else b"")
        self.assertEqual(read_some(far), reply or None)
        transport: Any = made.transport
        transport.abortConnection()
        await self.turn()

    def test_header(self) -> Deferred[None]:
        """The transport receives exactly what is behind the header."""
        return Deferred.fromCoroutine(self._served(LINE4, (CLIENT4, SERVER4), b"220 ready\r\n"))

    def test_no_header(self) -> Deferred[None]:
        """The transport is still there to be aborted."""
        return Deferred.fromCoroutine(self._served(b"USER anonymous\r\n", NO_HEADER, b""))
