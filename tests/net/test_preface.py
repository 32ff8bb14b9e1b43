"""The PROXY protocol over real loopback sockets: each header whole, cut anywhere, broken, glued."""

from __future__ import annotations

import fcntl
import socket
import struct
import termios
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.addresses import HostPort
from ftpalg.net.data import reset
from ftpalg.net.preface import SIGNATURE, HeaderReader, Preface, header
from tests.core.splits import splits
from tests.net.pairs import REACTOR, SocketCase, pair, read_some

CLIENT4, SERVER4 = ("192.0.2.7", 50123), ("198.51.100.1", 21)
CLIENT6, SERVER6 = ("2001:db8::7", 65535), ("2001:db8::1", 0)
BEHIND = b"\x16\x03\x01 the connection's own bytes"

LINE4 = b"PROXY TCP4 192.0.2.7 198.51.100.1 50123 21\r\n"
LINE6 = b"PROXY TCP6 2001:db8::7 2001:db8::1 65535 0\r\n"
ADDRESSES4 = b"\xc0\x00\x02\x07\xc6\x33\x64\x01\xc3\xcb\x00\x15"
ADDRESSES6 = (
    b"\x20\x01\x0d\xb8" + bytes(11) + b"\x07\x20\x01\x0d\xb8" + bytes(11) + b"\x01\xff\xff\x00\x00"
)

NO_HEADER = "the connection does not begin with a PROXY header"
MALFORMED = "the PROXY header is malformed"
OTHER_KIND = "the PROXY header is for something else than TCP over IPv4 or IPv6"
TOO_SOON = "the peer closed the connection too soon"


def block(command: int, kind: int, rest: bytes, size: int | None = None) -> bytes:
    """A header of version 2; ``size`` is what it claims instead of its true one."""
    return (
        SIGNATURE + struct.pack("!BBH", command, kind, len(rest) if size is None else size) + rest
    )


def tlv(kind: int, value: bytes) -> bytes:
    """One type, length and value behind the addresses of version 2."""
    return struct.pack("!BH", kind, len(value)) + value


def unread(sock: socket.socket) -> int:
    """How many bytes wait in the kernel."""
    (size,) = struct.unpack("i", fcntl.ioctl(sock, termios.FIONREAD, bytes(4)))
    return int(size)


class PrefaceCase(SocketCase):
    """``told`` keeps what a preface calls."""

    def setUp(self) -> None:
        self.told: list[Any] = []

    def pair(self, *, small: bool = False) -> tuple[socket.socket, socket.socket]:
        near, far = super().pair(small=small)
        far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return near, far

    async def arrive(self, near: socket.socket, far: socket.socket, *pieces: bytes) -> None:
        """Send the pieces, each when all before it was taken: nothing is left to wake the reactor."""
        for piece in pieces:
            while unread(near) and not self.told:
                await self.turn(0)
            far.sendall(piece)

    async def quiet(self, preface: Preface) -> None:
        """It is not woken while nothing comes; a wake-up for nothing does no harm."""
        preface.doRead()
        woken: list[object] = []
        self.patch(preface, "doRead", lambda: woken.append(preface))
        for _ in range(5):
            await self.turn()
        self.assertEqual(woken, [])


class ReaderCase(PrefaceCase):
    """Headers that are read."""

    def reader(self, sock: socket.socket) -> HeaderReader:
        """One that notes the two addresses, or the sentence."""

        def done(source: HostPort | None, destination: HostPort | None) -> None:
            self.told.append((source, destination))

        made = HeaderReader(REACTOR, sock, done, self.told.append)
        self.addCleanup(made.cancel)
        return made


class Writing(SynchronousTestCase):
    """The header that we send, byte by byte as the specification has it."""

    def test_line(self) -> None:
        """Version 1 in both families."""
        self.assertEqual(header(1, CLIENT4, SERVER4), LINE4)
        self.assertEqual(header(1, CLIENT6, SERVER6), LINE6)

    def test_block(self) -> None:
        """Version 2 in both families."""
        self.assertEqual(header(2, CLIENT4, SERVER4), block(0x21, 0x11, ADDRESSES4))
        self.assertEqual(header(2, CLIENT6, SERVER6), block(0x21, 0x21, ADDRESSES6))

    def test_mixed_families(self) -> None:
        """An IPv4 address beside an IPv6 one is written as IPv6, on either side."""
        mapped = b"\xff\xff\xc0\x00\x02\x07"
        self.assertIn(bytes(10) + mapped + b" \x01\r\xb8", header(2, CLIENT4, SERVER6))
        _, kind, source, destination, *_ports = header(1, SERVER6, CLIENT4).split()
        self.assertEqual((kind, source), (b"TCP6", b"2001:db8::1"))
        packed = socket.inet_pton(socket.AF_INET6, destination.decode())
        self.assertEqual(packed, bytes(10) + mapped)

    def test_spelling(self) -> None:
        """A mapped address alone is written as IPv4; a zone is left out."""
        self.assertEqual(header(1, ("::ffff:192.0.2.7", 50123), SERVER4), LINE4)
        self.assertIn(b" fe80::1 ", header(1, ("fe80::1%eth0", 1), SERVER6))

    def test_no_address(self) -> None:
        """A name is no address."""
        self.assertRaises(ValueError, header, 1, ("ftp.example", 1), SERVER4)


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


class Paused(Protocol):
    """Reads a header through its own transport's socket, and goes on as usual behind it."""

    def __init__(self, told: list[object]) -> None:
        self.told = told
        self.received = b""

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.pauseProducing()
        self.reader = HeaderReader(REACTOR, transport.getHandle(), self.begin, self.told.append)

    def begin(self, source: HostPort | None, destination: HostPort | None) -> None:
        """The header is whole."""
        self.told.append((source, destination))
        transport: Any = self.transport
        transport.resumeProducing()
        transport.write(b"220 ready\r\n")

    def dataReceived(self, data: bytes) -> None:
        self.received += data


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
