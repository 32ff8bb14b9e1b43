"""Replies and commands that come in pieces."""

from __future__ import annotations

import socket

from tests.wire.peers import TIMEOUT, Control, DataPort, WireTestCase, drained, echo_site


class PieceTests(WireTestCase):
    """Replies in every cut."""

    alone = "pieces"

    def test_every_byte(self) -> None:
        """A whole dialogue in segments of one byte each is the same dialogue."""

        def script(control: Control) -> None:
            control.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for reply in (
                b"220-Hi\r\n220 Ready.\r\n",
                b"331 Go on.\r\n",
                b"230-A\r\n B\r\n230 C\r\n",
            ):
                for byte in reply:
                    control.send(bytes((byte,)))
                control.line()
            port = DataPort("127.0.0.1")
            assert port.listener is not None
            number = port.listener.getsockname()[1]
            for byte in b"229 Extended (|||%d|)\r\n" % number:
                control.send(bytes((byte,)))
            control.expect(b"RETR")
            data = port.open()
            data.close()
            for byte in b"150 Here\r\n226-Gone\r\n226 now\r\n":
                control.send(bytes((byte,)))
            echo_site(control)

        self.serve(script)
        client = self.connect()
        self.assertEqual(client.reply().lines, (b"220-Hi", b"220 Ready."))
        self.assertEqual(client.ask(b"USER joe").code, 331)
        self.assertEqual(client.ask(b"PASS x").lines, (b"230-A", b" B", b"230 C"))
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(drained(data), (b"", "end"))
        self.assertEqual(client.reply().lines, (b"226-Gone", b"226 now"))
        self.assertTrue(client.in_step())

    def test_command_bytes(self) -> None:
        """Commands that arrive byte by byte leave in one piece."""

        def script(control: Control) -> bytes:
            control.expect(b"SITE")
            control.say(b"200 Yes.")
            return control.sock.recv(100)

        client, served = self.talk(script)
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.assertEqual(client.ask(b"SITE x").code, 200)
        for byte in b"CWD /some/where\r\n":
            client.send(bytes((byte,)))
        self.assertEqual(served.result(TIMEOUT), b"CWD /some/where\r\n")
