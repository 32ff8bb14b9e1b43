"""Transfers that the gateway throttles: what breaks shows, what is whole arrives, a wait is no stall."""

from __future__ import annotations

import socket
from threading import Event
from typing import Any

from tests.wire import test_abort, test_truncation
from tests.wire.broken import broken_pipe
from tests.wire.patience import impatient
from tests.wire.peers import (
    TIMEOUT,
    Client,
    Control,
    WireTestCase,
    die,
    drained,
    echo_site,
    exactly,
    reset,
)

LIMITED = """\
[bandwidth]
total-download = "4MiB/s"
total-upload = "4MiB/s"
session-download = "2MiB/s"
session-upload = ["2MiB/s Mon-Sun", "unlimited"]
"""
COPIED = "[data]\nsplice = false\n"


class TruncationTests(test_truncation.Breaks, WireTestCase):
    """Whatever breaks, in pieces inside the kernel."""

    toml = WireTestCase.toml + LIMITED


class CopiedTruncationTests(test_truncation.Breaks, WireTestCase):
    """The same through a buffer, towards an active server."""

    mode = "active"
    toml = WireTestCase.toml + LIMITED + COPIED


class AbortTests(test_abort.AbortTests):
    """ABOR in every phase and every form."""

    toml = WireTestCase.toml + LIMITED


class InTheWait(WireTestCase):
    """What happens while the gateway makes a transfer wait: a KiB each half second, so that it nearly
    always does."""

    toml = WireTestCase.toml + '[bandwidth]\nsession-download = 2048\nsession-upload = "2KiB/s"\n'
    FILE = bytes(range(256)) * 16

    def download(self, breaks: Any) -> tuple[Client, socket.socket, Any]:
        """One of which a piece has come, and more waits at the gateway; the server then runs that."""

        def script(control: Control) -> Any:
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            data = port.open()
            data.sendall(self.FILE)
            assert arrived.wait(TIMEOUT)
            return breaks(control, data)

        arrived = Event()
        client, served = self.talk(script)
        data = client.pasv()
        data.settimeout(TIMEOUT)
        self.assertEqual(client.ask(b"RETR file").code, 150)
        exactly(data, 1024)
        arrived.set()
        return client, data, served

    def upload(self, breaks: Any) -> tuple[Client, socket.socket, Any]:
        """The same upwards."""

        def script(control: Control) -> Any:
            port = control.data()
            control.answer(b"STOR", b"150 Send it.")
            data = port.open()
            exactly(data, 1024)
            arrived.set()
            return breaks(control, data)

        arrived = Event()
        client, served = self.talk(script)
        data = client.pasv()
        data.settimeout(TIMEOUT)
        self.assertEqual(client.ask(b"STOR file").code, 150)
        data.sendall(self.FILE)
        self.assertTrue(arrived.wait(TIMEOUT))
        return client, data, served

    def test_server_says_no(self) -> None:
        """A 426 of the server: what was held back never arrives, and the client's connection is reset."""

        def breaks(control: Control, data: socket.socket) -> None:
            control.say(b"426 Gave up.")
            drained(data)
            echo_site(control)

        client, data, _ = self.download(breaks)
        came, how = drained(data)
        self.assertEqual(how, "reset")
        self.assertLess(len(came), len(self.FILE) - 1024)
        self.assertEqual(client.code(), 426)
        self.assertTrue(client.in_step())

    def test_server_dies(self) -> None:
        """Data and control end with FIN while bytes of the file are held back: no end of a file."""
        _, data, _ = self.download(lambda control, data: die(control.sock, data))
        self.assertEqual(drained(data)[1], "reset")

    def test_server_resets(self) -> None:
        """Its RST is found when the wait is over; its 226 is not believed."""

        def breaks(control: Control, data: socket.socket) -> None:
            reset(data)
            control.say(b"226 Sent it all.")
            echo_site(control)

        client, data, _ = self.download(breaks)
        self.assertEqual(drained(data)[1], "reset")
        self.assertIn(client.code(), (425, 426, 451))
        self.assertTrue(client.in_step())

    def test_server_resets_upload(self) -> None:
        """The server's RST reaches the client at once, not when it may send again."""

        def breaks(control: Control, data: socket.socket) -> None:
            reset(data)
            control.say(b"226 Stored it.")
            echo_site(control)

        client, data, _ = self.upload(breaks)
        self.assertTrue(broken_pipe(data))
        self.assertIn(client.code(), (425, 426, 451))
        self.assertTrue(client.in_step())

    def test_client_resets_upload(self) -> None:
        """A client that breaks its upload while the gateway holds it back: the server sees no end."""

        def breaks(control: Control, data: socket.socket) -> str:
            ending = drained(data)[1]
            control.say(b"426 It broke.")
            echo_site(control)
            return str(ending)

        client, data, served = self.upload(breaks)
        reset(data)
        self.assertGreaterEqual(client.code(), 400)
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), "reset")

    def test_client_leaves(self) -> None:
        """A client whose control connection ends: the server's data is reset, nothing goes on."""

        def breaks(control: Control, data: socket.socket) -> str:
            ending = drained(data)[1]
            control.until_end()
            return str(ending)

        client, data, served = self.upload(breaks)
        client.sock.close()
        self.assertEqual(served.result(TIMEOUT), "reset")
        self.assertEqual(drained(data)[1], "reset")

    def test_abort(self) -> None:
        """ABOR is answered at once, and both data connections are reset."""

        def breaks(control: Control, data: socket.socket) -> str:
            control.aborted()
            ending = drained(data)[1]
            control.say(b"426 Aborted.", b"226 ABOR done.")
            echo_site(control)
            return str(ending)

        for begin in (self.download, self.upload):
            client, data, served = begin(breaks)
            client.send(b"ABOR\r\n")
            self.assertEqual([client.code(), client.code()], [426, 226])
            self.assertEqual(drained(data)[1], "reset")
            self.assertTrue(client.in_step())
            self.assertEqual(served.result(TIMEOUT), "reset")

    @impatient(stalled=0.3)
    def test_no_stall(self) -> None:
        """A wait that the gateway makes is longer than a peer may stall; the file arrives, then 226."""

        def breaks(control: Control, data: socket.socket) -> None:
            data.close()
            control.say(b"226 Sent it all.")
            echo_site(control)

        client, data, _ = self.download(breaks)
        self.assertEqual(drained(data), (self.FILE[1024:], "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())

    @impatient(stalled=0.3)
    def test_no_stall_upload(self) -> None:
        """The same upwards: the server has the whole file and its end."""

        def breaks(control: Control, data: socket.socket) -> tuple[bytes, str]:
            found = drained(data)
            control.say(b"226 Stored it.")
            echo_site(control)
            return found

        client, data, served = self.upload(breaks)
        data.close()
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), (self.FILE[1024:], "end"))

    @impatient(stalled=0.3)
    def test_stalls(self) -> None:
        """A server that falls silent behind all that has stalled, limit or not."""

        def breaks(control: Control, data: socket.socket) -> None:
            drained(data)
            control.say(b"426 You are gone.")
            echo_site(control)

        client, data, _ = self.download(breaks)
        came, how = drained(data)
        self.assertEqual((came, how), (self.FILE[1024:], "reset"))
        self.assertIn(client.code(), (425, 426, 451))
        self.assertTrue(client.in_step())


class CopiedInTheWait(InTheWait):
    """The same through a buffer."""

    toml = InTheWait.toml + COPIED
