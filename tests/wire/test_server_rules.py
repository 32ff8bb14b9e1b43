"""Which server a session gets, and how: the table of routes, several servers, their health."""

from __future__ import annotations

import socket
import ssl
import subprocess
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from threading import Event
from typing import Any, ClassVar

from tests.tls.certificates import authority, client_context, issued, server_context
from tests.tls.peers import TlsClient, explicit, secure
from tests.wire.peers import (
    BLOCK,
    QUICK,
    TIMEOUT,
    Client,
    Closed,
    Control,
    FakeServer,
    Gateway,
    Scene,
    SceneTestCase,
    Script,
    TestCase,
    drained,
    echo_site,
    exactly,
)

LISTENER = '[[listeners]]\nendpoint = "tcp:0:interface=127.0.0.1"\n'


def trust() -> str:
    """Our CA for servers."""
    return f'[server-tls]\nca = "{authority().file}"\n'


def route(**words: object) -> str:
    """One of [[routes]]; texts and lists as TOML wants them."""
    lines = (f"{key.replace('_', '-')} = {value!r}\n" for key, value in words.items())
    return "[[routes]]\n" + "".join(lines)


class RulesTestCase(SceneTestCase):
    """Several servers, of which a session gets one."""

    def ready(self) -> list[Future[Any]]:
        """Each server takes one login; its future tells the user, and whence the gateway came."""

        def script(control: Control) -> tuple[bytes, str]:
            control.say(b"220 Ready.")
            user = control.answer(b"USER", b"331 Password, please.")
            control.answer(b"PASS", b"230 Welcome.")
            echo_site(control)
            return user, str(control.sock.getpeername()[0])

        return [self.serve_at(which, script) for which in range(len(self.servers))]

    def reached(self, client: Client, ready: list[Future[Any]]) -> int:
        """Which server the client, logged in by now, has got."""
        self.assertTrue(client.in_step())
        client.close()
        for server in self.servers:
            server.forget()
        got = [which for which, future in enumerate(ready) if not future.cancelled()]
        self.assertEqual(len(got), 1, got)
        ready[got[0]].result(TIMEOUT)
        return got[0]

    def goes(self, *lines: bytes, source: str = "", which: int = 0) -> int:
        """Which server a client gets that says these lines and logs in as joe."""
        ready = self.ready()
        client = self.greeted(source, which)
        for line in lines:
            found = client.ask(line)
            self.assertLess(found.code, 400, (line, found))
        if not any(line.startswith(b"USER") for line in lines[-1:]):
            self.assertEqual(client.ask(b"USER joe").code, 331)
        self.assertEqual(client.ask(b"PASS secret").code, 230)
        return self.reached(client, ready)


class Table(RulesTestCase):
    """One condition after the other."""

    hosts = ("127.0.0.1",) * 7
    listeners = ("127.0.0.1",)
    head = 'server = "ftp://127.0.0.1:PORT6"\n'

    @classmethod
    def settings(cls) -> str:
        def to(which: int) -> str:
            return f"ftp://127.0.0.1:PORT{which}"

        return (
            route(clients=["127.0.0.2"], server=to(0), source_address="127.0.0.9")
            + route(accounts=["g*"], server=to(1))
            + route(hosts=["one.example", "*.two.example"], server=to(2))
            + route(users=["up-*"], clients=["127.0.0.3"], server=to(3))
            + route(users=["up-*"], server=to(4))
            + LISTENER
            + "accounts = true\n"
            + '[accounts]\nauth = ["memory:gus:Gate-w0rd", "memory:max:Gate-w0rd"]\n'
            + "required = false\n"
        )

    def test_client(self) -> None:
        """By the client's network; the server's greeting is the client's then."""
        self.assertEqual(self.goes(source="127.0.0.2"), 0)

    def test_source_address(self) -> None:
        """The gateway comes from the address that the route names."""
        ready = self.ready()
        client = self.greeted("127.0.0.2")
        client.login()
        self.assertTrue(client.in_step())
        self.assertEqual(ready[0].result(TIMEOUT), (b"joe", "127.0.0.9"))

    def test_account(self) -> None:
        """By the account at the gateway."""
        login = (b"USER gus", b"PASS Gate-w0rd")
        self.assertEqual(self.goes(*login, which=1), 1)
        login = (b"USER max", b"PASS Gate-w0rd")
        self.assertEqual(self.goes(*login, which=1), 6)

    def test_account_without_one(self) -> None:
        """The user at the server is no account."""
        self.assertEqual(self.goes(b"USER gus"), 6)

    def test_host(self) -> None:
        """By HOST, the last one; an unknown one is 504 and changes nothing."""
        self.assertEqual(self.goes(b"HOST one.example"), 2)
        self.assertEqual(self.goes(b"HOST a.TWO.example"), 2)
        client = self.greeted()
        self.assertEqual(
            self.codes(client, b"HOST three.example", b"HOST one.example:21"), [504, 501]
        )
        self.assertEqual(self.codes(client, b"HOST", b"HOST [::1"), [501, 501])
        ready = self.ready()
        self.assertEqual(self.codes(client, b"USER joe", b"PASS secret"), [331, 230])
        self.assertEqual(self.reached(client, ready), 6)

    def test_user(self) -> None:
        """By the user; the first rule of two that fit. Case counts."""
        self.assertEqual(self.goes(b"USER up-1", source="127.0.0.3"), 3)
        self.assertEqual(self.goes(b"USER up-1"), 4)
        self.assertEqual(self.goes(b"USER UP-1"), 6)

    def test_second_user(self) -> None:
        """USER again before the login goes where the second one belongs."""
        self.serve_at(
            4, lambda c: (c.say(b"220 Hi."), c.answer(b"USER", b"331 Go."), c.until_end())
        )
        client = self.greeted()
        self.assertEqual(client.ask(b"USER up-1").code, 331)
        self.server.forget()
        ready = [
            self.serve_at(6, lambda c: (c.login(), echo_site(c))),
        ]
        self.assertEqual(self.codes(client, b"USER joe", b"PASS secret"), [331, 230])
        self.assertTrue(client.in_step())
        ready[0].result(TIMEOUT)

    def test_everybody_else(self) -> None:
        """The general server; nobody may name another."""
        self.assertEqual(self.goes(), 6)
        client = self.greeted()
        where = b"127.0.0.1:%d" % self.servers[0].port
        self.assertEqual(self.codes(client, b"OPEN " + where, b"SITE " + where), [502, 502])


