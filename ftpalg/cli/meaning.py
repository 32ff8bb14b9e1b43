"""What a configuration means, in sentences."""

from __future__ import annotations

from ftpalg.config import Intercept, Listener, Parent, RouteRule, Settings


def meaning(settings: Settings) -> str:
    """What a configuration means, in sentences."""
    first, last = settings.data.client_ports
    holes = settings.pinholes.table
    return "\n".join(
        (
            *(_listener(one) for one in settings.all_listeners),
            f"clients from {', '.join(map(str, settings.access.clients)) or 'anywhere'}",
            *(_route(at, rule, settings) for at, rule in enumerate(settings.routes)),
            f"every {'other ' if settings.routes else ''}client reaches {settings.server}"
            if settings.server
            else "clients name the server: " + ", ".join(d.value for d in settings.login.dialects),
            *([f"servers are reached through {settings.parent}"] if settings.parent else []),
            *(_parent(one) for one in settings.parents),
            *(
                [f"servers are called from {_source(settings.source_address)}"]
                if settings.source_address
                else []
            ),
            f"data connections to servers: {settings.server_mode.value}",
            f"data ports for clients: {first} to {last}"
            + (f", opened one by one in nftables table {holes}" if holes else ""),
            f"TLS to servers: {settings.default_server_tls.value}",
            *(f"TLS to {rule.server}: {rule.mode.value}" for rule in settings.server_tls.rules),
        )
    )


def _listener(one: Listener) -> str:
    tls = one.client_tls.value if one.client_tls else ""
    words = [f"listens on {one.endpoint}", f"TLS for clients: {tls}"]
    if one.accounts:
        words.append("an account at the gateway is required")
    if one.intercept is not Intercept.OFF and one.intercept is not None:
        words.append(f"takes intercepted connections ({one.intercept.value})")
    return "; ".join(words)


def _parent(one: Parent) -> str:
    account = f", with an account as {one.user}" if one.user else ""
    return f"parent {one.name}: {one.url}{account}"


def _route(at: int, rule: RouteRule, settings: Settings) -> str:
    conditions = [
        f"{name} {', '.join(map(str, values))}"
        for name, values in (
            ("from", rule.clients),
            ("account", rule.accounts),
            ("SNI", rule.sni),
            ("HOST", rule.hosts),
            ("user", rule.users),
            ("to", rule.destinations),
        )
        if values
    ]
    servers = rule.server or ((settings.server,) if settings.server else ())
    way = [f"reaches {', '.join(map(str, servers)) or 'whom the client names'}"]
    way += [f"by {rule.balance.value}"] if len(servers) > 1 else []
    way += [f"as {rule.user}"] if rule.user else []
    way += [f"through {rule.parent}"] if rule.parent else []
    way += [f"from {_source(rule.source_address)}"] if rule.source_address else []
    way += [f"TLS {rule.server_tls.value}"] if rule.server_tls else []
    way += [f"data connections {rule.server_mode.value}"] if rule.server_mode else []
    way += [f"with a PROXY header of version {rule.proxy_protocol}"] if rule.proxy_protocol else []
    return f"route {at}: {'; '.join(conditions) or 'everybody'}: {', '.join(way)}"


def _source(address: str) -> str:
    return "the client's own address" if address == "client" else address
