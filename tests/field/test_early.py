"""The server's data port is dialled as early as a direct client would dial it (field.md row 1)."""

from __future__ import annotations

from threading import Event

from tests.field.cells import PLAIN, SECURE, Cases, everywhere
from tests.wire.peers import TIMEOUT, Control, untouched

PASSIVE_SERVER = tuple(one for one in PLAIN + SECURE if one.mode == "passive")
BETWEEN = (b"TYPE I", b"SIZE f", b"MDTM f", b"REST 100", b"NOOP", b"PWD")


class Early(Cases):
    """Servers that read no command before their data connection stands (twisted#10540)."""

    def test_reads_nothing_before(self) -> None:
        """Whatever the client says between PASV or PORT and its transfer."""
        for verb in (b"RETR", b"LIST", b"STOR", b"APPE"):

            def script(control: Control, verb: bytes = verb) -> None:
                data = self.port(control).open()
                for line in BETWEEN:
                    control.answer(
                        line.split()[0], b"350 Go on." if line[:4] == b"REST" else b"200 Yes."
                    )
                found, _ = control.command()
                if found == b"REST":
                    control.say(b"350 Go on.")
                    found, _ = control.command()
                assert found == verb, found
                control.say(b"150 Here.")
                self.moved(control, data, verb)

            client, served = self.session(script)
            prepared = self.prepare(client)
            for line in BETWEEN:
                self.assertEqual(client.ask(line).code, 350 if line[:4] == b"REST" else 200)
            self.assertEqual(client.ask(verb + b" f").code, 150)
            data = self.open(client, prepared)
            self.moves(client, data, verb)
            served.result(TIMEOUT)

    def test_no_word_before_the_command(self) -> None:
        """TCP only: not a byte of TLS goes out before the transfer command."""

        def script(control: Control) -> None:
            data = self.port(control).open()
            control.expect(b"SIZE")
            assert self.gateway.rests()
            assert untouched(data), "something was said on the data connection"
            control.say(b"213 1")
            control.answer(b"RETR", b"150 Here.")
            self.moved(control, data, b"RETR")

        client, served = self.session(script)
        prepared = self.prepare(client)
        self.assertEqual(client.ask(b"SIZE f").code, 213)
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.moves(client, self.open(client, prepared), b"RETR")
        served.result(TIMEOUT)

    def test_tried_again(self) -> None:
        """A port that was closed at first is dialled again with the command."""

        def script(control: Control) -> None:
            port = self.port(control, closed=True)
            assert port.listener is not None
            refused.set()
            assert known.wait(TIMEOUT)
            port.listener.settimeout(TIMEOUT)
            port.listener.listen()
            control.answer(b"SIZE", b"213 1")
            control.answer(b"RETR", b"150 Here.")
            self.moved(control, port.open(), b"RETR")

        refused, known = Event(), Event()
        client, served = self.session(script)
        prepared = self.prepare(client)
        self.assertTrue(refused.wait(TIMEOUT))
        self.assertTrue(self.gateway.rests())
        known.set()
        self.assertEqual(client.ask(b"SIZE f").code, 213)
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.moves(client, self.open(client, prepared), b"RETR")
        served.result(TIMEOUT)


class Late(Cases):
    """Clients that connect only when they have sent their command."""

    def test_downloads(self) -> None:
        """The server's 150 waits for its data connection (vsftpd), and the client's for the 150."""

        def script(control: Control) -> None:
            port = self.port(control)
            control.expect(b"RETR")
            data = port.open()
            control.say(b"150 Here.")
            self.moved(control, data, b"RETR")

        client, _ = self.session(script)
        port = client.passive()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.moves(client, client.wrapped(client.reach(port)), b"RETR")


globals().update(everywhere(Early, PASSIVE_SERVER))
globals().update(everywhere(Late, tuple(one for one in PASSIVE_SERVER if not one.client_active)))