class Destinations(RulesTestCase):
    """By the server that the client names."""

    hosts = ("127.0.0.1",) * 3

    @classmethod
    def settings(cls) -> str:
        return (
            route(destinations=["legacy.example:2121"], server="ftp://127.0.0.1:PORT0")
            + route(
                destinations=["legacy.example", "[2001:db8::1]"], server="ftp://127.0.0.1:PORT1"
            )
            + route(destinations=["127.0.0.1"], source_address="127.0.0.8")
        )

    def test_renamed(self) -> None:
        """A name that no resolver knows leads to a server of the route's, by each dialect."""
        for where, which in (
            (b"legacy.example", 1),
            (b"LEGACY.example.", 1),
            (b"legacy.example:2121", 0),
            (b"[2001:DB8:0::1]", 1),
        ):
            self.assertEqual(self.goes(b"USER joe@" + where), which)
            self.assertEqual(self.goes(b"OPEN " + where), which)
            self.assertEqual(self.goes(b"SITE " + where), which)

    def test_as_named(self) -> None:
        """A route without a server of its own: the client's, by the route's way."""
        ready = self.ready()
        client = self.greeted()
        user = b"USER joe@127.0.0.1:%d" % self.servers[2].port
        self.assertEqual(self.codes(client, user, b"PASS secret"), [331, 230])
        self.assertTrue(client.in_step())
        self.assertEqual(ready[2].result(TIMEOUT), (b"joe", "127.0.0.8"))


class ByServerName(RulesTestCase):
    """By the name in the TLS handshake, explicit and implicit."""

    hosts = ("127.0.0.1",) * 3
    listeners = ("127.0.0.1", "127.0.0.1")
    interfaces = ()
    head = 'server = "ftp://127.0.0.1:PORT2"\n'

    @classmethod
    def settings(cls) -> str:
        return (
            route(sni=["one.example"], server="ftp://127.0.0.1:PORT0")
            + route(hosts=["one.example"], server="ftp://127.0.0.1:PORT0")
            + route(sni=["*.two.example"], server="ftp://127.0.0.1:PORT1")
            + f'{LISTENER}client-tls = "offer"\n{LISTENER}client-tls = "implicit"\n'
            + f"[client-tls]\n{issued('good').toml}"
        )

    def context(self) -> ssl.SSLContext:
        """A client that asks for names our certificate does not have."""
        context = client_context()
        context.check_hostname = False
        return context

    def come(self, name: str, *, implicit: bool, ready: list[Future[Any]]) -> TlsClient:
        """A client under TLS that has read its 220."""
        client = TlsClient(self.gateway.addresses[int(implicit)], self.context())
        self.clients.append(client)
        if implicit:
            client.secure(name)
            self.assertEqual(client.code(), 220)
        else:
            self.assertEqual(client.code(), 220)
            self.assertEqual(client.ask(b"AUTH TLS").code, 234)
            client.secure(name)
        return client

    def test_sni(self) -> None:
        """A name leads to its server, case and all; an unknown one to the general server."""
        for implicit in (False, True):
            for name, which in (
                ("one.example", 0),
                ("ONE.Example", 0),
                ("a.two.example", 1),
                ("three.example", 2),
            ):
                ready = self.ready()
                client = self.come(name, implicit=implicit, ready=ready)
                client.login()
                self.assertEqual(self.reached(client, ready), which, name)

    def test_host_agrees(self) -> None:
        """HOST that says another name than the handshake is refused (RFC 7151)."""
        ready = self.ready()
        client = self.come("a.two.example", implicit=False, ready=ready)
        self.assertEqual(client.ask(b"HOST one.example").code, 504)
        client.login()
        self.assertEqual(self.reached(client, ready), 1)

    def test_in_clear(self) -> None:
        """Without TLS there is no name."""
        ready = self.ready()
        client = self.greeted()
        client.login()
        self.assertEqual(self.reached(client, ready), 2)


