"""The gateway's own listeners, which are nobody's destination: a session must not loop."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from ftpalg.core.addresses import normal

UNSPECIFIED = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Where a connection to the unspecified address goes."""


class Own:
    """Knows where this process listens."""

    def __init__(self) -> None:
        self._listening: set[tuple[str, int]] = set()

    def add(self, host: str, port: int) -> None:
        """A listener stands there; the unspecified address stands for all of this machine's."""
        self._listening.add((normal(host), port))

    def listens_on(self, address: str, port: int) -> bool:
        """Whether a connection to that address would come back to this process."""
        address = UNSPECIFIED.get(address, address)
        if (address, port) in self._listening:
            return True
        everywhere = ("0.0.0.0", port) in self._listening or ("::", port) in self._listening
        return everywhere and bool(address) and is_local(address)


def is_local(address: str) -> bool:
    """Whether an address is one of this machine's."""
    if ip_address(address).is_unspecified:
        return True
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.bind((address, 0))
    except OSError:
        return False
    return True
