"""Data connection addresses on the wire: PORT, EPRT, 227 and 229.

RFC 959 section 4.1.2, RFC 2428.  What a server writes is read generously and only for its port:
the address in it is never used (CVE-2020-8284 and its kin).  What a client writes is read strictly,
but for spaces, brackets and a last comma in PORT, which devices send; whom it names the session judges.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from ftpalg.core.wire.errors import BadArgument, BadReply, FamilyRefused

SIX = re.compile(rb"(?<!\d)" + rb"[ \t]*,[ \t]*".join([rb"(\d{1,3})"] * 6) + rb"(?!\d)")
BEHIND_SIX = re.compile(rb"[ \t]*[,.]?")
EXTENDED = (  # (|||port|), (|1|address|port|) and (||port|), with any sign as delimiter
    re.compile(rb"([!-/:-@[-`{-~])\1\1(?P<port>\d{1,5})\1"),
    re.compile(rb"([!-/:-@[-`{-~])[12]\1[0-9A-Fa-f:.]{0,45}\1(?P<port>\d{1,5})\1"),
    re.compile(rb"\(([!-/:-@[-`{-~])\1?(?P<port>\d{1,5})\1\)"),
)
BRACKETED = re.compile(r"^\[([^][]*:[^][]*)\]$")
KNOWN = 1024  # addresses and names that are spelled once; ``sys.intern`` would keep them for ever
LONGEST = 1024  # bytes of a reply in which an address is looked for
NO_PORT = "The server's answer names no data port."
OTHER_FAMILY = "Network protocol not supported, use (1,2)"

HostPort = tuple[str, int]


@lru_cache(KNOWN)
def normal(host: str) -> str:
    """An address in one spelling: no zone, ``::ffff:192.0.2.1`` as ``192.0.2.1``, lower case.

    Mostly the same object for the same address: sessions have them in common.
    """
    if ":" not in host:
        return host
    address = IPv6Address(host.partition("%")[0])
    return str(address.ipv4_mapped or address)


@lru_cache(KNOWN)
def plain_name(name: str) -> str:
    """A server's name, or a pattern for one, in one spelling: lower case, no last dot, no brackets."""
    name = BRACKETED.sub(r"\1", name.lower().removesuffix("."))
    try:
        return normal(name)
    except ValueError:  # a pattern over addresses: 2001:db8::*
        return name


def family(host: str) -> int:
    """The number RFC 2428 gives the address's protocol: 1 for IPv4, 2 for IPv6."""
    return 2 if ":" in host and ":" in normal(host) else 1


def parse_port(argument: bytes | None) -> HostPort:
    """Read PORT's six numbers; spaces, brackets and a last comma do not matter.  Raise BadArgument."""
    text = (argument or b"").strip()
    if text[:1] == b"(" and text[-1:] == b")":
        text = text[1:-1].strip()
    numbers, rest = _six(SIX.match(text[:LONGEST]), text)
    if not numbers or not BEHIND_SIX.fullmatch(rest):
        raise BadArgument("PORT needs six numbers from 0 to 255: h1,h2,h3,h4,p1,p2.")
    return ".".join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5]


def parse_eprt(argument: bytes | None) -> HostPort:
    """Read EPRT's ``|family|address|port|``.  Raise BadArgument, or FamilyRefused beyond 1 and 2."""
    text = (argument or b"").strip()
    parts = text[1:-1].split(text[:1]) if len(text) > 2 and text[:1] == text[-1:] else []
    if len(parts) != 3 or not 33 <= text[0] <= 126 or not parts[2].isdigit():
        raise BadArgument("EPRT needs |protocol|address|port|.")
    if parts[0] not in (b"1", b"2"):
        raise FamilyRefused(OTHER_FAMILY)
    try:
        host = parts[1].decode("ascii")
        shown = str(IPv4Address(host)) if parts[0] == b"1" else normal(str(IPv6Address(host)))
    except (AddressValueError, UnicodeDecodeError):
        raise BadArgument("EPRT with an address that cannot be read.") from None
    port = int(parts[2][:6])
    if port > 65535:
        raise BadArgument("EPRT with a port beyond 65535.")
    return shown, port


def parse_227(text: bytes) -> int:
    """The port in a server's answer to PASV: the first run of six numbers.  Raise BadReply."""
    numbers, _ = _six(SIX.search(text[:LONGEST]), text)
    if not numbers:
        raise BadReply(NO_PORT)
    return _server_port(numbers[4] * 256 + numbers[5])


def _six(match: re.Match[bytes] | None, text: bytes) -> tuple[list[int], bytes]:
    """Six numbers that are bytes, and what stands behind them; no numbers where they are none."""
    numbers = [int(n) for n in match.groups()] if match else []
    if match is None or max(numbers) > 255:
        return [], b""
    return numbers, text[match.end() :]


def parse_229(text: bytes) -> int:
    """The port in a server's answer to EPSV, in any delimiter and the odd forms seen.  Raise BadReply."""
    for pattern in EXTENDED:
        match = pattern.search(text[:LONGEST])
        if match:
            return _server_port(int(match["port"]))
    raise BadReply(NO_PORT)


def _server_port(port: int) -> int:
    if not 1024 <= port <= 65535:
        raise BadReply(f"The server names data port {port}, outside 1024 to 65535.")
    return port


def format_port(host: str, port: int) -> bytes:
    """``h1,h2,h3,h4,p1,p2`` for PORT and 227."""
    return b"%b,%d,%d" % (host.replace(".", ",").encode("ascii"), port >> 8, port & 255)


def format_eprt(host: str, port: int) -> bytes:
    """``|family|address|port|`` for EPRT."""
    return b"|%d|%b|%d|" % (family(host), host.encode("ascii"), port)