class Ways(RulesTestCase):
    """TLS and mode by route."""

    hosts = ("127.0.0.1",) * 4

    @classmethod
    def settings(cls) -> str:
        return (
            route(clients=["127.0.0.2"], server="ftpes://127.0.0.1:PORT0")
            + route(clients=["127.0.0.3"], server="ftps://127.0.0.1:PORT1", server_mode="active")
            + route(clients=["127.0.0.4"], server="ftp://127.0.0.1:PORT2", server_tls="explicit")
            + route(clients=["127.0.0.5"], server="ftp://127.0.0.1:PORT3", server_mode="active")
            + trust()
        )

    def download(self, which: int, source: str, prepare: Any, verb: bytes, *, tls: bool) -> None:
        """A file comes through; the server saw that data command."""

        def script(control: Control) -> bytes:
            prepare(control)
            control.answer(b"USER", b"331 Go.")
            control.answer(b"PASS", b"230 In.")
            if tls:
                control.answer(b"PBSZ", b"200 Fine.")
                control.answer(b"PROT", b"200 Private.")
            seen, argument = control.command()
            control.buffer = seen + b" " * (argument is not None) + (argument or b"") + b"\r\n"
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            if tls:
                data = server_context().wrap_socket(data, server_side=True)
                data.sendall(b"file")
                data = data.unwrap()
            else:
                data.sendall(b"file")
            data.close()
            control.say(b"226 Done.")
            return seen

        served = self.serve_at(which, script)
        client = self.greeted(source)
        client.login()
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(drained(data), (b"file", "end"))
        self.assertEqual(client.code(), 226)
        self.assertEqual(served.result(TIMEOUT), verb)

    def test_explicit(self) -> None:
        """ftpes://"""
        context = server_context()
        self.download(0, "127.0.0.2", lambda c: explicit(c, context), b"EPSV", tls=True)

    def test_implicit_and_active(self) -> None:
        """ftps://, and data connections that the server opens."""
        context = server_context()

        def greet(control: Control) -> None:
            secure(control, context)
            control.say(b"220 Ready.")

        self.download(1, "127.0.0.3", greet, b"EPRT", tls=True)

    def test_server_tls(self) -> None:
        """ftp:// with server-tls."""
        context = server_context()
        self.download(2, "127.0.0.4", lambda c: explicit(c, context), b"EPSV", tls=True)

    def test_active(self) -> None:
        """The mode alone."""
        self.download(3, "127.0.0.5", lambda c: c.say(b"220 Hi."), b"EPRT", tls=False)

    def test_no_tls_there(self) -> None:
        """A server that refuses what its route requires: nothing goes in clear (rule 6)."""
        served = self.serve_at(
            0, lambda c: (c.say(b"220 Hi."), c.answer(b"AUTH", b"502 No."), c.until_end())[2]
        )
        client = self.connect("127.0.0.2")
        self.assertEqual(client.code(), 421)
        self.assertEqual(served.result(TIMEOUT), [])


class GeneralTls(RulesTestCase):
    """TLS that the general settings require holds for routes that say nothing of it."""

    hosts = ("127.0.0.1",) * 3

    @classmethod
    def settings(cls) -> str:
        return (
            route(clients=["127.0.0.2"], server="ftp://127.0.0.1:PORT0")
            + route(clients=["127.0.0.3"], server="ftp://127.0.0.1:PORT1", server_tls="off")
            + route(clients=["127.0.0.4"], server="ftp://localhost:PORT2")
            + trust()
            + 'mode = "explicit"\n'
            + '[[server-tls.rules]]\nserver = "local*"\nmode = "implicit"\n'
        )

    def test_route_by_name(self) -> None:
        """The rules by name hold too."""
        context = server_context()

        def script(control: Control) -> None:
            secure(control, context)
            control.login()
            echo_site(control)

        self.serve_at(2, script)
        client = self.greeted("127.0.0.4")
        client.login()
        self.assertTrue(client.in_step())

    def test_route(self) -> None:
        """ftp:// in a route, explicit in [server-tls], as with the one general server."""
        context = server_context()

        def script(control: Control) -> None:
            explicit(control, context)
            control.answer(b"USER", b"331 Go.")
            control.answer(b"PASS", b"230 In.")
            echo_site(control)

        self.serve_at(0, script)
        client = self.greeted("127.0.0.2")
        client.login()
        self.assertTrue(client.in_step())

    def test_route_that_says_off(self) -> None:
        """A route's own word counts more."""
        self.serve_at(1, lambda c: (c.login(), echo_site(c)))
        client = self.greeted("127.0.0.3")
        client.login()
        self.assertTrue(client.in_step())


