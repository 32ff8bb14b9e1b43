"""What rules would do that are only tried: the same walks, with the shadow rules awake.

All of them are awake at once, so that the first that fits counts, as it would if they came into force.
What is told is what a shadow rule decides there; where it is never asked there is nothing to tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ftpalg.core.facts import Shadowed
from ftpalg.core.routes import Facts, Route, Server
from ftpalg.core.value import value
from ftpalg.policy.access import DEFAULT_SERVERS, Access, ServerRule, Step
from ftpalg.policy.machine import Machine
from ftpalg.policy.route_choice import RouteRule, walk

Place = Callable[[str], str]
"""A key with the place where it was set."""


def awake(rules: tuple[ServerRule, ...]) -> tuple[ServerRule, ...]:
    """The rules as they would be without a shadow among them."""
    return tuple(rule._replace(shadow=False) for rule in rules)


def standing(rules: tuple[ServerRule, ...]) -> tuple[ServerRule, ...]:
    """The rules as they hold: those that are no shadows, else the default ones behind the shadows.

    Each keeps its place.
    """
    if any(not rule.shadow for rule in rules):
        return rules
    return (*rules, *DEFAULT_SERVERS)


class ServerShadows:
    """The shadows of ``[[access.servers]]``, which has these rules, one of them a shadow at least.

    ``place`` tells where a key stands.
    """

    def __init__(self, rules: tuple[ServerRule, ...], place: Place) -> None:
        self._rules = rules
        self._place = place
        self._machine = Machine(rules)
        self._awake = Access(servers=awake(rules)), Machine(awake(rules))

    def by_name(self, client: str, account: str, server: Server, refusal: str) -> Shadowed | None:
        """What would be said to whether a parent may be told a name; ``refusal`` is what is said."""
        steps = self._awake[0].steps_by_name(client, account, server)
        return self._told([*steps][-1], refusal, "let the parent look the name up", None)

    def refusal(
        self,
        client: str,
        account: str,
        server: Server,
        address: str,
        *,
        ours: bool,
        local: bool,
        parent: bool,
        refusal: str,
    ) -> Shadowed | None:
        """What would be said to an address; ``refusal`` is what is said, the rest as ``Machine`` has it."""
        access, machine = self._awake
        opener = None
        if address:
            if machine.refusal(server, address, ours=ours, local=local, parent=parent):
                return None  # it stands against it in either case
            if self._machine.refusal(server, address, ours=ours, local=local, parent=parent):
                opener = machine.opener(address)
        last = [*access.steps(client, account, server, address)][-1]
        return self._told(last, refusal, "allow it", opener)

    def _told(self, last: Step, refusal: str, consent: str, opener: int | None) -> Shadowed | None:
        would, differs = last.says or "", bool(last.says) is not bool(refusal)
        at = last.at
        if at is None or not self._rules[at].shadow:
            at = opener
        key = "access.servers" if at is None else f"access.servers[{at}]"
        nobody = last.at is None and differs  # the default rules would be gone
        if at is None and not nobody:
            return None
        return Shadowed(self._place(key), f"refuse it: {would}" if would else consent, differs)


@value
class RouteShadows(NamedTuple):
    """The shadows of ``[[routes]]``: the rules, awake, and the names of those that are shadows, each
    with its place."""

    rules: tuple[RouteRule, ...]
    places: dict[str, str]

    def told(self, facts: Facts, route: Route) -> Shadowed | None:
        """What would be decided with these facts; ``route`` is what is.  Nothing where one waits for
        what is not known yet: to wait is no verdict."""
        last = next((step for step in walk(self.rules, facts) if not step.lacks), None)
        place = self.places.get(last.rule.route.name) if last is not None else None
        if last is None or place is None or last.waits:
            return None
        instead = last.rule.route
        return Shadowed(place, f"take it {led(instead)}", instead != route)


def led(route: Route) -> str:
    """A route in a few words."""
    words = [f"to {', '.join(map(str, route.servers)) or 'whom the client names'}"]
    words += [f"as {route.user}"] if route.user else []
    words += [f"through {route.parent}"] if route.parent else []
    words += [f"from {route.source}"] if route.source else []
    how = [f"TLS {route.tls.value}"] if route.tls else []
    how += [f"data mode {route.mode.value}"] if route.mode else []
    return ", ".join([" ".join(words), *how])


def route_shadows(rules: tuple[RouteRule, ...], place: Place) -> RouteShadows | None:
    """Those of a table; None where it has none."""
    places = {rule.route.name: place(rule.route.name) for rule in rules if rule.shadow}
    if not places:
        return None
    return RouteShadows(tuple(rule._replace(shadow=False) for rule in rules), places)
