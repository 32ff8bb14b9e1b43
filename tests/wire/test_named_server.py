"""A client that names its server: user@host in every form, and what comes of it."""

from __future__ import annotations

import socket
from concurrent.futures import Future
from typing import Any

from tests.wire.peers import (
    TIMEOUT,
    Client,
    Control,
    FakeServer,
    Script,
    WireTestCase,
    drained,
    echo_site,
    impatient,
    listener,
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

    def test_no_scan(self) -> None:
        """Whatever is not there, or is no FTP server: one sentence, so that nobody finds ports by it."""
        gone = listener()
        port = port_of(gone)
        gone.close()
        places = [b"127.0.0.1:%d" % port, b"no-such-host.invalid:21"]
        scripts: tuple[Script, ...] = (
            Control.close,
            Control.reset,
            lambda c: c.say(b"SSH-2.0-x"),
            lambda c: c.send(b"22"),
            lambda c: c.send(b"\0\1\n"),
            lambda c: (c.say(b"HTTP/1.1 400 Bad"), c.until_end()),
        )
        for script in scripts:
            places.append(b"127.0.0.1:%d" % self.at(script)[0].port)
        for place in places:
            client = self.greeted()
            found = client.ask(b"USER joe@" + place)
            self.assertEqual(found.lines, (b"434 The server cannot be reached.",), place)
            self.assertEqual(client.ask(b"NOOP").code, 200)
        log = self.gateway.new_log()
        for reason in ("Connection refused", "no address for no-such-host", "speaks SSH"):
            self.assertIn(reason, log)

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
            assert self.gateway.quiet(control)
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

    @impatient(quit=1.0)
    def test_client_leaves_while_dialling(self) -> None:
        """A client that leaves at once takes the server's connection with it."""
        server, served = self.at(lambda c: (c.say(b"220 Hi."), c.until_end()))
        client = self.greeted()
        client.send(self.named(server) + b"\r\n")
        self.assertTrue(self.gateway.rests())
        client.close()
        served.result(TIMEOUT)


def addresses_of(name: str) -> set[str]:
    """What the machine's resolver knows of a name."""
    return {str(info[4][0]) for info in socket.getaddrinfo(name, 21, type=socket.SOCK_STREAM)}
