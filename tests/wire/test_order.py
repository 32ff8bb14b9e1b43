"""Servers whose replies come early, late, twice, in pieces, or not at all."""

from __future__ import annotations

import socket

from tests.wire.peers import (
    TIMEOUT,
    Client,
    Control,
    DataPort,
    SharedCases,
    WireTestCase,
    drained,
    echo_site,
    exactly,
)


class Orders(SharedCases):
    """The cases; the subclasses choose the modes."""

    client_active = False

    def begin(self, client: Client, command: bytes) -> socket.socket:
        """Prepare, send the transfer command; an active client's listening socket stays behind."""
        prepared = client.port() if self.client_active else client.pasv()
        client.send(command + b"\r\n")
        return prepared

    def data(self, prepared: socket.socket) -> socket.socket:
        """The client's data connection."""
        found = prepared.accept()[0] if self.client_active else prepared
        found.settimeout(TIMEOUT)
        return found

    def test_226_before_data(self) -> None:
        """150 and 226 in one segment, the data only then: the client gets all of it before 226."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Here.", b"226 Gone.")
            data = port.open()
            data.sendall(b"x" * 50000)
            data.close()
            echo_site(control)

        client, _ = self.talk(script)
        prepared = self.begin(client, b"RETR f")
        self.assertEqual(client.code(), 150)
        data = self.data(prepared)
        self.assertEqual(drained(data), (b"x" * 50000, "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())

    def test_226_held_while_data_is_open(self) -> None:
        """While the server's data connection is open, its early 226 does not pass."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Here.", b"226 Gone.")
            data = port.open()
            data.sendall(b"x")
            assert control.command() == (b"SITE", b"never"), "a command passed in mid-transfer"

        client, served = self.talk(script)
        prepared = self.begin(client, b"RETR f")
        self.assertEqual(client.code(), 150)
        data = self.data(prepared)
        self.assertEqual(exactly(data, 1), b"x")
        client.send(b"SITE never\r\n")
        self.assertTrue(client.silent(0.5))
        self.assertFalse(served.done())

    def test_2xx_without_1xx(self) -> None:
        """A 226 with no 150 before it completes the transfer."""

        def script(control: Control) -> None:
            port = control.data()
            control.expect(b"LIST")
            data = port.open()
            data.sendall(b"one\r\n")
            data.close()
            control.say(b"226 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        prepared = self.begin(client, b"LIST")
        if self.client_active:
            data = self.data(prepared)
            self.assertEqual(drained(data), (b"one\r\n", "end"))
        else:
            self.assertEqual(drained(prepared), (b"one\r\n", "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())

    def test_200_then_150_then_226(self) -> None:
        """A 200 to LIST before the 150 does not cost the session its step."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"LIST", b"200 Fine.", b"150 Here.")
            data = port.open()
            data.sendall(b"one\r\n")
            data.close()
            control.say(b"226 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        prepared = self.begin(client, b"LIST")
        codes = [client.code()]
        self.assertEqual(drained(self.data(prepared)), (b"one\r\n", "end"))
        while codes[-1] < 200:
            codes.append(client.code())
        self.assertIn(codes, ([150, 226], [226]))
        self.assertTrue(client.in_step())

    def test_226_then_150_swapped(self) -> None:
        """226 and 150 in the wrong order, and nothing after the data: complete, and in step."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"226 Gone.", b"150 Here.")
            data = port.open()
            data.sendall(b"one")
            data.close()
            echo_site(control)

        client, _ = self.talk(script)
        prepared = self.begin(client, b"RETR f")
        self.assertEqual(drained(self.data(prepared)), (b"one", "end"))
        codes = [client.code()]
        while codes[-1] < 200:
            codes.append(client.code())
        self.assertEqual(codes[-1], 226)
        self.assertTrue(client.in_step())

    def test_150_late(self) -> None:
        """150 and 226 after all the data (the server's data came first): in order for the client."""

        def script(control: Control) -> None:
            port = control.data()
            control.expect(b"RETR")
            data = port.open()
            data.sendall(b"small")
            data.close()
            control.say(b"150 Here.", b"226 Gone.")
            echo_site(control)

        client, _ = self.talk(script)
        prepared = self.begin(client, b"RETR f")
        self.assertEqual(client.code(), 150)
        self.assertEqual(drained(self.data(prepared)), (b"small", "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())

    def test_550_instead_of_150(self) -> None:
        """A refusal passes word for word, the client's data connection ends, the session goes on."""

        def script(control: Control) -> None:
            port = control.data()
            control.expect(b"RETR")
            port.refuse()
            control.say(b"550 No such file: f")
            echo_site(control)

        client, _ = self.talk(script)
        prepared = self.begin(client, b"RETR f")
        self.assertEqual(client.reply().lines, (b"550 No such file: f",))
        if not self.client_active:
            self.assertEqual(drained(prepared)[0], b"")
        self.assertTrue(client.in_step())

    def after_150(self, reply: bytes) -> None:
        """A refusal behind the 150, the server's data port never opened."""

        def script(control: Control) -> None:
            port = control.data()
            control.expect(b"RETR")
            port.refuse()
            control.say(b"150 Here.", reply)
            echo_site(control)

        client, _ = self.talk(script)
        self.begin(client, b"RETR f")
        found = client.reply()
        if found.code == 150:
            found = client.reply()
        self.assertEqual(found.lines, (reply,))
        self.assertTrue(client.in_step())

    def test_425_after_150(self) -> None:
        """425 behind 150 is relayed at once."""
        self.after_150(b"425 Cannot open the data connection.")

    def test_426_after_150(self) -> None:
        """426 behind 150 is relayed at once."""
        self.after_150(b"426 Broken.")

    def test_451_multiline_after_150(self) -> None:
        """A multi-line refusal behind 150 passes whole."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"STOR", b"150 Send.")
            data = port.open()
            control.say(b"552-Quota", b"552 exceeded")
            drained(data)
            echo_site(control)

        client, _ = self.talk(script)
        prepared = self.begin(client, b"STOR f")
        self.assertEqual(client.code(), 150)
        data = self.data(prepared)
        self.assertEqual(client.reply().lines, (b"552-Quota", b"552 exceeded"))
        self.assertEqual(drained(data)[1], "reset")
        self.assertTrue(client.in_step())

    def test_421_after_150_and_fin(self) -> None:
        """421 behind 150 and the server's FIN: one 421, then the end."""

        def script(control: Control) -> None:
            port = control.data()
            control.expect(b"RETR")
            port.refuse()
            control.say(b"150 Here.", b"421 Leaving.")

        client, _ = self.talk(script)
        self.begin(client, b"RETR f")
        found = client.reply()
        if found.code == 150:
            found = client.reply()
        self.assertEqual(found.lines, (b"421 Leaving.",))
        self.assertEqual(client.rest(), b"")

    def test_final_reply_missing(self) -> None:
        """No final reply after a whole download: 426 within the wait, never 226."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Here.")
            data = port.open()
            data.sendall(b"whole")
            data.close()
            control.until_end()

        client, _ = self.talk(script)
        prepared = self.begin(client, b"RETR f")
        self.assertEqual(client.code(), 150)
        drained(self.data(prepared))
        self.assertIn(client.code(), (426, 451))

    def test_late_final_reply(self) -> None:
        """A final reply half a second after the data is still the transfer's."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Here.")
            data = port.open()
            data.sendall(b"whole")
            data.close()
            assert control.silent(0.5)
            control.say(b"226 At last.")
            echo_site(control)

        client, _ = self.talk(script)
        prepared = self.begin(client, b"RETR f")
        self.assertEqual(client.code(), 150)
        self.assertEqual(drained(self.data(prepared)), (b"whole", "end"))
        self.assertEqual(client.reply().lines, (b"226 At last.",))
        self.assertTrue(client.in_step())

    def test_226_and_fin(self) -> None:
        """A server that closes its control connection right behind the 226 has completed the file."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Here.")
            data = port.open()
            data.sendall(b"whole" * 100000)
            data.close()
            control.say(b"226 Bye.")

        client, _ = self.talk(script)
        prepared = self.begin(client, b"RETR f")
        self.assertEqual(client.code(), 150)
        self.assertEqual(drained(self.data(prepared)), (b"whole" * 100000, "end"))
        self.assertEqual(client.code(), 226)
        self.assertIn(b"421", client.rest())

    def test_empty_listing(self) -> None:
        """An empty listing is a clean end with no bytes."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"NLST", b"150 Here.")
            port.open().close()
            control.say(b"226 Nothing.")
            echo_site(control)

        client, _ = self.talk(script)
        prepared = self.begin(client, b"NLST")
        self.assertEqual(client.code(), 150)
        self.assertEqual(drained(self.data(prepared)), (b"", "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())

    def test_empty_upload(self) -> None:
        """An empty file is stored as one."""

        def script(control: Control) -> tuple[bytes, str]:
            port = control.data()
            control.answer(b"STOR", b"150 Send.")
            found = drained(port.open())
            control.say(b"226 Stored.")
            echo_site(control)
            return found

        client, served = self.talk(script)
        prepared = self.begin(client, b"STOR f")
        self.assertEqual(client.code(), 150)
        self.data(prepared).close()
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), (b"", "end"))

    def test_two_1xx(self) -> None:
        """Two preliminary replies to one command both pass, in order."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 One.", b"125 Two.")
            data = port.open()
            data.sendall(b"x")
            data.close()
            control.say(b"250 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        prepared = self.begin(client, b"RETR f")
        self.assertEqual(client.code(), 150)
        self.assertEqual(drained(self.data(prepared)), (b"x", "end"))
        self.assertEqual([client.code(), client.code()], [125, 250])
        self.assertTrue(client.in_step())

    def test_450_for_empty_directory(self) -> None:
        """A 450 in place of a listing passes."""

        def script(control: Control) -> None:
            control.data().refuse()
            control.answer(b"NLST", b"450 No files found.")
            echo_site(control)

        client, _ = self.talk(script)
        self.begin(client, b"NLST")
        self.assertEqual(client.reply().lines, (b"450 No files found.",))
        self.assertTrue(client.in_step())

    def test_text_of_150_kept(self) -> None:
        """The size in a 150, and a name beside it, pass unchanged."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(
                b"RETR", b"150 Opening BINARY mode data connection for a(b),1,2 (5 bytes)."
            )
            data = port.open()
            data.sendall(b"12345")
            data.close()
            control.say(b"226 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        prepared = self.begin(client, b"RETR f")
        self.assertEqual(
            client.reply().text, b"150 Opening BINARY mode data connection for a(b),1,2 (5 bytes)."
        )
        self.assertEqual(drained(self.data(prepared)), (b"12345", "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())

    def test_rest_right_before(self) -> None:
        """PASV, REST, RETR and REST, PASV, RETR: REST is the line right before RETR either way."""

        def script(control: Control) -> None:
            for first in (True, False):
                if first:
                    control.answer(b"REST", b"350 Restarting.")
                port = control.data()
                assert control.expect(b"REST") == b"3"
                control.say(b"350 Restarting.")
                control.answer(b"RETR", b"150 Here.")
                data = port.open()
                data.sendall(b"45")
                data.close()
                control.say(b"226 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        for first in (True, False):
            if first:
                self.assertEqual(client.ask(b"REST 3").code, 350)
            prepared = client.port() if self.client_active else client.pasv()
            if not first:
                self.assertEqual(client.ask(b"REST 3").code, 350)
            client.send(b"RETR f\r\n")
            self.assertEqual(client.code(), 150)
            self.assertEqual(drained(self.data(prepared)), (b"45", "end"))
            self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())


class PassiveServerTests(Orders, WireTestCase):
    """Passive client, passive server."""


class ActiveClientTests(Orders, WireTestCase):
    """Active client, passive server."""

    client_active = True


class ActiveServerTests(Orders, WireTestCase):
    """Passive client, active server."""

    mode = "active"


class PieceTests(WireTestCase):
    """Replies in every cut."""

    def test_every_byte(self) -> None:
        """A whole dialogue in segments of one byte each is the same dialogue."""

        def script(control: Control) -> None:
            control.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for reply in (
                b"220-Hi\r\n220 Ready.\r\n",
                b"331 Go on.\r\n",
                b"230-A\r\n B\r\n230 C\r\n",
            ):
                for byte in reply:
                    control.send(bytes((byte,)))
                control.line()
            port = DataPort("127.0.0.1")
            assert port.listener is not None
            number = port.listener.getsockname()[1]
            for byte in b"229 Extended (|||%d|)\r\n" % number:
                control.send(bytes((byte,)))
            control.expect(b"RETR")
            data = port.open()
            data.close()
            for byte in b"150 Here\r\n226-Gone\r\n226 now\r\n":
                control.send(bytes((byte,)))
            echo_site(control)

        self.serve(script)
        client = self.connect()
        self.assertEqual(client.reply().lines, (b"220-Hi", b"220 Ready."))
        self.assertEqual(client.ask(b"USER joe").code, 331)
        self.assertEqual(client.ask(b"PASS x").lines, (b"230-A", b" B", b"230 C"))
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(drained(data), (b"", "end"))
        self.assertEqual(client.reply().lines, (b"226-Gone", b"226 now"))
        self.assertTrue(client.in_step())

    def test_command_bytes(self) -> None:
        """Commands that arrive byte by byte leave in one piece."""

        def script(control: Control) -> bytes:
            control.expect(b"SITE")
            control.say(b"200 Yes.")
            return control.sock.recv(100)

        client, served = self.talk(script)
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.assertEqual(client.ask(b"SITE x").code, 200)
        for byte in b"CWD /some/where\r\n":
            client.send(bytes((byte,)))
        self.assertEqual(served.result(TIMEOUT), b"CWD /some/where\r\n")
