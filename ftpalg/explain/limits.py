"""Which limits hold for a session, where each was set, and of whom it is."""

from __future__ import annotations

from collections.abc import Iterator

from ftpalg.config import Listener, Settings
from ftpalg.config.contradictions import listener_keys
from ftpalg.explain.steps import Limit, Scope

ALL, PEER, ACCOUNT, SERVER, ROUTE = (
    "all together",
    "each client",
    "each account",
    "each server",
    "each route",
)
LISTENER, SESSION = "the listener", "each session"
GENERAL = {
    "sessions": ALL,
    "sessions_per_peer": PEER,
    "sessions_per_account": ACCOUNT,
    "sessions_per_server": SERVER,
    "sessions_per_route": ROUTE,
    "session_rate": ALL,
    "session_rate_per_peer": PEER,
    "transfers": ALL,
    "transfers_per_peer": PEER,
    "transfers_per_account": ACCOUNT,
    "transfers_per_route": ROUTE,
    "passive_listeners": ALL,
    "passive_listeners_per_peer": PEER,
    "descriptors_per_peer": PEER,
    "memory": ALL,
    "memory_per_peer": PEER,
    "handshakes_per_peer": PEER,
    "handshake_rate": ALL,
    "handshake_rate_per_peer": PEER,
    "returning": PEER,
    "lookups": ALL,
    "lookups_per_peer": PEER,
    "command_rate": SESSION,
}
"""Those of ``[limits]``, and of whom each is; sizes of lines, replies and queues are no part of this."""
OF_LISTENER = {"sessions": LISTENER, "session_rate": LISTENER, "command_rate": SESSION}
"""Those of a listener: beside the general ones."""
OF_ROUTE = {"sessions": "sessions_per_route", "transfers": "transfers_per_route"}
"""Those of a route, and the general ones in whose stead they are."""


def limits(
    settings: Settings, at: int, listener: Listener, route: str, *, account: bool
) -> Iterator[Limit]:
    """Those that bound anything, for a session that came to that listener and goes that route (its key,
    empty for none), with an account or without."""
    own = dict(_of_route(settings, route))
    instead = {OF_ROUTE[name] for name in own}
    for name, whose in GENERAL.items():
        value = getattr(settings.limits, name)
        without = (whose is ACCOUNT and not account) or (whose is ROUTE and not route)
        if value and not without and name not in instead:
            yield _limit(settings, f"limits.{_word(name)}", value, whose, Scope.GENERAL)
    made = listener_keys(settings)[at].removesuffix(".endpoint")
    for name, whose in OF_LISTENER.items():
        value = getattr(listener.limits, name)
        if value:
            yield _limit(settings, f"{made}.limits.{_word(name)}", value, whose, Scope.LISTENER)
    for name, value in own.items():
        yield _limit(settings, f"{route}.limits.{name}", value, "the route", Scope.ROUTE)


def _of_route(settings: Settings, route: str) -> Iterator[tuple[str, int]]:
    for at, rule in enumerate(settings.routes):
        if route == f"routes[{at}]":
            for name in OF_ROUTE:
                value = getattr(rule.limits, name)
                if value:
                    yield name, value


def _limit(settings: Settings, rule: str, value: float, whose: str, scope: Scope) -> Limit:
    return Limit(rule, settings.origin.place(rule), value, whose, scope)


def _word(name: str) -> str:
    return name.replace("_", "-")
