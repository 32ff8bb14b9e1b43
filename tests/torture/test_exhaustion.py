"""A gateway that runs out of descriptors stays, refuses visibly, and works again once some are free."""

from __future__ import annotations

import resource
import socket
from itertools import count, islice
from pathlib import Path

from tests.wire.peers import BLOCK, PATIENT, Control, WireTestCase, drained, pasv_port


class Exhaustion(WireTestCase):
    """One gateway, and a limit that is lowered in front of it."""

    alone = "exhaustion"
    toml = PATIENT + "[limits]\nsessions-per-peer = 200\n"

    def setUp(self) -> None:
        super().setUp()
        self.pid = self.gateway.process.pid
        soft, hard = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        self.addCleanup(resource.prlimit, self.pid, resource.RLIMIT_NOFILE, (soft, hard))
        self.hard = hard

    def limit(self, more: int) -> None:
        """It may open so many more than it has now."""
        used = {int(entry.name) for entry in Path(f"/proc/{self.pid}/fd").iterdir()}
        free = (number for number in count() if number not in used)  # gaps are filled first
        lowest = next(islice(free, more, None))
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (lowest, self.hard))

    def download(self, control: Control) -> None:
        """One file, and the commands around it."""
        port = control.data()
        control.answer(b"RETR", b"150 Here.")
        data = port.open()
        data.sendall(BLOCK)
        data.close()
        control.say(b"226 Gone.")

    def test_clients(self) -> None:
        """Clients beyond it are told or closed at once, those who are in stay, others come in later."""

        def script(control: Control) -> None:
            control.answer(b"NOOP", b"200 Fine.")
            control.until_end()

        client, _ = self.talk(script)
        self.limit(0)
        for _ in range(5):
            refused = socket.create_connection(self.gateway.address, 10.0)
            with refused:
                said, _ = drained(refused)
                self.assertTrue(not said or said.startswith(b"421 "), said)
        self.assertEqual(client.ask(b"NOOP").code, 200)
        self.assertTrue(self.gateway.rests())
        self.limit(20)
        second, _ = self.talk(lambda control: control.until_end())
        second.close()
        client.close()

    def test_server(self) -> None:
        """A client that is in hears that its server cannot be reached, or 421, not nothing."""
        self.limit(1)
        self.serve(lambda control: control.until_end())
        client = self.connect()
        self.assertEqual(client.code(), 421)
        self.assertEqual(client.rest(), b"")

    def test_data(self) -> None:
        """A transfer without descriptors is refused, the session goes on, and the next one is whole."""

        def script(control: Control) -> None:
            control.data(closed=True)
            control.answer(b"NOOP", b"200 Fine.")
            self.download(control)
            control.until_end()

        client, _ = self.talk(script)
        self.limit(0)
        self.assertEqual(client.ask(b"PASV").code, 425)
        self.assertEqual(client.ask(b"NOOP").code, 200)
        self.limit(20)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(drained(data), (BLOCK, "end"))
        self.assertEqual(client.code(), 226)
        data.close()

    def test_data_port(self) -> None:
        """A data connection that cannot be accepted waits, and is taken up later."""

        def script(control: Control) -> None:
            self.download(control)
            control.until_end()

        client, _ = self.talk(script)
        found = client.ask(b"PASV")
        self.limit(0)
        data = client.reach(pasv_port(found))
        self.assertTrue(self.gateway.quiet(client))
        self.limit(20)
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(drained(data), (BLOCK, "end"))
        self.assertEqual(client.code(), 226)
        data.close()
