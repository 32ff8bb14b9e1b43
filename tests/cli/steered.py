"""A gateway with an admin socket, which commands ask in a terminal of theirs."""

from __future__ import annotations

import re

from tests.cli.terminals import Terminal
from tests.life.programs import LifeCase
from tests.wire.clients import Client
from tests.wire.servers import Control, Script
from tests.wire.sockets import Closed


class SteeredCase(LifeCase):
    """The gateway, its server, and clients."""

    settings = ""

    def setUp(self) -> None:
        super().setUp()
        self.socket = str(self.scratch / "admin.sock")
        self.gateway = self.run_it(f'{self.settings}\n[admin]\nsocket = "{self.socket}"')

    def command(self, *words: str) -> Terminal:
        """That command, which has begun."""
        terminal = Terminal(*words, "--socket", self.socket)
        self.addCleanup(terminal.close)
        return terminal

    def logged_in(self, script: Script | None = None) -> Client:
        """A client behind its login, whose server does this then."""
        return self.enter(self.gateway, script or echo)

    def name(self) -> str:
        """That of the session which logged in last, as the log has it."""
        self.assertTrue(self.gateway.logged(" logged in as "))
        found = re.findall(r"(\w+) \S+ -> \S+ logged in as", self.gateway.whole_log())
        return str(found[-1])


def echo(control: Control) -> None:
    """Answers whatever comes, and quotes it and the password."""
    try:
        while True:
            verb, argument = control.command()
            control.say(b"200 %b %b, secret SECRET \x1b[2J\xff." % (verb, argument or b""))
    except (Closed, ConnectionError):
        return