class Several(RulesTestCase):
    """Several servers, all well."""

    hosts = ("127.0.0.1",) * 3
    checked: ClassVar[Scene | None] = None

    @classmethod
    def settings(cls) -> str:
        there = [f"ftp://127.0.0.1:PORT{which}" for which in range(3)]
        return "[health]\nevery = 1000.0\n" + "".join(
            route(clients=[f"127.0.0.{at}"], server=there[: 2 if at == 7 else 3], balance=balance)
            for at, balance in enumerate(
                ("first", "round-robin", "least-sessions", "sticky", "sticky", "round-robin"), 2
            )
        )

    def setUp(self) -> None:
        """Answer the health checks that are made at the start."""
        super().setUp()
        if Scene.current is not Several.checked:
            Several.checked = Scene.current
            checks = [
                self.serve_at(which, lambda c: (c.say(b"220 Well."), c.expect(b"QUIT")))
                for which in range(len(self.servers))
            ]
            for check in checks:
                check.result(TIMEOUT)

    def test_first(self) -> None:
        """Always the first."""
        self.assertEqual([self.goes(source="127.0.0.2") for _ in range(3)], [0, 0, 0])

    def test_round_robin(self) -> None:
        """One after the other, in each route on its own."""
        pairs = [(self.goes(source="127.0.0.3"), self.goes(source="127.0.0.7")) for _ in range(6)]
        three, two = ([pair[at] for pair in pairs] for at in (0, 1))
        self.assertEqual(sorted(three), [0, 0, 1, 1, 2, 2])
        self.assertEqual(three[:3], three[3:])
        self.assertEqual(sorted(two), [0, 0, 0, 1, 1, 1])
        self.assertEqual(two[:2] * 3, two)

    def held(self, source: str) -> tuple[Client, int]:
        """A session that stays, and where."""
        before = [server.accepted for server in self.servers]
        for which in range(3):
            self.serve_at(which, lambda c: (c.login(), c.until_end()))
        client = self.greeted(source)
        client.login()
        for server in self.servers:
            server.forget()
        after = [server.accepted for server in self.servers]
        return client, [new - old for new, old in zip(after, before, strict=True)].index(1)

    def test_least_sessions(self) -> None:
        """Where the fewest sessions are; one that ends makes room."""
        held = [self.held("127.0.0.4") for _ in range(3)]
        self.assertEqual(sorted(which for _, which in held), [0, 1, 2])
        client, which = held[1]
        client.send(b"QUIT\r\n")
        client.rest()
        self.assertEqual(self.held("127.0.0.4")[1], which)

    def test_sticky(self) -> None:
        """A client stays where it is."""
        for source in ("127.0.0.5", "127.0.0.6"):
            self.assertEqual(len({self.goes(source=source) for _ in range(4)}), 1)


class Standing(FakeServer):
    """A server that treats every connection, a check or a session, alike until it is told otherwise."""

    def __init__(self, port: int = 0) -> None:
        self.greeting = b"220 Well."
        self.context: ssl.SSLContext | None = None
        """For implicit TLS."""
        self.closed = 0
        """Connections that have ended."""
        self.header = False
        """Whether connections begin with a PROXY header of version 1."""
        self.headers: list[bytes] = []
        self.peers: list[str] = []
        self.closes = Event()
        """Cleared, checks find a server that does not end its connections."""
        self.closes.set()
        super().__init__(port=port)

    def _run(self, sock: socket.socket) -> None:
        with sock:
            control = Control(sock)
            try:
                if self.context is not None:
                    secure(control, self.context)
                self.attend(control)
            except (Closed, OSError):
                pass  # a check that found what it wanted
        self.closed += 1

    def attend(self, control: Control) -> None:
        """One connection."""
        self.peers.append(str(control.sock.getpeername()[0]))
        if self.header:
            self.headers.append(control.line())
        if self.greeting:
            control.say(self.greeting)
        verb, _ = control.command()
        if verb == b"QUIT":
            self.closes.wait(TIMEOUT)
            return
        control.say(b"331 Go.")
        control.answer(b"PASS", b"230 In.")
        control.answer(b"SITE", b"200 %d" % self.port)
        control.until_end()


