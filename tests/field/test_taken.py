"""226 comes when the client's TCP has the file (field.md row 3)."""

from __future__ import annotations

import socket
from threading import Event

from tests.field.cells import PLAIN, SECURE, Cases, everywhere
from tests.tls.peers import TlsClient, ending, finish
from tests.wire.peers import BLOCK, PATIENT, TIMEOUT, Control, echo_site

FILE = BLOCK * 24
SMALL = 1 << 17  # bytes that such a client's TCP takes at a time, twice the largest segment here


class Slow(Cases):
    """A client with little memory (lwIP's stacks, which close their data connection at the 226)."""

    def slow(self) -> tuple[TlsClient, socket.socket]:
        """A download that the server has called complete, of which nothing has been read."""
        said = Event()

        def script(control: Control) -> None:
            port = self.port(control)
            control.answer(b"RETR", b"150 Here.")
            data = self.shaken(port.open())
            data.sendall(FILE)
            finish(data)
            control.say(b"226 Sent.")
            said.set()
            echo_site(control)

        client, _ = self.session(script)
        prepared = self.prepare(client)
        prepared.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        self.assertEqual(client.ask(b"RETR f").code, 150)
        data = self.open(client, prepared)
        self.assertTrue(said.wait(TIMEOUT))
        return client, data


class Taken(Slow):
    """A client that reads in the end."""

    def test_not_before(self) -> None:
        """As long as bytes wait on this side no 226 is told; then it is, and all of them are there."""
        client, data = self.slow()
        self.assertTrue(self.gateway.quiet(client))
        found, how = ending(data)
        self.assertEqual((found, how), (FILE, "end"))
        finish(data)
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())


class Taking(Slow):
    """A client that takes longer than timeouts.delivery, and some bytes all the time."""

    timers = PATIENT + "delivery = 2.5\n"

    def test_progress(self) -> None:
        """Each byte that its TCP takes begins the wait anew."""
        client, data = self.slow()
        taken = bytearray()
        for step in range(1, 9):
            while len(taken) < len(FILE) * step // 10:
                taken += data.recv(1 << 14)
            self.assertTrue(client.silent(0.4))
        rest, how = ending(data)
        self.assertEqual((bytes(taken) + rest, how), (FILE, "end"))
        finish(data)
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())


class Untaken(Slow):
    """A client that reads no more."""

    timers = PATIENT + "delivery = 0.6\n"

    def test_bounded(self) -> None:
        """Behind timeouts.delivery: 426, and a reset."""
        client, data = self.slow()
        self.assertEqual(client.code(), 426)
        self.assertEqual(ending(data)[1], "reset")
        self.assertTrue(client.in_step())

    def test_closes(self) -> None:
        """One that closes before it has read all: 426."""
        client, data = self.slow()
        data.close()
        self.assertEqual(client.code(), 426)
        self.assertTrue(client.in_step())


globals().update(everywhere(Taken))
globals().update(everywhere(Taking, (*PLAIN[:2], SECURE[0])))
globals().update(everywhere(Untaken))
