"""Settings that are sound one by one and cannot hold together.

Each fault names the key to change, and in its needs the others that it speaks of.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from ipaddress import ip_address

from ftpalg.config.endpoints import twisted
from ftpalg.config.faults import Fault, fault, path_of
from ftpalg.config.model import Settings
from ftpalg.config.section import Section
from ftpalg.config.tables import Intercept, Listener, RouteRule, exact_server
from ftpalg.core.quotas import Quota
from ftpalg.core.routes import Mode, ServerTls
from ftpalg.core.session_settings import ClientTls


def contradictions(settings: Settings) -> list[Fault]:
    """Settings that cannot hold together."""
    return [
        *_of_tls(settings),
        *_of_listeners(settings),
        *_of_routes(settings),
        *_of_data(settings),
        *_of_workers(settings),
        *_of_quotas(settings),
    ]


def listener_keys(settings: Settings) -> list[str]:
    """The key that each of ``all_listeners`` was written at."""
    return [
        *(f"listen[{at}]" for at in range(len(settings.listen))),
        *(
            f"client-tls.implicit-listen[{at}]"
            for at in range(len(settings.client_tls.implicit_listen))
        ),
        *(f"listeners[{at}].endpoint" for at in range(len(settings.listeners))),
    ]


def _of_tls(settings: Settings) -> Iterator[Fault]:
    client, server = settings.client_tls, settings.server_tls
    for section, half in (("client-tls", client), ("server-tls", server)):
        if (half.certificate is None) != (half.private_key is None):
            missing = "private-key" if half.private_key is None else "certificate"
            there = "certificate" if half.private_key is None else "private-key"
            yield fault(
                f"{section}.{missing}",
                "is missing; certificate and private-key go together",
                f"{section}.{there}",
            )
        if half.maximum < half.minimum:
            yield fault(f"{section}.maximum", f"is below {section}.minimum", f"{section}.minimum")
    if not client.pairs and any(
        one.client_tls is not ClientTls.OFF for one in settings.all_listeners
    ):
        yield fault(
            "client-tls.certificate",
            "TLS for clients needs a certificate and private-key",
            *(
                "client-tls.mode",
                "client-tls.private-key",
                "client-tls.implicit-listen",
                "listeners",
            ),
        )
    if client.opaque and settings.default_server_tls is not ServerTls.OFF:
        yield fault(
            "client-tls.opaque",
            "passes AUTH to the server; give it as ftp:// without TLS",
            *("server", "server-tls.mode"),
        )
    if client.opaque and any(rule.mode is not ServerTls.OFF for rule in server.rules):
        yield fault(
            "client-tls.opaque",
            "passes AUTH to the server; drop server-tls.rules",
            "server-tls.rules",
        )
    if server.ca is not None and not server.verify:
        yield fault("server-tls.ca", "has no use while server-tls.verify = false; drop one of them")
    if server.crl_chain and not server.crl:
        yield fault("server-tls.crl-chain", "has no use without lists; name them in server-tls.crl")
    for at, tls_rule in enumerate(server.rules):
        if tls_rule.pin and tls_rule.mode is ServerTls.OFF:
            yield fault(f"server-tls.rules[{at}].pin", "has no use without TLS; set mode")
    url = settings.server.tls if settings.server else ServerTls.OFF
    if url is not ServerTls.OFF and server.mode not in (None, url):
        yield fault(
            "server-tls.mode", f'contradicts server = "{settings.server}"; drop one of them'
        )


def _of_data(settings: Settings) -> Iterator[Fault]:
    for key, (first, last) in (
        ("client-ports", settings.data.client_ports),
        ("server-ports", settings.data.server_ports),
    ):
        if all(port in settings.data.excluded_ports for port in range(first, last + 1)):
            yield fault(
                f"data.{key}", "every port of it is in data.excluded-ports", "data.excluded-ports"
            )


def _of_workers(settings: Settings) -> Iterator[Fault]:
    data, workers = settings.data, settings.workers
    if workers == 1:
        return
    for key, (first, last) in (
        ("client-ports", data.client_ports),
        ("server-ports", data.server_ports),
    ):
        ports = last - first + 1 - sum(first <= port <= last for port in data.excluded_ports)
        if 0 < ports < workers:
            yield fault(
                "workers",
                f"{workers} processes want data ports of their own, and data.{key} has {ports}:"
                " widen it, or have fewer workers",
                f"data.{key}",
            )
    if not hasattr(socket, "SO_REUSEPORT") or not sys.platform.startswith("linux"):
        yield fault("workers", f"{workers} processes share listeners on Linux only; set it to 1")


def _of_quotas(settings: Settings) -> Iterator[Fault]:
    """What counts by accounts needs some."""
    tables: list[tuple[str, Section]] = [
        ("limits", settings.limits),
        *((f"listeners[{at}].limits", one.limits) for at, one in enumerate(settings.listeners)),
        *((f"routes[{at}].limits", one.limits) for at, one in enumerate(settings.routes)),
    ]
    daily = [] if settings.accounts.auth else [quota.word for quota in Quota if quota.counted]
    for table, limits in tables:
        for word in daily:
            limit = getattr(limits, word.replace("-", "_"))
            if limit:
                yield fault(
                    f"{table}.{word}",
                    f"{limit} counts for each account at the gateway, and there are none; name them in"
                    " accounts.auth, or set it to 0",
                    "accounts.auth",
                )


def only_local(endpoint: str) -> bool:
    """True for an endpoint that nobody but this machine's own users can reach."""
    kind, *words = twisted(endpoint).replace("\\:", "%").split(":")
    if kind == "unix":
        return True
    found = [word.partition("=")[2] for word in words if word.startswith("interface=")]
    plain = kind in ("tcp", "tcp6", "ssl") and "\\" not in endpoint.replace("\\:", "")
    return plain and found != [] and all(_is_loopback(one.replace("%", ":")) for one in found)