class Health(TestCase):
    """Servers that die and come back."""

    def setUp(self) -> None:
        self.servers = [Standing(), Standing()]
        for server in self.servers:
            self.addCleanup(server.close)

    def start(
        self, every: str = "0.05", handshake: str = "0.3", scheme: str = "ftp", **words: object
    ) -> None:
        """The gateway, with both servers in one route."""
        there = [f"{scheme}://127.0.0.1:{server.port}" for server in self.servers]
        toml = (
            trust()
            + f"[timeouts]\nhandshake = {handshake}\nconnect = 2\n[health]\nevery = {every}\n"
        )
        self.gateway = Gateway([], toml + route(server=there, **words), ("127.0.0.1",))
        self.addCleanup(self._stop)

    def _stop(self) -> None:
        log = self.gateway.log.read_text("utf-8", "replace")
        self.gateway.stop()
        self.assertNotIn("Traceback", log)

    def told(self, which: int, words: str, times: int = 1) -> None:
        """The log says it of one server."""
        line = f"server 127.0.0.1:{self.servers[which].port} {words}"
        self.assertTrue(self.gateway.logged(line, times), line)

    def session(self) -> int:
        """Where a session gets; it tells the port."""
        client = Client(self.gateway.address)
        self.addCleanup(client.close)
        self.assertEqual(client.code(), 220)
        client.login()
        port = int(client.ask(b"SITE which").text.split()[1])
        return [server.port for server in self.servers].index(port)

    def test_out_and_back(self) -> None:
        """A server that is no use is left out, told once, and has its place back once it is well."""
        self.start()
        self.assertEqual(self.session(), 0)
        for times, (greeting, why) in enumerate(
            (
                (b"421 Going down.", "it greets with '421 Going down.'"),
                (b"SSH-2.0-OpenSSH_9.2", "it greets with 'SSH-2.0-OpenSSH_9.2'"),
                (b"", "no greeting within timeouts.handshake"),
            ),
            1,
        ):
            self.servers[0].greeting = greeting
            self.told(0, "is out of service: " + why)
            self.assertEqual(self.session(), 1)
            self.servers[0].greeting = b"220 Well."
            self.told(0, "is back in service", times)
            self.assertEqual(self.session(), 0)
        self.assertEqual(self.gateway.log.read_text().count("is out of service"), 3)

    def test_dead(self) -> None:
        """A server that nobody listens for, and that listens again."""
        port = self.servers[0].port
        self.servers[0].close()
        self.start()
        self.told(0, "is out of service: 127.0.0.1: Connection")
        self.assertEqual(self.session(), 1)
        self.servers[0] = Standing(port=port)
        self.addCleanup(self.servers[0].close)
        self.told(0, "is back in service")
        self.assertEqual(self.session(), 0)

    def test_not_noticed_yet(self) -> None:
        """A server that died a moment ago costs the session a dial, not more."""
        self.start("1000.0")
        self.assertEqual(self.session(), 0)
        self.servers[0].close()
        self.assertEqual(self.session(), 1)

    def test_all_dead(self) -> None:
        """All are tried all the same; then 421 and the end, with each reason in the log."""
        for server in self.servers:
            server.close()
        self.start()
        for which in (0, 1):
            self.told(which, "is out of service")
        client = Client(self.gateway.address)
        self.addCleanup(client.close)
        self.assertEqual(client.reply().text, b"421 The server cannot be reached.")
        self.assertEqual(client.rest(), b"")
        self.assertTrue(self.gateway.logged("server unreachable: 127.0.0.1: Connection"))
        self.servers[1] = Standing(port=self.servers[1].port)
        self.addCleanup(self.servers[1].close)
        self.told(1, "is back in service")
        self.assertEqual(self.session(), 1)

    def test_check_is_wrong(self) -> None:
        """Servers that were ill when they were last asked are used where there is no other."""
        for server in self.servers:
            server.greeting = b"421 Not yet."
        self.start("1000.0")
        for which in (0, 1):
            self.told(which, "is out of service")
            self.servers[which].greeting = b"220 Well."
        self.assertEqual(self.session(), 0)

    def test_lingering(self) -> None:
        """A check whose server closes late says nothing about the next check."""
        self.servers[0].closes.clear()
        self.start(handshake="9.0")
        self.assertTrue(self.until(lambda: self.servers[0].accepted > 3))
        self.servers[0].greeting = b""
        now = self.servers[0].accepted
        self.assertTrue(self.until(lambda: self.servers[0].accepted > now))
        self.servers[0].closes.set()
        self.assertTrue(self.until(lambda: self.servers[0].closed > 3))
        self.servers[0].greeting = b"220 Well."
        self.assertEqual(self.session(), 0)
        self.assertNotIn("out of service", self.gateway.log.read_text())

    def until(self, condition: Callable[[], bool]) -> bool:
        """Look at it again and again while the gateway runs."""
        for _ in range(500):
            if condition():
                return True
            self.assertRaises(subprocess.TimeoutExpired, self.gateway.process.wait, 0.02)
        return False

    def test_proxy_header(self) -> None:
        """Servers that want a PROXY header get one from the checks too, for the gateway itself."""
        for server in self.servers:
            server.header = True
        self.start(proxy_protocol=1)
        self.assertEqual(self.session(), 0)
        self.assertTrue(self.until(lambda: min(len(s.headers) for s in self.servers) > 1))
        self.assertNotIn("out of service", self.gateway.log.read_text())
        for found in self.servers[1].headers:
            self.assertRegex(
                found.decode(), rf"^PROXY TCP4 127.0.0.1 127.0.0.1 \d+ {self.servers[1].port}$"
            )

    def test_source_address(self) -> None:
        """Checks come from the route's address."""
        self.start(source_address="127.0.0.9")
        self.assertTrue(self.until(lambda: self.servers[1].accepted > 1))
        self.assertEqual(set(self.servers[1].peers), {"127.0.0.9"})

    def test_implicit_tls(self) -> None:
        """Checks of servers with implicit TLS shake hands, and look at the certificate."""
        self.servers[0].context = server_context("unknown")
        self.servers[1].context = server_context()
        self.start(scheme="ftps", handshake="3.0")
        self.told(0, "is out of service: its certificate is refused: its issuer is unknown")
        self.assertEqual(self.session(), 1)
        self.servers[0].context = server_context("a.example")
        self.assertTrue(self.until(lambda: self.servers[0].closed > 20))
        self.servers[0].context = server_context()
        self.told(0, "is back in service")
        self.assertEqual(self.session(), 0)
        log = self.gateway.log.read_text()
        self.assertEqual([log.count(word) for word in ("out of service", "back in")], [1, 1])

    def test_shutdown(self) -> None:
        """A gateway in the midst of checks ends at once."""
        for server in self.servers:
            server.greeting = b""
        self.start()
        self.assertTrue(self.until(lambda: self.servers[0].accepted > 0))
        self.gateway.process.terminate()
        self.gateway.process.wait(TIMEOUT)


SOCKS, WEB, FTP = 0, 1, 2
SOURCES = {SOCKS: "127.0.0.2", WEB: "127.0.0.3", FTP: "127.0.0.4"}
PROXIES = (SOCKS, WEB)
CONSENT = {SOCKS: b"\x05\0\0\x01" + b"\0" * 6, WEB: b"HTTP/1.1 200 Fine\r\nX: y\r\n\r\n"}
PARENT_SECRET = b"Parent-w0rd"


