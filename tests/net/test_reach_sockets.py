"""Reaching a server over real sockets, directly and through a parent."""

from __future__ import annotations

import socket
from pathlib import Path

from twisted.internet.defer import Deferred

from ftpalg.config import Parent
from ftpalg.config.tables import ParentUrl
from ftpalg.core.routes import Server
from ftpalg.net.legs.sockets import established, reset
from ftpalg.net.reach.attempt import Way
from ftpalg.net.reach.failover import Reach
from tests.net.doubles import Reactor
from tests.net.pairs import REACTOR, SocketCase, listener, read_some
from tests.net.reaches import JOINED, NAME, REFUSED, SILENT, Told, means_of, rules_of, socks


class Parents(SocketCase):
    """Through a parent, played by the test, over real sockets and a clock of the test's own."""

    def setUp(self) -> None:
        super().setUp()
        self.reactor = Reactor()
        self.told = Told()
        self.port = self.kept(listener())
        self.where = Server(*self.port.getsockname())

    def reach(self, parent: Parent, host: str = NAME) -> Reach:
        """A server being reached through a parent."""
        servers = [Server(host)]
        means = means_of(self.reactor)
        made = Reach(means, Way(parent), servers, rules_of(), *self.told.callbacks())
        made.start()
        self.addCleanup(made.cancel)
        return made

    def dialled(self) -> socket.socket:
        """The connection stands, and whoever waits for it knows; the parent's end of it."""
        far, _ = self.port.accept()
        far.setblocking(False)
        self.reactor.write()
        return self.kept(far)

    def nothing_left(self, far: socket.socket) -> None:
        """No timer, nothing watched, and the parent sees the connection closed or reset."""
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.assertEqual(self.reactor.getReaders() + self.reactor.getWriters(), [])
        self.assertFalse(established(far))

    def secret(self, content: bytes) -> Path:
        """A file with a password."""
        path = Path(self.mktemp())
        path.write_bytes(content)
        return path

    def failed(self, parent: Parent, host: str = NAME) -> str:
        """The reason for which no word is said to the parent."""
        self.reach(parent, host)
        far = self.dialled()
        ((reason, forbidden),) = self.told.failed
        self.told.failed.clear()
        self.assertEqual((forbidden, self.told.reached), ("", []))
        self.nothing_left(far)
        return reason.removeprefix(f"{self.where.host}: ")

    def test_joined(self) -> None:
        """The parent is asked for the server by its name; its consent is a server reached."""
        self.reach(socks(server=self.where, user="u", password_file=self.secret(b"pw\n")))
        far = self.dialled()
        self.assertTrue(self.told.nothing)
        self.reactor.write()
        for wanted, answer in (
            (b"\x05\x02\x00\x02", b"\x05\x02"),
            (b"\x01\x01u\x02pw", b"\x01\x00"),
            (b"\x05\x01\x00\x03\x0bftp.example\x00\x15", JOINED),
        ):
            self.assertEqual(read_some(far), wanted)
            far.send(answer)
            while self.reactor.getReaders():
                self.reactor.getReaders()[0].doRead()
            self.reactor.write()
        ((sock, server),) = self.told.reached
        self.assertEqual((server, sock.getpeername()), (Server(NAME), self.port.getsockname()))
        self.kept(sock)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_http(self) -> None:
        """The scheme chooses the language."""
        self.reach(Parent("web", ParentUrl("http", self.where)))
        far = self.dialled()
        self.reactor.write()
        self.assertRegex(read_some(far) or b"", rb"^CONNECT ftp\.example:21 HTTP/1\.1\r\n")

    def test_ftp(self) -> None:
        """A parent that is told the server in USER is reached once it takes the connection."""
        self.reach(Parent("old", ParentUrl("ftp", self.where)))
        far = self.dialled()
        ((sock, server),) = self.told.reached
        self.assertEqual((server, read_some(far)), (Server(NAME), None))
        self.kept(sock)

    def test_no_secret(self) -> None:
        """A password that is not there is told with its place, and not a word to the parent."""
        reason = self.failed(socks(server=self.where, user="u", password_file=Path("/nowhere")))
        self.assertEqual(reason, "parent office: /nowhere: No such file or directory")

    def test_secret_is_not_told(self) -> None:
        """A password that cannot be sent is told as that, with no byte of it."""
        file = self.secret(b"p\xe4ss")
        reason = self.failed(socks(server=self.where, user="u", password_file=file))
        self.assertEqual(reason, "parent office: the password must be in UTF-8")

    def test_unsendable(self) -> None:
        """So is an account that the parent's language has no room for, and a server it cannot name."""
        long = socks(server=self.where, user="u" * 256)
        self.assertIn("longer than 255 bytes", self.failed(long))
        self.assertIn("no host and port", self.failed(socks(server=self.where), "a b"))

    def test_refused(self) -> None:
        """The parent's refusal is the reason."""
        self.reach(socks(server=self.where))
        far = self.dialled()
        self.reactor.write()
        far.send(b"\x05\xff")
        self.reactor.getReaders()[0].doRead()
        (told,) = self.told.failed
        words = "the SOCKS parent refuses: no authentication method in common"
        self.assertEqual(told, (f"127.0.0.1: {words}", ""))
        self.nothing_left(far)

    def test_silent(self) -> None:
        """The time for an address includes the parent's answer."""
        self.reach(socks(server=self.where))
        far = self.dialled()
        self.reactor.write()
        self.reactor.advance(10)
        self.assertEqual(self.told.failed, [(f"127.0.0.1: {SILENT}", "")])
        self.nothing_left(far)

    def test_consents_and_resets(self) -> None:
        """A parent that consents and resets has reached nothing."""
        self.reach(socks(server=self.where))
        far = self.dialled()
        self.reactor.write()
        far.send(b"\x05\x00")
        self.reactor.getReaders()[0].doRead()
        self.reactor.write()
        far.send(JOINED)
        reset(far)
        far.close()
        while self.reactor.getReaders():
            self.reactor.getReaders()[0].doRead()
        (told,) = self.told.failed
        self.assertEqual(told, ("127.0.0.1: the connection broke at once", ""))
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_cancel_while_asking(self) -> None:
        """Given up while the parent is asked: closed, and nothing is called."""
        for steps in range(3):
            reach = self.reach(socks(server=self.where))
            far = self.dialled()
            if steps:
                self.reactor.write()
            if steps > 1:
                far.send(b"\x05\x00")
                self.reactor.getReaders()[0].doRead()
            reach.cancel()
            self.assertTrue(self.told.nothing)
            self.nothing_left(far)