def _is_loopback(interface: str) -> bool:
    try:
        return ip_address(interface).is_loopback
    except ValueError:
        return interface == "localhost"


def _open_to_all(settings: Settings, listener: Listener) -> bool:
    """True where whoever reaches a listener can tell the gateway whom to dial.

    Intercepted packets come from other machines to whichever address it is bound to.
    """
    intercepts = listener.intercept is not Intercept.OFF
    named_by_clients = settings.server is None or intercepts
    guarded = listener.accounts or settings.access.clients
    hidden = intercepts or settings.proxy_protocol.balancers  # who comes is not whom it is from
    local = only_local(listener.endpoint) and not hidden
    return named_by_clients and not guarded and not local


def _of_listeners(settings: Settings) -> Iterator[Fault]:
    if not settings.all_listeners:
        yield fault("listen", "names no endpoint, and there are no [[listeners]]", "listeners")
    for key, one in zip(listener_keys(settings), settings.all_listeners, strict=True):
        path = path_of(key)
        if one.accounts and not settings.accounts.auth:
            yield Fault(
                path,
                f"accounts.auth: is empty, and {one.endpoint} requires accounts",
                ("accounts.auth",),
            )
        if one.accounts and settings.accounts.require_tls and one.client_tls is ClientTls.OFF:
            yield fault(
                "accounts.require-tls",
                f"{one.endpoint} offers no TLS, so nobody could log in there;"
                ' set client-tls.mode to "offer"',
                *("client-tls.mode", "listeners"),
            )
        if _open_to_all(settings, one):
            yield Fault(
                path,
                f"access.clients: is empty, and whoever reaches listen = {one.endpoint!r} could reach any"
                " server through it; list the clients' networks, require accounts"
                " (accounts.auth), or name one server",
                ("access.clients", "accounts", "server", "intercept", "proxy-protocol"),
            )
        if settings.client_tls.opaque and one.client_tls is not ClientTls.OFF:
            yield fault(
                "client-tls.opaque",
                'passes AUTH to the server; set client-tls.mode to "off"',
                *("client-tls.mode", "listeners"),
            )


def _is_safe(settings: Settings, rule: RouteRule) -> bool:
    """True where every server that gets the rule's password is under verified TLS."""
    route = settings.route(rule)
    found = {route.tls or settings.tls_to(server) for server in route.secret_for}
    return settings.server_tls.verify and found <= {ServerTls.EXPLICIT, ServerTls.IMPLICIT}


def _ways(settings: Settings) -> Iterator[tuple[str, str, Mode, str]]:
    """Parent, mode and source address: the general ones, and each route's that has one of its own."""
    yield "", settings.parent, settings.server_mode, settings.source_address
    for at, rule in enumerate(settings.routes):
        if rule.parent or rule.server_mode or rule.source_address:
            route = settings.route(rule)
            mode = route.mode or settings.server_mode
            yield f"routes[{at}].", route.parent, mode, route.source


