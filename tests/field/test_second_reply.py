"""A second answer to one command answers no other (field.md rows 15 and 16)."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from tests.wire.peers import Client, Control, FakeServer, WireTestCase

ANSWERS = {
    b"SIZE": b"213 7",
    b"PWD": b'257 "/" is where you are.',
    b"NOOP": b"200 Yes.",
    b"FEAT": b"211-Features\r\n211 End",
}


def in_step(control: Control, verb: bytes, answer: bytes) -> None:
    """Answer that verb, and before it what the gateway asks for itself."""
    while (found := control.command()[0]) != verb:
        control.say(ANSWERS[found])
    control.say(answer)


class Twice(WireTestCase):
    """Each at a server of its own: what it does is remembered."""

    fixed = ""

    def session(self, script: Any) -> tuple[Client, Future[Any]]:
        """A client that is logged in at a server with that script."""
        server = FakeServer()
        self.addCleanup(server.close)

        def whole(control: Control) -> Any:
            control.login()
            return script(control)

        future = server.then(whole)
        client = self.connect()
        self.assertEqual(client.code(), 220)
        client.login(b"joe@127.0.0.1:%d" % server.port)
        return client, future

    PAIRS = (
        (b"OPTS UTF8 ON", b"500 What?", b"500 What?"),
        (b"CWD a", b"550 No.", b"550 No, no."),
        (b"CWD a", b"200 Yes.", b"250 Yes."),
        (b"DELE f", b"250 Gone.", b"250 Gone."),
        (b"TYPE I", b"200 Yes.", b"200 Yes."),
        (b"MKD d", b"257 Made.", b"550 There is one."),
        (b"SITE CHMOD 644 f", b"502 No.", b"425 No."),
        (b"STAT f", b"213-f\r\n f\r\n213 End", b"213-f\r\n f\r\n213 End"),
        (b"NOOP", b"200 Yes.", b"421 Bye."),
    )

    def test_in_one_segment(self) -> None:
        """Both come before the next command can have been read, which a client has sent already."""
        for command, first, second in self.PAIRS:

            def script(
                control: Control,
                command: bytes = command,
                both: tuple[bytes, ...] = (first, second),
            ) -> None:
                control.answer(command.split()[0], *both)
                self.goes_on(control)

            client, _ = self.session(script)
            client.send(command + b"\r\nSIZE f\r\nPWD\r\n")
            self.assertEqual(client.code(), int(first[:3]), command)
            self.assertEqual([client.code(), client.code()], [213, 257], command)

    def goes_on(self, control: Control, until: bytes = b"") -> None:
        """SIZE and PWD, with questions of the gateway's own before them, up to that verb."""
        while (verb := control.command()[0]) != until:
            control.say(ANSWERS[verb])

    def test_late_ones(self) -> None:
        """A server that did so once: the next time its second answer may come at any time."""
        for command, first, second in self.PAIRS[:-1]:

            def script(
                control: Control,
                command: bytes = command,
                both: tuple[bytes, ...] = (first, second),
            ) -> None:
                control.answer(command.split()[0], *both)
                self.goes_on(control, command.split()[0])
                control.say(both[0])
                verb, _ = control.command()  # the gateway's question
                control.say(both[1], ANSWERS[verb])
                self.goes_on(control)

            client, _ = self.session(script)
            self.assertEqual(client.ask(command).code, int(first[:3]))
            self.assertTrue(self.gateway.logged("answers no command"))
            self.gateway.begin()
            client.send(command + b"\r\nSIZE f\r\nPWD\r\n")
            self.assertEqual(client.code(), int(first[:3]), command)
            self.assertEqual([client.code(), client.code()], [213, 257], command)

    def test_refused_transfer(self) -> None:
        """RETR 550, then 426; STOR, LIST and the others likewise."""
        for command in (b"RETR f", b"STOR f", b"LIST"):

            def script(control: Control, verb: bytes = command.split()[0]) -> None:
                control.data(closed=True)
                control.answer(verb, b"550 No.", b"426 Closed.")
                self.goes_on(control)

            client, _ = self.session(script)
            client.pasv()
            client.send(command + b"\r\nSIZE f\r\nPWD\r\n")
            self.assertEqual(
                [client.code(), client.code(), client.code()], [550, 213, 257], command
            )


class Logins(WireTestCase):
    """Logins in one segment, answered twice."""

    fixed = ""

    def ask(self, script: Any, *lines: bytes) -> Client:
        """A client that has said its whole login."""
        server = FakeServer()
        self.addCleanup(server.close)
        server.then(script)
        client = self.connect()
        self.assertEqual(client.code(), 220)
        client.send(
            b"USER joe@127.0.0.1:%d\r\n" % server.port + b"".join(b"%b\r\n" % o for o in lines)
        )
        return client

    def test_refused_twice(self) -> None:
        """PASS 331 and 530 (bftpd), 530 and 530: the next USER is not answered by it, nobody is in."""
        for first, second in ((b"331 Go on.", b"530 No."), (b"530 No.", b"530 No, no.")):

            def script(control: Control, both: tuple[bytes, ...] = (first, second)) -> None:
                control.say(b"220 Hi.")
                control.answer(b"USER", b"331 Go on.")
                control.answer(b"PASS", *both)
                in_step(control, b"USER", b"331 Go on, ann.")
                control.answer(b"PASS", b"230 In.")
                in_step(control, b"PWD", b'257 "/"')

            client = self.ask(script, b"PASS x", b"USER ann", b"PASS y", b"PWD")
            codes = [client.code() for _ in range(5)]
            self.assertEqual(codes, [331, 530, 331, 230, 257], (first, second))

    def test_let_in_twice(self) -> None:
        """230 and 230: PWD is told its own."""

        def script(control: Control) -> None:
            control.say(b"220 Hi.")
            control.answer(b"USER", b"331 Go on.", b"331 Go on.")
            control.answer(b"PASS", b"230 In.", b"230 In.")
            in_step(control, b"PWD", b'257 "/"')

        client = self.ask(script, b"PASS x", b"PWD")
        self.assertEqual([client.code() for _ in range(3)], [331, 230, 257])
