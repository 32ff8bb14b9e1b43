"""The ``ftpalg`` command: ``ftpalg check`` and ``ftpalg certificate``."""

from __future__ import annotations

import sys
from pathlib import Path

from twisted.internet.task import Clock

from ftpalg.certificate import make_pair
from ftpalg.config import Settings, SettingsError
from ftpalg.service import GatewayService, Options, warnings

USAGE = """Usage:
  ftpalg check --config FILE            validates and explains a configuration
  ftpalg certificate NAME... FOLDER     makes a self-signed certificate and key for trying out"""


def explain(settings: Settings) -> str:
    """What a configuration means, in sentences."""
    first, last = settings.data.client_ports
    lines = [
        f"listens on {', '.join(settings.listen)}",
        *(f"listens with TLS on {text}" for text in settings.client_tls.implicit_listen),
        f"every client reaches {settings.server}"
        if settings.server
        else "clients name the server: USER user@server[:port]",
        f"data connections to servers: {settings.server_mode.value}",
        f"data ports for clients: {first} to {last}",
        f"TLS for clients: {settings.client_tls.mode.value}",
        f"TLS to servers: {settings.default_server_tls.value}",
        *(f"TLS to {rule.server}: {rule.mode.value}" for rule in settings.server_tls.rules),
        *(f"warning: {text}" for text in warnings(settings)),
    ]
    return "\n".join(lines)


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
