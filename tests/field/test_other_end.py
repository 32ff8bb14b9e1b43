"""A reply of several lines that ends with another code (field.md row 18, glFTPd)."""

from __future__ import annotations

from tests.field.cells import ALL, Cases, everywhere
from tests.wire.peers import PATIENT, Client, Closed, Control, WireTestCase, echo_site

SHORT = PATIENT + "other-end = 0.3\n"


class OtherEnd(Cases):
    """A transfer that begins, or is refused, so."""

    timers = SHORT

    def test_begins(self) -> None:
        """`553-`, then `150 Opening`, and a small file at once: it goes its way, and NOOP follows it."""
        for verb in (b"RETR", b"STOR", b"LIST"):

            def script(control: Control, verb: bytes = verb) -> None:
                port = self.port(control)
                control.answer(verb, b"553-Nuked once.", b" By joe.", b"150 Opening.")
                self.moved(control, port.open(), verb, doubted=True)

            client, _ = self.session(script)
            prepared = self.prepare(client)
            self.assertEqual(client.ask(verb + b" f").code, 150)
            self.moves(client, self.open(client, prepared), verb)

    def test_refused(self) -> None:
        """A refusal that ends so."""

        def script(control: Control) -> None:
            self.port(control, closed=True)
            control.answer(b"RETR", b"150-Not", b"550 to be had.")
            control.answer(b"NOOP", b"200 Yes.")
            echo_site(control)

        client, _ = self.session(script)
        prepared = self.prepare(client)
        client.send(b"RETR f\r\n")
        lines = [client.line()]
        while lines[-1][:4] != b"550 ":
            lines.append(client.line())
        prepared.close()
        self.assertTrue(client.in_step())


class Commands(WireTestCase):
    """Other commands."""

    toml = SHORT

    def said(self, *lines: bytes, more: bytes = b"") -> Client:
        """A client whose server answers so; ``more`` comes once it has been heard."""

        def script(control: Control) -> None:
            control.answer(b"STAT", *lines)
            while True:
                verb, argument = control.command()
                if verb == b"NOOP" and more:
                    control.say(more)
                elif verb == b"NOOP":
                    control.say(b"200 Yes.")
                else:
                    control.say(b"200 " + (argument or b""))

        client, _ = self.talk(script)
        client.send(b"STAT f\r\n")
        return client

    def test_final(self) -> None:
        """Any code that could be an end, behind any number of lines."""
        for lines in (
            (b"213-f", b"226 Done."),
            (b"250-f", b" x", b"550 y", b" z", b"426 No."),
            (b"550-f", b"213 End"),
        ):
            client = self.said(*lines)
            found = client.reply()
            self.assertEqual(found.lines[-1], lines[-1])
            self.assertEqual(len(found.lines), len(lines))
            self.assertTrue(client.in_step())

    def test_one_reply(self) -> None:
        """`250-`, `550 x`, `250 end` stays one."""
        client = self.said(b"250-f", b"550 x", b"250 end")
        self.assertEqual(client.reply().lines, (b"250-f", b" 550 x", b"250 end"))
        self.assertTrue(client.in_step())

    def test_goes_on(self) -> None:
        """A stranger may have chosen the text: what goes on with the first code ends the session."""
        for more in (b"250 end", b"250-and more"):
            client = self.said(b"250-f", b"550 x", more=more)
            found = client.reply()
            self.assertEqual(found.code, 550)
            self.assertEqual(client.code(), 421)
            self.assertRaises(Closed, client.line)


globals().update(everywhere(OtherEnd, ALL))
