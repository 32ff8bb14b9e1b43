"""Rule 1: a transfer that broke never looks complete, whoever broke it and however.

Every case runs in each of the four combinations of data modes.
"""

from __future__ import annotations

import socket
from concurrent.futures import Future
from threading import Event
from typing import Any

from tests.wire.peers import (
    BLOCK,
    TIMEOUT,
    Client,
    Closed,
    Control,
    SharedCases,
    WireTestCase,
    die,
    drained,
    echo_site,
    exactly,
    reset,
)

SIZE = 3 * len(BLOCK)


class Breaks(SharedCases):
    """The cases; the subclasses choose the modes."""

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

    # -- the server breaks it -------------------------------------------------------------------

    def test_server_resets_download(self) -> None:
        """The server's RST reaches the client as RST, its 226 as a refusal; the session goes on."""

        def breaks(control: Control, data: socket.socket) -> None:
            reset(data)
            control.say(b"226 Sent it all.")
            echo_site(control)

        client, data, _ = self.download(breaks)
        self.assertEqual(drained(data)[1], "reset")
        self.assertIn(client.code(), (425, 426, 451))
        self.assertTrue(client.in_step())

    def test_server_refuses_after_download_began(self) -> None:
        """A clean FIN and a 451 right after: the client's data connection is reset, 451 passes."""

        def breaks(control: Control, data: socket.socket) -> None:
            data.close()
            control.say(b"451 Disk on fire.")
            echo_site(control)

        client, data, _ = self.download(breaks)
        self.assertEqual(drained(data)[1], "reset")
        self.assertEqual(client.reply().lines, (b"451 Disk on fire.",))
        self.assertTrue(client.in_step())

    def test_server_refuses_while_download_is_open(self) -> None:
        """A 426 while the data connection still stands: reset, and the 426 passes."""

        def breaks(control: Control, data: socket.socket) -> None:
            control.say(b"426 Gave up.")
            drained(data)
            echo_site(control)

        client, data, _ = self.download(breaks)
        self.assertEqual(drained(data)[1], "reset")
        self.assertEqual(client.code(), 426)
        self.assertTrue(client.in_step())

    def test_server_loses_control_in_download(self) -> None:
        """The server closes its control connection and leaves the data open."""

        def breaks(control: Control, data: socket.socket) -> str:
            control.close()
            return drained(data)[1]

        client, data, served = self.download(breaks)
        self.fails(client, data)
        self.assertEqual(served.result(TIMEOUT), "reset")

    def test_server_resets_control_in_download(self) -> None:
        """The server resets its control connection and leaves the data open."""

        def breaks(control: Control, data: socket.socket) -> None:
            control.reset()
            drained(data)

        client, data, _ = self.download(breaks)
        self.fails(client, data)

    def test_server_killed_in_download(self) -> None:
        """A killed server process ends both connections with FIN; the client sees a failure."""
        client, data, _ = self.download(lambda control, data: die(control.sock, data))
        self.fails(client, data)

    def test_server_killed_in_download_data_first(self) -> None:
        """The same with the data connection's FIN first."""
        client, data, _ = self.download(lambda control, data: die(data, control.sock))
        self.fails(client, data)

    def test_server_shuts_down_in_download(self) -> None:
        """421 and both FINs, data first, is a failure that shows."""

        def breaks(control: Control, data: socket.socket) -> None:
            data.close()
            control.say(b"421 Shutting down.")
            control.close()

        client, data, _ = self.download(breaks)
        self.assertEqual(drained(data)[1], "reset")
        self.assertEqual(client.code(), 421)
        self.assertEqual(client.rest(), b"")

    def test_server_resets_upload(self) -> None:
        """The server's RST makes the client's connection fail; its 226 is not believed."""

        def breaks(control: Control, data: socket.socket) -> None:
            reset(data)
            control.say(b"226 Stored it.")
            echo_site(control)

        client, data, _ = self.upload(breaks)
        self.assertTrue(broken_pipe(data))
        self.assertIn(client.code(), (425, 426, 451))
        self.assertTrue(client.in_step())

    def test_server_resets_quiet_upload(self) -> None:
        """A client that pauses in an upload learns at once that the server has reset it."""

        def breaks(control: Control, data: socket.socket) -> None:
            reset(data)
            control.until_end()

        _, data, _ = self.upload(breaks)
        self.assertEqual(drained(data, 3.0)[1], "reset")

    def test_server_refuses_upload(self) -> None:
        """A 552 in mid-upload stops the client with RST and passes."""

        def breaks(control: Control, data: socket.socket) -> None:
            control.say(b"552 Quota exceeded.")
            drained(data)
            echo_site(control)

        client, data, _ = self.upload(breaks)
        self.assertEqual(drained(data)[1], "reset")
        self.assertEqual(client.reply().lines, (b"552 Quota exceeded.",))
        self.assertTrue(client.in_step())

    def test_server_loses_control_in_upload(self) -> None:
        """The server's control connection ends in mid-upload: both data connections are reset."""

        def breaks(control: Control, data: socket.socket) -> str:
            control.close()
            return drained(data)[1]

        client, data, served = self.upload(breaks)
        self.fails(client, data)
        self.assertEqual(served.result(TIMEOUT), "reset")

    def test_server_killed_in_upload(self) -> None:
        """A killed server in mid-upload is a failure to the client."""
        client, data, _ = self.upload(lambda control, data: die(control.sock, data))
        self.fails(client, data)

    def test_server_silent_after_upload(self) -> None:
        """A clean upload without a final reply is told as a failure within the wait."""

        def breaks(control: Control, data: socket.socket) -> str:
            ending = drained(data)[1]
            control.until_end()
            return ending

        client, data, served = self.upload(breaks)
        data.close()
        self.assertIn(client.code(), (426, 451, 421))
        client.rest()
        self.assertEqual(served.result(TIMEOUT), "end")

    # -- the client breaks it -------------------------------------------------------------------

    def test_client_resets_upload(self) -> None:
        """The client's RST reaches the server as RST; its 226 does not reach the client."""

        def breaks(control: Control, data: socket.socket) -> str:
            ending = drained(data)[1]
            control.say(b"226 Stored it.")
            echo_site(control)
            return ending

        client, data, served = self.upload(breaks)
        reset(data)
        self.assertIn(client.code(), (425, 426, 451))
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), "reset")

    def test_client_resets_upload_and_server_says_so(self) -> None:
        """The server's own 426 to the broken upload is what the client reads."""

        def breaks(control: Control, data: socket.socket) -> str:
            ending = drained(data)[1]
            control.say(b"426 Broken off.")
            echo_site(control)
            return ending

        client, data, served = self.upload(breaks)
        reset(data)
        self.assertEqual(client.reply().lines, (b"426 Broken off.",))
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), "reset")

    def ending(self, control: Control, data: socket.socket) -> str:
        """How the data ended for the server; what follows on control is awaited."""
        found = drained(data)[1]
        control.until_end()
        return str(found)

    def test_client_loses_control_in_upload(self) -> None:
        """The client's control connection ends cleanly in mid-upload: the server sees a RST."""
        client, data, served = self.upload(self.ending)
        client.close()
        self.assertEqual(served.result(TIMEOUT), "reset")
        data.close()

    def test_client_resets_control_in_upload(self) -> None:
        """The client's control connection is reset in mid-upload: the server sees a RST."""
        client, data, served = self.upload(self.ending)
        client.reset()
        self.assertEqual(served.result(TIMEOUT), "reset")
        data.close()

    def test_client_killed_in_upload(self) -> None:
        """A killed client ends both connections with FIN: the server sees a RST."""
        client, data, served = self.upload(self.ending)
        die(client.sock, data)
        self.assertEqual(served.result(TIMEOUT), "reset")

    def test_client_killed_in_upload_data_first(self) -> None:
        """The same with the data connection's FIN first."""
        client, data, served = self.upload(self.ending)
        die(data, client.sock)
        self.assertEqual(served.result(TIMEOUT), "reset")

    def test_client_killed_with_commands_waiting(self) -> None:
        """Commands piled up behind the upload do not hide that its client has died."""
        client, data, served = self.upload(self.ending)
        client.send(b"NOOP\r\n" * 40000)
        client.silent(0.2)
        die(data, client.sock)
        self.assertEqual(served.result(TIMEOUT), "reset")

    def test_client_resets_download(self) -> None:
        """The client's RST stops a server that goes on sending."""

        def breaks(control: Control, data: socket.socket) -> bool:
            found = broken_pipe(data)
            control.say(b"426 Broken off.")
            echo_site(control)
            return found

        client, data, served = self.download(breaks)
        reset(data)
        self.assertEqual(client.code(), 426)
        self.assertTrue(client.in_step())
        self.assertTrue(served.result(TIMEOUT))

    def test_client_resets_quiet_download(self) -> None:
        """A server that pauses in a download learns at once that the client has reset it."""

        def breaks(control: Control, data: socket.socket) -> str:
            return drained(data, 3.0)[1]

        _, data, served = self.download(breaks)
        reset(data)
        self.assertEqual(served.result(TIMEOUT), "reset")

    def test_client_loses_control_in_download(self) -> None:
        """The client's control connection ends in mid-download: the server sees a RST."""
        client, data, served = self.download(self.ending)
        client.close()
        self.assertEqual(served.result(TIMEOUT), "reset")
        self.assertEqual(drained(data)[1], "reset")

    def test_client_killed_in_download(self) -> None:
        """A killed client in mid-download: the server sees a RST."""
        client, data, served = self.download(self.ending)
        die(client.sock, data)
        self.assertEqual(served.result(TIMEOUT), "reset")

    # -- and where nothing breaks ---------------------------------------------------------------

    def test_whole_download(self) -> None:
        """A clean end is passed on as one, and 226 after it."""

        def breaks(control: Control, data: socket.socket) -> None:
            data.close()
            control.say(b"226 Sent.")
            echo_site(control)

        client, data, _ = self.download(breaks)
        self.assertEqual(drained(data), (b"", "end"))
        self.assertEqual(client.reply().lines, (b"226 Sent.",))
        self.assertTrue(client.in_step())

    def test_whole_upload(self) -> None:
        """A clean end of an upload reaches the server as one."""

        def breaks(control: Control, data: socket.socket) -> str:
            ending = drained(data)[1]
            control.say(b"226 Stored.")
            echo_site(control)
            return ending

        client, data, served = self.upload(breaks)
        data.close()
        self.assertEqual(client.reply().lines, (b"226 Stored.",))
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), "end")

    def test_upload_ended_by_half_close(self) -> None:
        """A client that only shuts down its sending side has sent a whole file."""

        def breaks(control: Control, data: socket.socket) -> str:
            ending = drained(data)[1]
            control.say(b"226 Stored.")
            return ending

        client, data, served = self.upload(breaks)
        data.shutdown(socket.SHUT_WR)
        self.assertEqual(client.code(), 226)
        self.assertEqual(drained(data)[1], "end")
        self.assertEqual(served.result(TIMEOUT), "end")


