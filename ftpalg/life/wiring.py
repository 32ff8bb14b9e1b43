"""What the settings say, as the core and the net ask for it: policies and rules."""

from __future__ import annotations

from dataclasses import replace

from ftpalg.config import Listener, Settings
from ftpalg.core.session_settings import Rules
from ftpalg.core.wire.user_at_host import IsAccount
from ftpalg.net.policies import Policies
from ftpalg.policy.access import DEFAULT_SERVERS, Access, ServerRule
from ftpalg.policy.balance import order
from ftpalg.policy.machine import Machine
from ftpalg.policy.ports import candidates
from ftpalg.policy.route_choice import RouteRule, choose, knows_host, uses_hosts


def policies_of(settings: Settings) -> Policies:
    """The policies that a configuration states."""
    servers = tuple(
        ServerRule(r.allow, r.clients, r.accounts, r.names, r.networks, r.ports)
        for r in settings.access.servers
    )
    access = Access(settings.access.clients, servers or DEFAULT_SERVERS)
    machine = Machine(servers)
    return Policies(
        candidates, access.admits, access.refusal, access.by_name, machine.refusal, order
    )


def rules_of(settings: Settings, listener: Listener, is_account: IsAccount | None = None) -> Rules:
    """A listener's rules with the table of routes, and with who knows the accounts."""
    table = tuple(
        RouteRule(
            replace(settings.route(r), name=f"routes[{at}]"),
            *(r.clients, r.accounts, r.sni, r.hosts, r.users, r.destinations),
        )
        for at, r in enumerate(settings.routes)
        if listener.accounts or not r.accounts
    )
    hosts = (lambda host: knows_host(table, host)) if uses_hosts(table) else None
    return replace(
        settings.rules(listener), choose=choose(table), hosts=hosts, is_account=is_account
    )
