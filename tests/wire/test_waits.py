"""Rule 7: every wait has a bound.  Logins, idle sessions, transfers that stall."""

from __future__ import annotations

from tests.wire.peers import (
    TIMEOUT,
    Closed,
    Control,
    WireTestCase,
    drained,
    echo_site,
    impatient,
    listening_ports,
    pasv_port,
)


class WrongPasswordTests(WireTestCase):
    """RFC 2577 section 5."""

    def test_wrong_passwords(self) -> None:
        """After at most five wrong passwords: 421 and the end."""

        def script(control: Control) -> None:
            control.say(b"220 Ready.")
            try:
                while True:
                    verb, _ = control.command()
                    control.say(b"331 Go on." if verb == b"USER" else b"530 Wrong.")
            except (Closed, ConnectionError):
                return

        self.serve(script)
        client = self.connect()
        self.assertEqual(client.code(), 220)
        wrong = 0
        while wrong < 6:
            if client.ask(b"USER joe").code == 421:
                break
            wrong += 1
            if client.ask(b"PASS guess").code == 421:
                break
        self.assertLessEqual(wrong, 5)


class WaitTests(WireTestCase):
    """Waits that end."""

    @impatient(login=1.0)
    def test_slow_login(self) -> None:
        """A client that does not log in: 421 and the end."""
        self.serve(lambda control: (control.say(b"220 Ready."), control.until_end()))
        client = self.connect()
        self.assertEqual(client.code(), 220)
        self.assertEqual(client.code(), 421)
        self.assertEqual(client.rest(), b"")

    @impatient(login=1.0)
    def test_login_in_drops(self) -> None:
        """Commands now and then do not prolong the login's time."""

        def script(control: Control) -> None:
            control.say(b"220 Ready.")
            try:
                while control.line():
                    control.say(b"200 Fine.")
            except (Closed, ConnectionError):
                return

        self.serve(script)
        client = self.connect()
        self.assertEqual(client.code(), 220)
        codes = []
        for _ in range(30):
            client.silent(0.1)
            codes.append(client.ask(b"NOOP").code)
            if codes[-1] == 421:
                break
        self.assertEqual(codes[-1], 421)

    @impatient(login=1.0)
    def test_server_without_greeting(self) -> None:
        """A server that accepts and says nothing: 421 within the wait."""
        self.serve(lambda control: control.until_end())
        client = self.connect()
        self.assertEqual(client.code(), 421)
        self.assertEqual(client.rest(), b"")

    @impatient(idle=2.5)
    def test_idle_client(self) -> None:
        """A client that says nothing after its login: 421 and the end."""
        client, _ = self.talk(lambda control: control.until_end())
        self.assertEqual(client.code(), 421)
        self.assertEqual(client.rest(), b"")

    @impatient(idle=2.5)
    def test_server_that_does_not_answer(self) -> None:
        """A command that the server never answers: 421 and the end."""
        client, _ = self.talk(lambda control: control.until_end())
        self.assertEqual(client.ask(b"HELP").code, 421)

    @impatient(idle=2.5)
    def test_idle_is_not_a_long_transfer(self) -> None:
        """A slow transfer, longer than the idle wait, is not cut (RFC 6384)."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            for _ in range(6):
                data.sendall(b"drop")
                assert control.silent(0.5)
            data.close()
            control.say(b"226 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(drained(data), (b"drop" * 6, "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())

    @impatient(stalled=2.5)
    def test_stalled_download(self) -> None:
        """No byte for the stalled wait: reset on both sides and a refusal."""

        def script(control: Control) -> str:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            data.sendall(b"some")
            ending = drained(data)[1]
            control.say(b"426 Gone.")
            return ending

        client, served = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(drained(data), (b"some", "reset"))
        self.assertIn(client.code(), (426, 451))
        self.assertEqual(served.result(TIMEOUT), "reset")

    @impatient(login=2.5)
    def test_230_greeting_is_a_login(self) -> None:
        """A server that greets with 230 has let the client in: the login's time does not end it."""

        def script(control: Control) -> None:
            control.say(b"230 Walk in.")
            for _ in range(6):
                echo_site(control)

        self.serve(script)
        client = self.connect()
        self.assertEqual(client.code(), 230)
        for _ in range(6):
            client.silent(0.5)
            self.assertTrue(client.in_step())

    @impatient(idle=2.5)
    def test_unused_port_closes_with_the_idle_session(self) -> None:
        """A data port that nobody used closes with its session."""
        client, served = self.talk(lambda control: (control.data(), control.until_end()))
        port = pasv_port(client.ask(b"PASV"))
        self.assertEqual(client.code(), 421)
        served.result(TIMEOUT)
        self.assertNotIn(port, [p for _, p in listening_ports(self.gateway.process.pid)])
