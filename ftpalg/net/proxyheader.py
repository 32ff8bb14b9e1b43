"""The PROXY header before a connection's own bytes, written and read.

haproxy's proxy-protocol.txt, sections 2.1 (version 1, a line of text) and 2.2 (version 2, binary).
A header is believed as it stands: who may send one, and about whom (``unbelievable``), is for the
caller to decide.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Callable
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from ftpalg.core.wire.addresses import HostPort, normal
from ftpalg.net.leading_bytes import Preface
from ftpalg.net.reactors import Watching

if TYPE_CHECKING:
    from proxyprotocol import ProxyProtocol
    from proxyprotocol.result import ProxyResult

START = 6  # bytes that tell the versions apart; the shortest header has 15
LINE_START = b"PROXY "
LONGEST_LINE = 107  # "a 108-byte buffer is always enough", with "a trailing zero"
LINE_END = re.compile(rb"\n")
# "PROXY", "TCP4" or "TCP6", two addresses, two ports; "heading zeroes are not permitted"; behind
# UNKNOWN "the receiver must ignore anything presented before the CRLF".  The library alone would
# take "+21", "2_1" and "21\r" for ports, and an address with a zone.
LINE = re.compile(
    rb"PROXY (?:UNKNOWN(?: [^\r\n]*)?|TCP[46](?: [0-9A-Fa-f.:]+){2}(?: (?:0|[1-9][0-9]{0,4})){2})\r\n"
)
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
BLOCK_HEAD = 16  # bytes: signature, version and command, family and protocol, length
LONGEST_BLOCK = 4096  # bytes behind the head: 12 or 36 of addresses, and extensions
PROXY = 0x21  # version 2 and the command that says that the addresses count
NOWHERE = (ip_network("0.0.0.0/8"), ip_network("240.0.0.0/4"))  # this network (RFC 791), reserved
KINDS = (0x00, 0x11, 0x21)  # unspecified, TCP over IPv4, TCP over IPv6


@cache
def versions() -> dict[int, ProxyProtocol]:
    """The codecs; the library is imported where headers are in the settings, before ``ready``."""
    from proxyprotocol.v1 import ProxyProtocolV1
    from proxyprotocol.v2 import ProxyProtocolV2

    return {1: ProxyProtocolV1(), 2: ProxyProtocolV2()}


def header(version: int, source: HostPort, destination: HostPort) -> bytes:
    """The header of version 1 or 2 for a connection from ``source`` to ``destination``.

    Addresses of different families are both written as IPv6, the IPv4 one as ``::ffff:192.0.2.1``.
    Raise ValueError where one is no IP address.
    """
    (from_host, from_port), (to_host, to_port) = source, destination
    client, server = ip_address(normal(from_host)), ip_address(normal(to_host))
    from proxyprotocol.result import ProxyResultIPv4, ProxyResultIPv6

    result: ProxyResult
    if isinstance(client, IPv4Address) and isinstance(server, IPv4Address):
        result = ProxyResultIPv4(
            (client, from_port), (server, to_port), protocol=socket.SOCK_STREAM
        )
    else:
        result = ProxyResultIPv6(
            (_as_ipv6(client), from_port), (_as_ipv6(server), to_port), protocol=socket.SOCK_STREAM
        )
    return versions()[version].pack(result)


def _as_ipv6(address: IPv4Address | IPv6Address) -> IPv6Address:
    return address if isinstance(address, IPv6Address) else IPv6Address(f"::ffff:{address}")


def unbelievable(source: str, balancer: str) -> str:
    """Why a header's source cannot be a client of that balancer, or nothing; both in normal spelling.

    Loopback and the like mean something on the balancer's machine and something else on this one: a
    user there would get to what is behind our own loopback.
    """
    client = ip_address(source)
    strange = (
        client.is_loopback
        or client.is_unspecified
        or client.is_link_local
        or client.is_multicast
        or any(client in network for network in NOWHERE if network.version == client.version)
    )
    if not strange or ip_address(balancer).is_loopback:
        return ""
    return f"the PROXY header says {source}, which is no address of a client elsewhere"


class HeaderReader(Preface):
    """Reads the PROXY header, of either version, at the beginning of an accepted connection.

    Calls ``done`` with source and destination, hosts in normal spelling; with None for both where
    the header says that the connection's own addresses count.  It never closes the socket, not
    after ``failed`` either.

    The socket may be that of a Twisted transport, if that neither reads nor writes until the end:
    the reactor keeps one descriptor for each file number.
    """

    def __init__(
        self,
        reactor: Watching,
        sock: socket.socket,
        done: Callable[[HostPort | None, HostPort | None], None],
        failed: Callable[[str], None],
    ) -> None:
        super().__init__(reactor, sock, failed)
        self._done = done
        self._expect(START, self._started)
        reactor.addReader(self)

    def abort(self) -> None:
        """The socket is not its own: only let go of it."""
        self.cancel()

    def _started(self, start: bytes) -> None:
        if start == LINE_START:
            self._expect(LONGEST_LINE - START, lambda rest: self._line(start + rest), LINE_END)
        elif start == SIGNATURE[:START]:
            self._expect(BLOCK_HEAD - START, lambda rest: self._block_head(start + rest))
        else:
            self._fail("the connection does not begin with a PROXY header")

    def _line(self, line: bytes) -> None:
        if LINE.fullmatch(line):
            self._parse(1, line)
        elif line.endswith(b"\n"):
            self._fail("the PROXY header is malformed")
        else:
            self._fail(f"the PROXY header is longer than {LONGEST_LINE} bytes")

    def _block_head(self, head: bytes) -> None:
        command, kind = head[len(SIGNATURE) : len(SIGNATURE) + 2]
        size = int.from_bytes(head[-2:], "big")
        if not head.startswith(SIGNATURE):
            self._fail("the connection does not begin with a PROXY header")
        elif command == PROXY and kind not in KINDS:
            self._fail("the PROXY header is for something else than TCP over IPv4 or IPv6")
        elif size > LONGEST_BLOCK:
            self._fail(f"the PROXY header is longer than {BLOCK_HEAD + LONGEST_BLOCK} bytes")
        elif size:
            self._expect(size, lambda rest: self._parse(2, head + rest))
        else:
            self._parse(2, head)

    def _parse(self, version: int, data: bytes) -> None:
        from proxyprotocol.result import is_ipv4, is_ipv6

        try:
            result = versions()[version].unpack(data)
        except (ValueError, struct.error):
            self._fail("the PROXY header is malformed")
            return
        self.cancel()
        if is_ipv4(result) or is_ipv6(result):
            (from_host, from_port), (to_host, to_port) = result.source, result.dest
            self._done((normal(str(from_host)), from_port), (normal(str(to_host)), to_port))
        else:
            self._done(None, None)
