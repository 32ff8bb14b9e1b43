"""Each dialect of a login, word by word on the wire, with accounts required and without, with TLS.

gus is the account at the gateway, bob the user at the server.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, ClassVar

from tests.tls.certificates import issued
from tests.tls.peers import TlsClient
from tests.wire.peers import (
    TIMEOUT,
    Client,
    Control,
    SceneTestCase,
    drained,
    echo_site,
)

OURS, THEIRS = b"Gate-w0rd", b"Server-w0rd"
LISTENER = '[[listeners]]\nendpoint = "tcp:0:interface=127.0.0.1"\n'

Dialogue = tuple[tuple[bytes, int], ...]
"""What the client says, and the code of what it hears; W is the server's ``name:port``."""

A: Dialogue = ((b"USER bob@W", 331), (b"PASS " + THEIRS, 230))
SITE: Dialogue = ((b"SITE W", 220), (b"USER bob", 331), (b"PASS " + THEIRS, 230))
OPEN: Dialogue = ((b"OPEN W", 220), (b"USER bob", 331), (b"PASS " + THEIRS, 230))
FIRST: Dialogue = ((b"USER gus", 331), (b"PASS " + OURS, 230))
E: Dialogue = ((b"USER bob@gus@W", 331), (b"PASS %b@%b" % (THEIRS, OURS), 230))
F: Dialogue = (
    (b"USER gus@W", 331),
    (b"PASS " + OURS, 230),
    (b"USER bob", 331),
    (b"PASS " + THEIRS, 230),
)
G: Dialogue = ((b"USER bob@W gus", 331), (b"PASS " + THEIRS, 332), (b"ACCT " + OURS, 230))


