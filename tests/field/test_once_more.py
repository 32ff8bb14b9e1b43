"""A server under TLS that refuses a data connection before anything was said (field.md rows 28 and 29)."""

from __future__ import annotations

import socket
from functools import partial

from tests.field.cells import ALL, Cases, everywhere
from tests.tls.peers import TlsClient
from tests.wire.peers import TIMEOUT, Control, echo_site

UNDER_TLS = tuple(one for one in ALL if one.scheme == "ftpes")


class OnceMore(Cases):
    """PROT again, a new port, REST again, and the transfer once more: never twice."""

    def ask(self, client: TlsClient, command: bytes, rest: bytes) -> socket.socket:
        """A transfer, with a REST before it or without."""
        prepared = self.prepare(client)
        if rest:
            self.assertEqual(client.ask(rest).code, 350)
        client.send(command + b"\r\n")
        return prepared

    def test_works_then(self) -> None:
        """Whatever the code, the verb, and whether it was said behind the handshake."""
        for code, shakes in ((521, False), (522, True), (534, False), (536, True)):
            for verb in (b"RETR", b"LIST", b"STOR", b"APPE"):
                rest = b"REST 7" if verb in (b"RETR", b"STOR") else b""

                client, served = self.session(
                    partial(self.begins, verb=verb, code=code, shakes=shakes, rest=rest)
                )
                prepared = self.ask(client, verb + b" f", rest)
                self.assertEqual(client.code(), 150, (code, verb))
                self.moves(client, self.open(client, prepared), verb)
                served.result(TIMEOUT)

    def begins(
        self, control: Control, *, verb: bytes, code: int, shakes: bool, rest: bytes
    ) -> None:
        """Refused once, then done."""
        port = self.port(control)
        if rest:
            control.answer(b"REST", b"350 Go on.")
        control.expect(verb)
        data = self.shaken(port.open()) if shakes else None
        if data is None:
            port.refuse()
        control.say(b"%d Not so." % code)
        if data is not None:
            data.close()
        again(control)
        port = control.data()
        if rest:
            assert control.answer(b"REST", b"350 Go on.") == b"7"
        control.answer(verb, b"150 Here.")
        self.moved(control, port.open(), verb)

    def test_never_twice(self) -> None:
        """The second refusal is the client's, and the session goes on."""

        def script(control: Control) -> None:
            self.port(control, closed=True)
            control.answer(b"RETR", b"522 Not so.")
            again(control)
            control.data(closed=True)
            control.answer(b"RETR", b"522 Nor so.")
            echo_site(control)

        client, served = self.session(script)
        prepared = self.ask(client, b"RETR f", b"")
        self.assertEqual(client.reply().lines, (b"522 Nor so.",))
        prepared.close()
        self.assertTrue(client.in_step())
        served.result(TIMEOUT)

    def test_each_transfer(self) -> None:
        """Each transfer has its own second chance (a server that forgets the level each time)."""

        def script(control: Control) -> None:
            for turn in range(3):
                port = self.port(control, first=not turn)
                control.expect(b"RETR")
                port.refuse()
                control.say(b"521 PROT first.")
                again(control)
                port = control.data()
                control.answer(b"RETR", b"150 Here.")
                self.moved(control, port.open(), b"RETR")

        client, served = self.session(script)
        for _ in range(3):
            prepared = self.ask(client, b"RETR f", b"")
            self.assertEqual(client.code(), 150)
            self.moves(client, self.open(client, prepared), b"RETR")
        served.result(TIMEOUT)

    def test_said_already(self) -> None:
        """Behind a 150 it is a broken transfer, and nothing is tried again."""

        def script(control: Control) -> None:
            port = self.port(control)
            control.answer(b"RETR", b"150 Here.")
            with port.open():
                control.say(b"522 Not so.")
            echo_site(control)

        client, _ = self.session(script)
        prepared = self.ask(client, b"RETR f", b"")
        self.assertEqual([client.code(), client.code()], [150, 522])
        prepared.close()
        self.assertTrue(client.in_step())


def again(control: Control) -> None:
    """PROT, with PBSZ before it or without."""
    verb, _ = control.command()
    if verb == b"PBSZ":
        control.say(b"200 PBSZ=0")
        verb, _ = control.command()
    assert verb == b"PROT", verb
    control.say(b"200 Private.")


globals().update(everywhere(OnceMore, UNDER_TLS))
