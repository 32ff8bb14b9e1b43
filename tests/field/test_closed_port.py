"""A data port that cannot be had, and a 150 all the same (field.md row 7)."""

from __future__ import annotations

from tests.field.cells import ALL, TRANSFERS, Cases, everywhere
from tests.wire.peers import PATIENT, TIMEOUT, Control, bound, echo_site


class ClosedPort(Cases):
    """Nobody listens where the server said."""

    def refused(self, command: bytes, *answers: bytes) -> None:
        """ABOR goes at once, and is answered so; the client hears 425 and goes on."""

        def script(control: Control) -> None:
            port = self.port(control, closed=True)
            self.addCleanup(port.refuse)
            control.answer(command.split()[0], b"150 Here.")
            control.answer(b"ABOR", *answers)
            verb, _ = control.command()
            if verb == b"NOOP":
                control.say(b"200 Yes.")
                verb, _ = control.command()
            assert verb == b"SITE", verb
            control.say(b"200 here")

        client, served = self.session(script)
        prepared = self.prepare(client)
        client.send(command + b"\r\n")
        found = client.code()
        if found == 150:
            found = client.code()
        self.assertEqual(found, 425)
        self.assertTrue(client.in_step())
        prepared.close()
        served.result(TIMEOUT)

    def test_transfers(self) -> None:
        """Whichever transfer it is."""
        for command in TRANSFERS:
            self.refused(command, b"426 Broken off.", b"226 Aborted.")

    def test_answers(self) -> None:
        """Whatever the server makes of it."""
        for answers in (
            (b"226 Aborted.",),
            (b"425 Nobody came.", b"225 Nothing to abort."),
            (b"226 Aborted.", b"426 Broken off."),
            (b"450 No.", b"502 ABOR?"),
        ):
            self.refused(b"RETR f", *answers)

    def test_refused_instead(self) -> None:
        """A server that gives up by itself is heard first."""

        def script(control: Control) -> None:
            port = self.port(control, closed=True)
            self.addCleanup(port.refuse)
            control.answer(b"RETR", b"150 Here.", b"425 Nobody listens.")
            echo_site(control)

        client, _ = self.session(script)
        prepared = self.prepare(client)
        client.send(b"RETR f\r\n")
        found = client.reply()
        if found.code == 150:
            found = client.reply()
        self.assertEqual(found.lines, (b"425 Nobody listens.",))
        prepared.close()
        self.assertTrue(client.in_step())


class ClosedClient(Cases):
    """Nobody listens where an active client said."""

    def refused(self, command: bytes, *answers: bytes) -> None:
        """A server that says nothing of its own connection's reset is asked to abort."""

        def script(control: Control) -> None:
            port = self.port(control)
            control.answer(command.split()[0], b"150 Here.")
            data = self.shaken(port.open())
            control.answer(b"ABOR", *answers)
            data.close()
            if len(answers) == 1:
                control.answer(b"NOOP", b"200 Yes.")
            echo_site(control)

        client, served = self.session(script)
        with bound(str(client.sock.getsockname()[0])) as nobody:
            client.active(nobody)
            self.assertEqual(client.ask(command).code, 150)
            self.assertEqual(client.code(), 425)
        self.assertTrue(client.in_step())
        served.result(TIMEOUT)

    def test_transfers(self) -> None:
        """Whichever transfer it is."""
        for command in TRANSFERS:
            self.refused(command, b"426 Broken off.", b"226 Aborted.")

    def test_answers(self) -> None:
        """Whatever the server makes of it."""
        for answers in ((b"226 Aborted.",), (b"226 Aborted.", b"426 Broken off.")):
            self.refused(b"RETR f", *answers)


class Heard(Cases):
    """A server that does say something of it, in time."""

    timers = PATIENT + "settle = 20.0\n"

    def test_speaks(self) -> None:
        """What it says is the answer."""

        def script(control: Control) -> None:
            port = self.port(control)
            control.answer(b"STOR", b"150 Here.")
            self.shaken(port.open()).close()
            control.say(b"426 Nothing came.")
            echo_site(control)

        client, _ = self.session(script)
        self.prepare(client).close()
        self.assertEqual(client.ask(b"STOR f").code, 150)
        self.assertEqual(client.reply().lines, (b"426 Nothing came.",))
        self.assertTrue(client.in_step())


ACTIVE = tuple(one for one in ALL if one.client_active)

globals().update(everywhere(ClosedClient, ACTIVE))
globals().update(everywhere(Heard, ACTIVE))
globals().update(everywhere(ClosedPort, tuple(one for one in ALL if one.mode == "passive")))
