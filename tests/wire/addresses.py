"""Downloads whose data connection is what a test looks at."""

from __future__ import annotations

import socket

from tests.wire.peers import Client, Control, WireTestCase, drained, echo_site


def one_file(control: Control, rounds: int = 1) -> list[str]:
    """Serve a file that many times; the peers' addresses on the data connections."""
    seen = []
    for _ in range(rounds):
        port = control.data()
        control.answer(b"RETR", b"150 Go.")
        data = port.open()
        seen.append(str(data.getpeername()[0]))
        data.sendall(b"file")
        data.close()
        control.say(b"226 Done.")
    echo_site(control)
    return seen


class Cases(WireTestCase):
    """What the classes here share."""

    def fetch(self, client: Client, data: socket.socket, early: bool = False) -> None:
        """The rest of a download whose data connection is there."""
        if not early:
            self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(drained(data), (b"file", "end"))
        self.assertEqual(client.code(), 226)
        data.close()
