"""The ``ftpalg`` command: ``ftpalg check --config FILE``."""

from __future__ import annotations

import sys

from twisted.internet.task import Clock

from ftpalg.config import Settings, SettingsError
from ftpalg.service import GatewayService, Options, warnings


class Command(Options):
    """``ftpalg check`` with the options of ``twistd ftpalg``."""

    synopsis = "check --config FILE [options]"

    def parseArgs(self, *words: str) -> None:
        if words != ("check",):
            raise SystemExit("ftpalg: the one command is: ftpalg check --config FILE")


def explain(settings: Settings) -> str:
    """What a configuration means, in sentences."""
    first, last = settings.data.client_ports
    lines = [
        f"listens on {', '.join(settings.listen)}",
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


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 for a sound configuration, 2 for faults, which are told all at once."""
    command = Command()
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["check"]:
        words = [*words[1:], "check"]
    command.parseOptions(words)
    try:
        settings = command.settings()
        GatewayService(Clock(), settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    print(explain(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
