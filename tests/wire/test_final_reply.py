"""The end of a transfer: final replies missing, late or twice begun, and transfers of nothing."""

from __future__ import annotations

from threading import Event

from tests.wire.peers import TIMEOUT, Control, WireTestCase, drained, echo_site, impatient
from tests.wire.transfers import Transfers


class Finals(Transfers):
    """The cases; the subclasses choose the modes."""

    @impatient(final_reply=0.6)
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
        """A final reply that comes when all has long been quiet is still the transfer's."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Here.")
            data = port.open()
            data.sendall(b"whole")
            data.close()
            assert ended.wait(TIMEOUT)
            assert self.gateway.quiet(control)
            control.say(b"226 At last.")
            echo_site(control)

        ended = Event()
        client, _ = self.talk(script)
        prepared = self.begin(client, b"RETR f")
        self.assertEqual(client.code(), 150)
        self.assertEqual(drained(self.data(prepared)), (b"whole", "end"))
        ended.set()
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
            control.data(closed=True)
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


class PassiveServerTests(Finals, WireTestCase):
    """Passive client, passive server."""


class ActiveClientTests(Finals, WireTestCase):
    """Active client, passive server."""

    client_active = True


class ActiveServerTests(Finals, WireTestCase):
    """Passive client, active server."""

    mode = "active"
