"""What each kind of value must be.

A check takes a value as TOML gives it and returns it as the settings hold it, or raises ValueError
with the remedy: words that follow "KEY = VALUE: ".
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from enum import Enum
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ftpalg.core.addresses import normal

Check = Callable[[Any], Any]


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
    if type(value) not in (int, float) or not math.isfinite(value) or value <= 0:
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
    match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", value) if isinstance(value, str) else None
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


def path(value: Any) -> Path | None:
    """A file, or empty for none."""
    if not isinstance(value, str):
        raise ValueError("must be the name of a file in quotes")
    return Path(value) if value else None


def paths(value: Any) -> tuple[Path, ...]:
    """A list of files."""
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise ValueError("must be a list of file names")
    return tuple(Path(name) for name in value)


def pattern(value: Any) -> str:
    """A server's name, with * for any run of characters."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_.*?:\[\]-]+", value):
        raise ValueError('must be a server\'s name, * for any part of it, like "*.example.net"')
    return value.lower()
