"""Which connections are paced: BBR spreads what it sends over time, where there is a network to protect."""

from __future__ import annotations

import socket
from functools import cache, lru_cache
from ipaddress import ip_address

from ftpalg.core.wire.addresses import normal


@cache
def _paces() -> bool:
    """Whether this system paces connections, as BBR does."""
    if not hasattr(socket, "TCP_CONGESTION"):
        return False
    with socket.socket() as sock:
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).startswith(b"bbr")


@lru_cache(256)
def _on_this_host(address: str) -> bool:
    return ip_address(normal(address)).is_loopback


def unpaced(sock: socket.socket, peer: str) -> None:
    """With a peer on the same host use cubic: BBR's pacing protects no network there and halves the rate.

    What a port accepts has it from the port.
    """
    if _paces() and _on_this_host(peer):
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
        except OSError:
            pass  # not in this kernel
