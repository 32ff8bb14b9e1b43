"""Rule 1: a transfer that the server broke never looks complete to the client.

Every case runs in each of the four combinations of data modes.
"""

from __future__ import annotations

import socket

from tests.wire.broken import Broken, broken_pipe
from tests.wire.peers import (
    TIMEOUT,
    Control,
    WireTestCase,
    die,
    drained,
    echo_site,
    impatient,
    reset,
)


class Breaks(Broken):
    """The cases; the subclasses choose the modes."""

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

    @impatient(final_reply=0.6, abort_reply=0.6)
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
