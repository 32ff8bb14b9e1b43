"""Data connections that never open: a refusal after the wait, and the session in step."""

from __future__ import annotations

from tests.wire.peers import (
    TIMEOUT,
    Control,
    WireTestCase,
    drained,
    echo_site,
    impatient,
    pasv_port,
)


class NeverOpenedTests(WireTestCase):
    """A data connection that does not come; the session stays usable and in step.

    In a gateway of its own: it remembers of a server that the port of its 229 was not to be had.
    """

    alone = "never opened"

    def test_active_client_refuses(self) -> None:
        """The client's PORT refuses: 425, the server's data is reset, the session goes on."""

        def script(control: Control) -> str:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            ending = drained(port.open())[1]
            control.say(b"426 Broken.")
            echo_site(control)
            return ending

        client, served = self.talk(script)
        client.port().close()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertIn(client.code(), (425, 426))
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), "reset")

    def test_active_client_refuses_and_server_succeeds(self) -> None:
        """The server's 226 to a file that nobody received is not passed."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            data.sendall(b"small")
            data.close()
            control.say(b"226 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        client.port().close()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertIn(client.code(), (425, 426))
        self.assertTrue(client.in_step())

    def never(self, command: bytes) -> None:
        """A passive client that does not connect, a server that reads control only after data."""

        def script(control: Control) -> str:
            port = control.data()
            control.answer(command[:4], b"150 Go.")
            ending = drained(port.open())[1]
            control.say(b"426 Broken.")
            control.answer(b"ABOR", b"226 ABOR done.")
            echo_site(control)
            return ending

        client, served = self.talk(script)
        pasv_port(client.ask(b"PASV"))
        self.assertEqual(client.ask(command).code, 150)
        self.assertEqual(client.code(), 425)
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), "reset")

    @impatient(data_open=0.6)
    def test_passive_client_stays_away_from_download(self) -> None:
        """425 after the wait, and the server is brought back into step."""
        self.never(b"RETR f")

    @impatient(data_open=0.6)
    def test_passive_client_stays_away_from_upload(self) -> None:
        """The same for an upload: the server's data connection is reset at once."""
        self.never(b"STOR f")

    def test_server_gives_up_first(self) -> None:
        """The server's own 425 while the client dawdles passes at once."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.", b"425 You are too slow.")
            port.refuse()
            echo_site(control)

        client, _ = self.talk(script)
        pasv_port(client.ask(b"PASV"))
        found = client.ask(b"RETR f")
        if found.code == 150:
            found = client.reply()
        self.assertEqual(found.lines, (b"425 You are too slow.",))
        self.assertTrue(client.in_step())

    def test_server_port_is_closed(self) -> None:
        """150, but nobody listens at the server's data port: 425 and the session goes on.

        The client's data connection is reset where it has heard the 150, and ends cleanly where
        nothing was promised on it.
        """

        def script(control: Control) -> None:
            port = control.data()
            port.refuse()
            control.answer(b"RETR", b"150 Go.")
            control.answer(b"ABOR", b"426 No connection.", b"226 ABOR done.")
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        code, ending = client.ask(b"RETR f").code, "end"
        if code == 150:
            code, ending = client.code(), "reset"
        self.assertIn(code, (425, 426))
        self.assertEqual(drained(data), (b"", ending))
        self.assertTrue(client.in_step())

    @impatient(data_open=0.6)
    def test_server_refuses_after_the_wait(self) -> None:
        """The server's late 425 after our own is for nobody; the next command gets its answer."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"STOR", b"150 Go.")
            drained(port.open())
            control.expect(b"ABOR")
            control.say(b"225 ABOR done.")
            assert self.gateway.quiet(control)
            control.say(b"425 No data.")
            echo_site(control)

        client, _ = self.talk(script)
        pasv_port(client.ask(b"PASV"))
        self.assertEqual(client.ask(b"STOR f").code, 150)
        self.assertEqual(client.code(), 425)
        self.assertTrue(client.in_step())


class ActiveServerStaysAwayTests(WireTestCase):
    """A server that was given PORT and does not connect: it may dial as late as a transfer may stall."""

    mode = "active"

    @impatient(stalled=1.0)
    def test_server_stays_away(self) -> None:
        """150 and no connection: 425 after the wait, ABOR to the server, session in step."""

        def script(control: Control) -> None:
            control.data()
            control.answer(b"RETR", b"150 Go.")
            control.answer(b"ABOR", b"426 None.", b"226 ABOR done.")
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(client.code(), 425)
        self.assertEqual(drained(data)[1], "reset")
        self.assertTrue(client.in_step())

    @impatient(stalled=1.0)
    def test_server_says_226_and_stays_away(self) -> None:
        """226 without any data connection is no success."""

        def script(control: Control) -> None:
            control.data()
            control.answer(b"RETR", b"150 Go.", b"226 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertIn(client.code(), (425, 426))
        self.assertEqual(drained(data)[1], "reset")
        self.assertTrue(client.in_step())

    def test_server_connects_right_at_port(self) -> None:
        """A server that dials as soon as it has PORT, before any transfer command."""

        def script(control: Control) -> None:
            data = control.data().open()
            control.answer(b"RETR", b"150 Go.")
            data.sendall(b"early")
            data.close()
            control.say(b"226 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(drained(data), (b"early", "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())
