"""The rules of ``[[routes]]``, and the general settings behind them."""

from __future__ import annotations

from collections.abc import Iterator

from ftpalg.config import Listener, Settings
from ftpalg.core.routes import Facts
from ftpalg.explain.steps import Outcome, Step
from ftpalg.life.wiring import route_table
from ftpalg.policy.route_choice import RouteRule, walk
from ftpalg.policy.route_choice import Step as Asking
from ftpalg.policy.shadows import led

TABLE = "routes"
GENERAL = "the general settings"


def steps(settings: Settings, listener: Listener, facts: Facts, tried: Facts) -> Iterator[Step]:
    """What came of each route for a session of which this was known; ``tried`` is what those that are
    only tried were asked with."""
    table = route_table(settings, listener)
    there = {rule.route.name: rule for rule in table}
    awake = tuple(rule._replace(shadow=False) for rule in table)
    found = {one.rule.route.name: one for one in walk(table, facts)}
    would = {one.rule.route.name: one for one in walk(awake, tried)}
    for at in range(len(settings.routes)):
        key = f"{TABLE}[{at}]"
        place = settings.origin.place(key)
        rule = there.get(key)
        if rule is None:
            why = "it is for accounts, which this listener does not ask for"
            yield Step(TABLE, key, place, Outcome.PASSED, why, settings.routes[at].shadow)
        else:
            one = (would if rule.shadow else found).get(key)
            outcome, why = _came(one, rule, tried if rule.shadow else facts)
            if rule.shadow and outcome is Outcome.TAKEN:
                waits = one is not None and bool(one.waits)
                outcome = Outcome.DEPENDS if waits else outcome
                why = why if waits else f"it would take it {why}"
            yield Step(TABLE, key, place, outcome, why, rule.shadow)
    taken = any(not one.lacks for one in found.values())
    key = "server" if settings.server else "login.dialects"
    if taken:
        yield Step(TABLE, GENERAL, settings.origin.place(key), Outcome.NOT_REACHED, "")
    else:
        whither = (
            f"server is {settings.server}" if settings.server else "the client names the server"
        )
        yield Step(TABLE, GENERAL, settings.origin.place(key), Outcome.TAKEN, whither)


def unasked(settings: Settings) -> Iterator[Step]:
    """Nobody came so far."""
    for at, rule in enumerate(settings.routes):
        key = f"{TABLE}[{at}]"
        place = settings.origin.place(key)
        yield Step(TABLE, key, place, Outcome.NOT_REACHED, "", rule.shadow)


def _came(one: Asking | None, rule: RouteRule, facts: Facts) -> tuple[Outcome, str]:
    if one is None:
        return Outcome.NOT_REACHED, ""
    if one.waits:
        return Outcome.TAKEN, f"it waits until {one.waits} can be judged"
    if one.lacks:
        return Outcome.PASSED, _lacking(one.lacks, facts)
    return Outcome.TAKEN, led(rule.route)


def _lacking(lacks: str, facts: Facts) -> str:
    known = {
        "clients": ("network with", facts.client, ""),
        "accounts": ("pattern for account", facts.account, "no account is known"),
        "users": ("pattern for user", facts.user, "no user is known"),
        "sni": ("pattern for", facts.sni, "the client's TLS names no server"),
        "hosts": ("pattern for", facts.host, "the client has not said HOST"),
        "destinations": ("pattern for", str(facts.destination or ""), "no server is named"),
        "server": ("server", str(facts.named or ""), ""),
    }
    what, name, missing = known[lacks]
    if lacks == "server":
        return f"the client names {name}, which is none of its servers"
    return f"{lacks} has no {what} {name}" if name else f"{lacks}: {missing}"
