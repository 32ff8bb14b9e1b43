"""Bytes on a data connection before they are due, or in the wrong direction."""

from __future__ import annotations

import socket
from threading import Event

from tests.wire.addresses import Cases
from tests.wire.peers import BLOCK, TIMEOUT, Control, drained, echo_site, exactly

FILE = BLOCK * 24
SMALL = 1 << 17  # bytes that a peer's TCP takes while nobody reads


class PreciseTests(Cases):
    """One more look at what a data connection is made of."""

    def test_early_upload(self) -> None:
        """Bytes that the client sent before STOR are part of the file, none is lost."""

        def script(control: Control) -> tuple[bytes, str]:
            port = control.data()
            control.answer(b"STOR", b"150 Go.")
            found = drained(port.open())
            control.say(b"226 Stored.")
            echo_site(control)
            return found

        client, served = self.talk(script)
        data = client.pasv()
        data.sendall(b"early")
        data.close()
        self.assertEqual(client.ask(b"STOR f").code, 150)
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), (b"early", "end"))

    def test_stray_bytes_in_a_download(self) -> None:
        """A client that writes into a download still gets a clean end and 226."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            data.sendall(b"file")
            data.close()
            control.say(b"226 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        data.sendall(b"stray")
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(exactly(data, 4), b"file")
        self.assertEqual(drained(data), (b"", "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())

    def test_stray_bytes_and_a_slow_client(self) -> None:
        """One that has read nothing when all was sent gets the whole file even so, and its end."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            with port.open() as data:
                data.sendall(FILE)
            control.say(b"226 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        data.sendall(b"stray")
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.gateway.rests()
        self.assertEqual(drained(data), (FILE, "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())

    def test_stray_bytes_and_a_slow_server(self) -> None:
        """The same of an upload: what a server says on its data connection resets nothing."""

        def script(control: Control) -> tuple[bytes, str]:
            port = control.data()
            assert port.listener is not None
            port.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
            control.answer(b"STOR", b"150 Go.")
            data = port.open()
            data.sendall(b"stray")
            assert sent.wait(TIMEOUT)
            # behind the moment in which the gateway looks for its client
            assert control.silent(0.3)
            found = drained(data)
            control.say(b"226 Stored.")
            echo_site(control)
            return found

        sent = Event()
        client, served = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"STOR f").code, 150)
        data.sendall(BLOCK * 4)
        data.close()
        sent.set()
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), (BLOCK * 4, "end"))
