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
    ``[address]:port``, for that port only.
    """

    route: Route
    clients: tuple[Network, ...] = ()
    accounts: tuple[str, ...] = ()
    sni: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()


def choose(rules: tuple[RouteRule, ...]) -> Choose:
    """The choice by these rules.  Final facts always decide; what they lack fits no pattern."""

    def chosen(facts: Facts) -> Route | Undecided | None:
        for rule in rules:
            answers = tuple(_answers(rule, facts))
            if False in answers:
                continue
            return UNDECIDED if None in answers else rule.route
        return None

    return chosen


def knows_host(rules: tuple[RouteRule, ...], host: str) -> bool:
    """Whether a rule is for that argument of HOST; any other is answered with 504 (RFC 7151)."""
    return any(named(rule.hosts, host) for rule in rules)


def uses_hosts(rules: tuple[RouteRule, ...]) -> bool:
    """Whether HOST makes a difference to any rule."""
    return any(rule.hosts for rule in rules)


def _answers(rule: RouteRule, facts: Facts) -> Iterator[bool | None]:
    """Whether each condition holds; None where that is not known yet."""
    unknown = False if facts.final else None
    yield within(rule.clients, ip_address(facts.client))
    for patterns, name in ((rule.accounts, facts.account), (rule.users, facts.user)):
        if patterns:
            yield any(fnmatchcase(name, pattern) for pattern in patterns) if name else unknown
    for patterns, name in ((rule.sni, facts.sni), (rule.hosts, facts.host)):
        if patterns:
            yield named(patterns, name) if name else unknown
    own = rule.route.servers
    if own and facts.named is not None and not rule.destinations:
        yield facts.named in own  # a client's own choice is not lost to a pattern
    if rule.destinations:
        server = facts.destination
        yield (
            any(_leads_to(pattern, server) for pattern in rule.destinations) if server else unknown
        )


def _leads_to(pattern: str, server: Server) -> bool:
    match = WITH_PORT.fullmatch(pattern)
    if match is None:
        return named((pattern,), server.host)
    return int(match["port"]) == server.port and named((match["name"],), server.host)
