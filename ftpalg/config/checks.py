"""What each kind of value must be.

A check takes a value as TOML gives it and returns it as the settings hold it, or raises ValueError
with the remedy: words that follow "KEY = VALUE: ".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any

from ftpalg.core.addresses import normal
from ftpalg.core.logins import HOST

Check = Callable[[Any], Any]
Network = IPv4Network | IPv6Network

MAPPED = IPv6Network("::ffff:0:0/96")


class Hidden(ValueError):
    """The remedy for a value that may hold a password: it is not shown."""


def switch(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def text(value: Any) -> str:
    """Any string."""
    if not isinstance(value, str):
        raise ValueError("must be a text in quotes")
    return value


def seconds(value: Any) -> float:
    """A wait."""
    if type(value) not in (int, float) or not 0 < value < 1e18:  # and neither nan nor inf
        raise ValueError("must be a number of seconds above 0")
    return float(value)


def at_least(least: int) -> Check:
    """A whole number with a lower bound."""

    def check(value: Any) -> int:
        if type(value) is not int or value < least:
            raise ValueError(f"must be a whole number, {least} or more")
        return value

    return check


def one_of(kind: type[Enum], *, empty: bool = False) -> Check:
    """A word that names a member; with ``empty`` also "", for None."""
    names = ", ".join(f'"{member.value}"' for member in kind)

    def check(value: Any) -> Enum | None:
        if empty and value == "":
            return None
        try:
            return kind(value)
        except ValueError:
            raise ValueError(f"must be one of {names}") from None

    return check


def word(*words: str) -> Check:
    """One of a few words."""
    names = ", ".join(f'"{w}"' for w in words)

    def check(value: Any) -> str:
        if value not in words:
            raise ValueError(f"must be one of {names}")
        return str(value)

    return check


def port_range(value: Any) -> tuple[int, int]:
    """``"first-last"``, both included."""
    match = re.fullmatch(r"([0-9]{1,5})-([0-9]{1,5})", value) if isinstance(value, str) else None
    first, last = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1024 <= first <= last <= 65535:
        raise ValueError('must be two ports from 1024 to 65535, low first, like "50000-50999"')
    return first, last


def ports(value: Any) -> frozenset[int]:
    """A list of ports."""
    if not isinstance(value, list) or not all(type(n) is int and 1 <= n <= 65535 for n in value):
        raise ValueError("must be a list of ports from 1 to 65535, like [5060, 5061]")
    return frozenset(value)


def endpoints(value: Any) -> tuple[str, ...]:
    """A list of Twisted server endpoints."""
    if not isinstance(value, list) or not all(isinstance(t, str) and t for t in value):
        raise ValueError('must be a list of endpoints, like ["tcp:2121"]')
    return tuple(value)


def endpoint(value: Any) -> str:
    """A Twisted server endpoint."""
    if not isinstance(value, str) or not value:
        raise ValueError('must be an endpoint, like "tcp:2121"')
    return value


def listeners(value: Any) -> tuple[str, ...]:
    """Endpoints, at least one."""
    found = endpoints(value)
    if not found:
        raise ValueError('must name at least one endpoint, like ["tcp:2121"]')
    return found


def address(value: Any) -> str:
    """An IP address, or empty."""
    try:
        if not isinstance(value, str):
            raise ValueError
        return normal(str(ip_address(value))) if value else ""
    except ValueError:
        raise ValueError("must be an IP address, or empty for the connection's own") from None


def _names_file(value: Any) -> bool:
    return isinstance(value, str) and value != "" and "\0" not in value


def path(value: Any) -> Path | None:
    """A file, or empty for none."""
    if value != "" and not _names_file(value):
        raise ValueError("must be the name of a file in quotes")
    return Path(value) if value else None


def paths(value: Any) -> tuple[Path, ...]:
    """A list of files."""
    if not isinstance(value, list) or not all(map(_names_file, value)):
        raise ValueError("must be a list of file names")
    return tuple(map(Path, value))


def pattern(value: Any) -> str:
    """A server's name, with * for any run of characters."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_.*?:\[\]-]+", value):
        raise ValueError('must be a server\'s name, * for any part of it, like "*.example.net"')
    return value.lower()