def broken_pipe(data: socket.socket) -> bool:
    """True where sending on ends with a failure."""
    try:
        for _ in range(2000):
            data.sendall(BLOCK)
    except ConnectionError:
        return True
    return False


class PassivePassiveTests(Breaks, WireTestCase):
    """Passive client, passive server."""


class ActiveClientTests(Breaks, WireTestCase):
    """Active client, passive server."""

    client_active = True


class ActiveServerTests(Breaks, WireTestCase):
    """Passive client, active server."""

    mode = "active"


class ActiveActiveTests(Breaks, WireTestCase):
    """Active client, active server."""

    mode = "active"
    client_active = True


class CopyTests(Breaks, WireTestCase):
    """The portable relay, both passive."""

    toml = WireTestCase.toml + "[data]\nsplice = false\n"


class LargeTests(WireTestCase):
    """A file larger than every buffer on the way."""

    def test_client_resets_large_upload(self) -> None:
        """A RST behind megabytes in flight still reaches the server as RST."""

        def script(control: Control) -> str:
            port = control.data()
            control.answer(b"STOR", b"150 Send it.")
            data = port.open()
            exactly(data, 100)
            ending = drained(data)[1]
            control.say(b"226 Stored it.")
            echo_site(control)
            return ending

        client, served = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"STOR f").code, 150)
        data.sendall(BLOCK * 160)
        reset(data)
        self.assertIn(client.code(), (425, 426, 451))
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), "reset")

    def test_slow_client_and_early_226(self) -> None:
        """226 comes only after the data, though the server sent it before the client read any."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Here.")
            data = port.open()
            control.say(b"226 Sent.")
            data.sendall(BLOCK * 320)
            data.close()
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertTrue(client.silent(0.3))
        found, ending = drained(data)
        self.assertEqual((len(found), ending), (len(BLOCK) * 320, "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())
