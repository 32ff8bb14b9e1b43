"""Settings that are sound one by one and cannot hold together.

Each fault reads "KEY: what is wrong and the remedy".
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from ftpalg.config.model import Settings
from ftpalg.config.tables import Intercept, Listener
from ftpalg.core.routes import Mode, ServerTls
from ftpalg.core.rules import ClientTls


def contradictions(settings: Settings) -> list[str]:
    """Settings that cannot hold together, each as "KEY: what is wrong and the remedy"."""
    client, server = settings.client_tls, settings.server_tls
    found = _of_listeners(settings) + _of_routes(settings)
    for section, half in (("client-tls", client), ("server-tls", server)):
        if (half.certificate is None) != (half.private_key is None):
            missing = "private-key" if half.private_key is None else "certificate"
            found.append(
                f"{section}.{missing}: is missing; certificate and private-key go together"
            )
    if not client.pairs and any(
        one.client_tls is not ClientTls.OFF for one in settings.all_listeners
    ):
        found.append("client-tls.certificate: TLS for clients needs a certificate and private-key")
    for section, half in (("client-tls", client), ("server-tls", server)):
        if half.maximum < half.minimum:
            found.append(f"{section}.maximum: is below {section}.minimum")
    if client.opaque and settings.default_server_tls is not ServerTls.OFF:
        found.append("client-tls.opaque: passes AUTH to the server; give it as ftp:// without TLS")
    if client.opaque and any(rule.mode is not ServerTls.OFF for rule in server.rules):
        found.append("client-tls.opaque: passes AUTH to the server; drop server-tls.rules")
    if server.ca is not None and not server.verify:
        found.append("server-tls.ca: has no use while server-tls.verify = false; drop one of them")
    url = settings.server.tls if settings.server else ServerTls.OFF
    if url is not ServerTls.OFF and server.mode not in (None, url):
        found.append(f'server-tls.mode: contradicts server = "{settings.server}"; drop one of them')
    for key, (first, last) in (
        ("client-ports", settings.data.client_ports),
        ("server-ports", settings.data.server_ports),
    ):
        if all(port in settings.data.excluded_ports for port in range(first, last + 1)):
            found.append(f"data.{key}: every port of it is in data.excluded-ports")
    return found


def only_local(endpoint: str) -> bool:
    """True for an endpoint that nobody but this machine's own users can reach."""
    kind, *words = endpoint.replace("\\:", "%").split(":")
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


def _of_listeners(settings: Settings) -> list[str]:
    found = []
    if not settings.all_listeners:
        found.append("listen: names no endpoint, and there are no [[listeners]]")
    for one in settings.all_listeners:
        if one.endpoint.startswith("unix:"):
            found.append(f"listen = {one.endpoint!r}: FTP needs addresses; write one like tcp:2121")
        if one.accounts and not settings.accounts.auth:
            found.append(f"accounts.auth: is empty, and {one.endpoint} requires accounts")
        if _open_to_all(settings, one):
            found.append(
                f"access.clients: is empty, and whoever reaches listen = {one.endpoint!r} could reach any"
                " server through it; list the clients' networks, require accounts"
                " (accounts.auth), or name one server"
            )
        if settings.client_tls.opaque and one.client_tls is not ClientTls.OFF:
            found.append(
                'client-tls.opaque: passes AUTH to the server; set client-tls.mode to "off"'
            )
    return found


def _is_named(pattern: str) -> bool:
    """True for a pattern of destinations that does not fit all of them."""
    return pattern.rpartition("]")[2].partition(":")[0].strip("*?.") != "" or "[" in pattern


def _ways(settings: Settings) -> Iterator[tuple[str, str, Mode, str]]:
    """Parent, mode and source address: the general ones, and each route's that has one of its own."""
    yield "", settings.parent, settings.server_mode, settings.source_address
    for at, rule in enumerate(settings.routes):
        if rule.parent or rule.server_mode or rule.source_address:
            route = settings.route(rule)
            mode = route.mode or settings.server_mode
            yield f"routes[{at}].", route.parent, mode, route.source


def _of_routes(settings: Settings) -> list[str]:
    found = []
    names = [parent.name for parent in settings.parents]
    for at, parent in enumerate(settings.parents):
        if parent.name in names[:at]:
            found.append(f"parents[{at}].name = {parent.name!r}: is taken by an earlier one")
        if parent.password_file and parent.password_credential:
            found.append(f"parents[{at}].password-credential: contradicts password-file; drop one")
        if parent.url.scheme == "ftp" and (parent.user or parent.secret):
            found.append(f"parents[{at}].user: an FTP parent takes the client's login only")
        elif parent.secret and not parent.user:
            found.append(f"parents[{at}].user: is missing; the password is of no use without it")
    for where, parent_name in [("", settings.parent)] + [
        (f"routes[{at}].", rule.parent) for at, rule in enumerate(settings.routes)
    ]:
        if parent_name and parent_name not in names:
            found.append(f"{where}parent = {parent_name!r}: no such name in [[parents]]")
    proxied = {parent.name for parent in settings.parents if parent.url.scheme != "ftp"}
    for where, parent_name, mode, source in _ways(settings):
        if parent_name in proxied and mode is Mode.ACTIVE:
            found.append(f"{where}parent = {parent_name!r}: cannot open active data connections")
        if parent_name and source == "client":
            found.append(f'{where}source-address = "client": a parent would not answer the client')
    for at, entry in enumerate(settings.access.servers):
        if entry.accounts and not settings.accounts.auth:
            found.append(f"access.servers[{at}].accounts: there are none; set accounts.auth")
    for at, rule in enumerate(settings.routes):
        where = f"routes[{at}]."
        if len({url.scheme for url in rule.server}) > 1:
            found.append(f"{where}server: all of them must have the same scheme")
        elif rule.server and rule.server_tls not in (None, rule.server[0].tls):
            if rule.server[0].tls is not ServerTls.OFF:
                found.append(f"{where}server-tls: contradicts the URL of server; drop one of them")
        if rule.password_file and rule.password_credential:
            found.append(f"{where}password-credential: contradicts password-file; drop one")
        if rule.user and not rule.accounts:
            found.append(f"{where}user: would let in everybody; name the accounts it is for")
        if rule.secret and not rule.user:
            found.append(f"{where}user: is missing; the password is of no use without it")
        fixed = rule.server or settings.server or any(map(_is_named, rule.destinations))
        if rule.secret and not fixed:
            found.append(
                f"{where}server: is missing; the password would go to any server that a client names"
            )
        if rule.accounts and not settings.accounts.auth:
            found.append(f"{where}accounts: there are none; set accounts.auth")
        if settings.client_tls.opaque and settings.route(rule).tls not in (None, ServerTls.OFF):
            found.append(
                f"{where}server: TLS to it contradicts client-tls.opaque; drop one of them"
            )
    return found
