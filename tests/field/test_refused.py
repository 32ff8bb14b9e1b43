"""A refused transfer is told first, and then its data connection ends cleanly (field.md row 4).

So does one that was never asked for.
"""

from __future__ import annotations

import socket
import ssl

from tests.field.cells import ALL, SECURE, TRANSFERS, Cases, everywhere
from tests.tls.peers import TlsClient, ending
from tests.wire.peers import TIMEOUT, Control, echo_site


class Refused(Cases):
    """The cases."""

    def refused(self, command: bytes, *answers: bytes, opens: bool = False) -> None:
        """The server refuses; its own data connection stands by then, or not."""

        def script(control: Control) -> None:
            port = self.port(control)
            data = port.open() if opens else port.refuse()
            control.answer(command.split()[0], *answers)
            if isinstance(data, socket.socket):
                data.close()
            echo_site(control)

        client, served = self.session(script)
        prepared = self.prepare(client)
        found = client.ask(command)
        self.assertEqual(found.lines, answers, command)
        self.goes_well(client, prepared)
        self.assertTrue(client.in_step())
        served.result(TIMEOUT)

    def goes_well(self, client: TlsClient, prepared: socket.socket) -> None:
        """The client's data connection ends cleanly, or was never opened."""
        if self.client_active:
            prepared.settimeout(0)
            self.assertRaises(BlockingIOError, prepared.accept)
            prepared.close()
        else:
            prepared.settimeout(TIMEOUT)
            self.assertEqual(ending(prepared), (b"", "end"))
            prepared.close()

    def test_codes(self) -> None:
        """Whichever code it is."""
        for code in (425, 426, 450, 451, 452, 500, 502, 503, 504, 530, 532, 550, 551, 552, 553):
            self.refused(b"RETR missing", b"%d No." % code)

    def test_verbs(self) -> None:
        """Whichever transfer it is, downloads and uploads."""
        for command in TRANSFERS:
            self.refused(command, b"550-No", b"550 such thing.")
            self.refused(command, b"550 No.", opens=self.mode == "passive")


class Promised(Cases):
    """Behind a 1xx a negative reply is a broken transfer: reply first, then a reset."""

    def broken(self, command: bytes, code: int) -> None:
        """The server's data connection never stands."""

        def script(control: Control) -> None:
            port = self.port(control)
            verb = command.split()[0]
            if port.listener is None:
                control.answer(verb, b"150 Here.", b"%d No." % code)
            else:
                control.answer(verb, b"150 Here.")
                with port.open():
                    control.say(b"%d No." % code)
            echo_site(control)

        client, served = self.session(script)
        prepared = self.prepare(client)
        self.assertEqual(client.ask(command).code, 150)
        self.assertEqual(client.code(), code)
        if not self.client_active:
            self.assertEqual(ending(prepared), (b"", "reset"))
        elif self.mode == "active":
            self.gateway.rests()
            prepared.settimeout(0)
            self.assertRaises(BlockingIOError, prepared.accept)
        prepared.close()
        self.assertTrue(client.in_step())
        served.result(TIMEOUT)

    def test_broken(self) -> None:
        """Downloads and uploads, whichever code."""
        for command in TRANSFERS:
            for code in (425, 426, 451, 550, 552):
                self.broken(command, code)


class Unused(Cases):
    """A connection on which nothing was promised ends cleanly, whoever wants no transfer any more."""

    def ends_well(self, prepared: socket.socket) -> None:
        """Without a reset."""
        prepared.settimeout(TIMEOUT)
        self.assertEqual(ending(prepared), (b"", "end"))
        prepared.close()

    def test_server_leaves(self) -> None:
        """It closes its control connection instead of an answer, or says 421 before."""
        for command in TRANSFERS:
            for answers in ((), (b"421 Too many.",), (b"421-Too", b"421 many.")):

                def script(
                    control: Control, command: bytes = command, answers: tuple[bytes, ...] = answers
                ) -> None:
                    self.port(control, closed=True)
                    control.answer(command.split()[0], *answers)

                client, _ = self.session(script)
                prepared = self.prepare(client)
                self.assertEqual(client.ask(command).code, 421)
                self.ends_well(prepared)

    def test_quit(self) -> None:
        """The client goes and has asked for nothing."""

        def script(control: Control) -> None:
            self.port(control)
            control.answer(b"QUIT", b"221 Goodbye.")

        client, _ = self.session(script)
        prepared = self.prepare(client)
        self.assertEqual(client.ask(b"QUIT").code, 221)
        self.ends_well(prepared)

    def test_asked_anew(self) -> None:
        """Another PASV takes its place."""

        def script(control: Control) -> None:
            self.port(control)
            self.port(control, first=False)
            echo_site(control)

        client, _ = self.session(script)
        first, second = self.prepare(client), self.prepare(client)
        self.ends_well(first)
        self.assertTrue(client.in_step())
        second.close()


class Shaken(Cases):
    """A client under TLS whose handshake comes before its command (aioftp), or is under way."""

    def test_before_the_command(self) -> None:
        """It ends with close_notify."""
        for command in TRANSFERS:

            def script(control: Control, verb: bytes = command.split()[0]) -> None:
                self.port(control, closed=True)
                control.answer(verb, b"550 No.")
                echo_site(control)

            client, _ = self.session(script)
            data = client.wrapped(client.pasv())
            self.assertEqual(client.ask(command).code, 550)
            self.assertEqual(ending(data), (b"", "end"))
            data.close()
            self.assertTrue(client.in_step())

    def test_under_way(self) -> None:
        """A handshake of which a part has come is brought to its end first."""

        def script(control: Control) -> None:
            self.port(control, closed=True)
            control.answer(b"RETR", b"550 No.")
            echo_site(control)

        client, _ = self.session(script)
        sock = client.pasv()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = client.context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        self.assertRaises(ssl.SSLWantReadError, tls.do_handshake)
        hello = outgoing.read()
        sock.sendall(hello[:50])
        self.gateway.rests()
        self.assertEqual(client.ask(b"RETR f").code, 550)
        sock.sendall(hello[50:])
        self.read(tls, incoming, outgoing, sock)
        self.assertTrue(client.in_step())

    def read(
        self,
        tls: ssl.SSLObject,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        sock: socket.socket,
    ) -> None:
        """Shake hands and read on, up to close_notify."""
        shaken = False
        while True:
            try:
                if not shaken:
                    tls.do_handshake()
                    shaken = True
                self.assertEqual(tls.read(1), b"")
                return
            except ssl.SSLWantReadError:
                sock.sendall(outgoing.read())
                came = sock.recv(65536)
                self.assertTrue(came, "it ended without close_notify")
                incoming.write(came)


globals().update(everywhere(Refused))
globals().update(everywhere(Promised))
globals().update(everywhere(Unused, tuple(one for one in ALL if not one.client_active)))
globals().update(
    everywhere(Shaken, tuple(one for one in SECURE if one.tls and not one.client_active))
)
