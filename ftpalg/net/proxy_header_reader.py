"""The PROXY header before a connection's own bytes, taken from its socket.

A header is believed as it stands: who may send one, and about whom (``unbelievable``), is for the
caller to decide.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from ipaddress import ip_address, ip_network

from ftpalg.core.wire.addresses import HostPort
from ftpalg.core.wire.proxy_header import (
    BLOCK_HEAD,
    KINDS,
    LONGEST_LINE,
    PROXY,
    SIGNATURE,
    Ends,
    read_block,
    read_line,
)
from ftpalg.net.leading_bytes import Preface
from ftpalg.net.reactors import Watching

START = 6  # bytes that tell the versions apart; the shortest header has 15
LINE_START = b"PROXY "
LINE_END = re.compile(rb"\n")
LONGEST_BLOCK = 4096  # bytes behind the head: 12 or 36 of addresses, and extensions
NOWHERE = (ip_network("0.0.0.0/8"), ip_network("240.0.0.0/4"))  # this network (RFC 791), reserved


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
            self._expect(BLOCK_HEAD.size - START, lambda rest: self._block_head(start + rest))
        else:
            self._fail("the connection does not begin with a PROXY header")

    def _line(self, line: bytes) -> None:
        if line.endswith(b"\n"):
            self._parse(read_line, line)
        else:
            self._fail(f"the PROXY header is longer than {LONGEST_LINE} bytes")

    def _block_head(self, head: bytes) -> None:
        signature, command, kind, size = BLOCK_HEAD.unpack(head)
        if signature != SIGNATURE:
            self._fail("the connection does not begin with a PROXY header")
        elif command == PROXY and kind not in KINDS:
            self._fail("the PROXY header is for something else than TCP over IPv4 or IPv6")
        elif size > LONGEST_BLOCK:
            self._fail(f"the PROXY header is longer than {BLOCK_HEAD.size + LONGEST_BLOCK} bytes")
        elif size:
            self._expect(size, lambda rest: self._parse(read_block, head + rest))
        else:
            self._parse(read_block, head)

    def _parse(self, read: Callable[[bytes], Ends | None], data: bytes) -> None:
        try:
            source, destination = read(data) or (None, None)
        except ValueError:
            self._fail("the PROXY header is malformed")
            return
        self.cancel()
        self._done(source, destination)
