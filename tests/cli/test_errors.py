"""``ftpalg errors``: its form, and in a terminal beside a real gateway whose peers break the protocol."""

from __future__ import annotations

import json
import re
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.cli.errors import hexdump, shown
from tests.cli.steered import SteeredCase
from tests.wire.clients import Client
from tests.wire.servers import Control

ROW: dict[str, Any] = {
    "time": "2026-11-27T05:20:24.000000Z",
    "side": "server",
    "server": "files.example.net:21",
    "server_ip": "2001:db8::1",
    "server_port": 21,
    "listener": "tcp:21",
    "session": "1jd5k7q0z",
    "client_ip": "192.0.2.1",
    "client_port": 40000,
    "state": "reaching",
    "reason": "The server sent a line that is not an FTP reply.",
    "offset": 41,
    "length": 20,
    "octets": b"SSH-2.0-OpenSSH_9.2\xff".hex(),
    "text": "",
    "ladder": [{"time": "2026-11-27T05:20:21.000000Z", "arrow": "C -> P", "text": "NOOP"}],
}


class Form(SynchronousTestCase):
    """The text for people."""

    def test_a_server(self) -> None:
        self.assertEqual(
            list(shown(ROW)),
            [
                "2026-11-27T05:20:24Z server files.example.net:21",
                "  The server sent a line that is not an FTP reply.",
                "  session 1jd5k7q0z, reaching: 192.0.2.1:40000 -> [2001:db8::1]:21",
                "  20 bytes behind 41 others:",
                "    00000029  53 53 48 2d 32 2e 30 2d 4f 70 65 6e 53 53 48 5f  |SSH-2.0-OpenSSH_|",
                "    00000039  39 2e 32 ff                                      |9.2.|",
                "  what had been said:",
                "    05:20:21 C -> P  NOOP",
            ],
        )

    def test_less_is_known(self) -> None:
        """A client without a server, nothing said before, and a line that is not whole."""
        row = {**ROW, "side": "client", "server": "", "server_ip": None, "server_port": None}
        row |= {"offset": None, "length": 65536, "octets": "4745", "ladder": []}
        self.assertEqual(
            list(shown(row)),
            [
                "2026-11-27T05:20:24Z a client of tcp:21",
                "  The server sent a line that is not an FTP reply.",
                "  session 1jd5k7q0z, reaching: 192.0.2.1:40000 -> -",
                "  65536 bytes, the first 2:",
                "    00000000  47 45                                            |GE|",
            ],
        )
        row = {**ROW, "server": "", "octets": "", "length": 0, "ladder": []}
        self.assertEqual(next(shown(row)), "2026-11-27T05:20:24Z server [2001:db8::1]:21")
        self.assertEqual(len(list(shown(row))), 3)

    def test_a_terminal_is_not_moved(self) -> None:
        """Whatever the peer has said, and whoever answers."""
        evil = "\x1b[2J\r\n\x9b"
        row = {**ROW, "reason": evil, "server": evil, "octets": evil.encode().hex()}
        row["ladder"] = [{**ROW["ladder"][0], "text": evil}]
        for line in shown(row):
            self.assertTrue(line.isprintable(), line)

    def test_every_byte(self) -> None:
        """Once in numbers; what is ASCII once more."""
        rows = list(hexdump(bytes(range(256)), 5))
        self.assertEqual(rows[0][:8], "00000005")
        self.assertEqual(rows[-1][:8], "000000f5")
        numbers = "".join(row[10:57].replace(" ", "") for row in rows)
        self.assertEqual(bytes.fromhex(numbers), bytes(range(256)))
        text = "".join(row[60:-1] for row in rows)
        self.assertEqual(text.replace(".", ""), "".join(map(chr, range(32, 127))).replace(".", ""))
        self.assertEqual(len(text), 256)


class Breaking(SteeredCase):
    """Peers that break the protocol, one after another."""

    def told(self) -> str:
        """What the command shows."""
        terminal = self.command("errors")
        self.assertEqual(terminal.ended(), 0)
        return terminal.shown

    def test_nothing(self) -> None:
        self.assertEqual(self.told(), "nobody has broken the protocol\n")

    def test_a_server(self) -> None:
        """With the password in what it says: nothing of that is shown, everything else is."""

        def script(control: Control) -> None:
            control.answer(b"PWD", b"9yzzy \x1b[2J\xff secret SECRET")
            control.until_end()

        client = self.logged_in(script)
        self.assertEqual(client.ask(b"PWD").code, 421)
        self.assertTrue(self.gateway.logged("breaks the protocol"))
        found = self.told()
        said = len(b"220 Ready.\r\n331 Password, please.\r\n230 Welcome.\r\n")
        self.assertIn(f"server 127.0.0.1:{self.server.port}\n", found)
        self.assertIn("  The server sent a line that is not an FTP reply.\n", found)
        self.assertRegex(found, r"session \w+, command: 127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+\n")
        self.assertIn(f"  22 bytes behind {said} others:\n", found)
        self.assertIn(f"    {said:08x}  39 79 7a 7a 79 20 1b", found)
        self.assertIn("|9yzzy .[2J. ****|", found)
        ladder = re.findall(r"\d\d:\d\d:\d\d (.*)", found)
        self.assertEqual(
            ladder[-4:],
            ["P <- S  230 Welcome.", "C <- P  230 Welcome.", "C -> P  PWD", "P -> S  PWD"],
        )
        self.assertEqual(len(ladder), 12)
        self.assertNotIn("secret", found.lower())
        self.assertTrue(found.replace("\n", "").isprintable())

    def test_a_client(self) -> None:
        """A browser, before there is a session worth its name."""
        self.server.then(lambda control: control.say(b"220 Ready.").until_end())
        client = Client(self.gateway.address)
        client.code()
        client.send(b"GET /\xff HTTP/1.1\r\n\r\n")
        client.rest()
        self.assertTrue(self.gateway.logged("breaks the protocol"))
        terminal = self.command("errors", "--json")
        self.assertEqual(terminal.ended(), 0)
        (found,) = json.loads(terminal.shown)["errors"]
        self.assertEqual((found["side"], found["reason"]), ("client", "GET is no FTP"))
        self.assertEqual(bytes.fromhex(found["octets"]), b"GET /\xff HTTP/1.1")
        self.assertEqual(found["ladder"][-1]["text"], r"GET /\xff HTTP/1.1")

    def test_huge_and_many(self) -> None:
        """A line that is longer than a reply may be, again and again: the last one is told of, in part."""
        for number in range(3):
            client = self.logged_in(lambda control: control.answer(b"PWD", b"2" * 70_000))
            self.assertEqual(client.ask(b"PWD").code, 421)
            self.assertTrue(self.gateway.logged("breaks the protocol", number + 1))
        found = self.told()
        self.assertEqual(found.count("server 127.0.0.1"), 1)
        self.assertRegex(found, r"  \d{5} bytes behind \d+ others, the first 512:\n")
        self.assertEqual(found.count("|2222222222222222|"), 32)
        self.assertIn(f"session {self.name()}, ", found)

    def test_without_a_gateway(self) -> None:
        self.gateway.stop()
        terminal = self.command("errors")
        self.assertEqual(terminal.ended(), 1)
        self.assertIn("ftpalg errors: no gateway listens", terminal.shown)