def asked(control: Control, kind: int) -> bytes:
    """Read what a parent is asked, up to the words that it answers: ``name:port``."""
    if kind == WEB:
        words = control.line().split(b" ")
        assert words[0] == b"CONNECT", words
        account = b64encode(b"gate:" + PARENT_SECRET)
        heads = list(iter(control.line, b""))
        assert b"Proxy-Authorization: Basic " + account in heads, heads
        return words[1]
    assert exactly(control.sock, 4) == b"\x05\x02\x00\x02"
    control.send(b"\x05\x02")
    account = b"\x01\x04gate\x0b" + PARENT_SECRET
    assert exactly(control.sock, len(account)) == account
    control.send(b"\x01\x00")
    assert exactly(control.sock, 4) == b"\x05\x01\x00\x03"
    name = exactly(control.sock, exactly(control.sock, 1)[0])
    return b"%b:%d" % (name, int.from_bytes(exactly(control.sock, 2), "big"))


def leave_unanswered(kind: int, end: Script, control: Control) -> Any:
    """A parent that listens and says nothing."""
    asked(control, kind)
    return end(control)


class Parents(RulesTestCase):
    """Servers through parents: SOCKS5 and HTTP CONNECT with an account, and another FTP gateway."""

    hosts = ("127.0.0.1",) * 3
    secrets = (PARENT_SECRET.decode(), b64encode(b"gate:" + PARENT_SECRET).decode())
    timers = QUICK.replace("connect = 2.0", "connect = 0.6")

    @classmethod
    def settings(cls) -> str:
        file = authority().folder / "parent-password"
        file.write_bytes(PARENT_SECRET + b"\n")

        def parent(name: str, scheme: str, which: int) -> str:
            account = f'user = "gate"\npassword-file = "{file}"\n' * (which != FTP)
            url = f"{scheme}://127.0.0.1:PORT{which}"
            return f'[[parents]]\nname = "{name}"\nurl = "{url}"\n{account}'

        return (
            "[log]\nladder = true\n"
            + parent("socks", "socks5", SOCKS)
            + parent("web", "http", WEB)
            + parent("ftp", "ftp", FTP)
            + route(clients=[SOURCES[SOCKS]], parent="socks")
            + route(clients=[SOURCES[WEB]], parent="web")
            + route(clients=[SOURCES[FTP]], parent="ftp")
        )

    def joined(self, kind: int, script: Script, glue: bytes = b"") -> Future[Any]:
        """The parent's next connection is led to a server that runs this; ``glue`` its first words."""

        def whole(control: Control) -> Any:
            control.name = asked(control, kind)
            control.send(CONSENT[kind] + glue)
            return script(control)

        return self.serve_at(kind, whole)

    def named(self, kind: int, user: bytes = b"joe@s.example") -> tuple[Client, int]:
        """A client that has named its server, and what it heard."""
        client = self.greeted(SOURCES[kind])
        return client, client.ask(b"USER " + user).code

    def inside(self, kind: int, script: Script) -> tuple[Client, Future[Any]]:
        """A logged-in client; the server goes on with the script."""
        served = self.joined(kind, lambda c: (c.login(), script(c))[1])
        client, code = self.named(kind)
        self.assertEqual(code, 331)
        self.assertEqual(client.ask(b"PASS secret").code, 230)
        return client, served


