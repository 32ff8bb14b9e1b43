"""``ftpalg shares``: its form, and in a terminal beside a real gateway."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.cli.shares import table
from tests.cli.steered import SteeredCase
from tests.wire.clients import Client


def row(limit: str, holder: str, used: int, most: int | None) -> dict[str, Any]:
    """As the gateway tells it."""
    return {"limit": limit, "holder": holder, "used": used, "most": most}


class Form(SynchronousTestCase):
    """The text for people."""

    def test_columns(self) -> None:
        """Numbers at the right, memory in few signs; nothing of what nobody uses."""
        rows = [
            row("sessions", "", 212, 5000),
            row("sessions-per-peer", "203.0.113.9", 190, 1000),
            row("transfers", "", 0, 4000),
            row("memory", "", 3 << 20, 1 << 30),
            row("sessions-per-server", "files.test:21", 2, None),
        ]
        self.assertEqual(
            list(table(rows)),
            [
                "LIMIT                USED    OF  WHO",
                "sessions              212  5000",
                "sessions-per-peer     190  1000  203.0.113.9",
                "memory               3.0M  1.0G",
                "sessions-per-server     2     -  files.test:21",
            ],
        )

    def test_nothing(self) -> None:
        """Where nothing is used its head is there."""
        self.assertEqual(list(table([row("sessions", "", 0, 9)])), ["LIMIT  USED  OF  WHO"])

    def test_a_terminal_is_not_moved(self) -> None:
        """Clients choose names of servers and accounts."""
        for line in table([row("sessions-per-server", "\x1b[2J\r\n" * 100, 2, None)]):
            self.assertTrue(line.isprintable(), line)
            self.assertLess(len(line), 120)


class Asked(SteeredCase):
    """In a terminal."""

    settings = "[limits]\nsessions-per-peer = 77"

    def test_session(self) -> None:
        """One session, and what it holds."""
        self.logged_in()
        terminal = self.command("shares")
        self.assertEqual(terminal.ended(), 0)
        self.assertRegex(terminal.shown, r"\nsessions-per-peer +1 +77  127\.0\.0\.1\r?\n")
        self.assertRegex(terminal.shown, r"\ndescriptors-per-peer +2 +\d+  127\.0\.0\.1\r?\n")
        terminal = self.command("shares", "--json", "--top", "1")
        self.assertEqual(terminal.ended(), 0)
        found = json.loads(terminal.shown)["shares"]
        self.assertIn(row("sessions-per-peer", "127.0.0.1", 1, 77), found)

    def test_faults(self) -> None:
        """A browser came."""
        self.server.then(lambda control: control.say(b"220 Ready.").until_end())
        client = Client(self.gateway.address)
        self.assertEqual(client.code(), 220)
        client.send(b"GET / HTTP/1.1\r\n\r\n")
        client.rest()
        terminal = self.command("shares")
        self.assertEqual(terminal.ended(), 0)
        self.assertRegex(terminal.shown, r"\nfaults +1 +-  127\.0\.0\.1\r?\n")

    def test_wrong(self) -> None:
        """None of each is nothing to ask for; without a gateway there is no answer."""
        terminal = self.command("shares", "--top", "0")
        self.assertEqual(terminal.ended(), 2)
        self.gateway.stop()
        terminal = self.command("shares")
        self.assertEqual(terminal.ended(), 1)
        self.assertIn("ftpalg shares: no gateway listens", terminal.shown)
