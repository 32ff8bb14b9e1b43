"""The ``ftpalg`` command: ``ftpalg check`` and ``ftpalg certificate``."""

from __future__ import annotations

import sys
from pathlib import Path

from twisted.internet.task import Clock

from ftpalg.certificate import make_pair
from ftpalg.config import Intercept, Listener, Parent, RouteRule, Settings, SettingsError
from ftpalg.service import GatewayService, Options, warnings

USAGE = """Usage:
  ftpalg check --config FILE            validates and explains a configuration
  ftpalg certificate NAME... FOLDER     makes a self-signed certificate and key for trying out"""


def explain(settings: Settings) -> str:
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
            *(f"warning: {text}" for text in warnings(settings)),
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


def check(words: list[str]) -> int:
    """0 for a sound configuration, which is explained; 2 for faults, which are told all at once."""
    options = Options()
    options.parseOptions(words)
    try:
        settings = options.settings()
        GatewayService(Clock(), settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    print(explain(settings))
    return 0


def certificate(words: list[str]) -> int:
    """Make a self-signed pair; 2 where the files cannot be written."""
    if len(words) < 2:
        print(USAGE, file=sys.stderr)
        return 2
    *names, folder = words
    try:
        made, key = make_pair(names, Path(folder))
    except (OSError, ValueError) as error:
        print(f"ftpalg certificate: {error}", file=sys.stderr)
        return 2
    print(f"certificate: {made}\nprivate key: {key}\nself-signed: for trying out only")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command; its exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    commands = {"check": check, "certificate": certificate}
    if not words or words[0] not in commands:
        wanted = words[:1] in (["--help"], ["-h"], ["help"])
        print(USAGE, file=sys.stdout if wanted else sys.stderr)
        return 0 if wanted else 2
    return commands[words[0]](words[1:])


if __name__ == "__main__":
    sys.exit(main())
