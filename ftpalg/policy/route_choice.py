"""Which way a session goes: a table of rules, of which the first that fits counts.

A rule is judged on what is known.  One that might fit still stops the walk, so that no later rule
takes a session from it: an answer given once is not changed by anything learned afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import NamedTuple

from ftpalg.core.routes import UNDECIDED, Choose, Facts, Route, Server, Undecided
from ftpalg.core.value import value
from ftpalg.policy.access import Network, named, within

WITH_PORT = re.compile(r"(?P<name>[^:]+|\[.*\]):(?P<port>[0-9]+)")


@value
class RouteRule(NamedTuple):
    """``[[routes]]``: a route, and the conditions that must all hold; an empty one does.

    All but the networks of ``clients`` are shell patterns; case counts in ``accounts`` and
    ``users`` alone.  One of ``destinations`` is for a name or, as ``name:port`` or
    ``[address]:port``, for that port only.  One that is a ``shadow`` decides nothing.
    """

    route: Route
    clients: tuple[Network, ...] = ()
    accounts: tuple[str, ...] = ()
    sni: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    shadow: bool = False


@value
class Step(NamedTuple):
    """A rule was asked: the condition that does not hold, by its key, or the first that is not known
    yet; where there is none of either it is the one."""

    rule: RouteRule
    lacks: str = ""
    waits: str = ""


def walk(rules: tuple[RouteRule, ...], facts: Facts) -> Iterator[Step]:
    """Each rule that is no shadow, up to the one that fits or might."""
    for rule in rules:
        if not rule.shadow:
            lacks, waits = _answer(rule, facts)
            yield Step(rule, lacks, waits)
            if not lacks:
                return


def choose(rules: tuple[RouteRule, ...]) -> Choose:
    """The choice by these rules.  Final facts always decide; what they lack fits no pattern."""

    def chosen(facts: Facts) -> Route | Undecided | None:
        for step in walk(rules, facts):
            if not step.lacks:
                return UNDECIDED if step.waits else step.rule.route
        return None

    return chosen


def knows_host(rules: tuple[RouteRule, ...], host: str) -> bool:
    """Whether a rule is for that argument of HOST; any other is answered with 504 (RFC 7151)."""
    return any(named(rule.hosts, host) for rule in rules if not rule.shadow)


def uses_hosts(rules: tuple[RouteRule, ...]) -> bool:
    """Whether HOST makes a difference to any rule."""
    return any(rule.hosts for rule in rules if not rule.shadow)


def _answer(rule: RouteRule, facts: Facts) -> tuple[str, str]:
    """The first condition that does not hold, and the first that is not known yet."""
    waits = ""
    for key, holds in _answers(rule, facts):
        if holds is False:
            return key, ""
        if holds is None:
            waits = waits or key
    return "", waits


def _answers(rule: RouteRule, facts: Facts) -> Iterator[tuple[str, bool | None]]:
    """Whether each condition holds; None where that is not known yet."""
    unknown = False if facts.final else None
    yield "clients", within(rule.clients, ip_address(facts.client))
    for key, patterns, name in (
        ("accounts", rule.accounts, facts.account),
        ("users", rule.users, facts.user),
    ):
        if patterns:
            yield key, any(fnmatchcase(name, one) for one in patterns) if name else unknown
    for key, patterns, name in (("sni", rule.sni, facts.sni), ("hosts", rule.hosts, facts.host)):
        if patterns:
            yield key, named(patterns, name) if name else unknown
    own = rule.route.servers
    if own and facts.named is not None and not rule.destinations:
        yield "server", facts.named in own  # a client's own choice is not lost to a pattern
    if rule.destinations:
        server = facts.destination
        fits = server is not None and any(leads_to(one, server) for one in rule.destinations)
        yield "destinations", fits if server is not None else unknown


def leads_to(pattern: str, server: Server) -> bool:
    match = WITH_PORT.fullmatch(pattern)
    if match is None:
        return named((pattern,), server.host)
    return int(match["port"]) == server.port and named((match["name"],), server.host)
