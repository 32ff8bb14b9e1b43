"""Data connections from elsewhere, where the settings want them."""

from __future__ import annotations

import socket

from tests.wire.addresses import Cases
from tests.wire.peers import (
    PATIENT,
    TIMEOUT,
    Control,
    dialled,
    echo_site,
    pasv_port,
    stranger,
)

NETWORKS = 'client-networks = ["127.0.0.3"]\nserver-networks = ["127.0.0.4/31"]\n'


class TrustedTests(Cases):
    """A client and an active server that have more addresses than one."""

    mode = "active"
    toml = PATIENT + "[data]\n" + NETWORKS

    def test_both_sides(self) -> None:
        """Each side's data comes from an address that is trusted for it, and not for the other."""

        def script(control: Control) -> str:
            verb, argument = control.command()
            number = dialled(verb, argument or b"")
            control.say(b"200 Good.")
            ending = stranger("127.0.0.3", number)[1]
            control.answer(b"RETR", b"150 Go.")
            data = socket.create_connection(("127.0.0.1", number), TIMEOUT, ("127.0.0.5", 0))
            data.sendall(b"file")
            data.close()
            control.say(b"226 Done.")
            echo_site(control)
            return ending

        client, served = self.talk(script)
        port = pasv_port(client.ask(b"PASV"))
        self.assertEqual(stranger("127.0.0.4", port), (b"", "reset"))
        data = socket.create_connection(("127.0.0.1", port), TIMEOUT, ("127.0.0.3", 0))
        self.fetch(client, data)
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), "reset")

    def test_strangers_are_counted(self) -> None:
        """A hundred strangers in a session are two lines in the log: the first, the rest at the end."""

        def script(control: Control) -> None:
            control.command()
            control.say(b"200 Good.")
            echo_site(control)

        client, _ = self.talk(script)
        port = pasv_port(client.ask(b"PASV"))
        for _ in range(100):
            self.assertEqual(stranger("127.0.0.9", port), (b"", "reset"))
        self.assertTrue(client.in_step())
        client.sock.close()
        self.assertTrue(self.gateway.left())
        lines = [x for x in self.gateway.whole_log().splitlines() if "comes from 127.0.0.9" in x]
        self.assertEqual(len(lines), 2, lines)
        self.assertIn("(99 of them)", lines[1])
