"""Servers on this machine, and on the parent's: nobody gets there from within who could not directly.

Loopback has its own place among the special addresses of ``access``; here it is about the addresses
by which a machine is known to others, behind which a service may trust who calls from within.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import NamedTuple

from ftpalg.core.routes import Server
from ftpalg.core.value import value
from ftpalg.core.wire.addresses import normal
from ftpalg.policy.access import Network, ServerRule


@value
class Machine(NamedTuple):
    """Judges by the rules of ``[[access.servers]]``: only one with the very address opens it."""

    rules: tuple[ServerRule, ...] = ()

    def refusal(
        self, server: Server, address: str, *, ours: bool, local: bool, parent: bool
    ) -> str:
        """Why a session may not connect to an address of a server; empty where it may.

        ``ours`` is True for an address of this machine, ``local`` for a client on it, ``parent``
        where a parent would connect.  One sentence, fit for the client.
        """
        if ip_address(normal(address)).is_loopback:
            return f"{server.host} would be the parent proxy itself." if parent else ""
        if not ours or local or self.opener(address) is not None:
            return ""
        return (
            f"{server.host} is this gateway's own machine,"
            " which only a rule in access.servers with its very address opens."
        )

    def opener(self, address: str) -> int | None:
        """The place of the first rule that has the very address and allows it."""
        alone = ip_network(ip_address(normal(address)))
        return next((at for at, rule in enumerate(self.rules) if _opens(rule, alone)), None)


def _opens(rule: ServerRule, alone: Network) -> bool:
    return rule.allow and not rule.shadow and alone in rule.networks
