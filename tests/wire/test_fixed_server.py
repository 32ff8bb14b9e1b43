"""One server for all: greetings of every kind, logins of every kind, and the end of the gateway."""

from __future__ import annotations

import signal
from threading import Event

from tests.wire.peers import (
    PATIENT,
    TIMEOUT,
    Client,
    Control,
    FakeServer,
    Gateway,
    Script,
    WireTestCase,
    drained,
    echo_site,
    exactly,
    listener,
    pasv_port,
    port_of,
)


class FixedTests(WireTestCase):
    """One server for all."""

    def first(self, script: Script) -> Client:
        """A client whose server begins like this."""
        self.serve(script)
        return self.connect()

    def test_greeting_is_the_servers(self) -> None:
        """A multi-line greeting passes word for word."""
        client = self.first(lambda c: (c.say(b"220-Welcome\r\n to 1\r\n220 Ready."), c.until_end()))
        self.assertEqual(client.reply().lines, (b"220-Welcome", b" to 1", b"220 Ready."))

    def test_421_greeting(self) -> None:
        """421 as the greeting passes and the session ends."""
        client = self.first(lambda c: c.say(b"421 Too busy."))
        self.assertEqual(client.reply().lines, (b"421 Too busy.",))
        self.assertEqual(client.rest(), b"")

    def test_closed_before_greeting(self) -> None:
        """A server that closes at once: 421 and the end."""
        client = self.first(Control.close)
        self.assertEqual(client.code(), 421)
        self.assertEqual(client.rest(), b"")

    def test_120_then_220(self) -> None:
        """120 passes, and 220 after it."""

        def script(control: Control) -> None:
            control.say(b"120 Wait.")
            assert self.gateway.quiet(control)
            control.login()
            echo_site(control)

        client = self.first(script)
        self.assertEqual([client.code(), client.code()], [120, 220])
        client.login()
        self.assertTrue(client.in_step())

    def test_commands_before_the_greeting(self) -> None:
        """Commands sent before the greeting wait for it."""

        def script(control: Control) -> None:
            assert sent.wait(TIMEOUT)
            assert self.gateway.quiet(control), "a command came before the greeting"
            control.login()
            control.until_end()

        sent = Event()
        client = self.first(script)
        client.send(b"USER joe\r\nPASS x\r\n")
        sent.set()
        self.assertEqual([client.code() for _ in range(3)], [220, 331, 230])

    def test_user_230(self) -> None:
        """230 to USER: the client's PASS is answered here."""

        def script(control: Control) -> None:
            control.say(b"220 Hi.")
            control.answer(b"USER", b"230 No password needed.")
            echo_site(control)

        client = self.first(script)
        self.assertEqual([client.code(), client.ask(b"USER joe").code], [220, 230])
        self.assertIn(client.ask(b"PASS x").code, (202, 230))
        self.assertTrue(client.in_step())

    def test_second_user_needs_its_password(self) -> None:
        """230 to one USER does not let the next USER's wrong password pass for a login."""

        def script(control: Control) -> None:
            control.say(b"220 Hi.")
            control.answer(b"USER", b"230 No password needed.")
            control.answer(b"USER", b"331 Password.")
            control.answer(b"PASS", b"530 Wrong.")
            echo_site(control)

        client = self.first(script)
        self.assertEqual([client.code(), client.ask(b"USER guest").code], [220, 230])
        found = client.ask(b"USER admin").code
        if found == 331:
            self.assertEqual(client.ask(b"PASS guess").code, 530)
            self.assertTrue(client.in_step())
        else:
            self.assertGreaterEqual(found, 500)

    def test_account(self) -> None:
        """332 to PASS, then ACCT."""

        def script(control: Control) -> bytes:
            control.say(b"220 Hi.")
            control.answer(b"USER", b"331 Go.")
            control.answer(b"PASS", b"332 Account.")
            account = control.answer(b"ACCT", b"230 In.")
            echo_site(control)
            return account

        client = self.first(script)
        codes = [
            client.code(),
            client.ask(b"USER joe").code,
            client.ask(b"PASS x").code,
            client.ask(b"ACCT gold").code,
        ]
        self.assertEqual(codes, [220, 331, 332, 230])
        self.assertTrue(client.in_step())

    def test_user_with_at(self) -> None:
        """With a fixed server an ``@`` in USER is the server's to read; nobody else is dialled."""
        client = self.first(
            lambda c: (c.say(b"220 Hi."), c.answer(b"USER", b"331 Go."), echo_site(c))
        )
        self.assertEqual(client.code(), 220)
        self.assertEqual(client.ask(b"USER joe@127.0.0.1:1").code, 331)
        self.assertTrue(client.in_step())

    def test_rein(self) -> None:
        """REIN is 502 and the session stays as it was."""
        client, _ = self.talk(echo_site)
        self.assertEqual(client.ask(b"REIN").code, 502)
        self.assertTrue(client.in_step())

    def test_530_everywhere(self) -> None:
        """Commands before login get the server's own 530; PASV opens no port."""

        def script(control: Control) -> None:
            control.say(b"220 Hi.")
            while control.command()[0] != b"QUIT":
                control.say(b"530 Log in first.")
            control.say(b"221 Bye.")

        client = self.first(script)
        self.assertEqual(client.code(), 220)
        for command in (b"PASV", b"EPSV", b"PORT 127,0,0,1,200,10", b"LIST", b"PWD"):
            self.assertIn(client.ask(command).code, (425, 503, 530), command)
        self.assertEqual(client.ask(b"QUIT").code, 221)

    def test_server_asks_nothing_of_pasv_before_login(self) -> None:
        """No data port is opened for a client that has not logged in, whatever the server says."""

        def script(control: Control) -> None:
            control.say(b"220 Hi.")
            if control.command()[0] != b"QUIT":
                control.say(b"229 Extended (|||50123|)")

        client = self.first(script)
        self.assertEqual(client.code(), 220)
        self.assertGreaterEqual(client.ask(b"PASV").code, 400)