class OverSockets(SocketCase):
    """With the real reactor."""

    def setUp(self) -> None:
        super().setUp()
        self.told = Told()

    def reach(self, *servers: Server, way: Way | None = None) -> Reach:
        """Servers being reached."""
        means = means_of(REACTOR)
        made = Reach(means, way or Way(), list(servers), rules_of(), *self.told.callbacks())
        made.start()
        self.addCleanup(made.cancel)
        return made

    async def _next(self) -> None:
        with listener() as gone:
            first = Server(*gone.getsockname())
        port = self.kept(listener())
        second = Server(*port.getsockname())
        self.reach(first, second, way=Way(proxy_protocol=1, client=("192.0.2.1", 5)))
        await self.until(lambda: self.told.reached)
        ((sock, server),) = self.told.reached
        self.kept(sock)
        far, _ = port.accept()
        self.kept(far)
        said = f"PROXY TCP4 192.0.2.1 127.0.0.1 5 {second.port}\r\n".encode()
        self.assertEqual((server, far.recv(100)), (second, said))
        self.assertEqual(self.told.failed, [])

    def test_next(self) -> Deferred[None]:
        """A server that refuses is passed over; the next one is reached, its PROXY header first."""
        return Deferred.fromCoroutine(self._next())

    async def _refused(self) -> None:
        with listener() as gone:
            server = Server(*gone.getsockname())
        self.reach(server)
        await self.until(lambda: self.told.failed)
        self.assertEqual(self.told.failed, [(f"127.0.0.1: {REFUSED}", "")])

    def test_refused(self) -> Deferred[None]:
        """A closed port is told in the system's words."""
        return Deferred.fromCoroutine(self._refused())
