"""The PROXY header as bytes, beside what the specification and Twisted say of it."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport
from twisted.protocols.haproxy import proxyEndpoint
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from ftpalg.core.wire import proxy_header
from ftpalg.core.wire.addresses import HostPort, normal
from ftpalg.core.wire.proxy_header import Ends, _crc32c, header, read_block, read_line
from tests.net.proxyheaders import (
    ADDRESSES4,
    ADDRESSES6,
    CLIENT4,
    CLIENT6,
    LINE4,
    LINE6,
    SERVER4,
    SERVER6,
    block,
    tlv,
)

HOSTS = some.one_of(some.ip_addresses(v=4), some.ip_addresses(v=6)).map(str)
ENDS = some.tuples(HOSTS, some.integers(0, 65535))


def read(data: bytes) -> Ends | None:
    """A header of either version."""
    return read_line(data) if data.startswith(b"PROXY") else read_block(data)


def checked(kind: int, rest: bytes, behind: bytes = b"") -> bytes:
    """A header of version 2 with its checksum, and more extensions behind that."""
    whole = block(0x21, kind, rest + tlv(0x03, bytes(4)) + behind)
    at = 16 + len(rest) + 3
    return whole[:at] + _crc32c(whole) + whole[at + 4 :]


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


class Lines(SynchronousTestCase):
    """Version 1, read."""

    def test_read(self) -> None:
        """Both families, and UNKNOWN with anything behind it."""
        self.assertEqual(read_line(LINE4), (CLIENT4, SERVER4))
        self.assertEqual(read_line(LINE6), (CLIENT6, SERVER6))
        self.assertIsNone(read_line(b"PROXY UNKNOWN\r\n"))
        self.assertIsNone(read_line(b"PROXY UNKNOWN " + b"f" * 91 + b"\r\n"))

    def test_refused(self) -> None:
        """Another family's address, a port too high, a line too long, no line; each ValueError."""
        for line in (
            b"PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n",
            b"PROXY TCP6 192.0.2.7 198.51.100.1 1 2\r\n",
            b"PROXY TCP4 192.0.2.7 198.51.100.1 1 65536\r\n",
            b"PROXY TCP4 192.0.2.7 198.51.100.1 65536 1\r\n",
            b"PROXY TCP4 192.0.2.7 198.51.100.1 1 02\r\n",
            b"PROXY UNKNOWN " + b"f" * 92 + b"\r\n",
            LINE4[:-2],
            LINE4 + b"x",
            b"",
        ):
            self.assertRaises(ValueError, read_line, line)


