"""Transfers that have to wait, while the gateway stops, drains or reads its settings, or the client quits."""

from __future__ import annotations

import signal
import socket
from typing import Any

from tests.admin.cases import AdminCase
from tests.life.programs import Foreground
from tests.wire.peers import BLOCK, TIMEOUT, Client, Control, drained, exactly

SIZE = 6144
SLOW = "[bandwidth]\ntotal-download = 2048\ntotal-upload = 2048\n[timeouts]\n"
"""Three seconds for the file, of which nearly all is a wait."""
FIRST = 1024


class Throttled(AdminCase):
    """A download of which the first KiB has come."""

    def begun(self, rest: str, size: int = SIZE) -> tuple[Foreground, Client, socket.socket, Any]:
        """The gateway, the client, its data, and what the server hears behind its 226."""

        def script(control: Control) -> list[bytes]:
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            with port.open() as data:
                try:
                    data.sendall(size * b"x")
                except ConnectionError:
                    control.say(b"426 You have gone.")
                    return control.until_end()
            control.say(b"226 All of it.")
            heard = []
            while (found := control.command())[0] != b"QUIT":
                heard.append(found[0])
            control.say(b"221 Bye.")
            return [*heard, b"QUIT"]

        gateway = self.seen(rest)
        client = self.enter(gateway, script)
        data = client.pasv()
        self.addCleanup(data.close)
        self.assertEqual(client.ask(b"RETR file").code, 150)
        data.settimeout(TIMEOUT)
        self.assertEqual(exactly(data, FIRST), FIRST * b"x")
        return gateway, client, data, script

    @property
    def asked_at(self) -> str:
        """The settings of ``seen``."""
        return f'[admin]\nsocket = "{self.path}"\n'

    def whole(self, data: socket.socket, size: int = SIZE) -> None:
        """The rest of it arrives, and a clean end."""
        found, how = drained(data)
        self.assertEqual((len(found), how), (size - FIRST, "end"))

    def test_stop(self) -> None:
        """A gateway that is told to end waits for it: the whole file, 226, then the end of the session."""
        gateway, client, data, _ = self.begun(SLOW + "stop = 60.0\nrest = 0.2\n")
        gateway.process.send_signal(signal.SIGTERM)
        self.whole(data)
        self.assertEqual(client.code(), 226)
        self.assertEqual(client.code(), 421)
        self.assertEqual(gateway.status(), 0)

    def test_stop_is_over(self) -> None:
        """Behind timeouts.stop it fails, and that shows."""
        gateway, client, data, _ = self.begun(SLOW + "stop = 0.3\n", size=1 << 20)
        gateway.process.send_signal(signal.SIGTERM)
        found, how = drained(data)
        self.assertEqual(how, "reset")
        self.assertLess(len(found), SIZE)
        self.assertIn(client.code(), (421, 426))
        self.assertEqual(gateway.status(), 0)

    def test_quit(self) -> None:
        """QUIT waits for its turn: the whole file, 226, 221."""
        _, client, data, _ = self.begun(SLOW)
        client.send(b"QUIT\r\n")
        self.whole(data)
        self.assertEqual([client.code(), client.code()], [226, 221])
        self.assertEqual(client.rest(), b"")

    def test_limit_is_taken_away(self) -> None:
        """New settings without a limit hold at once for what waits: of a MiB nobody waits for minutes."""
        gateway, client, data, _ = self.begun(SLOW, size=16 * len(BLOCK))
        gateway.file.write_text(self.text(self.asked_at))
        gateway.process.send_signal(signal.SIGHUP)
        self.whole(data, 16 * len(BLOCK))
        self.assertEqual(client.code(), 226)

    def test_limit_is_raised(self) -> None:
        """So does another rate; and one that is lower than before."""
        gateway, client, data, _ = self.begun(SLOW, size=16 * len(BLOCK))
        for rate in (1024, 50_000_000):
            rest = SLOW.replace("total-download = 2048", f"total-download = {rate}")
            gateway.file.write_text(self.text(self.asked_at + rest))
            gateway.process.send_signal(signal.SIGHUP)
            self.assertTrue(gateway.logged(" reloaded", 1 if rate == 1024 else 2))
        self.whole(data, 16 * len(BLOCK))
        self.assertEqual(client.code(), 226)

    def test_drain(self) -> None:
        """A drain lets it come to its end, too, and ends the session behind it."""
        _, client, data, _ = self.begun(SLOW + "rest = 0.2\n")
        self.assertEqual(self.command("drain")[0], 0)
        self.whole(data)
        self.assertEqual([client.code(), client.code()], [226, 421])
