"""How a client gets to its server: user@host, greetings of every kind, logins of every kind."""

from __future__ import annotations

import signal
import socket
from concurrent.futures import Future
from threading import Event
from typing import Any

from tests.wire.peers import (
    QUICK,
    TIMEOUT,
    Client,
    Control,
    FakeServer,
    Gateway,
    Script,
    WireTestCase,
    drained,
    echo_site,
    exactly,
    listener,
    pasv_port,
    port_of,
)


class NamedTests(WireTestCase):
    """The client names the server in USER."""

    fixed = ""

    def at(self, script: Script, host: str = "127.0.0.1") -> tuple[FakeServer, Future[Any]]:
        """A server of this test's own."""
        server = FakeServer(host)
        self.addCleanup(server.close)
        future = server.then(script)
        self.served.append(future)
        return server, future

    def greeted(self) -> Client:
        """A client that has read the gateway's greeting."""
        client = self.connect()
        self.assertEqual(client.code(), 220)
        return client

    def named(self, server: FakeServer, user: bytes = b"joe") -> bytes:
        """USER with the server's address."""
        host = f"[{server.host}]" if ":" in server.host else server.host
        return b"USER %b@%b:%d" % (user, host.encode(), server.port)

    def test_user_at_host(self) -> None:
        """USER joe@host:port: the server sees USER joe, the client exactly one 220 before it."""

        def script(control: Control) -> bytes:
            control.say(b"220-Hello\r\n220 Ready.")
            user = control.answer(b"USER", b"331 Go on.")
            control.answer(b"PASS", b"230 In.")
            echo_site(control)
            return user

        server, served = self.at(script)
        client = self.greeted()
        self.assertEqual(client.ask(self.named(server)).code, 331)
        self.assertEqual(client.ask(b"PASS x").code, 230)
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), b"joe")

    def test_last_at_splits(self) -> None:
        """An account may hold an ``@``, spaces and any bytes: the last ``@`` begins the host."""
        server, served = self.at(lambda c: (c.say(b"220 Hi."), c.answer(b"USER", b"331 Go."))[1])
        client = self.greeted()
        self.assertEqual(client.ask(self.named(server, b"joe@ex\xe4mple.org")).code, 331)
        self.assertEqual(served.result(TIMEOUT), b"joe@ex\xe4mple.org")

    def test_v6_server(self) -> None:
        """[::1]:port."""

        def script(control: Control) -> str:
            control.login()
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            data.sendall(b"file")
            data.close()
            control.say(b"226 Done.")
            return str(control.sock.getpeername()[0])

        server, served = self.at(script, "::1")
        client = self.greeted()
        self.assertEqual(client.ask(self.named(server)).code, 331)
        self.assertEqual(client.ask(b"PASS x").code, 230)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(drained(data), (b"file", "end"))
        self.assertEqual(client.code(), 226)
        self.assertEqual(served.result(TIMEOUT), "::1")

    def test_pipelined_login(self) -> None:
        """USER, PASS and PWD in one segment wait for the server to be reached."""

        def script(control: Control) -> None:
            control.login()
            control.answer(b"PWD", b'257 "/"')

        server, _ = self.at(script)
        client = self.greeted()
        client.send(self.named(server) + b"\r\nPASS x\r\nPWD\r\n")
        self.assertEqual([client.code() for _ in range(3)], [331, 230, 257])

    def test_before_a_server(self) -> None:
        """FEAT, SYST, OPTS UTF8, CLNT, NOOP and HELP are answered by the gateway; the rest is 530."""
        client = self.greeted()
        for command, codes in (
            (b"FEAT", (211,)),
            (b"SYST", (215,)),
            (b"OPTS UTF8 ON", (200,)),
            (b"CLNT x", (200,)),
            (b"NOOP", (200,)),
            (b"HELP", (211, 214)),
            (b"PWD", (530,)),
            (b"PASV", (530,)),
            (b"LIST", (530,)),
            (b"PASS x", (503, 530)),
            (b"USER joe", (501, 530, 331)),
        ):
            self.assertIn(client.ask(command).code, codes, command)
        self.assertEqual(client.ask(b"QUIT").code, 221)
        self.assertEqual(client.rest(), b"")

    def test_bad_names(self) -> None:
        """Servers that cannot be read are refused and the client may try again."""
        client = self.greeted()
        for bad in (
            b"joe@",
            b"@host",
            b"joe@ho st",
            b"joe@h:0",
            b"joe@h:99999",
            b"joe@[::1",
            b"joe@h:x",
            b"joe@\xff",
        ):
            self.assertIn(client.ask(b"USER " + bad).code, (501, 530), bad)
        server, _ = self.at(lambda c: (c.say(b"220 Hi."), c.answer(b"USER", b"331 Go.")))
        self.assertEqual(client.ask(self.named(server)).code, 331)

    def test_unreachable_then_another(self) -> None:
        """A server that refuses, then one that does not, in one session."""
        gone = listener()
        port = port_of(gone)
        gone.close()
        server, _ = self.at(lambda c: (c.login(), echo_site(c)))
        client = self.greeted()
        found = client.ask(b"USER joe@127.0.0.1:%d" % port)
        self.assertTrue(400 <= found.code < 600 and found.code != 421, found)
        self.assertEqual(client.ask(self.named(server)).code, 331)
        self.assertEqual(client.ask(b"PASS x").code, 230)
        self.assertTrue(client.in_step())

    def test_unknown_name(self) -> None:
        """A name without an address is a refusal, and the client may try again."""
        client = self.greeted()
        found = client.ask(b"USER joe@no-such-host.invalid")
        self.assertTrue(400 <= found.code < 600, found)
        self.assertEqual(client.ask(b"NOOP").code, 200)

    def test_several_addresses(self) -> None:
        """The server listens on one only of the addresses that localhost has."""
        for host in addresses_of("localhost"):
            server, _ = self.at(lambda c: (c.say(b"220 Hi."), c.answer(b"USER", b"331 Go.")), host)
            client = self.greeted()
            self.assertEqual(client.ask(b"USER joe@localhost:%d" % server.port).code, 331)

    def test_server_closes_before_greeting(self) -> None:
        """A server that closes at once is a refusal; another may be named."""
        bad, _ = self.at(Control.close)
        good, _ = self.at(lambda c: (c.say(b"220 Hi."), c.answer(b"USER", b"331 Go.")))
        client = self.greeted()
        self.assertTrue(400 <= client.ask(self.named(bad)).code < 600)
        self.assertEqual(client.ask(self.named(good)).code, 331)

    def test_421_greeting(self) -> None:
        """A server that greets with 421 is a refusal with its text; another may be named."""
        bad, _ = self.at(lambda c: c.say(b"421 Too many users."))
        good, _ = self.at(lambda c: (c.say(b"220 Hi."), c.answer(b"USER", b"331 Go.")))
        client = self.greeted()
        found = client.ask(self.named(bad))
        self.assertTrue(400 <= found.code < 600)
        self.assertIn(b"Too many users.", found.text)
        if found.code != 421:
            self.assertEqual(client.ask(self.named(good)).code, 331)

    def test_230_greeting(self) -> None:
        """A server that greets with 230: USER is answered 230 and PASS does not reach it."""

        def script(control: Control) -> None:
            control.say(b"230 Walk in.")
            echo_site(control)

        server, _ = self.at(script)
        client = self.greeted()
        self.assertEqual(client.ask(self.named(server)).code, 230)
        self.assertIn(client.ask(b"PASS x").code, (202, 230))
        self.assertTrue(client.in_step())

    def test_120_then_220(self) -> None:
        """120, a pause, 220: USER goes out only then, and the client reads one reply to it."""

        def script(control: Control) -> None:
            control.say(b"120 Ready in a moment.")
            assert control.silent(0.3)
            control.say(b"220 Ready.")
            control.answer(b"USER", b"331 Go.")
            control.answer(b"PASS", b"230 In.")
            echo_site(control)

        server, _ = self.at(script)
        client = self.greeted()
        found = client.ask(self.named(server)).code
        self.assertIn(found, (120, 331))
        if found == 120:
            self.assertEqual(client.code(), 331)
        self.assertEqual(client.ask(b"PASS x").code, 230)
        self.assertTrue(client.in_step())

    def test_another_user_before_login(self) -> None:
        """331 after a wrong user: USER again, at the same server and then at another."""
        first, _ = self.at(
            lambda c: (
                c.say(b"220 Hi."),
                c.answer(b"USER", b"331 Go."),
                c.answer(b"USER", b"331 Go."),
                c.until_end(),
            )
        )
        second, _ = self.at(lambda c: (c.login(), echo_site(c)))
        client = self.greeted()
        self.assertEqual(client.ask(self.named(first)).code, 331)
        self.assertEqual(client.ask(self.named(first, b"jim")).code, 331)
        self.assertEqual(client.ask(self.named(second)).code, 331)
        self.assertEqual(client.ask(b"PASS x").code, 230)
        self.assertTrue(client.in_step())

    def test_user_after_login(self) -> None:
        """USER and REIN while logged in are refused; the session stays where it is."""
        server, _ = self.at(lambda c: (c.login(), echo_site(c)))
        client = self.greeted()
        self.assertEqual(client.ask(self.named(server)).code, 331)
        self.assertEqual(client.ask(b"PASS x").code, 230)
        self.assertIn(client.ask(b"USER jim@elsewhere.invalid").code, (500, 502, 503, 530))
        self.assertEqual(client.ask(b"REIN").code, 502)
        self.assertTrue(client.in_step())

    def test_own_listener(self) -> None:
        """The gateway does not connect to itself."""
        client = self.greeted()
        found = client.ask(b"USER a@b@127.0.0.1:%d" % self.gateway.ports[0])
        self.assertGreaterEqual(found.code, 400)

    def test_client_leaves_while_dialling(self) -> None:
        """A client that leaves at once takes the server's connection with it."""
        server, served = self.at(lambda c: (c.say(b"220 Hi."), c.until_end()))
        client = self.greeted()
        client.send(self.named(server) + b"\r\n")
        client.silent(0.2)
        client.close()
        served.result(TIMEOUT)


