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
from typing import Any, TypeVar

from ftpalg.config.endpoints import FORMS, wrong
from ftpalg.core.wire.addresses import normal
from ftpalg.core.wire.user_at_host import HOST

Check = Callable[[Any], Any]
Schema = dict[str, Any]
Made = TypeVar("Made", bound=Check)
Network = IPv4Network | IPv6Network

MAPPED = IPv6Network("::ffff:0:0/96")


SCHEMAS: dict[Check, Schema] = {}
"""What JSON Schema (draft 4) can say of a check's values; the check itself says more."""

PORT = {"type": "integer", "minimum": 1, "maximum": 65535}
PATTERN = r"[A-Za-z0-9_.*?:\[\]-]+"
SEPARATORS = r"[!#$%&*+,/;<=>?@\\^|~]{1,8}"
NFT_NAME = r"[A-Za-z][A-Za-z0-9_.-]{0,127}"


def schema(**form: Any) -> Callable[[Made], Made]:
    """State a check's schema."""

    def state(check: Made) -> Made:
        SCHEMAS[check] = form
        return check

    return state


def listed(**item: Any) -> Callable[[Made], Made]:
    """State that a check takes a list of these."""
    return schema(type="array", items=item)


class Hidden(ValueError):
    """The remedy for a value that may hold a password: it is not shown."""