class ControlThroughParents(Parents):
    """The control connection."""

    def test_server(self) -> None:
        """The name goes to the parent, which looks it up, with its port."""
        for kind in PROXIES:
            for named, told in (
                (b"joe@s.example", b"s.example:21"),
                (b"joe@S.example:2121", b"S.example:2121"),
            ):
                served = self.joined(kind, lambda c: (c.login(), echo_site(c), c.name)[2])
                client, code = self.named(kind, named)
                self.assertEqual(code, 331)
                self.assertEqual(client.ask(b"PASS secret").code, 230)
                self.assertTrue(client.in_step())
                self.assertEqual(served.result(TIMEOUT), told)

    def test_ftp(self) -> None:
        """Another FTP gateway: USER user@server, with the port where it is not 21."""
        for named in (b"joe@s.example", b"joe@s.example:2121", b"joe@mail@s.example"):

            def script(control: Control) -> bytes:
                control.say(b"220 Ready.")
                found = control.answer(b"USER", b"331 Go.")
                control.answer(b"PASS", b"230 In.")
                echo_site(control)
                return found

            served = self.serve_at(FTP, script)
            client, code = self.named(FTP, named)
            self.assertEqual(code, 331)
            self.assertEqual(client.ask(b"PASS secret").code, 230)
            self.assertTrue(client.in_step())
            self.assertEqual(served.result(TIMEOUT), named)

    def test_glued_greeting(self) -> None:
        """The server's 220 in one segment with the parent's consent, and byte by byte."""

        def rest(control: Control) -> None:
            control.answer(b"USER", b"331 Go.")
            control.answer(b"PASS", b"230 In.")
            echo_site(control)

        for kind in PROXIES:
            self.joined(kind, rest, b"220-Wel\r\n220 come.\r\n")
            client, code = self.named(kind)
            self.assertEqual((code, client.ask(b"PASS secret").code), (331, 230))
            self.assertTrue(client.in_step())

            def slow(control: Control, kind: int = kind) -> None:
                asked(control, kind)
                whole = CONSENT[kind] + b"220 Hi.\r\n"
                for at in range(len(whole)):
                    control.send(whole[at : at + 1])
                rest(control)

            self.serve_at(kind, slow)
            client, code = self.named(kind)
            self.assertEqual((code, client.ask(b"PASS secret").code), (331, 230))
            self.assertTrue(client.in_step())

    REFUSALS = (
        (SOCKS, b"\x05\x02", "the SOCKS parent refuses: connection not allowed by ruleset"),
        (SOCKS, b"\x05\x05\0\x01\0\0\0\0\0\0", "the SOCKS parent refuses: connection refused"),
        (SOCKS, b"\x05\xee\0", "the SOCKS parent refuses: code 238"),
        (SOCKS, b"\x04\x5a\0\0", "the SOCKS parent does not speak SOCKS5"),
        (SOCKS, b"\x05\0\0\x07\0", "the SOCKS parent does not speak SOCKS5"),
        (SOCKS, b"220 Hi.\r\n", "the SOCKS parent does not speak SOCKS5"),
        (SOCKS, b"", "the SOCKS parent closed the connection too soon"),
        (SOCKS, b"\x05\0\0\x03\xff", "the SOCKS parent closed the connection too soon"),
        (WEB, b"HTTP/1.1 403 Not you\r\n\r\n<html>", "the HTTP parent refuses: 403 Not you"),
        (WEB, b"HTTP/1.1 407 No\r\n\r\n", "the HTTP parent refuses: the account is not accepted"),
        (WEB, b"HTTP/1.0 502 \x1b[2JBad\r\n\r\n", "the HTTP parent refuses: 502 ?[2JBad"),
        (WEB, b"220 Hi.\r\n\r\n", "the HTTP parent does not speak HTTP"),
        (WEB, b"\r\n\r\n\0\xff\r\n\r\n", "the HTTP parent does not speak HTTP"),
        (WEB, b"HTTP/1.1 200 Fi", "the HTTP parent closed the connection too soon"),
        (WEB, b"HTTP/1.1 200 Fine\r\nX: " + b"y" * 20000, "longer than 16384 bytes"),
    )

    def test_refusals(self) -> None:
        """Parents that refuse, babble or close: 434 without their words, and another server may come."""
        for kind, words, reason in self.REFUSALS:

            def script(control: Control, kind: int = kind, words: bytes = words) -> None:
                asked(control, kind)
                control.send(words)
                control.sock.shutdown(socket.SHUT_WR)
                control.until_end()

            self.serve_at(kind, script)
            client = self.greeted(SOURCES[kind])
            found = client.ask(b"USER joe@s.example")
            self.assertEqual(found.text, b"434 The server cannot be reached.", reason)
            self.assertIn(reason, self.gateway.new_log())
            self.joined(kind, lambda c: (c.login(), echo_site(c)))
            self.assertEqual(client.ask(b"USER joe@t.example").code, 331)
            self.assertEqual(client.ask(b"PASS secret").code, 230)
            self.assertTrue(client.in_step())

    def test_reset(self) -> None:
        """A parent that resets."""
        for kind in PROXIES:
            self.serve_at(kind, partial(leave_unanswered, kind, Control.reset))
            client, code = self.named(kind)
            self.assertEqual(code, 434)
            self.assertEqual(client.ask(b"NOOP").code, 200)

    def test_wrong_account(self) -> None:
        """A SOCKS parent that wants no account of ours, or another kind of it."""
        for words, reason in (
            (b"\x05\xff", "no authentication method in common"),
            (b"\x05\x01", "no authentication method in common"),
            (b"\x05\x02\x01\x01", "the account is not accepted"),
        ):

            def script(control: Control, words: bytes = words) -> None:
                exactly(control.sock, 4)
                control.send(words)
                control.until_end()

            self.serve_at(SOCKS, script)
            _, code = self.named(SOCKS)
            self.assertEqual(code, 434)
            self.assertIn(reason, self.gateway.new_log())

    def test_silent(self) -> None:
        """A parent that says nothing, or not all of it, within timeouts.connect."""
        for kind in PROXIES:
            for words in (b"", CONSENT[kind][:-1]):

                def script(control: Control, kind: int = kind, words: bytes = words) -> None:
                    asked(control, kind)
                    control.send(words)
                    control.until_end()

                served = self.serve_at(kind, script)
                client, code = self.named(kind)
                self.assertEqual(code, 434)
                self.assertIn("no answer within timeouts.connect", self.gateway.new_log())
                served.result(TIMEOUT)
                self.assertEqual(client.ask(b"NOOP").code, 200)

    def test_client_leaves(self) -> None:
        """A client that goes while its parent thinks takes the connection with it."""
        for kind in PROXIES:
            served = self.serve_at(kind, partial(leave_unanswered, kind, Control.until_end))
            client = self.greeted(SOURCES[kind])
            client.send(b"USER joe@s.example\r\n")
            self.assertTrue(client.silent(0.05))
            client.close()
            self.assertEqual(served.result(TIMEOUT), [])

    def test_inward(self) -> None:
        """Names that would lead the parent to itself, and special addresses, are not asked for."""
        for kind in (*PROXIES, FTP):
            before = self.servers[kind].accepted
            for name in (b"localhost", b"127.0.0.1", b"127.1", b"0x7f000001", b"169.254.169.254"):
                client = self.greeted(SOURCES[kind])
                found = client.ask(b"USER joe@" + name)
                self.assertEqual((name, found.code), (name, 530))
            self.assertEqual(self.servers[kind].accepted, before)


