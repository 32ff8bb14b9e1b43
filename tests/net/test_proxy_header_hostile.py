"""PROXY headers that nobody should believe."""

from __future__ import annotations

import socket

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock

from ftpalg.core.wire.proxy_header import SIGNATURE
from ftpalg.net.legs.sockets import reset
from ftpalg.net.proxy_header_reader import HeaderReader
from tests.net.pairs import pair
from tests.net.proxyheaders import (
    ADDRESSES4,
    LINE4,
    MALFORMED,
    NO_HEADER,
    OTHER_KIND,
    TOO_SOON,
    ReaderCase,
    block,
    tlv,
)


class Hostile(ReaderCase):
    """What is no header is told in a sentence; the socket is left to the caller."""

    async def _refused(self, sentence: str, *headers: bytes) -> None:
        for data in headers:
            for pieces in ((data,), [data[at : at + 1] for at in range(min(len(data), 200))]):
                near, far = self.pair()
                reader = self.reader(near)
                for piece in pieces:
                    if not self.told:
                        await self.arrive(near, far, piece)
                await self.until(lambda: self.told)
                self.assertEqual(self.told, [sentence], data)
                self.unwatched(reader)
                self.assertNotEqual(near.fileno(), -1)
                self.told.clear()
                near.close()
                far.close()

    def refused(self, sentence: str, *headers: bytes) -> Deferred[None]:
        """Each of them is, whole and byte by byte."""
        return Deferred.fromCoroutine(self._refused(sentence, *headers))

    def test_no_header(self) -> Deferred[None]:
        """Whoever comes without one is told so at the first six bytes."""
        return self.refused(
            NO_HEADER, b"USER x\r\n", b"\x16\x03\x01\x02\x00\x01", b"proxy TCP4", SIGNATURE[1:] * 2
        )

    def test_almost_the_signature(self) -> Deferred[None]:
        """Version 2 needs its whole signature."""
        return self.refused(NO_HEADER, SIGNATURE[:-1] + b"\r" + b"\x21\x11\x00\x00")

    def test_line_too_long(self) -> Deferred[None]:
        """108 bytes are too many; without an end it stops there as well."""
        sentence = "the PROXY header is longer than 107 bytes"
        return self.refused(
            sentence, b"PROXY UNKNOWN " + b"f" * 92 + b"\r\n", b"PROXY " + b"x" * 102
        )

    def test_addresses(self) -> Deferred[None]:
        """An address must be one, of the family that is named, and without a zone."""
        form = b"PROXY TCP%b %b 192.0.2.1 1 2\r\n"
        form6 = b"PROXY TCP6 %b ::1 1 2\r\n"
        return self.refused(
            MALFORMED,
            *(form % (b"4", host) for host in (b"999.2.3.4", b"192.0.2", b"::1", b"a.b.c.d", b"")),
            form % (b"6", b"::1"),
            *(form6 % host for host in (b"fe80::1%eth0", b"1:2:3", b"::g", b"12345::")),
        )

    def test_ports(self) -> Deferred[None]:
        """A port is a plain decimal number up to 65535."""
        form = b"PROXY TCP4 192.0.2.7 192.0.2.1 1 %b\r\n"
        bad = (b"65536", b"99999", b"-1", b"+1", b"1_0", b"01", b"1\t", b"1\r", b"0x1", b"", b"1 ")
        return self.refused(MALFORMED, *(form % port for port in bad))

    def test_lines(self) -> Deferred[None]:
        """Nothing more, nothing less, CRLF at the end."""
        return self.refused(
            MALFORMED,
            b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2 junk\r\n",
            b"PROXY TCP4  192.0.2.7 192.0.2.1 1 2\r\n",
            b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2\n",
            b"PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n",
            b"PROXY TCP4 192.0.2.7\x00 192.0.2.1 1 2\r\n",
            b"PROXY UDP4 192.0.2.7 192.0.2.1 1 2\r\n",
            b"PROXY tcp4 192.0.2.7 192.0.2.1 1 2\r\n",
            b"PROXY UNKNOWNS\r\n",
            b"PROXY UNKNOWN a\rb\r\n",
            b"PROXY \r\n",
        )

    def test_blocks(self) -> Deferred[None]:
        """Another version or command, or addresses that do not fit into their length."""
        return self.refused(
            MALFORMED,
            block(0x11, 0x11, ADDRESSES4),
            block(0x31, 0x11, ADDRESSES4),
            block(0x22, 0x11, ADDRESSES4),
            block(0x21, 0x11, ADDRESSES4[:-1]),
            block(0x21, 0x21, ADDRESSES4),
            block(0x21, 0x11, b""),
            block(0x21, 0x11, ADDRESSES4 + tlv(0x03, b"abc")),
        )

    def test_kinds(self) -> Deferred[None]:
        """UNIX sockets, UDP, and numbers that nobody has assigned: told before their addresses."""
        kinds = (0x31, 0x32, 0x12, 0x22, 0x01, 0x10, 0x13, 0x41, 0xFF)
        return self.refused(OTHER_KIND, *(block(0x21, kind, bytes(216)) for kind in kinds))

    def test_block_too_long(self) -> Deferred[None]:
        """A length is refused when it is read; nobody waits for the bytes."""
        return self.refused(
            "the PROXY header is longer than 4112 bytes",
            block(0x21, 0x11, ADDRESSES4, 4097),
            block(0x20, 0x00, b"", 65535),
        )

    async def _cut_short(self, *, by_reset: bool, sentence: str) -> None:
        for data in (b"", b"PROX", LINE4[:-1], block(0x21, 0x11, ADDRESSES4)[:-1], SIGNATURE):
            near, far = self.pair()
            reader = self.reader(near)
            await self.arrive(near, far, data, b"")
            if by_reset:
                reset(far)
            far.close()
            await self.until(lambda: self.told)
            self.assertEqual(self.told, [sentence])
            self.unwatched(reader)
            self.assertNotEqual(near.fileno(), -1)
            self.told.clear()

    def test_end(self) -> Deferred[None]:
        """A peer that closes before the header is whole."""
        return Deferred.fromCoroutine(self._cut_short(by_reset=False, sentence=TOO_SOON))

    def test_reset(self) -> Deferred[None]:
        """A peer that resets before the header is whole."""
        sentence = "the peer: Connection reset by peer"
        return Deferred.fromCoroutine(self._cut_short(by_reset=True, sentence=sentence))

    @given(
        some.one_of(
            some.binary(max_size=40),
            some.binary(max_size=110).map(lambda rest: b"PROXY " + rest),
            some.text("0123456789abcdef:. TCP46\r\n", max_size=110).map(
                lambda rest: b"PROXY TCP" + rest.encode()
            ),
            some.tuples(
                some.integers(0x1F, 0x22), some.integers(0, 0x32), some.binary(max_size=60)
            ).map(lambda parts: block(*parts)),
        )
    )
    @settings(max_examples=300, deadline=None, derandomize=True)
    def test_anything(self, data: bytes) -> None:
        """Whatever comes gives one answer and no exception."""
        told: list[object] = []
        near, far = pair()
        with near, far:
            reader = HeaderReader(
                MemoryReactorClock(), near, lambda *both: told.append(both), told.append
            )
            far.sendall(data)
            far.shutdown(socket.SHUT_WR)
            for _ in range(5):
                if not told:
                    reader.doRead()
            self.assertEqual(len(told), 1)
