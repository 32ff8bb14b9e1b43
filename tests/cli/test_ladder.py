"""``ftpalg ladder`` in a terminal, beside a real gateway with real sessions."""

from __future__ import annotations

import json
import re
import socket
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.ladder import MOST
from ftpalg.cli.ladder import Text
from tests.cli.steered import SteeredCase
from tests.cli.terminals import Terminal
from tests.wire.servers import Control
from tests.wire.sockets import TIMEOUT

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


class Following(SteeredCase):
    """The command beside real sessions."""

    def follow(self, *words: str) -> Terminal:
        """It follows."""
        terminal = self.command("ladder", *words)
        self.assertTrue(terminal.shows("Ctrl-C ends it\n"), terminal.shown)
        return terminal

    def test_a_running_session_and_those_that_begin_later(self) -> None:
        """Both dialogues in the log's notation; the log itself does not write them, and Ctrl-C ends it."""
        first = self.logged_in()
        terminal = self.follow("--client", "127.0.0.0/8", "--back")
        self.assertTrue(terminal.shows("C <- P  230 Welcome."), terminal.shown)
        first.ask(b"XYZZY \x1b[1m\xff")
        second = self.logged_in()
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
            shown.count("-- ") - 1, len(re.findall(r"^-- \w{9} 127\.0\.0\.1:\d+$", shown, re.M))
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
        client = self.logged_in()
        name = self.name()
        other = self.logged_in()
        terminal = self.follow("--client", name, "--back", "--json")
        self.assertTrue(terminal.shows("230 Welcome"), terminal.shown)
        other.ask(b"XYZZY 1")
        client.ask(b"XYZZY 2")
        client.sock.close()
        self.assertEqual(terminal.ended(), 0)
        found = list(map(json.loads, terminal.shown.splitlines()[1:]))
        self.assertEqual({one["session"] for one in found}, {name})
        self.assertIn(("C -> P", "XYZZY 2"), [(one["arrow"], one["text"]) for one in found])
        self.assertRegex(found[-1]["text"], r"^the session is over \(CI\): the client closed")

    def test_nobody_there(self) -> None:
        """A session that is none; what is no session, no address and no network."""
        for word in ("1jd5k7q0z", "300.0.0.1", "10.0.0.0/99"):
            terminal = self.command("ladder", "--client", word)
            self.assertEqual(terminal.ended(), 1)
            self.assertIn(f"ftpalg ladder: '{word}' is no session that runs", terminal.shown)

    def test_without_a_gateway(self) -> None:
        terminal = Terminal("ladder", "--client", "127.0.0.1", "--socket", str(self.scratch / "no"))
        self.addCleanup(terminal.close)
        self.assertEqual(terminal.ended(), 1)
        self.assertIn("ftpalg ladder: no gateway listens", terminal.shown)

    def test_the_gateway_ends(self) -> None:
        """Whoever followed an address is told that it has."""
        self.logged_in()
        terminal = self.follow("--client", "127.0.0.1", "--back")
        self.assertTrue(terminal.shows("230 Welcome"), terminal.shown)
        self.gateway.stop()
        self.assertEqual(terminal.ended(), 1)
        self.assertIn("ftpalg ladder: the gateway ended in the middle", terminal.shown)

    def test_lines_of_a_reply_that_goes_on(self) -> None:
        """They are shown as they pass, before the reply is whole."""
        waiting = self.follow("--client", "127.0.0.1")

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150-Wait for SECRET")
            with port.open():
                control.say(b" the tape.", b"150 Here.")
            control.say(b"226 All of it.")
            control.until_end()

        client = self.logged_in(script)
        self.addCleanup(client.pasv().close)
        client.send(b"RETR x\r\n")
        self.assertTrue(waiting.shows("C <- P  150-Wait for ****\n"), waiting.shown)
        self.assertTrue(waiting.shows("C <- P  150 Here.\n"), waiting.shown)
        self.assertEqual(waiting.shown.count(" the tape."), 2)
        self.assertNotIn("SECRET", waiting.shown)

    def test_who_does_not_read(self) -> None:
        """Sessions are not held up, and what there was no room for is counted, to the line."""
        client = self.logged_in()
        with socket.socket(socket.AF_UNIX) as slow:
            slow.settimeout(TIMEOUT)
            slow.connect(self.socket)
            slow.sendall(b"GET /ladder?client=0.0.0.0/0 HTTP/1.0\r\n\r\n")
            self.assertTrue(slow.recv(1).startswith(b"H"))
            for number in range(200):
                client.ask(b"XYZZY %04d %b" % (number, b"x" * 3900))
            client.sock.close()
            self.assertTrue(self.gateway.logged(" CI client-closed"))
            data = b""
            while b"the session is over" not in data[-300:] and b"dropped" not in data[-300:]:
                data += slow.recv(1 << 20)
        found = [json.loads(line) for line in data.partition(b"\r\n\r\n")[2].splitlines()]
        gaps = [re.match(r"(\d+) lines are dropped", one["text"]) for one in found]
        dropped = sum(int(gap[1]) for gap in gaps if gap)
        self.assertGreater(dropped, 0)
        self.assertEqual(len(found) - len([gap for gap in gaps if gap]) + dropped, 4 * 200 + 1)

    def ask(self) -> socket.socket:
        """Somebody follows, by hand; the head of the answer has been read."""
        sock = socket.socket(socket.AF_UNIX)
        self.addCleanup(sock.close)
        sock.settimeout(TIMEOUT)
        sock.connect(self.socket)
        sock.sendall(b"GET /ladder?client=::/0 HTTP/1.1\r\nHost: x\r\n\r\n")
        self.head = sock.recv(4096)
        return sock

    def test_followers_are_few_and_leave_nothing(self) -> None:
        """One more than may follow is refused; who goes without a word makes room."""
        following = [self.ask() for _ in range(MOST)]
        self.assertTrue(self.head.startswith(b"HTTP/1.1 200 "), self.head)
        self.ask()
        self.assertTrue(self.head.startswith(b"HTTP/1.1 503 "), self.head)
        for one in following:
            one.close()
        self.assertTrue(self.gateway.until(lambda: bool(self.ask()) and b" 200 " in self.head))
        self.logged_in()

    def test_the_log_s_own_setting(self) -> None:
        """Goes on by itself where somebody follows: its lines are written where it says so."""
        self.gateway.file.write_text(self.gateway.file.read_text() + "ladder = true\n")
        reload = self.command("reload")
        self.assertEqual(reload.ended(), 0, reload.shown)
        terminal = self.follow("--client", "127.0.0.1")
        client = self.logged_in()
        self.assertTrue(terminal.shows("C <- P  230"), terminal.shown)
        terminal.interrupt()
        self.assertEqual(terminal.ended(), 0)
        client.ask(b"XYZZY")
        self.assertTrue(self.gateway.logged("C -> P  XYZZY"))
        self.assertEqual(self.gateway.whole_log().count("C -> P  USER joe"), 1)
