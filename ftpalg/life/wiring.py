"""What the settings say, as the core and the net ask for it: policies and rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ftpalg.config import Listener, Settings
from ftpalg.core.session_settings import Rules
from ftpalg.core.wire.user_at_host import IsAccount
from ftpalg.net.policies import Policies
from ftpalg.policy.access import Access, ServerRule
from ftpalg.policy.balance import order
from ftpalg.policy.machine import Machine
from ftpalg.policy.ports import candidates
from ftpalg.policy.route_choice import RouteRule, choose, knows_host, uses_hosts
from ftpalg.policy.shadows import ServerShadows, route_shadows, standing

if TYPE_CHECKING:
    from ftpalg.policy.permits import CommandPermits


def server_rules(settings: Settings) -> tuple[ServerRule, ...]:
    """``[[access.servers]]``, each in its place."""
    return tuple(
        ServerRule(r.allow, r.clients, r.accounts, r.names, r.networks, r.ports, r.shadow)
        for r in settings.access.servers
    )


def access_of(settings: Settings) -> Access:
    """``[access]`` as it holds, the default rules where there are no others."""
    return Access(settings.access.clients, standing(server_rules(settings)))


def policies_of(settings: Settings) -> Policies:
    """The policies that a configuration states."""
    servers = server_rules(settings)
    access, machine = access_of(settings), Machine(servers)
    policies = Policies(
        candidates, access.admits, access.refusal, access.by_name, machine.refusal, order
    )
    if not any(rule.shadow for rule in servers):
        return policies
    tried = ServerShadows(servers, settings.origin.of)
    return policies._replace(tried=tried.refusal, tried_by_name=tried.by_name)


def route_table(settings: Settings, listener: Listener) -> tuple[RouteRule, ...]:
    """``[[routes]]`` of a listener, each named by its place; those for accounts only where there are any."""
    return tuple(
        RouteRule(
            replace(settings.route(r), name=f"routes[{at}]"),
            *(r.clients, r.accounts, r.sni, r.hosts, r.users, r.destinations, r.shadow),
        )
        for at, r in enumerate(settings.routes)
        if listener.accounts or not r.accounts
    )


def permits_of(settings: Settings, now: Callable[[], float]) -> CommandPermits | None:
    """``[[access.commands]]``; None, and nothing is loaded, where there are none.  ``now`` is seconds since
    1970."""
    if not settings.access.commands:
        return None
    from zoneinfo import ZoneInfo

    from ftpalg.core.wire.command_groups import spread
    from ftpalg.policy.command_rules import CommandRule
    from ftpalg.policy.globs import glob_of
    from ftpalg.policy.permits import CommandPermits

    rules = tuple(
        CommandRule(
            *(r.allow, r.clients, r.accounts, r.users, r.destinations, spread(r.commands)),
            *(tuple(map(glob_of, r.paths)), r.times, ZoneInfo(r.zone), r.shadow),
        )
        for r in settings.access.commands
    )
    return CommandPermits(rules, settings.origin.of, now)


def rules_of(
    settings: Settings,
    listener: Listener,
    is_account: IsAccount | None,
    now: Callable[[], float],
) -> Rules:
    """A listener's rules with the table of routes, the rules for commands, and who knows the accounts."""
    table = route_table(settings, listener)
    tried = route_shadows(table, settings.origin.of)
    return replace(
        settings.rules(listener),
        choose=choose(table),
        tried=tried.told if tried is not None else None,
        hosts=(lambda host: knows_host(table, host)) if uses_hosts(table) else None,
        is_account=is_account,
        permits=permits_of(settings, now),
    )