class Blocks(SynchronousTestCase):
    """Version 2, read."""

    def test_read(self) -> None:
        """Both families; LOCAL and a family left open leave the connection's own addresses."""
        self.assertEqual(read_block(block(0x21, 0x11, ADDRESSES4)), (CLIENT4, SERVER4))
        self.assertEqual(read_block(block(0x21, 0x21, ADDRESSES6)), (CLIENT6, SERVER6))
        for local in (block(0x20, 0x00, b""), block(0x20, 0x31, b"any"), block(0x21, 0, b"any")):
            self.assertIsNone(read_block(local))

    def test_extensions(self) -> None:
        """Passed over, of whatever type; but they fill the block to its very end."""
        more = tlv(0x02, b"ftp.example") + tlv(0xE0, b"\r\n" * 8) + tlv(0x04, b"")
        whole = block(0x21, 0x11, ADDRESSES4 + more)
        self.assertEqual(read_block(whole), (CLIENT4, SERVER4))
        for short in (b"\x04", b"\x04\x00", b"\x04\x00\x01", tlv(0x04, b"abc")[:-1]):
            for rest in (short, more + short):
                self.assertRaises(ValueError, read_block, block(0x21, 0x11, ADDRESSES4 + rest))

    def test_checksum(self) -> None:
        """Right it is passed over, at any place; one wrong bit anywhere is refused."""
        self.assertEqual(_crc32c(b"123456789"), bytes.fromhex("e3069283"))
        for whole in (checked(0x11, ADDRESSES4), checked(0x11, ADDRESSES4, tlv(0x02, b"ftp"))):
            self.assertEqual(read_block(whole), (CLIENT4, SERVER4))
            for at in range(16, len(whole)):
                wrong = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
                if at not in range(28, 31):  # the type and length of the checksum itself
                    self.assertRaises(ValueError, read_block, wrong)

    def test_checksums(self) -> None:
        """Only one, of four bytes: what is counted again and again would take the reactor's time."""
        for value in (b"", b"abc", b"abcde"):
            whole = block(0x21, 0x11, ADDRESSES4 + tlv(0x03, value))
            self.assertRaises(ValueError, read_block, whole)
        self.patch(proxy_header, "_crc32c", lambda data: bytes(4))
        one = ADDRESSES4 + tlv(0x03, bytes(4))
        self.assertEqual(read_block(block(0x21, 0x11, one)), (CLIENT4, SERVER4))
        self.assertRaises(ValueError, read_block, block(0x21, 0x11, one + tlv(0x03, bytes(4))))

    def test_refused(self) -> None:
        """Another signature, version, command, family or length."""
        good = block(0x21, 0x11, ADDRESSES4)
        for wrong in (
            b"\n" + good[1:],
            block(0x11, 0x11, ADDRESSES4),
            block(0x22, 0x11, ADDRESSES4),
            block(0x21, 0x12, ADDRESSES4),
            block(0x21, 0x31, bytes(216)),
            block(0x21, 0x21, ADDRESSES4),
            block(0x21, 0x11, ADDRESSES4[:-1]),
            block(0x21, 0x11, ADDRESSES4, 11),
            block(0x21, 0x11, ADDRESSES4, 13),
        ):
            self.assertRaises(ValueError, read_block, wrong)


@implementer(IStreamServerEndpoint)
class Listening:
    """Keeps the factory that listens."""

    factory: Any

    def listen(self, protocolFactory: object) -> Any:
        self.factory = protocolFactory


def by_twisted(data: bytes) -> Ends | None:
    """Whom Twisted's wrapper takes for the two ends; None where it drops the connection."""
    endpoint, made = Listening(), Protocol()
    proxyEndpoint(endpoint).listen(Factory.forProtocol(lambda: made))
    wrapper = endpoint.factory.buildProtocol(None)
    transport = StringTransport()
    wrapper.makeConnection(transport)
    wrapper.dataReceived(data)
    if transport.disconnecting or transport.disconnected or not made.transport:
        return None
    ends: tuple[Any, Any] = made.transport.getPeer(), made.transport.getHost()
    client, server = ((normal(str(ip_address(end.host))), end.port) for end in ends)
    return client, server


class BesideTwisted(SynchronousTestCase):
    """Twisted's wrapper, written by others from the same specification."""

    @given(some.sampled_from((1, 2)), ENDS, ENDS)
    @settings(max_examples=200, deadline=None, derandomize=True)
    def test_written(self, version: int, source: HostPort, destination: HostPort) -> None:
        """What we write both read back."""
        (from_host, from_port), (to_host, to_port) = source, destination
        ends = (normal(from_host), from_port), (normal(to_host), to_port)
        data = header(version, source, destination)
        self.assertEqual((read(data), by_twisted(data)), (ends, ends))

    @given(some.sampled_from((0x11, 0x21)), some.binary(min_size=36, max_size=36), ENDS)
    @settings(max_examples=200, deadline=None, derandomize=True)
    def test_extended(self, kind: int, packed: bytes, more: HostPort) -> None:
        """Any addresses, with an extension and a checksum behind them."""
        size = 12 if kind == 0x11 else 36
        data = checked(kind, packed[:size], tlv(0xEA, more[0].encode()))
        self.assertEqual(read(data), by_twisted(data))
        self.assertIsNotNone(read(data))
