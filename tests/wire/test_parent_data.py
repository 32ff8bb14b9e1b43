"""Data connections through parents."""

from __future__ import annotations

import socket
from concurrent.futures import Future
from threading import Event
from typing import Any

from tests.wire.parents import CONSENT, PROXIES, SOCKS, WEB, Parents, asked
from tests.wire.peers import (
    BLOCK,
    TIMEOUT,
    Client,
    Control,
    Script,
    drained,
    echo_site,
    exactly,
    impatient,
    six,
)


class DataThroughParents(Parents):
    """Data connections: passive, and through the same parent."""

    def begun(
        self,
        kind: int,
        data: Script,
        *last: bytes,
        verb: bytes = b"RETR",
        glue: bytes = b"",
        consents: bool = True,
        dials: int = 1,
    ) -> tuple[Client, socket.socket, Future[Any], Future[Any]]:
        """A transfer has been asked for; its data connection at the parent runs ``data``.

        One that fails early is dialled again with the command: ``dials`` is 2 then.
        """
        port = 40000 + kind
        there = Event()

        def script(control: Control) -> None:
            if control.command()[0] == b"EPSV":
                control.say(b"229 Extended (|||%d|)" % port)
            else:  # where EPSV's port was not to be had, PASV is asked from then on
                control.say(b"227 Passive (%b)." % six("127.0.0.1", port))
            if consents:
                control.answer(verb, b"150 Go.")
            else:
                control.answer(verb)
            there.wait(TIMEOUT)
            control.say(*last)
            echo_site(control)

        def second(control: Control) -> Any:
            try:
                control.name = asked(control, kind)
                if consents:
                    control.send(CONSENT[kind] + glue)
                return data(control)
            finally:
                there.set()

        client, served = self.inside(kind, script)
        future = self.serve_at(kind, second)
        for _ in range(1, dials):
            self.serve_at(kind, second)
        sock = client.pasv()
        client.send(verb + b" f\r\n")
        return client, sock, served, future

    def test_download(self) -> None:
        """The file comes through; the parent was asked for the server's name and the data port."""

        def data(control: Control) -> bytes:
            control.sock.sendall(BLOCK * 3)
            control.sock.shutdown(socket.SHUT_WR)
            return control.name

        for kind in PROXIES:
            client, sock, _, future = self.begun(kind, data, b"226 Done.")
            self.assertEqual(client.code(), 150)
            self.assertEqual(drained(sock), (BLOCK * 3, "end"))
            self.assertEqual(client.code(), 226)
            self.assertTrue(client.in_step())
            self.assertEqual(future.result(TIMEOUT), b"s.example:%d" % (40000 + kind))

    def test_glued(self) -> None:
        """The whole file in one segment with the parent's consent."""
        for kind in PROXIES:
            client, sock, _, _ = self.begun(
                kind, lambda c: c.sock.shutdown(socket.SHUT_WR), b"226 Done.", glue=b"file"
            )
            self.assertEqual(client.code(), 150)
            self.assertEqual(drained(sock), (b"file", "end"))
            self.assertEqual(client.code(), 226)
            self.assertTrue(client.in_step())

    def test_upload(self) -> None:
        """The other way round."""
        for kind in PROXIES:
            client, sock, _, future = self.begun(
                kind, lambda c: drained(c.sock), b"226 Done.", verb=b"STOR"
            )
            self.assertEqual(client.code(), 150)
            sock.sendall(BLOCK * 3)
            sock.close()
            self.assertEqual(client.code(), 226)
            self.assertTrue(client.in_step())
            self.assertEqual(future.result(TIMEOUT), (BLOCK * 3, "end"))

    def test_reset(self) -> None:
        """A RST in mid-transfer, each way: never complete, whatever the server says of it."""

        def cut(control: Control) -> None:
            control.sock.sendall(b"half")
            control.reset()

        for kind in PROXIES:
            for last in (b"226 Done.", b"426 Broken."):
                client, sock, _, _ = self.begun(kind, cut, last)
                self.assertEqual(client.code(), 150)
                self.assertEqual(drained(sock)[1], "reset")
                self.assertEqual(client.code(), 426)
                self.assertTrue(client.in_step())

    def test_reset_upload(self) -> None:
        """A RST while the client writes."""

        def cut(control: Control) -> None:
            exactly(control.sock, 4)
            control.reset()

        for kind in PROXIES:
            client, sock, _, _ = self.begun(kind, cut, b"226 Done.", verb=b"STOR")
            self.assertEqual(client.code(), 150)
            sock.sendall(b"half")
            self.assertEqual(drained(sock)[1], "reset")
            self.assertEqual(client.code(), 426)
            self.assertTrue(client.in_step())

    def test_ends_early(self) -> None:
        """The parent ends cleanly in the midst; the server's word that it broke counts."""

        def cut(control: Control) -> None:
            control.sock.sendall(b"half")
            control.sock.close()

        for kind in PROXIES:
            client, sock, _, _ = self.begun(kind, cut, b"451 Broken.")
            self.assertEqual(client.code(), 150)
            drained(sock)
            self.assertEqual(client.code(), 451)
            self.assertTrue(client.in_step())

    @impatient(data_open=1.5)
    def test_refused(self) -> None:
        """The parent refuses the data connection, babbles, closes or is silent: 425 and in step."""
        for kind, words in (
            (SOCKS, b"\x05\x05\0\x01\0\0\0\0\0\0"),
            (SOCKS, b"\x05"),
            (SOCKS, b"220 What?\r\n"),
            (WEB, b"HTTP/1.1 403 Not that port\r\n\r\n"),
            (WEB, b"nothing\r\n\r\n"),
            (WEB, b"HTTP/1.1 2"),
        ):
            for ends in (True, False):

                def data(control: Control, words: bytes = words, ends: bool = ends) -> None:
                    control.send(words)
                    if ends:
                        control.sock.shutdown(socket.SHUT_WR)
                    control.until_end()

                client, sock, _, _ = self.begun(
                    kind, data, b"425 Nobody came.", consents=False, dials=2
                )
                found = client.reply()
                self.assertEqual(found.code, 425, (kind, words, found))
                self.assertEqual(drained(sock), (b"", "end"))
                self.assertTrue(client.in_step())
                self.servers[kind].forget()  # a second dial that was not needed

    @impatient(data_open=1.0)
    def test_client_aborts(self) -> None:
        """ABOR while the parent has not answered."""
        for kind in PROXIES:
            client, _, _, future = self.begun(
                kind, lambda c: c.until_end(), b"425 Nobody came.", consents=False
            )
            client.send(b"NOOP\r\n")
            self.assertEqual(client.code(), 425)
            future.result(TIMEOUT)
