"""Accounts at the gateway on the wire: wrong passwords, slow refusals, listeners."""

from __future__ import annotations

from time import monotonic

from tests.wire.accounts import DELAY, FOLDER, OURS, THEIRS, AccountsTestCase
from tests.wire.peers import (
    PATIENT,
    TIMEOUT,
    Client,
    Control,
    FakeServer,
    Gateway,
    TestCase,
    echo_site,
    impatient,
)

LISTENER = '[[listeners]]\nendpoint = "tcp:0:interface=127.0.0.1"\n'


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


class MailAddresses(AccountsTestCase):
    """Accounts that are mail addresses: where there is one of that name it names no server."""

    @classmethod
    def settings(cls) -> str:
        file = FOLDER / "mail"
        file.write_bytes(b"ann@corp.example:Gate-w0rd\n")
        kept = f'"file:{file}", "memory:max@corp.example:Gate-w0rd"'
        return super().settings().replace(f'"file:{FOLDER}/accounts"', kept)

    def test_alone(self) -> None:
        """Of a file and in memory; the server is named behind it."""
        for account in (b"ann@corp.example", b"max@corp.example"):
            self.serve(lambda control: control.login().until_end())
            client = self.greeted()
            self.let_in(client, account)
            self.assertEqual(
                self.codes(client, b"USER bob@" + self.where(), b"PASS " + THEIRS), [331, 230]
            )

    def test_with_a_server(self) -> None:
        """All three in one USER, both passwords in one PASS."""
        user = self.serve(lambda control: control.say(b"220 Hi.").answer(b"USER", b"530 No."))
        client = self.greeted()
        words = (b"USER bob@ann@corp.example@" + self.where(), b"PASS %b@%b" % (THEIRS, OURS))
        self.assertEqual(self.codes(client, *words), [331, 530])
        self.assertEqual(user.result(TIMEOUT), b"bob")


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

    @impatient(quit=1.0)
    def test_others_go_on(self) -> None:
        """While some wait for their refusal others are let in, the same account's owner too."""
        guessers = [self.waiting() for _ in range(20)]
        self.let_in(self.greeted())
        self.assertTrue(self.gateway.quiet(*guessers))

    @impatient(quit=1.0)
    def test_leaves_while_checked(self) -> None:
        """A client that goes, or asks to, before its answer has come."""
        for end in (Client.close, Client.reset):
            end(self.waiting())
        self.assertTrue(self.gateway.logged(" closed", 2))

    def test_shutdown(self) -> None:
        """A gateway that is told twice to end waits for nobody."""
        gateway = Gateway([], PATIENT + self.settings(), ("127.0.0.1",))
        self.addCleanup(gateway.stop)
        client = Client(gateway.address)
        client.send(b"USER gus\r\nPASS Wr0ng\r\n")
        self.assertEqual([client.code(), client.code()], [220, 331])
        gateway.process.terminate()
        self.assertTrue(gateway.logged("draining: "))
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