def _of_parents(settings: Settings) -> Iterator[Fault]:
    names = [parent.name for parent in settings.parents]
    for at, parent in enumerate(settings.parents):
        where = f"parents[{at}]."
        if parent.name in names[:at]:
            yield Fault(
                path_of(f"{where}name"),
                f"{where}name = {parent.name!r}: is taken by an earlier one",
            )
        if parent.password_file and parent.password_credential:
            yield fault(f"{where}password-credential", "contradicts password-file; drop one")
        if parent.separators_in_user and parent.url.scheme != "ftp":
            yield fault(
                f"{where}separators-in-user",
                "is for FTP parents; others get no USER",
                f"{where}url",
            )
        if parent.url.scheme == "ftp" and (parent.user or parent.secret):
            yield fault(
                f"{where}user", "an FTP parent takes the client's login only", f"{where}url"
            )
        elif parent.secret and not parent.user:
            yield fault(f"{where}user", "is missing; the password is of no use without it")
    for where, parent_name in [("", settings.parent)] + [
        (f"routes[{at}].", rule.parent) for at, rule in enumerate(settings.routes)
    ]:
        if parent_name and parent_name not in names:
            sentence = f"{where}parent = {parent_name!r}: no such name in [[parents]]"
            yield Fault(path_of(f"{where}parent"), sentence, ("parents",))
    proxied = {parent.name for parent in settings.parents if parent.url.scheme != "ftp"}
    for where, parent_name, mode, source in _ways(settings):
        key = f"{where}parent"
        if parent_name in proxied and mode is Mode.ACTIVE:
            sentence = f"{key} = {parent_name!r}: cannot open active data connections"
            yield Fault(path_of(key), sentence, ("parents", "server-mode", f"{where}server-mode"))
        if parent_name and source == "client":
            key = f"{where}source-address"
            yield Fault(path_of(key), f'{key} = "client": a parent would not answer the client')


def _of_commands(settings: Settings) -> Iterator[Fault]:
    for at, rule in enumerate(settings.access.commands):
        where = f"access.commands[{at}]"
        if rule.accounts and not settings.accounts.auth:
            yield fault(f"{where}.accounts", "there are none; set accounts.auth", "accounts.auth")
        if settings.client_tls.opaque and not rule.shadow:
            sentence = f"{where}: cannot hold where client-tls.opaque = true hides what clients say"
            yield Fault(path_of(where), sentence, ("client-tls.opaque",))


def _of_routes(settings: Settings) -> Iterator[Fault]:
    yield from _of_parents(settings)
    for at, entry in enumerate(settings.access.servers):
        if entry.accounts and not settings.accounts.auth:
            yield fault(
                f"access.servers[{at}].accounts",
                "there are none; set accounts.auth",
                "accounts.auth",
            )
    yield from _of_commands(settings)
    for at, rule in enumerate(settings.routes):
        where = f"routes[{at}]."
        if len({url.scheme for url in rule.server}) > 1:
            yield fault(f"{where}server", "all of them must have the same scheme")
        elif rule.server and rule.server_tls not in (None, rule.server[0].tls):
            if rule.server[0].tls is not ServerTls.OFF:
                yield fault(f"{where}server-tls", "contradicts the URL of server; drop one of them")
        if rule.password_file and rule.password_credential:
            yield fault(f"{where}password-credential", "contradicts password-file; drop one")
        if rule.user and not rule.accounts:
            yield fault(
                f"{where}user",
                "would let in everybody; name the accounts it is for",
                f"{where}accounts",
            )
        if rule.secret and not rule.user:
            yield fault(f"{where}user", "is missing; the password is of no use without it")
        named = bool(rule.destinations) and all(map(exact_server, rule.destinations))
        if rule.secret and not (rule.server or settings.server or named):
            yield fault(
                f"{where}server",
                "is missing; the password would go to any server that a client names",
                *("server", f"{where}destinations"),
            )
        elif rule.secret and not (rule.password_in_clear or _is_safe(settings, rule)):
            yield fault(
                f"{where}server",
                "has no verified TLS, so its password could be read on the way;"
                f" use ftpes:// or ftps://, or set {where}password-in-clear",
                *("server", "server-tls", f"{where}server-tls", f"{where}password-in-clear"),
            )
        if rule.accounts and not settings.accounts.auth:
            yield fault(f"{where}accounts", "there are none; set accounts.auth", "accounts.auth")
        if settings.client_tls.opaque and settings.route(rule).tls not in (None, ServerTls.OFF):
            yield fault(
                f"{where}server",
                "TLS to it contradicts client-tls.opaque; drop one of them",
                *("server-tls", "client-tls.opaque"),
            )
