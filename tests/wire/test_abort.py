"""Rule 3 through ABOR, urgent and not, at every point of a transfer."""

from __future__ import annotations

import socket
from threading import Event
from typing import Any

from tests.wire.peers import (
    BLOCK,
    TIMEOUT,
    Client,
    Control,
    WireTestCase,
    drained,
    echo_site,
    exactly,
    impatient,
    pasv_port,
)

SYNCH = (b"\xff\xf4\xff", b"\xf2")


def urgent(client: Client) -> None:
    """ABOR as RFC 959 has it: IAC IP IAC, DM urgent, ABOR."""
    client.send(SYNCH[0])
    client.sock.send(SYNCH[1], socket.MSG_OOB)
    client.send(b"ABOR\r\n")


def plain(client: Client) -> None:
    """ABOR as many clients send it."""
    client.send(b"ABOR\r\n")


def urgent_end(client: Client) -> None:
    """ABOR as ftplib sends it: the last byte urgent."""
    client.sock.send(b"ABOR\r\n", socket.MSG_OOB)


class AbortTests(WireTestCase):
    """ABOR in every phase and every form."""

    def test_abort_idle(self) -> None:
        """With nothing running ABOR goes to the server and its answer comes back."""

        def script(control: Control) -> None:
            for _ in range(3):
                control.aborted()
                control.say(b"225 Nothing to abort.")
            echo_site(control)

        client, _ = self.talk(script)
        for send in (plain, urgent, urgent_end):
            send(client)
            self.assertEqual(client.code(), 225)
        self.assertTrue(client.in_step())

    def aborted(self, command: bytes, send: Any, *replies: bytes) -> list[int]:
        """A transfer given up in the middle; the server answers ABOR with these replies."""

        def script(control: Control) -> str:
            port = control.data()
            control.answer(command[:4], b"150 Go.")
            data = port.open()
            if command.startswith(b"RETR"):
                data.sendall(BLOCK)
            control.aborted()
            ending = drained(data)[1]
            control.say(*replies)
            if len(replies) == 1:  # the gateway makes certain that no second one is on its way
                control.answer(b"NOOP", b"200 Fine.")
            echo_site(control)
            return ending

        client, served = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(command).code, 150)
        if command.startswith(b"RETR"):
            exactly(data, len(BLOCK))
        else:
            data.sendall(BLOCK)
        send(client)
        codes = [client.code(), client.code()]
        self.assertEqual(drained(data)[1], "reset")
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), "reset")
        return codes

    def test_abort_download(self) -> None:
        """426 and 226, whichever form ABOR has."""
        for send in (plain, urgent, urgent_end):
            codes = self.aborted(b"RETR f", send, b"426 Aborted.", b"226 ABOR done.")
            self.assertEqual(codes, [426, 226])

    def test_abort_upload(self) -> None:
        """The same in an upload: the server's data connection is reset."""
        for send in (plain, urgent):
            codes = self.aborted(b"STOR f", send, b"426 Aborted.", b"226 ABOR done.")
            self.assertEqual(codes, [426, 226])

    def test_abort_answered_once(self) -> None:
        """Servers that send only one of the two replies: the client still gets both, in step."""
        for reply, last in ((b"426 Aborted.", 226), (b"225 Fine.", 225), (b"226 Fine.", 226)):
            codes = self.aborted(b"RETR f", plain, reply)
            self.assertEqual(codes, [426, last])

    def test_abort_before_150(self) -> None:
        """ABOR while the server has not said 150 yet."""

        def script(control: Control) -> None:
            port = control.data()
            control.expect(b"RETR")
            port.open()
            asked.set()
            control.aborted()
            control.say(b"426 Aborted.", b"226 ABOR done.")
            echo_site(control)

        asked = Event()
        client, _ = self.talk(script)
        client.pasv()
        client.send(b"RETR f\r\n")
        self.assertTrue(asked.wait(TIMEOUT))
        self.assertTrue(self.gateway.quiet(client))
        plain(client)
        self.assertEqual([client.code(), client.code()], [426, 226])
        self.assertTrue(client.in_step())

    def test_abort_while_client_has_not_connected(self) -> None:
        """ABOR between 150 and a passive client's data connection."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            port.open()
            control.aborted()
            control.say(b"426 Aborted.", b"226 ABOR done.")
            echo_site(control)

        client, _ = self.talk(script)
        pasv_port(client.ask(b"PASV"))
        self.assertEqual(client.ask(b"RETR f").code, 150)
        plain(client)
        self.assertEqual([client.code(), client.code()], [426, 226])
        self.assertTrue(client.in_step())

    def test_abort_crosses_226(self) -> None:
        """The transfer had ended when ABOR came: 226 for it and 225 or 226 for ABOR, in step."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            port.open().close()
            control.say(b"226 Done.")
            control.aborted()
            control.say(b"225 Nothing to abort.")
            echo_site(control)

        client, _ = self.talk(script)
        client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        plain(client)
        codes = [client.code(), client.code()]
        self.assertIn(codes[0], (226, 426))
        self.assertIn(codes[1], (225, 226))
        self.assertTrue(client.in_step())

    @impatient(abort_reply=1.0)
    def test_abort_that_nobody_answers(self) -> None:
        """A server that ignores ABOR and the transfer costs the session, within the wait."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            port.open()
            control.until_end()

        client, _ = self.talk(script)
        client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        plain(client)
        codes = [client.code()]
        while codes[-1] != 421:
            codes.append(client.code())
        self.assertEqual(codes[0], 426)
        self.assertEqual(client.rest(), b"")

    def test_abort_ignored_until_the_end(self) -> None:
        """vsftpd reads ABOR after the transfer: 426 for it, then 225; the session goes on."""
        codes = self.aborted(b"STOR f", plain, b"426 Failure reading.", b"225 No transfer to ABOR.")
        self.assertEqual(codes, [426, 225])

    def test_abort_in_front_of_pipelined(self) -> None:
        """Commands sent before ABOR in mid-transfer are answered before it."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            data.sendall(b"x")
            control.aborted()
            control.say(b"426 Aborted.", b"226 ABOR done.")
            control.answer(b"NOOP", b"200 Noop.")
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        exactly(data, 1)
        client.send(b"NOOP\r\nABOR\r\n")
        self.assertEqual([client.code() for _ in range(3)], [426, 200, 226])
        self.assertTrue(client.in_step())

    def test_abort_twice(self) -> None:
        """A second ABOR gets an answer of its own."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            port.open()
            control.aborted()
            control.say(b"426 Aborted.", b"226 ABOR done.")
            control.aborted()
            control.say(b"225 Nothing.")
            echo_site(control)

        client, _ = self.talk(script)
        client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        client.send(b"ABOR\r\nABOR\r\n")
        self.assertEqual([client.code() for _ in range(3)], [426, 226, 225])
        self.assertTrue(client.in_step())

    def test_abort_reaches_the_server_as_it_came(self) -> None:
        """IAC IP IAC, DM urgent, then ABOR, where the client sent it so; bare where it did not."""
        for send, wanted in ((urgent, b"\xff\xf4\xff\xf2ABOR"), (plain, b"ABOR")):
            client, served = self.talk(reader)
            send(client)
            self.assertEqual(client.code(), 225)
            self.assertEqual(served.result(TIMEOUT), wanted)


def reader(control: Control) -> bytes:
    """A server that reads one line as it comes, urgent bytes in their place."""
    control.sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
    line = control.line()
    control.say(b"225 Nothing.")
    return line
