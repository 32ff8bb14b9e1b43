"""QUIT in mid-transfer: a client that meant to go gets its file there, or here, whole (field.md row 11)."""

from __future__ import annotations

import socket
from concurrent.futures import Future
from typing import Any

from tests.wire.broken import Broken
from tests.wire.peers import (
    BLOCK,
    TIMEOUT,
    Client,
    Control,
    WireTestCase,
    drained,
    impatient,
    reset,
)


class Quits(Broken):
    """The cases; the subclasses choose the modes."""

    def stored(self, control: Control, data: socket.socket) -> tuple[bytes, str]:
        """What the server has of the file, and how it ended; QUIT follows."""
        found = drained(data)
        control.say(b"226 Stored.")
        control.answer(b"QUIT", b"221 Bye.")
        return found

    def sent(self, control: Control, data: socket.socket) -> None:
        """A file of two parts, of which the client has had the first; QUIT follows."""
        data.sendall(BLOCK)
        data.close()
        control.say(b"226 Sent.")
        control.answer(b"QUIT", b"221 Bye.")

    def leaves(self, client: Client, served: Future[Any]) -> None:
        """The upload is whole, and the server hears QUIT."""
        self.assertEqual(served.result(TIMEOUT), (b"the end", "end"))
        self.assertTrue(self.gateway.logged(": complete, "))

    def test_upload(self) -> None:
        """The data ends, QUIT, and the control connection closes at once; in each order."""
        for order in ("data, quit", "quit, data", "quit, control, data"):
            client, data, served = self.upload(self.stored)
            data.sendall(b"the end")
            if order == "data, quit":
                data.close()
            client.send(b"QUIT\r\n")
            if order == "quit, control, data":
                client.close()
            data.close()
            client.close()
            self.leaves(client, served)

    def test_upload_and_reset(self) -> None:
        """A client whose control connection is reset behind its QUIT: it does not read the replies."""
        client, data, served = self.upload(self.stored)
        data.sendall(b"the end")
        client.send(b"QUIT\r\n")
        self.assertTrue(self.gateway.rests())
        client.reset()
        self.assertTrue(self.gateway.rests())
        data.close()
        self.leaves(client, served)

    @impatient(final_reply=0.6, abort_reply=0.6)
    def test_upload_that_breaks(self) -> None:
        """A QUIT makes nothing whole: data that is reset behind it is reset at the server."""
        client, data, served = self.upload(self.ending)
        client.send(b"QUIT\r\n")
        client.close()
        self.assertTrue(self.gateway.rests())
        reset(data)
        self.assertEqual(served.result(TIMEOUT), "reset")

    def test_download(self) -> None:
        """QUIT, and no more interest in replies: the rest of the file still comes, whole."""
        for close in (Client.close, Client.reset, half_closed):
            client, data, served = self.download(self.sent)
            client.send(b"QUIT\r\n")
            self.assertTrue(self.gateway.rests())
            close(client)
            self.assertEqual(drained(data), (BLOCK, "end"))
            served.result(TIMEOUT)

    @impatient(final_reply=0.6, abort_reply=0.6)
    def test_download_that_is_left(self) -> None:
        """A client that has gone from both connections is no reason to go on sending."""
        client, data, served = self.download(self.ending)
        client.send(b"QUIT\r\n")
        client.close()
        self.assertTrue(self.gateway.rests())
        reset(data)
        self.assertEqual(served.result(TIMEOUT), "reset")


def half_closed(client: Client) -> None:
    """A client that reads on."""
    client.sock.shutdown(socket.SHUT_WR)


class PassiveTests(Quits, WireTestCase):
    """Passive client, passive server."""


class ActiveClientTests(Quits, WireTestCase):
    """Active client, passive server."""

    client_active = True


class ActiveServerTests(Quits, WireTestCase):
    """Passive client, active server."""

    mode = "active"
