"""TLS on both sides, and the parent: which setting holds."""

from __future__ import annotations

from collections.abc import Iterator

from ftpalg.config import Listener, Settings
from ftpalg.config.contradictions import listener_keys
from ftpalg.core.actions import Dial
from ftpalg.core.session_settings import ClientTls, Rules
from ftpalg.explain.reached import Reached
from ftpalg.explain.steps import Outcome, Step
from ftpalg.explain.talk import Talk
from ftpalg.net.reach.attempt import Asked

CLIENT, SERVER, PARENTS = "client-tls", "server-tls", "parents"
TOLD = {
    Asked.ADDRESS: "it is asked for the address",
    Asked.RESOLVED: "it is asked for an address that is looked up here",
    Asked.NAME: "it is told the name",
}


def with_client(settings: Settings, at: int, listener: Listener, talk: Talk) -> Step:
    """TLS with the client on that listener."""
    key = _listener_tls_key(settings, at)
    mode = listener.client_tls or ClientTls.OFF
    begun = "the client has begun it" if talk.secured else "the client goes on in clear"
    words = {
        ClientTls.OFF: "no TLS is offered",
        ClientTls.OFFER: f"TLS is offered, and {begun}",
        ClientTls.REQUIRE: f"TLS is required, and {begun}",
        ClientTls.IMPLICIT: "TLS stands before the first word",
    }
    return Step(CLIENT, key, settings.origin.place(key), Outcome.TAKEN, words[mode])


def _listener_tls_key(settings: Settings, at: int) -> str:
    """The setting that says it: the listener's own, or the general one."""
    made = listener_keys(settings)[at]
    if made.startswith("client-tls."):
        return made
    own = made.removesuffix("endpoint") + "client-tls"
    return own if settings.origin.place(own) else "client-tls.mode"


def with_server(settings: Settings, rules: Rules, dial: Dial) -> Iterator[Step]:
    """TLS with the server: the route's own, the first rule that fits its name, or the general one."""
    place, route, server = settings.origin.place, dial.route, dial.servers[0]
    found = rules.tls_rule(server) if route.tls is None else None
    if route.tls is not None:
        own = f"{route.name}.server-tls"
        key = own if place(own) else f"{route.name}.server"
        why = f"the route's own: {route.tls.value}"
        yield Step(SERVER, key, place(key) or place(route.name), Outcome.TAKEN, why)
    for at, (pattern, mode) in enumerate(rules.server_tls_rules):
        key = f"{SERVER}.rules[{at}]"
        if at == found:
            outcome, why = Outcome.TAKEN, f"{pattern} fits {server.host}: {mode.value}"
        elif route.tls is not None or (found is not None and at > found):
            outcome, why = Outcome.NOT_REACHED, ""
        else:
            outcome, why = Outcome.PASSED, f"{pattern} does not fit {server.host}"
        yield Step(SERVER, key, place(key), outcome, why)
    general = "server-tls.mode" if settings.server_tls.mode or not settings.server else "server"
    if route.tls is None and found is None:
        why = f"for all others: {rules.server_tls.value}"
        yield Step(SERVER, general, place(general), Outcome.TAKEN, why)
    else:
        yield Step(SERVER, general, place(general), Outcome.NOT_REACHED, "")


def parents(settings: Settings, dial: Dial, reached: Reached) -> Iterator[Step]:
    """Which parent the way leads through."""
    own = f"{dial.route.name}.parent"
    said = own if dial.route.name and settings.origin.place(own) else "parent"
    for at, parent in enumerate(settings.parents):
        key = f"{PARENTS}[{at}]"
        if parent.name != dial.route.parent:
            why = f"{said} does not name {parent.name}"
            yield Step(PARENTS, key, settings.origin.place(key), Outcome.PASSED, why)
            continue
        told = TOLD.get(reached.tried[-1].how, "") if reached.tried else ""
        why = f"{said} names {parent.name} ({parent.url}); {told}"
        yield Step(PARENTS, key, settings.origin.place(key), Outcome.TAKEN, why)


def unasked(settings: Settings) -> Iterator[Step]:
    """No server is dialled."""
    rules = ((SERVER, f"{SERVER}.rules[{at}]") for at in range(len(settings.server_tls.rules)))
    others = ((PARENTS, f"{PARENTS}[{at}]") for at in range(len(settings.parents)))
    for table, key in (*rules, *others):
        yield Step(table, key, settings.origin.place(key), Outcome.NOT_REACHED, "")
