"""Servers that die and come back, as the checks of health see it."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Callable
from threading import Event

from tests.tls.certificates import server_context
from tests.tls.peers import secure
from tests.wire.peers import TIMEOUT, Client, Closed, Control, FakeServer, Gateway, TestCase
from tests.wire.rules import route, trust


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
        self.well = 0
        """Checks that have said QUIT."""
        self.closes.set()
        super().__init__(port=port)

    def _run(self, sock: socket.socket, round: int) -> None:
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
            self.well += 1
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
        self, every: str = "0.05", handshake: str = "90.0", scheme: str = "ftp", **words: object
    ) -> None:
        """The gateway, with both servers in one route."""
        there = [f"{scheme}://127.0.0.1:{server.port}" for server in self.servers]
        toml = (
            trust()
            + f"[timeouts]\nhandshake = {handshake}\nconnect = 20\n[health]\nevery = {every}\n"
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
            ),
            1,
        ):
            self.servers[0].greeting = greeting
            self.told(0, "is out of service: " + why)
            self.assertEqual(self.session(), 1)
            self.servers[0].greeting = b"220 Well."
            self.told(0, "is back in service", times)
            self.assertEqual(self.session(), 0)
        self.assertEqual(self.gateway.log.read_text().count("is out of service"), 2)

    def test_silent(self) -> None:
        """One that greets nobody is no use either, until it does."""
        self.servers[0].greeting = b""
        self.start(handshake="0.5")
        self.told(0, "is out of service: no greeting within timeouts.handshake")
        self.servers[0].greeting = b"220 Well."
        self.told(0, "is back in service")

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
        self.start()
        self.assertTrue(self.until(lambda: self.servers[0].well > 3))
        self.servers[0].greeting = b""
        # one check has no greeting, and those before it have theirs
        self.assertTrue(self.until(lambda: self.servers[0].accepted > self.servers[0].well))
        well = self.servers[0].well
        self.servers[0].closes.set()
        self.assertTrue(self.until(lambda: self.servers[0].closed >= well))
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
        self.start(scheme="ftps")
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
