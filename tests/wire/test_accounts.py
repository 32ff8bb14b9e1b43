"""Accounts at the gateway on the wire: wrong passwords, listeners, and secrets of the gateway's own."""

from __future__ import annotations

import atexit
import tempfile
from concurrent.futures import Future
from pathlib import Path
from time import monotonic
from typing import Any

from tests.wire.peers import (
    QUICK,
    TIMEOUT,
    Client,
    Control,
    FakeServer,
    Gateway,
    Reply,
    SceneTestCase,
    TestCase,
    echo_site,
)

OURS, THEIRS, SECRET = b"Gate-w0rd", b"Server-w0rd", b"Mapped-w0rd"
DELAY = 0.3
LISTENER = '[[listeners]]\nendpoint = "tcp:0:interface=127.0.0.1"\n'

_kept = tempfile.TemporaryDirectory(prefix="ftpalg-accounts-")
atexit.register(_kept.cleanup)
FOLDER = Path(_kept.name)
(FOLDER / "accounts").write_bytes(
    b"gus:Gate-w0rd\nm\xfcller:Gate-w0rd\ngr\xc3\xbcn:Gate-w0rd\nann:Gate-w0rd\nzoe:Gate-w0rd\n"
)
(FOLDER / "credentials").mkdir()


def secret(name: str, text: bytes) -> Path:
    """A file with a password."""
    path = FOLDER / name
    path.write_bytes(text)
    return path


class AccountsTestCase(SceneTestCase):
    """A gateway that wants accounts from everybody."""

    secrets = (OURS.decode(), THEIRS.decode(), SECRET.decode(), "Wr0ng")

    @classmethod
    def settings(cls) -> str:
        return (
            f'[accounts]\nauth = ["file:{FOLDER}/accounts", "memory:max:Gate-w0rd"]\n'
            f"delay = {DELAY}\n[limits]\nbad-logins = 3\n[log]\nladder = true\n"
        )

    def where(self, which: int = 0) -> bytes:
        """``name:port`` of a server."""
        return b"127.0.0.1:%d" % self.servers[which].port

    def timed(self, client: Client, line: bytes) -> tuple[Reply, float]:
        """A reply, and the seconds it took."""
        began = monotonic()
        found = client.ask(line)
        return found, monotonic() - began

    def let_in(self, client: Client, account: bytes = b"gus") -> None:
        """Log in at the gateway."""
        self.assertEqual(self.codes(client, b"USER " + account, b"PASS " + OURS), [331, 230])


class WrongPasswords(AccountsTestCase):
    """What a guesser learns: nothing, slowly."""

    def test_delay_and_words(self) -> None:
        """A wrong password and an unknown account, known to any checker: same words, same delay."""
        told = set()
        for account in (b"gus", b"max", b"nobody", b"n\xf6body", b"bob@gus@127.0.0.1:1"):
            client = self.greeted()
            self.assertEqual(client.ask(b"USER " + account).code, 331)
            found, seconds = self.timed(client, b"PASS Wr0ng@Wr0ng")
            self.assertGreaterEqual(seconds, DELAY)
            told.add(found.text)
        self.assertEqual(told, {b"530 Login incorrect."})

    def test_each_in_its_turn(self) -> None:
        """Guesses sent all at once are checked one after the other, each with its delay."""
        client = self.greeted()
        began = monotonic()
        client.send(b"USER gus\r\nPASS Wr0ng1\r\nUSER gus\r\nPASS Wr0ng2\r\n")
        self.assertEqual([client.code() for _ in range(4)], [331, 530, 331, 530])
        self.assertGreaterEqual(monotonic() - began, 2 * DELAY)

    def test_cap(self) -> None:
        """The third wrong password ends the session with 421, in whichever dialect it comes."""
        client = self.greeted()
        lines = (
            (b"USER gus", b"PASS Wr0ng"),
            (b"USER bob@gus@" + self.where(), b"PASS x@Wr0ng"),
            (b"USER bob@%b gus" % self.where(), b"PASS x", b"ACCT Wr0ng"),
        )
        codes = [self.codes(client, *words)[-1] for words in lines]
        self.assertEqual(codes, [530, 530, 421])
        self.assertEqual(client.rest(), b"")
        self.assertEqual(self.greeted().ask(b"NOOP").code, 200)

    def test_nothing_said(self) -> None:
        """Empty names and passwords are wrong ones."""
        for words in ((b"USER", b"PASS"), (b"USER gus", b"PASS"), (b"USER ", b"PASS x")):
            self.assertEqual(self.codes(self.greeted(), *words), [331, 530])

    def test_right(self) -> None:
        """Right ones of both checkers."""
        for account in (b"gus", b"max"):
            self.let_in(self.greeted(), account)

    def test_odd_names(self) -> None:
        """Accounts in Latin-1 and in UTF-8 log in, and the log can show them."""
        for account in (b"m\xfcller", b"gr\xc3\xbcn"):
            self.let_in(self.greeted(), account)

    def test_wrong_words_at_the_server(self) -> None:
        """The server's own refusals are capped too, and pass as the server said them."""

        def script(control: Control) -> None:
            control.say(b"220 Hi.")
            for _ in range(3):
                control.answer(b"USER", b"331 Go.")
                control.answer(b"PASS", b"530 Not you.")
            control.until_end()

        self.serve(script)
        client = self.greeted()
        self.let_in(client)
        words = (b"USER bob@" + self.where(), b"PASS Wr0ng")
        self.assertEqual(self.codes(client, *words, *words, *words), [331, 530] * 3)
        self.assertEqual(client.code(), 421)
        self.assertEqual(client.rest(), b"")