class Dialects(SceneTestCase):
    """A gateway with a listener for everybody, and one that wants accounts."""

    interfaces = ()
    listeners = ("127.0.0.1", "127.0.0.1")
    secrets = (OURS.decode(), THEIRS.decode())
    dialects: ClassVar[str] = ""

    @classmethod
    def settings(cls) -> str:
        auth = f'auth = ["memory:gus:{OURS.decode()}"]'
        tls = f'[client-tls]\nmode = "offer"\n{issued("good").toml}'
        login = f"[login]\ndialects = [{cls.dialects}]\n" if cls.dialects else ""
        return (
            f"{LISTENER}accounts = false\n{LISTENER}accounts = true\n"
            f"[accounts]\n{auth}\ndelay = 0.2\n{tls}{login}"
            "[log]\nladder = true\n"
        )

    def at(self, client: Client, line: bytes) -> int:
        """Say a line; the code of the reply."""
        server = b"127.0.0.1:%d" % self.server.port
        return client.ask(line.replace(b"W", server)).code

    def play(self, client: Client, dialogue: Dialogue) -> None:
        """Each line gets its code."""
        for line, code in dialogue:
            self.assertEqual((line, self.at(client, line)), (line, code))

    def taken(self, script: Any = None) -> Future[Any]:
        """The server tells who logged in; it serves a file where the client asks for one."""

        def whole(control: Control) -> tuple[bytes, bytes]:
            control.say(b"220 Ready.")
            user = control.answer(b"USER", b"331 Password, please.")
            password = control.answer(b"PASS", b"230 Welcome.")
            (script or echo_site)(control)
            return user, password

        return self.serve(whole)

    def through(self, dialogue: Dialogue, *, which: int) -> None:
        """The dialogue logs bob in, with a transfer behind it."""

        def file(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            data.sendall(b"file")
            data.close()
            control.say(b"226 Done.")
            echo_site(control)

        served = self.taken(file)
        client = self.greeted(which=which)
        self.play(client, dialogue)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(drained(data), (b"file", "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), (b"bob", THEIRS))

    def under_tls(self, *parts: Dialogue, which: int) -> None:
        """AUTH TLS between the parts of a dialogue."""
        served = self.taken()
        client = TlsClient(self.gateway.addresses[which])
        self.clients.append(client)
        self.assertEqual(client.code(), 220)
        self.play(client, parts[0])
        client.auth()
        for part in parts[1:]:
            self.play(client, part)
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), (b"bob", THEIRS))


class DefaultDialects(Dialects):
    """The dialects that are on where nothing is said."""

    def test_user_at_server(self) -> None:
        """A, and B behind an account."""
        self.through(A, which=0)
        self.through(FIRST + A, which=1)

    def test_site(self) -> None:
        """C."""
        self.through(SITE, which=0)
        self.through(FIRST + SITE, which=1)

    def test_open(self) -> None:
        """D."""
        self.through(OPEN, which=0)
        self.through(FIRST + OPEN, which=1)

    def test_user_account_server(self) -> None:
        """E."""
        self.through(E, which=1)

    def test_account_server(self) -> None:
        """F."""
        self.through(F, which=1)

    def test_user_server_account(self) -> None:
        """G: 332, never 230, before ACCT."""
        self.through(G, which=1)

    def test_user_server_port(self) -> None:
        """I: the port behind a space."""
        user = b"USER bob@127.0.0.1 %d" % self.server.port
        self.through(((user, 331), A[1]), which=0)
        self.through((*FIRST, (user, 331), A[1]), which=1)

    def test_commands_before(self) -> None:
        """What clients ask before a login is answered, and shows neither server nor account."""
        for which in (0, 1):
            client = self.greeted(which=which)
            for line, code in (
                (b"FEAT", 211),
                (b"SYST", 215),
                (b"OPTS UTF8 ON", 200),
                (b"CLNT x", 200),
                (b"NOOP", 200),
                (b"HELP", 214),
                (b"PWD", 530),
                (b"EPSV", 530),
                (b"ACCT x", 503),
                (b"HOST a.example", 502),
            ):
                found = client.ask(line)
                self.assertEqual((line, found.code), (line, code))
            self.assertEqual(client.ask(b"QUIT").code, 221)

    def test_no_server_without_an_account(self) -> None:
        """Nobody is dialled for a client that has not said its account, whichever way it tries."""
        lines = (b"USER bob@W", b"PASS x", b"OPEN W", b"SITE W", b"USER bob@W 1", b"PASS x")
        before = self.server.accepted
        client = self.greeted(which=1)
        for line in lines:
            self.assertGreaterEqual(self.at(client, line), 300)
        self.assertNotIn("P -> S", self.gateway.new_log())
        self.assertEqual(self.server.accepted, before)

    def test_pipelined(self) -> None:
        """lftp with sync-mode off says the whole of B and of D at once."""
        for dialogue in (FIRST + A, FIRST + OPEN):
            served = self.taken()
            client = self.greeted(which=1)
            server = b"127.0.0.1:%d" % self.server.port
            client.send(b"".join(line.replace(b"W", server) + b"\r\n" for line, _ in dialogue))
            self.assertEqual([client.code() for _ in dialogue], [code for _, code in dialogue])
            self.assertTrue(client.in_step())
            self.assertEqual(served.result(TIMEOUT), (b"bob", THEIRS))

    def test_tls_first(self) -> None:
        """AUTH TLS before everything, as FileZilla and curl do it."""
        self.under_tls((), A, which=0)
        self.under_tls((), E, which=1)
        self.under_tls((), G, which=1)

    def test_tls_between(self) -> None:
        """AUTH TLS makes the session new: neither an account nor a server said in clear counts on."""
        self.under_tls(FIRST, FIRST, A, which=1)
        for said, again, which in (
            ((*FIRST, *OPEN[:1]), (*FIRST, *OPEN), 1),
            (F[:2], F, 1),
            (SITE[:1], SITE, 0),
        ):
            left = self.serve(lambda c: (c.say(b"220 Ready."), c.until_end())[1])
            self.under_tls(said, again, which=which)
            self.assertEqual(left.result(TIMEOUT), [])

    def test_tls_between_and_nothing_said_again(self) -> None:
        """What was said in clear is not there: the server's password is taken for the gateway's."""
        for said, which, code in ((FIRST, 1, 530), (F[:2], 1, 530), (SITE[:1], 0, 230)):
            left = self.serve(lambda c: (c.say(b"220 Ready."), c.until_end())[1])
            client = TlsClient(self.gateway.addresses[which])
            self.clients.append(client)
            self.assertEqual(client.code(), 220)
            self.play(client, said)
            client.auth()
            self.assertEqual(self.codes(client, *(line for line, _ in OPEN[1:])), [331, code])
            self.server.forget()
            self.assertEqual([] if left.cancelled() else left.result(TIMEOUT), [])

    def test_tls_between_user_and_password(self) -> None:
        """A USER that was said in clear does not count under TLS (RFC 4217 section 10.1)."""
        served = self.serve(
            lambda c: (c.say(b"220 Hi."), c.answer(b"USER", b"331 Go."), c.until_end())[2]
        )
        for which, user in ((0, A[0][0]), (1, E[0][0]), (1, FIRST[0][0])):
            client = TlsClient(self.gateway.addresses[which])
            self.clients.append(client)
            self.assertEqual(client.code(), 220)
            self.assertEqual(self.at(client, user), 331)
            client.auth()
            self.assertEqual(self.at(client, b"PASS " + OURS), 503)
            client.close()
        self.assertEqual(served.result(TIMEOUT), [])

    def test_words_behind_auth(self) -> None:
        """Words in clear behind AUTH TLS, before any login, end the session (CVE-2011-1575)."""
        for which in (0, 1):
            client = self.greeted(which=which)
            client.send(b"AUTH TLS\r\nUSER gus\r\n")
            self.assertNotIn(b"331", client.rest())


class EveryDialect(Dialects):
    """The others too, in an order that tells them apart."""

    dialects = (
        '"HOST server", "SNI server", "SITE server", "AUTH account",'
        ' "account:user@server", "account@user@server", "user@server"'
    )

    def test_suse(self) -> None:
        """L: the account comes first, its password too."""
        self.through(
            ((b"USER gus@bob@W", 331), (b"PASS %b@%b" % (OURS, THEIRS), 230)),
            which=1,
        )

    def test_ftp_proxy(self) -> None:
        """N: with a colon."""
        self.through(
            ((b"USER gus:bob@W", 331), (b"PASS %b:%b" % (OURS, THEIRS), 230)),
            which=1,
        )

    def test_authorize(self) -> None:
        """J: the account comes last."""
        self.through((*A, (b"AUTH gus", 334), (b"RESP " + OURS, 230)), which=1)

    def test_gftp(self) -> None:
        """gFTP's form of J."""
        self.through(
            (*A, (b"SITE AUTHENTICATE gus", 334), (b"SITE RESPONSE " + OURS, 230)), which=1
        )

    def test_gftp_out_of_order(self) -> None:
        """A RESPONSE that nobody waits for is refused, and kept out of the log too."""
        client = self.greeted(which=1)
        self.assertGreaterEqual(self.at(client, b"SITE RESPONSE " + OURS), 500)
        self.assertGreaterEqual(self.at(client, b"site  response " + OURS), 500)

    def test_host(self) -> None:
        """O: HOST names the server, whose port is 21: it is dialled there."""
        client = self.greeted()
        self.assertEqual(
            self.codes(client, b"HOST one.invalid:21", b"HOST one.invalid"), [501, 220]
        )
        self.assertEqual(self.codes(client, b"USER bob"), [434])
        self.assertTrue(self.gateway.logged("no address for one.invalid"))
