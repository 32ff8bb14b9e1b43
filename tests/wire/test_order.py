"""Servers whose replies come early, late, swapped, or as a refusal behind the 150."""

from __future__ import annotations

from tests.wire.peers import Control, WireTestCase, drained, echo_site, exactly
from tests.wire.transfers import Transfers


class Orders(Transfers):
    """The cases; the subclasses choose the modes."""

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
        self.assertTrue(self.gateway.quiet(client))
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


class PassiveServerTests(Orders, WireTestCase):
    """Passive client, passive server."""


class ActiveClientTests(Orders, WireTestCase):
    """Active client, passive server."""

    client_active = True


class ActiveServerTests(Orders, WireTestCase):
    """Passive client, active server."""

    mode = "active"
