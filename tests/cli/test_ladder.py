"""``ftpalg ladder`` in a terminal, beside a real gateway with real sessions."""

from __future__ import annotations

import json
import re
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.cli.ladder import Text
from tests.cli.terminals import Terminal
from tests.life.programs import Foreground, LifeCase
from tests.wire.clients import Client
from tests.wire.servers import Control

LINE: dict[str, Any] = {
    "time": "2026-11-27T05:20:24.000000Z",
    "session": "1jd5k7q0z",
    "client_ip": "192.0.2.1",
    "client_port": 40000,
    "arrow": "C -> P",
    "text": "NOOP",
}


class Form(SynchronousTestCase):
    """The lines for people."""

    def test_whose_they_are(self) -> None:
        """Said once, and where another session speaks; of a note about no session not at all."""
        text = Text()
        other = {**LINE, "session": "2", "client_ip": "2001:db8::1"}
        nobody = {**LINE, "session": "", "client_ip": "", "client_port": 0, "arrow": "P .."}
        shown = [text.line(one) for one in (LINE, LINE, nobody, LINE, other, LINE)]
        rung = "05:20:24 C -> P  NOOP"
        head = "-- 1jd5k7q0z 192.0.2.1:40000\n"
        self.assertEqual(
            shown,
            [
                head + rung,
                rung,
                "05:20:24 P ..  NOOP",
                rung,
                "-- 2 [2001:db8::1]:40000\n" + rung,
                head + rung,
            ],
        )

    def test_a_terminal_is_not_moved(self) -> None:
        """Whoever answers: what is no text is written out."""
        shown = Text().line({**LINE, "text": "\x1b[2Ja\r\n\u2028\x9b"})
        self.assertTrue(shown.endswith(r"C -> P  \x1b[2Ja\r\n\u2028\x9b"), shown)


class Following(LifeCase):
    """A gateway with an admin socket, which a command asks."""

    def setUp(self) -> None:
        super().setUp()
        self.socket = str(self.scratch / "admin.sock")
        self.gateway = self.run_it(f'[admin]\nsocket = "{self.socket}"')

    def follow(self, *words: str) -> Terminal:
        """The command, which has begun."""
        terminal = Terminal("ladder", "--socket", self.socket, *words)
        self.addCleanup(terminal.close)
        return terminal

    def echo(self, control: Control) -> None:
        """Answers whatever comes, and quotes it and the password."""
        control.login()
        try:
            while True:
                verb, argument = control.command()
                control.say(b"200 %b %b, secret SECRET \x1b[2J\xff." % (verb, argument or b""))
        except Exception:
            return

    def enter(self, gateway: Foreground | None = None, *_: Any) -> Client:
        """A client that is logged in."""
        self.server.then(self.echo)
        client = Client((gateway or self.gateway).address)
        self.addCleanup(client.sock.close)
        self.assertEqual(client.code(), 220)
        client.login()
        return client

    def name(self) -> str:
        """The session's, as the log has it."""
        self.assertTrue(self.gateway.logged(" logged in as "))
        found = re.findall(r"(\w+) \S+ -> \S+ logged in as", self.gateway.whole_log())
        return str(found[-1])

    def test_a_running_session_and_those_that_begin_later(self) -> None:
        """Both dialogues in the log's notation; the log itself does not write them, and Ctrl-C ends it."""
        first = self.enter()
        terminal = self.follow("--client", "127.0.0.0/8", "--back")
        self.assertTrue(terminal.shows("C <- P  230 Welcome."), terminal.shown)
        first.ask(b"XYZZY \x1b[1m\xff")
        second = self.enter()
        self.assertTrue(terminal.shows("C <- P  230 Welcome.", 2), terminal.shown)
        second.ask(b"QUIT")
        self.assertTrue(
            terminal.shows("the session is over (CC): the client said QUIT"), terminal.shown
        )
        first.ask(b"PASS hunter2")
        self.assertTrue(terminal.shows("P -> S  PASS ****", 3), terminal.shown)
        terminal.interrupt()
        self.assertEqual(terminal.ended(), 0)
        shown = terminal.shown
        self.assertEqual(
            shown.count("-- "), len(re.findall(r"^-- \w{9} 127\.0\.0\.1:\d+$", shown, re.M))
        )
        said = [line[9:] for line in shown.splitlines() if re.match(r"\d\d:\d\d:\d\d ", line)]
        login = [
            "P <- S  220 Ready.",
            "C <- P  220 Ready.",
            "C -> P  USER joe",
            "P -> S  USER joe",
            "P <- S  331 Password, please.",
            "C <- P  331 Password, please.",
            "C -> P  PASS ****",
            "P -> S  PASS ****",
            "P <- S  230 Welcome.",
            "C <- P  230 Welcome.",
        ]
        self.assertEqual(said[:10], login)
        quoted = r"200 XYZZY \x1b[1m\xff, **** **** \x1b[2J\xff."
        self.assertEqual(
            said[10:14],
            [
                r"C -> P  XYZZY \x1b[1m\xff",
                r"P -> S  XYZZY \x1b[1m\xff",
                f"P <- S  {quoted}",
                f"C <- P  {quoted}",
            ],
        )
        self.assertEqual(said[14], "P ..  the session begins")
        self.assertEqual(said[15:25], login)
        for secret in ("secret", "SECRET", "hunter2"):
            self.assertNotIn(secret, shown)
        self.assertTrue(shown.replace("\n", "").replace("^C", "").isprintable())
        self.assertNotIn("C -> P", self.gateway.whole_log())

    def test_one_session_until_it_is_over(self) -> None:
        """By its name, or the beginning of that; another one is not shown, and the command ends."""
        client = self.enter()
        name = self.name()
        other = self.enter()
        terminal = self.follow("--client", name, "--back", "--json")
        self.assertTrue(terminal.shows("230 Welcome"), terminal.shown)
        other.ask(b"XYZZY 1")
        client.ask(b"XYZZY 2")
        client.sock.close()
        self.assertEqual(terminal.ended(), 0)
        found = list(map(json.loads, terminal.shown.splitlines()))
        self.assertEqual({one["session"] for one in found}, {name})
        self.assertIn(("C -> P", "XYZZY 2"), [(one["arrow"], one["text"]) for one in found])
        self.assertRegex(found[-1]["text"], r"^the session is over \(CI\): the client closed")
        self.assertEqual(found[0]["client_port"], client.sock.fileno() and found[-1]["client_port"])

    def test_nobody_there(self) -> None:
        """A session that is none; what is no session, no address and no network."""
        for word in ("1jd5k7q0z", "300.0.0.1", "10.0.0.0/99"):
            terminal = self.follow("--client", word)
            self.assertEqual(terminal.ended(), 1)
            self.assertIn(f"ftpalg ladder: '{word}' is no session that runs", terminal.shown)

    def test_without_a_gateway(self) -> None:
        terminal = Terminal("ladder", "--client", "127.0.0.1", "--socket", str(self.scratch / "no"))
        self.addCleanup(terminal.close)
        self.assertEqual(terminal.ended(), 1)
        self.assertIn("ftpalg ladder: no gateway listens", terminal.shown)

    def test_the_gateway_ends(self) -> None:
        """Whoever followed an address is told that it has."""
        self.enter()
        terminal = self.follow("--client", "127.0.0.1", "--back")
        self.assertTrue(terminal.shows("230 Welcome"), terminal.shown)
        self.gateway.stop()
        self.assertEqual(terminal.ended(), 1)
        self.assertIn("ftpalg ladder: the gateway ended in the middle", terminal.shown)