class UnreachableTests(WireTestCase):
    """A fixed server that is not there."""

    alone = "unreachable"

    def test_unreachable(self) -> None:
        """421 as the first word, and the end."""
        gone = listener()
        port = port_of(gone)
        gone.close()
        gateway = Gateway(["--server", f"ftp://127.0.0.1:{port}"], PATIENT, ("127.0.0.1",))
        self.addCleanup(gateway.stop)
        client = Client(gateway.address)
        self.assertEqual(client.code(), 421)
        self.assertEqual(client.rest(), b"")
        self.assertNotIn("Traceback", gateway.new_log())


class ShutdownTests(WireTestCase):
    """The gateway is told to end."""

    alone = "shutdown"

    def test_sigterm_in_mid_transfer(self) -> None:
        """SIGTERM in a download that lasts: RST on the data, 421 on the control connection, the end."""

        def script(control: Control) -> None:
            control.login()
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            data.sendall(b"half")
            assert go.wait(TIMEOUT)
            data.close()

        go = Event()
        server = FakeServer()
        self.addCleanup(server.close)
        served = server.then(script)
        words = ["--server", f"ftp://127.0.0.1:{server.port}"]
        gateway = Gateway(words, PATIENT + "stop = 0.5\n", ("127.0.0.1",))
        self.addCleanup(gateway.stop)
        client = Client(gateway.address)
        self.assertEqual(client.code(), 220)
        client.login()
        data = client.reach(pasv_port(client.ask(b"PASV")))
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(exactly(data, 4), b"half")
        gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(drained(data)[1], "reset")
        self.assertEqual(client.code(), 421)
        self.assertIn(gateway.process.wait(TIMEOUT), (0, -signal.SIGTERM))
        self.assertFalse(served.done())  # it is the gateway that has ended it
        go.set()
        served.exception(TIMEOUT)
