"""Rule 1: a transfer that the client broke never looks complete at the server; a whole one does."""

from __future__ import annotations

import socket

from tests.wire.broken import Broken, broken_pipe
from tests.wire.peers import TIMEOUT, Control, WireTestCase, die, drained, echo_site, reset


class ClientBreaks(Broken):
    """The cases; the subclasses choose the modes."""

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
        self.assertTrue(self.gateway.rests())
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


class PassivePassiveTests(ClientBreaks, WireTestCase):
    """Passive client, passive server."""


class ActiveClientTests(ClientBreaks, WireTestCase):
    """Active client, passive server."""

    client_active = True


class ActiveServerTests(ClientBreaks, WireTestCase):
    """Passive client, active server."""

    mode = "active"


class ActiveActiveTests(ClientBreaks, WireTestCase):
    """Active client, active server."""

    mode = "active"
    client_active = True


class CopyTests(ClientBreaks, WireTestCase):
    """The portable relay, both passive."""

    toml = WireTestCase.toml + "[data]\nsplice = false\n"
