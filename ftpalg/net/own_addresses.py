"""The gateway's own listeners, which are nobody's destination: a session must not loop."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from ftpalg.core.wire.addresses import normal

UNSPECIFIED = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Where a connection to the unspecified address goes."""


class Own:
    """Knows where this process listens."""

    def __init__(self) -> None:
        self._listening: set[tuple[str, int]] = set()

    def add(self, host: str, port: int) -> None:
        """A listener stands there; the unspecified address stands for all of this machine's."""
        self._listening.add((normal(host), port))

    def discard(self, host: str, port: int) -> None:
        """The listener is closed; harmless where there was none."""
        self._listening.discard((normal(host), port))

    def listens_on(self, address: str, port: int) -> bool:
        """Whether a connection to that address would come back to this process."""
        address = UNSPECIFIED.get(address, address)
        if (address, port) in self._listening:
            return True
        everywhere = ("0.0.0.0", port) in self._listening or ("::", port) in self._listening
        return everywhere and bool(address) and is_local(address)


NOBODYS = {socket.AF_INET: "240.0.0.1", socket.AF_INET6: "100::1"}
"""Addresses that no machine has: reserved (RFC 1112), and discarded (RFC 6666)."""


def is_local(address: str) -> bool:
    """Whether an address is one of this machine's.

    Where the system binds to any address (net.ipv4.ip_nonlocal_bind, for virtual addresses), ours are
    those that are reached from themselves; a second one of a network may be missed then.
    """
    host = ip_address(address)
    if host.is_unspecified or host.is_loopback:
        return True
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return _binds(family, address) and (
        not _binds(family, NOBODYS[family]) or _source_towards(family, address) == address
    )


def _binds(family: socket.AddressFamily, address: str) -> bool:
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((address, 0))
        except OSError:
            return False
    return True


def _source_towards(family: socket.AddressFamily, address: str) -> str:
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect((address, 9))  # sends nothing
        except OSError:
            return ""
        return str(sock.getsockname()[0])