def addresses_of(name: str) -> set[str]:
    """What the machine's resolver knows of a name."""
    return {str(info[4][0]) for info in socket.getaddrinfo(name, 21, type=socket.SOCK_STREAM)}


class FixedTests(WireTestCase):
    """One server for all."""

    def first(self, script: Script) -> Client:
        """A client whose server begins like this."""
        self.serve(script)
        return self.connect()

    def test_greeting_is_the_servers(self) -> None:
        """A multi-line greeting passes word for word."""
        client = self.first(lambda c: (c.say(b"220-Welcome\r\n to 1\r\n220 Ready."), c.until_end()))
        self.assertEqual(client.reply().lines, (b"220-Welcome", b" to 1", b"220 Ready."))

    def test_421_greeting(self) -> None:
        """421 as the greeting passes and the session ends."""
        client = self.first(lambda c: c.say(b"421 Too busy."))
        self.assertEqual(client.reply().lines, (b"421 Too busy.",))
        self.assertEqual(client.rest(), b"")

    def test_closed_before_greeting(self) -> None:
        """A server that closes at once: 421 and the end."""
        client = self.first(Control.close)
        self.assertEqual(client.code(), 421)
        self.assertEqual(client.rest(), b"")

    def test_120_then_220(self) -> None:
        """120 passes, and 220 after it."""

        def script(control: Control) -> None:
            control.say(b"120 Wait.")
            assert control.silent(0.2)
            control.login()
            echo_site(control)

        client = self.first(script)
        self.assertEqual([client.code(), client.code()], [120, 220])
        client.login()
        self.assertTrue(client.in_step())

    def test_commands_before_the_greeting(self) -> None:
        """Commands sent before the greeting wait for it."""

        def script(control: Control) -> None:
            assert control.silent(0.3), "a command came before the greeting"
            control.login()
            control.until_end()

        client = self.first(script)
        client.send(b"USER joe\r\nPASS x\r\n")
        self.assertEqual([client.code() for _ in range(3)], [220, 331, 230])

    def test_user_230(self) -> None:
        """230 to USER: the client's PASS is answered here."""

        def script(control: Control) -> None:
            control.say(b"220 Hi.")
            control.answer(b"USER", b"230 No password needed.")
            echo_site(control)

        client = self.first(script)
        self.assertEqual([client.code(), client.ask(b"USER joe").code], [220, 230])
        self.assertIn(client.ask(b"PASS x").code, (202, 230))
        self.assertTrue(client.in_step())

    def test_second_user_needs_its_password(self) -> None:
        """230 to one USER does not let the next USER's wrong password pass for a login."""

        def script(control: Control) -> None:
            control.say(b"220 Hi.")
            control.answer(b"USER", b"230 No password needed.")
            control.answer(b"USER", b"331 Password.")
            control.answer(b"PASS", b"530 Wrong.")
            echo_site(control)

        client = self.first(script)
        self.assertEqual([client.code(), client.ask(b"USER guest").code], [220, 230])
        found = client.ask(b"USER admin").code
        if found == 331:
            self.assertEqual(client.ask(b"PASS guess").code, 530)
            self.assertTrue(client.in_step())
        else:
            self.assertGreaterEqual(found, 500)

    def test_account(self) -> None:
        """332 to PASS, then ACCT."""

        def script(control: Control) -> bytes:
            control.say(b"220 Hi.")
            control.answer(b"USER", b"331 Go.")
            control.answer(b"PASS", b"332 Account.")
            account = control.answer(b"ACCT", b"230 In.")
            echo_site(control)
            return account

        client = self.first(script)
        codes = [
            client.code(),
            client.ask(b"USER joe").code,
            client.ask(b"PASS x").code,
            client.ask(b"ACCT gold").code,
        ]
        self.assertEqual(codes, [220, 331, 332, 230])
        self.assertTrue(client.in_step())

    def test_user_with_at(self) -> None:
        """With a fixed server an ``@`` in USER is the server's to read; nobody else is dialled."""
        client = self.first(
            lambda c: (c.say(b"220 Hi."), c.answer(b"USER", b"331 Go."), echo_site(c))
        )
        self.assertEqual(client.code(), 220)
        self.assertEqual(client.ask(b"USER joe@127.0.0.1:1").code, 331)
        self.assertTrue(client.in_step())

    def test_rein(self) -> None:
        """REIN is 502 and the session stays as it was."""
        client, _ = self.talk(echo_site)
        self.assertEqual(client.ask(b"REIN").code, 502)
        self.assertTrue(client.in_step())

    def test_530_everywhere(self) -> None:
        """Commands before login get the server's own 530; PASV opens no port."""

        def script(control: Control) -> None:
            control.say(b"220 Hi.")
            while control.command()[0] != b"QUIT":
                control.say(b"530 Log in first.")
            control.say(b"221 Bye.")

        client = self.first(script)
        self.assertEqual(client.code(), 220)
        for command in (b"PASV", b"EPSV", b"PORT 127,0,0,1,200,10", b"LIST", b"PWD"):
            self.assertIn(client.ask(command).code, (425, 503, 530), command)
        self.assertEqual(client.ask(b"QUIT").code, 221)

    def test_server_asks_nothing_of_pasv_before_login(self) -> None:
        """No data port is opened for a client that has not logged in, whatever the server says."""

        def script(control: Control) -> None:
            control.say(b"220 Hi.")
            if control.silent(0.5):
                return
            control.data().refuse()

        client = self.first(script)
        self.assertEqual(client.code(), 220)
        self.assertGreaterEqual(client.ask(b"PASV").code, 400)


