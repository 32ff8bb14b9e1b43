"""Transfers that are in mid-file on both legs when a peer breaks them."""

from __future__ import annotations

import socket
from concurrent.futures import Future
from threading import Event
from typing import Any

from tests.wire.peers import BLOCK, TIMEOUT, Client, Closed, Control, SharedCases, drained, exactly

SIZE = 3 * len(BLOCK)


class Broken(SharedCases):
    """Transfers in mid-file; the subclasses choose the modes."""

    client_active = False

    def data(self, client: Client, command: bytes) -> socket.socket:
        """Prepare the data connection and begin the transfer; returns the client's data socket."""
        if self.client_active:
            waiting = client.port()
            self.assertEqual(client.ask(command).code, 150)
            found, _ = waiting.accept()
            waiting.close()
        else:
            found = client.pasv()
            self.assertEqual(client.ask(command).code, 150)
        found.settimeout(TIMEOUT)
        return found

    def download(self, breaks: Any) -> tuple[Client, socket.socket, Future[Any]]:
        """A download that has delivered three blocks; the server then runs ``breaks``."""

        def script(control: Control) -> Any:
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            data = port.open()
            data.sendall(BLOCK * 3)
            assert arrived.wait(TIMEOUT)
            return breaks(control, data)

        arrived = Event()
        client, served = self.talk(script)
        data = self.data(client, b"RETR file")
        self.assertEqual(exactly(data, SIZE), BLOCK * 3)
        arrived.set()
        return client, data, served

    def upload(self, breaks: Any) -> tuple[Client, socket.socket, Future[Any]]:
        """An upload of which three blocks are at the server, which then runs ``breaks``."""

        def script(control: Control) -> Any:
            port = control.data()
            control.answer(b"STOR", b"150 Send it.")
            data = port.open()
            assert exactly(data, SIZE) == BLOCK * 3
            arrived.set()
            return breaks(control, data)

        arrived = Event()
        client, served = self.talk(script)
        data = self.data(client, b"STOR file")
        data.sendall(BLOCK * 3)
        self.assertTrue(arrived.wait(TIMEOUT))
        return client, data, served

    def fails(self, client: Client, data: socket.socket) -> None:
        """The client must see a RST, and no reply that says success."""
        self.assertEqual(drained(data)[1], "reset")
        try:
            self.assertGreaterEqual(client.code(), 400)
        except (Closed, ConnectionError):
            pass  # the session's end is no success either

    def ending(self, control: Control, data: socket.socket) -> str:
        """How the data ended for the server; what follows on control is awaited."""
        found = drained(data)[1]
        control.until_end()
        return str(found)


def broken_pipe(data: socket.socket) -> bool:
    """True where sending on ends with a failure."""
    try:
        for _ in range(2000):
            data.sendall(BLOCK)
    except ConnectionError:
        return True
    return False