class DataThroughParents(Parents):
    """Data connections: passive, and through the same parent."""

    def begun(
        self,
        kind: int,
        data: Script,
        *last: bytes,
        verb: bytes = b"RETR",
        glue: bytes = b"",
        consents: bool = True,
    ) -> tuple[Client, socket.socket, Future[Any], Future[Any]]:
        """A transfer has been asked for; its data connection at the parent runs ``data``."""
        port = 40000 + kind
        there = Event()

        def script(control: Control) -> None:
            control.answer(b"EPSV", b"229 Extended (|||%d|)" % port)
            if consents:
                control.answer(verb, b"150 Go.")
            else:
                control.answer(verb)
            there.wait(TIMEOUT)
            control.say(*last)
            echo_site(control)

        def second(control: Control) -> Any:
            try:
                control.name = asked(control, kind)
                if consents:
                    control.send(CONSENT[kind] + glue)
                return data(control)
            finally:
                there.set()

        client, served = self.inside(kind, script)
        future = self.serve_at(kind, second)
        sock = client.pasv()
        client.send(verb + b" f\r\n")
        return client, sock, served, future

    def test_download(self) -> None:
        """The file comes through; the parent was asked for the server's name and the data port."""

        def data(control: Control) -> bytes:
            control.sock.sendall(BLOCK * 3)
            control.sock.shutdown(socket.SHUT_WR)
            return control.name

        for kind in PROXIES:
            client, sock, _, future = self.begun(kind, data, b"226 Done.")
            self.assertEqual(client.code(), 150)
            self.assertEqual(drained(sock), (BLOCK * 3, "end"))
            self.assertEqual(client.code(), 226)
            self.assertTrue(client.in_step())
            self.assertEqual(future.result(TIMEOUT), b"s.example:%d" % (40000 + kind))

    def test_glued(self) -> None:
        """The whole file in one segment with the parent's consent."""
        for kind in PROXIES:
            client, sock, _, _ = self.begun(
                kind, lambda c: c.sock.shutdown(socket.SHUT_WR), b"226 Done.", glue=b"file"
            )
            self.assertEqual(client.code(), 150)
            self.assertEqual(drained(sock), (b"file", "end"))
            self.assertEqual(client.code(), 226)
            self.assertTrue(client.in_step())

    def test_upload(self) -> None:
        """The other way round."""
        for kind in PROXIES:
            client, sock, _, future = self.begun(
                kind, lambda c: drained(c.sock), b"226 Done.", verb=b"STOR"
            )
            self.assertEqual(client.code(), 150)
            sock.sendall(BLOCK * 3)
            sock.close()
            self.assertEqual(client.code(), 226)
            self.assertTrue(client.in_step())
            self.assertEqual(future.result(TIMEOUT), (BLOCK * 3, "end"))

    def test_reset(self) -> None:
        """A RST in mid-transfer, each way: never complete, whatever the server says of it."""

        def cut(control: Control) -> None:
            control.sock.sendall(b"half")
            control.reset()

        for kind in PROXIES:
            for last in (b"226 Done.", b"426 Broken."):
                client, sock, _, _ = self.begun(kind, cut, last)
                self.assertEqual(client.code(), 150)
                self.assertEqual(drained(sock)[1], "reset")
                self.assertEqual(client.code(), 426)
                self.assertTrue(client.in_step())

    def test_reset_upload(self) -> None:
        """A RST while the client writes."""

        def cut(control: Control) -> None:
            exactly(control.sock, 4)
            control.reset()

        for kind in PROXIES:
            client, sock, _, _ = self.begun(kind, cut, b"226 Done.", verb=b"STOR")
            self.assertEqual(client.code(), 150)
            sock.sendall(b"half")
            self.assertEqual(drained(sock)[1], "reset")
            self.assertEqual(client.code(), 426)
            self.assertTrue(client.in_step())

    def test_ends_early(self) -> None:
        """The parent ends cleanly in the midst; the server's word that it broke counts."""

        def cut(control: Control) -> None:
            control.sock.sendall(b"half")
            control.sock.close()

        for kind in PROXIES:
            client, sock, _, _ = self.begun(kind, cut, b"451 Broken.")
            self.assertEqual(client.code(), 150)
            drained(sock)
            self.assertEqual(client.code(), 451)
            self.assertTrue(client.in_step())

    def test_refused(self) -> None:
        """The parent refuses the data connection, babbles, closes or is silent: 425 and in step."""
        for kind, words in (
            (SOCKS, b"\x05\x05\0\x01\0\0\0\0\0\0"),
            (SOCKS, b"\x05"),
            (SOCKS, b"220 What?\r\n"),
            (WEB, b"HTTP/1.1 403 Not that port\r\n\r\n"),
            (WEB, b"nothing\r\n\r\n"),
            (WEB, b"HTTP/1.1 2"),
        ):
            for ends in (True, False):

                def data(control: Control, words: bytes = words, ends: bool = ends) -> None:
                    control.send(words)
                    if ends:
                        control.sock.shutdown(socket.SHUT_WR)
                    control.until_end()

                client, sock, _, _ = self.begun(kind, data, b"425 Nobody came.", consents=False)
                found = client.reply()
                self.assertEqual(found.code, 425, (kind, words, found))
                self.assertNotEqual(drained(sock)[1], "end")
                self.assertTrue(client.in_step())

    def test_client_aborts(self) -> None:
        """ABOR while the parent has not answered."""
        for kind in PROXIES:
            client, _, _, future = self.begun(
                kind, lambda c: c.until_end(), b"425 Nobody came.", consents=False
            )
            client.send(b"NOOP\r\n")
            self.assertEqual(client.code(), 425)
            future.result(TIMEOUT)