class UnreachableTests(WireTestCase):
    """A fixed server that is not there."""

    alone = "unreachable"

    def test_unreachable(self) -> None:
        """421 as the first word, and the end."""
        gone = listener()
        port = port_of(gone)
        gone.close()
        gateway = Gateway(["--server", f"ftp://127.0.0.1:{port}"], QUICK, ("127.0.0.1",))
        self.addCleanup(gateway.stop)
        client = Client(gateway.address)
        self.assertEqual(client.code(), 421)
        self.assertEqual(client.rest(), b"")
        self.assertNotIn("Traceback", gateway.new_log())


class ShutdownTests(WireTestCase):
    """The gateway is told to end."""

    alone = "shutdown"

    def test_sigterm_in_mid_transfer(self) -> None:
        """SIGTERM in a download: RST on the data, 421 on the control connection, a quick end."""

        def script(control: Control) -> None:
            control.login()
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            data.sendall(b"half")
            assert go.wait(TIMEOUT)
            data.close()

        go = Event()
        server = FakeServer()
        self.addCleanup(server.close)
        served = server.then(script)
        gateway = Gateway(["--server", f"ftp://127.0.0.1:{server.port}"], QUICK, ("127.0.0.1",))
        self.addCleanup(gateway.stop)
        client = Client(gateway.address)
        self.assertEqual(client.code(), 220)
        client.login()
        data = client.reach(pasv_port(client.ask(b"PASV")))
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(exactly(data, 4), b"half")
        gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(drained(data)[1], "reset")
        self.assertEqual(client.code(), 421)
        self.assertIn(gateway.process.wait(TIMEOUT), (0, -signal.SIGTERM))
        go.set()
        served.exception(TIMEOUT)