class SlowRefusals(AccountsTestCase):
    """Refusals that take longer than any test waits."""

    @classmethod
    def settings(cls) -> str:
        return super().settings().replace(f"delay = {DELAY}", "delay = 100.0")

    def waiting(self) -> Client:
        """A client with a wrong password."""
        client = self.greeted()
        client.send(b"USER gus\r\nPASS Wr0ng\r\nNOOP\r\n")
        self.assertEqual(client.code(), 331)
        return client

    def test_others_go_on(self) -> None:
        """While some wait for their refusal others are let in, the same account's owner too."""
        guessers = [self.waiting() for _ in range(20)]
        self.let_in(self.greeted())
        self.assertTrue(all(guesser.silent(0.01) for guesser in guessers))

    def test_leaves_while_checked(self) -> None:
        """A client that goes, or asks to, before its answer has come."""
        for end in (Client.close, Client.reset):
            end(self.waiting())
        self.assertTrue(self.gateway.logged(" closed", 2))

    def test_shutdown(self) -> None:
        """A gateway that is told to end waits for nobody."""
        gateway = Gateway([], QUICK + self.settings(), ("127.0.0.1",))
        self.addCleanup(gateway.stop)
        client = Client(gateway.address)
        client.send(b"USER gus\r\nPASS Wr0ng\r\n")
        self.assertEqual([client.code(), client.code()], [220, 331])
        gateway.process.terminate()
        self.assertEqual(client.code(), 421)
        gateway.process.wait(TIMEOUT)
        self.assertNotIn("Traceback", gateway.new_log())


class PerListener(AccountsTestCase):
    """Accounts required on one listener, not on another, with one fixed server."""

    interfaces = ("127.0.0.1",)
    listeners = ("127.0.0.1", "127.0.0.1")
    head = 'server = "ftp://127.0.0.1:PORT0"\n'

    @classmethod
    def settings(cls) -> str:
        return super().settings() + f"{LISTENER}accounts = false\n{LISTENER}accounts = true\n"

    def test_fixed_server(self) -> None:
        """H: where an account is wanted it comes first, and the server has not been dialled yet."""
        for which in (0, 2):
            before = self.server.accepted
            served = self.serve(lambda c: (c.login(), echo_site(c)))
            client = self.greeted(which=which)
            self.assertEqual(self.codes(client, b"PWD", b"USER gus"), [530, 331])
            self.assertEqual(self.server.accepted, before)
            self.assertEqual(client.ask(b"PASS " + OURS).code, 230)
            self.assertEqual(self.codes(client, b"USER bob", b"PASS " + THEIRS), [331, 230])
            self.assertTrue(client.in_step())
            served.result(TIMEOUT)

    def test_without(self) -> None:
        """Where none is wanted the greeting is the server's."""
        self.serve(lambda c: (c.login(b"220 The server's own."), echo_site(c)))
        client = self.connect(which=1)
        self.assertEqual(client.reply().text, b"220 The server's own.")
        client.login()
        self.assertTrue(client.in_step())


class CommandLine(TestCase):
    """``--auth``."""

    def test_auth(self) -> None:
        """--auth makes accounts required, several of them add up, and needs no file."""
        server = FakeServer()
        self.addCleanup(server.close)
        auth = [f"--auth=file:{FOLDER}/accounts", "--auth", "memory:max:Gate-w0rd"]
        gateway = Gateway(auth, "", ("127.0.0.1",))
        self.addCleanup(gateway.stop)
        for account in (b"gus", b"max"):
            served = server.then(lambda c: (c.login(), echo_site(c)))
            client = Client(gateway.address)
            self.addCleanup(client.close)
            words = (
                b"USER bob@127.0.0.1:%d" % server.port,
                b"PASS x",
                b"USER " + account,
                b"PASS " + OURS,
                b"USER bob@127.0.0.1:%d" % server.port,
                b"PASS x",
            )
            found = [client.code(), *(client.ask(line).code for line in words)]
            self.assertEqual(found, [220, 331, 530, 331, 230, 331, 230])
            self.assertTrue(client.in_step())
            served.result(TIMEOUT)
        self.assertNotIn("Gate-w0rd", gateway.new_log())


class Mapping(AccountsTestCase):
    """The client knows its password at the gateway; the server's is the gateway's to know."""

    @classmethod
    def settings(cls) -> str:
        def route(account: str, **way: object) -> str:
            words = "".join(f'{key.replace("_", "-")} = "{value}"\n' for key, value in way.items())
            return f'[[routes]]\naccounts = ["{account}"]\nuser = "mapped"\n{words}'

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
            + 'destinations = ["127.0.0.1"]\n'
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
            + 'server = "ftp://127.0.0.1:PORT0"\n'
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
