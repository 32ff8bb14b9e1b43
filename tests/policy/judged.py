"""What a client is told under some access rules."""

from __future__ import annotations

from ipaddress import ip_network

from ftpalg.core.routes import Server
from ftpalg.policy.access import Access, Network, ServerRule

OUTSIDE = "203.0.113.9"
"""A client somewhere on the Internet."""
ALLOWED = ""


def networks(*texts: str) -> tuple[Network, ...]:
    """Networks from their texts."""
    return tuple(map(ip_network, texts))


def refusal(
    *rules: ServerRule,
    host: str = "files.example",
    port: int = 21,
    address: str = "198.51.100.7",
    client: str = OUTSIDE,
    account: str = "",
) -> str:
    """What a client is told under these rules."""
    return Access(servers=rules).refusal(client, account, Server(host, port), address)
