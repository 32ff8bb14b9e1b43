"""Settings that are sound one by one and cannot hold together.

Each fault reads "KEY: what is wrong and the remedy".
"""

from __future__ import annotations

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
    for word in words:
        name, _, value = word.partition("=")
        if name == "interface" and kind in ("tcp", "tcp6", "ssl"):
            try:
                return ip_address(value.replace("%", ":")).is_loopback
            except ValueError:
                return value == "localhost"
    return False


def _named_by_clients(settings: Settings, listener: Listener) -> bool:
    """True where clients of a listener can tell the gateway whom to dial."""
    return settings.server is None or listener.intercept is not Intercept.OFF


def _of_listeners(settings: Settings) -> list[str]:
    found = []
    if not settings.all_listeners:
        found.append("listen: names no endpoint, and there are no [[listeners]]")
    for one in settings.all_listeners:
        if one.accounts and not settings.accounts.auth:
            found.append(f"accounts.auth: is empty, and {one.endpoint} requires accounts")
        guarded = one.accounts or settings.access.clients
        if _named_by_clients(settings, one) and not guarded and not only_local(one.endpoint):
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
    ways = [("", settings.parent, settings.server_mode, settings.source_address)] + [
        (
            f"routes[{at}].",
            rule.parent,
            rule.server_mode or settings.server_mode,
            rule.source_address,
        )
        for at, rule in enumerate(settings.routes)
    ]
    proxied = {parent.name for parent in settings.parents if parent.url.scheme != "ftp"}
    for where, parent_name, mode, source in ways:
        if parent_name and parent_name not in names:
            found.append(f"{where}parent = {parent_name!r}: no such name in [[parents]]")
        if parent_name in proxied and mode is Mode.ACTIVE:
            found.append(f"{where}parent = {parent_name!r}: cannot open active data connections")
        if parent_name and source == "client":
            found.append(f'{where}source-address = "client": a parent would not answer the client')
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
        if rule.accounts and not settings.accounts.auth:
            found.append(f"{where}accounts: there are none; set accounts.auth")
    return found