@schema(type="boolean")
def switch(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


@schema(type="string")
def text(value: Any) -> str:
    """Any string."""
    if not isinstance(value, str):
        raise ValueError("must be a text in quotes")
    return value


@schema(type="number", minimum=0, exclusiveMinimum=True)
def seconds(value: Any) -> float:
    """A wait."""
    if type(value) not in (int, float) or not 0 < value < 1e18:  # and neither nan nor inf
        raise ValueError("must be a number of seconds above 0")
    return float(value)


@schema(type="number", minimum=0)
def rate(value: Any) -> float:
    """So many a second; 0 for no bound."""
    if type(value) not in (int, float) or not (value == 0 or 1e-6 <= value <= 1e5):
        raise ValueError("must be a number a second, such as 0.5 or 20; 0 for no bound")
    return float(value)


def at_least(least: int) -> Check:
    """A whole number with a lower bound."""

    @schema(type="integer", minimum=least)
    def check(value: Any) -> int:
        if type(value) is not int or value < least:
            raise ValueError(f"must be a whole number, {least} or more")
        return value

    return check


def one_of(kind: type[Enum], *, empty: bool = False) -> Check:
    """A word that names a member; with ``empty`` also "", for None."""
    names = ", ".join(f'"{member.value}"' for member in kind)

    @schema(enum=[member.value for member in kind] + [""] * empty)
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

    @schema(enum=list(words))
    def check(value: Any) -> str:
        if value not in words:
            raise ValueError(f"must be one of {names}")
        return str(value)

    return check


@schema(type="string", pattern="^[0-9]{1,5}-[0-9]{1,5}$")
def port_range(value: Any) -> tuple[int, int]:
    """``"first-last"``, both included."""
    match = re.fullmatch(r"([0-9]{1,5})-([0-9]{1,5})", value) if isinstance(value, str) else None
    first, last = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1024 <= first <= last <= 65535:
        raise ValueError('must be two ports from 1024 to 65535, low first, like "50000-50999"')
    return first, last


@listed(**PORT)
def ports(value: Any) -> frozenset[int]:
    """A list of ports."""
    if not isinstance(value, list) or not all(type(n) is int and 1 <= n <= 65535 for n in value):
        raise ValueError("must be a list of ports from 1 to 65535, like [5060, 5061]")
    return frozenset(value)


def _endpoint(value: str) -> str:
    fault = wrong(value)
    if fault:
        raise ValueError(f"{value!r} is no endpoint: it {fault}; {FORMS}")
    return value


@listed(type="string", minLength=1)
def endpoints(value: Any) -> tuple[str, ...]:
    """A list of endpoints."""
    if not isinstance(value, list) or not all(isinstance(t, str) and t for t in value):
        raise ValueError('must be a list of endpoints, like ["127.0.0.1:2121"]')
    return tuple(map(_endpoint, value))


@schema(type="string", minLength=1)
def endpoint(value: Any) -> str:
    """An endpoint."""
    if not isinstance(value, str) or not value:
        raise ValueError('must be an endpoint, like "127.0.0.1:2121"')
    return _endpoint(value)


@schema(type="string")
def socket_or_none(value: Any) -> str:
    """An endpoint of HTTP, or empty for none."""
    return "" if value == "" else endpoint(value)


@schema(type="string", pattern="^(?:stderr|syslog|journald|file:.+)$")
def destination(value: Any) -> str:
    """Where the log goes."""
    words = ("stderr", "syslog", "journald")
    if isinstance(value, str) and "\0" not in value:
        if value in words or (value.startswith("file:") and value != "file:"):
            return value
    raise ValueError('must be "stderr", "syslog", "journald" or "file:PATH"')


@schema(type="string")
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


@schema(type="string")
def path(value: Any) -> Path | None:
    """A file, or empty for none."""
    if value != "" and not _names_file(value):
        raise ValueError("must be the name of a file in quotes")
    return Path(value) if value else None


@listed(type="string", minLength=1)
def paths(value: Any) -> tuple[Path, ...]:
    """A list of files."""
    if not isinstance(value, list) or not all(map(_names_file, value)):
        raise ValueError("must be a list of file names")
    return tuple(map(Path, value))


@schema(type="string", pattern=f"^{PATTERN}$")
def pattern(value: Any) -> str:
    """A server's name, with * for any run of characters."""
    if not isinstance(value, str) or not re.fullmatch(PATTERN, value):
        raise ValueError('must be a server\'s name, * for any part of it, like "*.example.net"')
    return value.lower()


@schema(type=["string", "array"], items={"type": "string"})
def pins(value: Any) -> tuple[str, ...]:
    """``sha256:`` and 64 hexadecimal digits, or a list of such; colons between the digits count not."""
    found = []
    for item in value if isinstance(value, list) else [value] if value != "" else []:
        kind, _, digits = item.partition(":") if isinstance(item, str) else ("", "", "")
        digits = digits.replace(":", "").lower()
        if kind != "sha256" or not re.fullmatch(r"[0-9a-f]{64}", digits):
            raise ValueError('must be "sha256:" with 64 hexadecimal digits, or a list of such')
        found.append(digits)
    return tuple(found)


@listed(type="string", minLength=1)
def texts(value: Any) -> tuple[str, ...]:
    """A list of strings."""
    if not isinstance(value, list) or not all(isinstance(t, str) and t for t in value):
        raise ValueError("must be a list of texts in quotes")
    return tuple(value)


@listed(type="string", minLength=1)
def descriptions(value: Any) -> tuple[str, ...]:
    """A list of descriptions of accounts, as ``--auth`` takes them."""
    try:
        return texts(value)
    except ValueError:
        raise Hidden('must be a list, like ["file:/etc/ftpalg/accounts"]') from None


@listed(type="string")
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


@listed(anyOf=[PORT, {"type": "string", "pattern": "^[0-9]{1,5}(-[0-9]{1,5})?$"}])
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

    @schema(type="array", uniqueItems=True, items={"enum": [member.value for member in kind]})
    def check(value: Any) -> tuple[Enum, ...]:
        if not isinstance(value, list) or len({str(v) for v in value}) != len(value):
            raise ValueError(f"must be a list of some of {names}, each once")
        return tuple(one(item) for item in value)

    return check


@schema(type="string", pattern=f"^{SEPARATORS}$")
def separators(value: Any) -> str:
    """The characters between user and server."""
    if not isinstance(value, str) or not re.fullmatch(SEPARATORS, value):
        raise ValueError("must be 1 to 8 of the signs @ % # * ! $ & + , / ; < = > ? ^ | ~")
    return value


@schema(type="string")
def source(value: Any) -> str:
    """An IP address of ours, ``"client"`` for the client's own, or empty."""
    if value == "client":
        return "client"
    try:
        return address(value)
    except ValueError:
        raise ValueError('must be an IP address, "client", or empty for any') from None


@schema(type="string")
def named_address(value: Any) -> str:
    """An IP address, a name that resolves to one, or empty."""
    try:
        return address(value)
    except ValueError:
        if isinstance(value, str) and re.search("[A-Za-z]", value) and HOST.fullmatch(value):
            return value.lower()
        raise ValueError("must be an IP address, a name that resolves to one, or empty") from None


@listed(type="string", pattern="^[A-Za-z0-9._-]+$")
def host_names(value: Any) -> tuple[str, ...]:
    """A list of hosts' names."""
    if not isinstance(value, list) or not all(
        isinstance(t, str) and HOST.fullmatch(t) for t in value
    ):
        raise ValueError('must be a list of hosts\' names, like ["gw.example.net"]')
    return tuple(name.lower() for name in value)


@schema(type="string", pattern="^[^\\u0000-\\u001f\\u007f]*$")
def plain_word(value: Any) -> str:
    """A user name or a password's name: no bytes that end a command."""
    if not isinstance(value, str) or re.search(r"[\x00-\x1f\x7f]", value):
        raise ValueError("must be a text in quotes without control characters")
    return value


def between(least: int, most: int) -> Check:
    """A whole number with both bounds."""

    @schema(type="integer", minimum=least, maximum=most)
    def check(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return value

    return check


def optional(check: Check) -> Check:
    """Let an empty text stand for None: the general setting holds."""

    @schema(anyOf=[{"enum": [""]}, SCHEMAS[check]])
    def maybe(value: Any) -> Any:
        return None if value == "" else check(value)

    return maybe


@schema(type="string", pattern=f"^{NFT_NAME}$")
def nft_name(value: Any) -> str:
    """The name of an nftables set."""
    if not isinstance(value, str) or not re.fullmatch(NFT_NAME, value):
        raise ValueError("must be the name of an nftables set: letters, digits, - _ and .")
    return value


@schema(type="string", pattern=f"^(?:(?:inet|ip|ip6) {NFT_NAME})?$")
def nft_table(value: Any) -> str:
    """``family name`` of an nftables table, or empty."""
    form = f"(?:inet|ip|ip6) {NFT_NAME}"
    if not isinstance(value, str) or (value and not re.fullmatch(form, value)):
        raise ValueError('must be family and name of an nftables table, like "inet ftpalg"')
    return value
