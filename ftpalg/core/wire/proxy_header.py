"""The PROXY header, which tells whose connection it is that somebody hands on.

haproxy's proxy-protocol.txt, sections 2.1 (version 1, a line of text) and 2.2 (version 2, binary).
Reading takes one whole header and returns source and destination, hosts in normal spelling; None where
the connection's own addresses count; ValueError where it is malformed.
"""

from __future__ import annotations

import re
import struct
from ipaddress import IPv4Address, IPv6Address, ip_address

from ftpalg.core.wire.addresses import HostPort, normal

LONGEST_LINE = 107  # "a 108-byte buffer is always enough", with "a trailing zero"
# "PROXY", "TCP4" or "TCP6", two addresses, two ports; "heading zeroes are not permitted"; behind
# UNKNOWN "the receiver must ignore anything presented before the CRLF".  No address has a zone.
LINE = re.compile(
    rb"PROXY (?:UNKNOWN(?: [^\r\n]*)?"
    rb"|TCP([46]) ([0-9A-Fa-f.:]+) ([0-9A-Fa-f.:]+) (0|[1-9][0-9]{0,4}) (0|[1-9][0-9]{0,4}))\r\n"
)
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
BLOCK_HEAD = struct.Struct("!12sBBH")  # signature, version and command, family and protocol, length
LOCAL, PROXY = 0x20, 0x21  # version 2, and whether the addresses count
UNSPECIFIED = 0x00
ADDRESSES = {0x11: struct.Struct("!4s4sHH"), 0x21: struct.Struct("!16s16sHH")}
"""TCP over IPv4 and over IPv6: two addresses, two ports."""
KINDS = (UNSPECIFIED, *ADDRESSES)
EXTENSION = struct.Struct("!BH")  # type and length, before a value
CHECKSUM = (
    0x03  # the type whose value is the CRC-32C of the header, counted with zeroes in its place
)

Ends = tuple[HostPort, HostPort]


def header(version: int, source: HostPort, destination: HostPort) -> bytes:
    """The header of version 1 or 2 for a connection from ``source`` to ``destination``.

    Addresses of different families are both written as IPv6, the IPv4 one as ``::ffff:192.0.2.1``.
    Raise ValueError where one is no IP address.
    """
    (from_host, from_port), (to_host, to_port) = source, destination
    client, server = ip_address(normal(from_host)), ip_address(normal(to_host))
    both4 = client.version == server.version == 4
    if not both4:
        client, server = _as_ipv6(client), _as_ipv6(server)
    if version == 1:
        return f"PROXY TCP{4 if both4 else 6} {client} {server} {from_port} {to_port}\r\n".encode()
    kind = 0x11 if both4 else 0x21
    ends = ADDRESSES[kind].pack(client.packed, server.packed, from_port, to_port)
    return BLOCK_HEAD.pack(SIGNATURE, PROXY, kind, len(ends)) + ends


def _as_ipv6(address: IPv4Address | IPv6Address) -> IPv6Address:
    return address if isinstance(address, IPv6Address) else IPv6Address(f"::ffff:{address}")


def read_line(line: bytes) -> Ends | None:
    """What a header of version 1 says, from PROXY to CRLF."""
    found = LINE.fullmatch(line)
    if not found or len(line) > LONGEST_LINE:
        raise ValueError("no PROXY line")
    if not found[1]:
        return None
    family = IPv4Address if found[1] == b"4" else IPv6Address
    client, server = (normal(str(family(host.decode()))) for host in found.group(2, 3))
    from_port, to_port = map(int, found.group(4, 5))
    if max(from_port, to_port) > 65535:
        raise ValueError("no port")
    return (client, from_port), (server, to_port)


def read_block(block: bytes) -> Ends | None:
    """What a header of version 2 says, head and all; what extends it is passed over.

    A checksum that it has must be right; it need not have one.
    """
    signature, command, kind, size = BLOCK_HEAD.unpack_from(block)
    if (signature, size) != (SIGNATURE, len(block) - BLOCK_HEAD.size):
        raise ValueError("no PROXY block")
    if command == LOCAL or (command == PROXY and kind == UNSPECIFIED):
        return None
    if command != PROXY or kind not in ADDRESSES or size < ADDRESSES[kind].size:
        raise ValueError("no addresses of a known kind")
    client, server, from_port, to_port = ADDRESSES[kind].unpack_from(block, BLOCK_HEAD.size)
    _pass_over(block, BLOCK_HEAD.size + ADDRESSES[kind].size)
    hosts = [normal(str(ip_address(packed))) for packed in (client, server)]
    return (hosts[0], from_port), (hosts[1], to_port)


def _pass_over(block: bytes, at: int) -> None:
    """Go from extension to extension up to the very end of the block."""
    checked = False
    while at < len(block):
        if len(block) - at < EXTENSION.size:
            raise ValueError("an extension ends in its head")
        kind, size = EXTENSION.unpack_from(block, at)
        at += EXTENSION.size
        value = block[at : at + size]
        if len(value) < size:
            raise ValueError("an extension is longer than the block")
        if kind == CHECKSUM:
            if checked or value != _crc32c(block[:at] + bytes(size) + block[at + size :]):
                raise ValueError("the checksum is wrong, or one of several")
            checked = True
        at += size


def _crc32c(data: bytes) -> bytes:
    """CRC-32C (RFC 3720 section 12.1), as the four bytes of a header."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return (crc ^ 0xFFFFFFFF).to_bytes(4, "big")
