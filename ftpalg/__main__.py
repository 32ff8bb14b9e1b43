"""The ``ftpalg`` command: ``ftpalg check --config FILE``."""

from __future__ import annotations

import sys

from twisted.internet.task import Clock

from ftpalg.config import Settings, SettingsError
from ftpalg.service import Options, endpoint_of


class Command(Options):
    """``ftpalg check`` with the options of ``twistd ftpalg``."""

    synopsis = "check --config FILE [options]"

    def parseArgs(self, *words: str) -> None:
        if words != ("check",):
            raise SystemExit("ftpalg: the one command is: ftpalg check --config FILE")


def explain(settings: Settings) -> str:
    """What a configuration means, in sentences."""
    server = settings.server
    lines = [
        f"listens on {', '.join(settings.listen)}",
        f"every client reaches {server.scheme}://{server.server}"
        if server
        else "clients name the server: USER user@server[:port]",
        f"data connections to servers: {settings.server_mode.value}",
        f"data ports towards clients: {settings.data.client_ports.first} to {settings.data.client_ports.last}",
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
        for text in settings.listen:
            endpoint_of(Clock(), text)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    print(explain(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
