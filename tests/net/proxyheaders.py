"""PROXY headers, byte by byte."""

from __future__ import annotations

import socket
import struct
from typing import Any

from twisted.internet.protocol import Protocol

from ftpalg.core.wire.addresses import HostPort
from ftpalg.core.wire.proxy_header import SIGNATURE
from ftpalg.net.proxy_header_reader import HeaderReader
from tests.net.pairs import REACTOR
from tests.net.test_leading_bytes import PrefaceCase

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


class ReaderCase(PrefaceCase):
    """Headers that are read."""

    def reader(self, sock: socket.socket) -> HeaderReader:
        """One that notes the two addresses, or the sentence."""

        def done(source: HostPort | None, destination: HostPort | None) -> None:
            self.told.append((source, destination))

        made = HeaderReader(REACTOR, sock, done, self.told.append)
        self.addCleanup(made.cancel)
        return made


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