def texts(value: Any) -> tuple[str, ...]:
    """A list of strings."""
    if not isinstance(value, list) or not all(isinstance(t, str) and t for t in value):
        raise ValueError("must be a list of texts in quotes")
    return tuple(value)


def descriptions(value: Any) -> tuple[str, ...]:
    """A list of descriptions of accounts, as ``--auth`` takes them."""
    try:
        return texts(value)
    except ValueError:
        raise Hidden('must be a list, like ["file:/etc/ftpalg/accounts"]') from None


def networks(value: Any) -> tuple[Network, ...]:
    """A list of networks or single addresses."""
    if not isinstance(value, list) or not all(isinstance(t, str) for t in value):
        raise ValueError('must be a list of networks, like ["192.0.2.0/24", "2001:db8::/32"]')
    found = []
    for text in value:
        try:
            found.append(ip_network(text))
        except ValueError as error:
            raise ValueError(f"must be a list of networks in quotes ({error})") from None
        if found[-1].version == 6 and found[-1].subnet_of(MAPPED):
            raise ValueError(f"must hold IPv4 networks as such, not as {text}")
    return tuple(found)


def port_ranges(value: Any) -> tuple[tuple[int, int], ...]:
    """A list of ports and ``"first-last"``."""
    found = []
    for item in value if isinstance(value, list) else [None]:
        match = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", str(item))
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last <= 65535:
            raise ValueError('must be a list of ports and ranges, like [21, "2100-2199"]')
        found.append((first, last))
    return tuple(found)


def several(kind: type[Enum]) -> Check:
    """A list of words that name members, each once."""
    one = one_of(kind)
    names = ", ".join(f'"{member.value}"' for member in kind)

    def check(value: Any) -> tuple[Enum, ...]:
        if not isinstance(value, list) or len({str(v) for v in value}) != len(value):
            raise ValueError(f"must be a list of some of {names}, each once")
        return tuple(one(item) for item in value)

    return check


def separators(value: Any) -> str:
    """The characters between user and server."""
    if not isinstance(value, str) or not re.fullmatch(r"[!#$%&*+,/;<=>?@\\^|~]{1,8}", value):
        raise ValueError("must be 1 to 8 of the signs @ % # * ! $ & + , / ; < = > ? ^ | ~")
    return value


def source(value: Any) -> str:
    """An IP address of ours, ``"client"`` for the client's own, or empty."""
    if value == "client":
        return "client"
    try:
        return address(value)
    except ValueError:
        raise ValueError('must be an IP address, "client", or empty for any') from None


def named_address(value: Any) -> str:
    """An IP address, a name that resolves to one, or empty."""
    try:
        return address(value)
    except ValueError:
        if isinstance(value, str) and re.search("[A-Za-z]", value) and HOST.fullmatch(value):
            return value.lower()
        raise ValueError("must be an IP address, a name that resolves to one, or empty") from None


def plain_word(value: Any) -> str:
    """A user name or a password's name: no bytes that end a command."""
    if not isinstance(value, str) or re.search(r"[\x00-\x1f\x7f]", value):
        raise ValueError("must be a text in quotes without control characters")
    return value


def between(least: int, most: int) -> Check:
    """A whole number with both bounds."""

    def check(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return value

    return check


def optional(check: Check) -> Check:
    """Let an empty text stand for None: the general setting holds."""
    return lambda value: None if value == "" else check(value)


def nft_name(value: Any) -> str:
    """The name of an nftables set."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]{0,127}", value):
        raise ValueError("must be the name of an nftables set: letters, digits, - _ and .")
    return value


def nft_table(value: Any) -> str:
    """``family name`` of an nftables table, or empty."""
    form = r"(inet|ip|ip6) [A-Za-z][A-Za-z0-9_.-]{0,127}"
    if not isinstance(value, str) or (value and not re.fullmatch(form, value)):
        raise ValueError('must be family and name of an nftables table, like "inet ftpalg"')
    return value
