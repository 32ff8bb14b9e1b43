"""Accounts that become others at the server, with secrets of the gateway's own."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from typing import Any

from tests.wire.accounts import FOLDER, OURS, SECRET, THEIRS, AccountsTestCase
from tests.wire.peers import TIMEOUT, Client, Control, echo_site


def secret(name: str, text: bytes) -> Path:
    """A file with a password."""
    path = FOLDER / name
    path.write_bytes(text)
    return path


class Mapping(AccountsTestCase):
    """The client knows its password at the gateway; the server's is the gateway's to know."""

    @classmethod
    def settings(cls) -> str:
        def route(account: str, **way: object) -> str:
            words = "".join(f'{key.replace("_", "-")} = "{value}"\n' for key, value in way.items())
            clear = "password-in-clear = true\n"
            return f'[[routes]]\naccounts = ["{account}"]\nuser = "mapped"\n{words}{clear}'

        there = "ftp://127.0.0.1:PORT0"
        secret("good", SECRET + b"\n")
        secret("lines", b"Mapped-w0rd\nMapped-w0rd2\n")
        secret("empty", b"\n")
        secret("credentials/ftp", SECRET)
        return (
            super().settings()
            + route("gus", server=there, password_file=FOLDER / "good")
            + route("max", server=there, password_credential="ftp")
            + route("ann", server=there, password_file=FOLDER / "missing")
            + route("zoe", server=there, password_credential="absent")
            + route("m*", server=there, password_file=FOLDER / "lines")
            + route("gr*", password_file=FOLDER / "empty")
            + 'destinations = ["127.0.0.1:PORT0"]\n'
        )

    @classmethod
    def environment(cls) -> dict[str, str]:
        return {"CREDENTIALS_DIRECTORY": str(FOLDER / "credentials")}

    def taken(self) -> Future[Any]:
        """Who logs in at the server, with which password."""

        def script(control: Control) -> tuple[bytes, bytes]:
            control.say(b"220 Ready.")
            user = control.answer(b"USER", b"331 Password, please.")
            password = control.answer(b"PASS", b"230 Welcome.")
            echo_site(control)
            return user, password

        return self.serve(script)

    def mapped(self, client: Client, served: Future[Any]) -> None:
        """The server has seen its own user and password, and the session is in step."""
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), (b"mapped", SECRET))

    def test_from_a_file(self) -> None:
        """The gateway's password is all that the client says."""
        served = self.taken()
        client = self.greeted()
        self.let_in(client)
        self.mapped(client, served)

    def test_from_a_credential(self) -> None:
        """The same from systemd's folder."""
        served = self.taken()
        client = self.greeted()
        self.let_in(client, b"max")
        self.mapped(client, served)

    def test_client_that_says_more(self) -> None:
        """A client's own USER and PASS for the server do not reach it."""
        served = self.taken()
        client = self.greeted()
        self.let_in(client)
        self.assertIn(client.ask(b"USER bob").code, (230, 331, 503))
        self.assertIn(client.ask(b"PASS " + THEIRS).code, (202, 230, 503))
        self.mapped(client, served)

    def test_fresh_at_each_login(self) -> None:
        """A password that is changed counts from the next login on."""
        for text in (b"Mapped-w0rd-2", SECRET + b"\r\n"):
            served = self.taken()
            secret("good", text)
            client = self.greeted()
            self.let_in(client)
            self.assertTrue(client.in_step())
            self.assertEqual(served.result(TIMEOUT)[1], text.strip())

    def useless(self, account: bytes, words: str) -> None:
        """The secret cannot be used: a clear reply that tells no path, and the reason in the log."""
        served = self.serve(
            lambda c: (c.say(b"220 Hi."), c.answer(b"USER", b"331 Go."), c.until_end())[2]
        )
        client = self.greeted()
        self.assertEqual(client.ask(b"USER " + account).code, 331)
        found = client.ask(b"PASS " + OURS)
        self.assertIn(found.code, (421, 434))
        self.assertIn(b"not set up", found.text)
        self.assertNotIn(str(FOLDER).encode(), found.text)
        self.assertEqual(served.result(TIMEOUT), [])
        self.assertIn(words, self.gateway.new_log())

    def test_missing(self) -> None:
        """No file."""
        self.useless(b"ann", f"{FOLDER}/missing: No such file or directory")

    def test_missing_credential(self) -> None:
        """No credential of that name."""
        self.useless(b"zoe", "absent: No such file or directory")

    def test_lines(self) -> None:
        """Two lines are no password."""
        self.useless(b"m\xfcller", f"{FOLDER}/lines: must hold one line")

    def test_unreadable(self) -> None:
        """A folder in its place."""
        (FOLDER / "good").unlink()
        (FOLDER / "good").mkdir()
        try:
            self.useless(b"gus", f"{FOLDER}/good: Is a directory")
        finally:
            (FOLDER / "good").rmdir()
            secret("good", SECRET + b"\n")

    def test_named_server(self) -> None:
        """A mapping for whichever server the client names; an empty file is no password."""
        served = self.serve(
            lambda c: (c.say(b"220 Hi."), c.answer(b"USER", b"331 Go."), c.until_end())[2]
        )
        client = self.greeted()
        self.let_in(client, b"gr\xc3\xbcn")
        self.assertEqual(client.ask(b"USER bob@" + self.where()).code, 434)
        self.assertEqual(served.result(TIMEOUT), [])
        self.assertIn("empty: must hold one line", self.gateway.new_log())
        self.assertEqual(client.ask(b"NOOP").code, 200)

    def test_server_refuses(self) -> None:
        """The server's 530 to the secret passes; the client's password is not tried in its place."""
        served = self.serve(
            lambda c: (
                c.say(b"220 Hi."),
                c.answer(b"USER", b"331 Go."),
                c.answer(b"PASS", b"530 No."),
                c.until_end(),
            )[3]
        )
        client = self.greeted()
        self.assertEqual(self.codes(client, b"USER gus", b"PASS " + OURS), [331, 530])
        self.assertEqual(client.ask(b"PASS " + THEIRS).code, 503)
        client.close()
        self.assertEqual(served.result(TIMEOUT), [])

    def test_quoted(self) -> None:
        """A server that quotes the gateway's password, in every line and later too: nobody sees it."""

        def script(control: Control) -> None:
            control.say(b"220 Hi.")
            control.answer(b"USER", b"331 Go on.")
            word = control.expect(b"PASS")
            control.say(b"230-" + word, b" " + word, b"230 In with " + word.upper())
            control.answer(b"STAT", b"211-Status", b" You said " + word, b"211 End")

        self.serve(script)
        client = self.greeted()
        self.assertEqual(client.ask(b"USER gus").code, 331)
        for line, heard in (
            (b"PASS " + OURS, (b"230-****", b" ****", b"230 In with ****")),
            (b"STAT", (b"211-Status", b" You said ****", b"211 End")),
        ):
            self.assertEqual(client.ask(line).lines, heard)

    def test_nobody_else(self) -> None:
        """An account without a mapping is asked for the server's login."""
        other = self.greeted()
        self.assertEqual(other.ask(b"USER bob@nobody@" + self.where()).code, 331)
        self.assertEqual(other.ask(b"PASS %b@%b" % (THEIRS, OURS)).code, 530)


class NoCredentials(AccountsTestCase):
    """systemd has handed over nothing."""

    @classmethod
    def settings(cls) -> str:
        return (
            super().settings()
            + '[[routes]]\naccounts = ["gus"]\nuser = "mapped"\npassword-credential = "ftp"\n'
            + 'server = "ftp://127.0.0.1:PORT0"\npassword-in-clear = true\n'
        )

    @classmethod
    def environment(cls) -> dict[str, str]:
        return {"CREDENTIALS_DIRECTORY": ""}

    def test_said(self) -> None:
        """The log names what is missing."""
        self.serve(lambda c: (c.say(b"220 Hi."), c.answer(b"USER", b"331 Go."), c.until_end()))
        client = self.greeted()
        self.assertEqual(client.ask(b"USER gus").code, 331)
        self.assertIn(client.ask(b"PASS " + OURS).code, (421, 434))
        self.assertIn("systemd has given no credentials", self.gateway.new_log())
