"""Checks of servers, over real sockets: the far end of each is played by the test."""

from __future__ import annotations

import socket
from collections.abc import Coroutine
from typing import Any

from OpenSSL import SSL
from twisted.internet.defer import Deferred

from ftpalg.config import ClientTlsSettings, Parent, ServerTlsSettings, Settings
from ftpalg.config.model import Timeouts
from ftpalg.config.tables import Health as HealthSettings
from ftpalg.config.tables import ParentUrl
from ftpalg.core.routes import Route, Server, ServerTls
from ftpalg.net.data import established, reset
from ftpalg.net.gateway import Gateway
from ftpalg.net.health import LONGEST, Greeting, Health
from ftpalg.net.tls import ClientSide
from tests.net.pairs import REACTOR, SocketCase, listener, read_some
from tests.net.test_gateway import POLICIES, Log
from tests.net.test_tls import TlsCase
from tests.net.test_tlsdata import Far

GREETING = b"220 ready\r\n"
LATE = "no greeting within timeouts.handshake"
CLOSED = "it closed the connection before its greeting"


class HealthCase(TlsCase, SocketCase):
    """One server that is asked, and another that nobody is let know of."""

    def setUp(self) -> None:
        super().setUp()
        self.port = self.kept(listener())
        self.server = Server("localhost", self.port.getsockname()[1])
        self.other = Server("127.0.0.1", self.port.getsockname()[1])

    def health(
        self,
        *routes: Route,
        every: float = 60.0,
        handshake: float = 3.0,
        drain: float = 3.0,
        parents: tuple[Parent, ...] = (),
    ) -> Health:
        """Checks of these routes' servers, or of ours alone; begun."""
        log: Any = Log()
        self.log = log
        settings = Settings(
            health=HealthSettings(every),
            timeouts=Timeouts(handshake=handshake, drain=drain, connect=3.0),
            server_tls=ServerTlsSettings(ca=self.ca),
            parents=parents,
        )
        gateway = Gateway(REACTOR, settings, log, POLICIES)
        made = Health(gateway, routes)
        if not routes:
            made._routes = {self.server: Route((self.server,))}
        self.addCleanup(made.stop)
        made.start()
        return made

    async def called(self) -> socket.socket:
        """The next connection that comes in."""
        self.port.setblocking(False)
        found: list[socket.socket] = []

        def come() -> bool:
            try:
                found.append(self.port.accept()[0])
            except BlockingIOError:
                return False
            return True

        await self.until(come)
        found[0].setblocking(False)
        return self.kept(found[0])

    async def gone(self, far: socket.socket) -> None:
        """The connection is closed or reset."""
        await self.until(lambda: not established(far))

    async def ended(self) -> None:
        """No check is under way, and nothing is left of any."""
        await self.until(lambda: not self.left())

    def left(self) -> list[Any]:
        """The timers of checks and the connections that are still open."""
        calls = [c for c in REACTOR.getDelayedCalls() if c.func.__module__.startswith("ftpalg.")]
        return calls + [
            reader
            for reader in REACTOR.getReaders()
            if isinstance(getattr(reader, "protocol", None), Greeting)
        ]

    def run_it(self, case: Coroutine[Any, Any, None]) -> Deferred[None]:
        """The case as trial wants it."""
        return Deferred.fromCoroutine(case)


class Plain(HealthCase):
    """Greetings."""

    def test_before(self) -> None:
        """Nobody is ill before the first check, and one that is never asked stays well."""
        health = self.health()
        self.assertEqual((health.of(self.server), health.of(self.other)), (True, True))

    def test_who_is_asked(self) -> None:
        """Only servers that are one of several; one in two routes is asked once."""
        one, two, three = Server("127.0.0.1", 1), Server("127.0.0.1", 2), Server("127.0.0.1", 3)
        health = self.health(Route((one, two)), Route((two, one)), Route((three,)), Route())
        self.assertEqual(set(health._asking), {one, two})
        health.stop()
        health = self.health(Route((three,)))
        self.assertEqual((health._asking, health._again), ({}, None))

    async def _well(self, pieces: tuple[bytes, ...]) -> None:
        health = self.health()
        health._down.add(self.server)
        far = await self.called()
        for piece in pieces:
            self.assertFalse(health.of(self.server))
            far.send(piece)
            await self.turn()
            await self.turn()
        await self.until(lambda: health.of(self.server))
        words = [("told", f"server {self.server} is back in service")]
        self.assertEqual(self.log.words, words)
        self.assertEqual(read_some(far), b"QUIT\r\n")
        self.assertEqual(read_some(far), b"")
        far.close()
        health.stop()
        await self.ended()

    async def _well_each(self) -> None:
        for pieces in (
            (GREETING,),
            (b"2", b"2", b"0 ready", b"\r", b"\n"),
            (b"220-Welcome to\r\n220 us.\r\n",),
            (b"120 Ready in 1 minute.\r\n",),
            (b"230 No login needed.\r\n",),
            (b"220 " + b"x" * LONGEST,),
        ):
            await self._well(pieces)

    def test_well(self) -> Deferred[None]:
        """A greeting in one piece or many, of one line or more, long or not yet: well, and QUIT."""
        return self.run_it(self._well_each())

    async def _ill(self, greeting: bytes, fault: str) -> None:
        health = self.health()
        far = await self.called()
        far.send(greeting)
        await self.until(lambda: not health.of(self.server))
        words = [("warned", f"server {self.server} is out of service: {fault}")]
        self.assertEqual(self.log.words, words)
        await self.gone(far)
        health.stop()
        await self.ended()

    async def _ill_each(self) -> None:
        for greeting, shown in (
            (b"421 Too busy.\r\n", "'421 Too busy.'"),
            (b"500 \x1b[31mno\xff\r\n220 ready\r\n", r"'500 \x1b[31mno\\xff'"),
            (b"\r\n220 ready\r\n", "''"),
            (b"SSH-2.0-x\r\n", "'SSH-2.0-x'"),
            (b"x" * (LONGEST + 1), repr("x" * 80)),
        ):
            await self._ill(greeting, f"it greets with {shown}")

    def test_bad_greeting(self) -> Deferred[None]:
        """Any other code, and what is no FTP; control characters are not written to the log."""
        return self.run_it(self._ill_each())

    async def _closes_each(self) -> None:
        def cut(far: socket.socket) -> None:
            far.send(b"220 rea")
            far.close()

        def break_off(far: socket.socket) -> None:
            reset(far)
            far.close()

        for do in (socket.socket.close, break_off):
            health = self.health()
            far = await self.called()
            await self.until(lambda: isinstance(health._asking[self.server], Greeting))  # noqa: B023
            do(far)
            await self.until(lambda: self.log.words)
            self.assertFalse(health.of(self.server))
            self.assertIn(CLOSED, self.log.words[0][1])
            health.stop()
        health = self.health()
        cut(await self.called())
        await self.until(lambda: self.log.words)
        self.assertIn(CLOSED, self.log.words[0][1])
        health.stop()
        await self.ended()

    def test_closes(self) -> Deferred[None]:
        """One that closes, or resets, without a whole line."""
        return self.run_it(self._closes_each())

    async def _refused(self) -> None:
        self.port.close()
        health = self.health(every=0.02)
        await self.until(lambda: not health.of(self.server))
        await self.turn(0.1)
        ((level, text),) = self.log.words
        self.assertEqual(level, "warned")
        self.assertRegex(text, r"127\.0\.0\.1: Connection refused")

    def test_refused(self) -> Deferred[None]:
        """A closed port is told once, however often it is asked."""
        return self.run_it(self._refused())

    async def _silent(self) -> None:
        health = self.health(handshake=0.05)
        far = await self.called()
        await self.until(lambda: not health.of(self.server))
        self.assertIn(LATE, self.log.words[0][1])
        await self.gone(far)

    def test_silent(self) -> Deferred[None]:
        """One that takes the connection and says nothing."""
        return self.run_it(self._silent())

    async def _recovers(self) -> None:
        health = self.health(every=0.03)
        (await self.called()).close()
        await self.until(lambda: not health.of(self.server))
        for _ in range(3):
            far = await self.called()
            far.send(GREETING)
            await self.until(lambda far=far: read_some(far))  # type: ignore[misc]
            far.close()
        self.assertTrue(health.of(self.server))
        self.assertEqual([level for level, _ in self.log.words], ["warned", "told"])

    def test_recovers(self) -> Deferred[None]:
        """One that is well again is told once, and asked on."""
        return self.run_it(self._recovers())

    async def _slow(self) -> None:
        health = self.health(every=0.02)
        await self.called()
        await self.turn(0.1)
        self.port.setblocking(False)
        self.assertRaises(BlockingIOError, self.port.accept)
        self.assertTrue(health.of(self.server))

    def test_not_asked_twice(self) -> Deferred[None]:
        """While the answer to one check is out no other is begun."""
        return self.run_it(self._slow())

    async def _hangs(self) -> None:
        health = self.health(drain=0.05)
        far = await self.called()
        far.send(GREETING)
        await self.until(lambda: read_some(far) == b"")
        health.stop()
        self.assertNotEqual(self.left(), [])
        await self.ended()

    def test_never_closes(self) -> Deferred[None]:
        """A server that does not close behind QUIT is not waited for longer than others."""
        return self.run_it(self._hangs())

    async def _header(self) -> None:
        one, two = self.server, Server("127.0.0.1", 1)
        health = self.health(Route((one, two), proxy_protocol=1))
        far = await self.called()
        await self.until(lambda: not health.of(two))
        here = far.getpeername()
        said = f"PROXY TCP4 127.0.0.1 127.0.0.1 {here[1]} {one.port}\r\n".encode()
        came = b""
        while not came:
            came = read_some(far) or b""
            await self.turn()
        self.assertEqual(came, said)

    def test_proxy_header(self) -> Deferred[None]:
        """A server that wants a PROXY header before it greets gets one: it is our own connection."""
        return self.run_it(self._header())


class Tls(HealthCase):
    """Servers with implicit TLS."""

    async def check(self, *names: str, trusted: bool = True) -> tuple[Health, Far]:
        """A check of a server whose certificate is for those names, up to its handshake's end."""
        files = self.issue(*names)
        if not trusted:
            self.ca = self.folder / "other.pem"
            self.ca.write_bytes(self.issue("x.example", stem="x").certificate.read_bytes())
        side = ClientSide(
            ClientTlsSettings(certificate=files.certificate, private_key=files.private_key)
        )
        away = Server("127.0.0.1", 1)
        health = self.health(Route((self.server, away), tls=ServerTls.IMPLICIT))
        await self.until(lambda: not health.of(away))
        self.log.words.clear()
        return health, Far(await self.called(), side.for_session().connection())

    async def shake(self, far: Far) -> None:
        """The handshake, as far as it goes."""
        while not self.log.words and not far.shake():
            await self.turn()
        if far.stands:
            far.write()

    def told_of(self) -> str:
        """What is told of the server."""
        ((level, text),) = self.log.words
        self.assertEqual(level, "warned")
        return str(text.removeprefix(f"server {self.server} is out of service: "))

    async def _well(self) -> None:
        health, far = await self.check("localhost")
        health._down.add(self.server)
        await self.shake(far)
        far.tls.send(GREETING)
        far.write()
        await self.until(lambda: self.log.words)
        self.assertTrue(health.of(self.server))
        said = b""
        while not far.notified:
            said += far.said()
            await self.turn()
        self.assertEqual(said, b"QUIT\r\n")
        far.tls.shutdown()
        far.write()
        far.sock.close()
        health.stop()
        await self.ended()

    def test_well(self) -> Deferred[None]:
        """Asked under TLS, its certificate verified."""
        return self.run_it(self._well())

    async def _silent_end(self) -> None:
        self.patch(
            HealthCase,
            "health",
            lambda case, *routes, real=HealthCase.health: real(case, *routes, drain=0.05),
        )
        health, far = await self.check("localhost")
        await self.shake(far)
        far.tls.send(GREETING)
        far.write()
        await self.gone(far.sock)
        health.stop()
        await self.ended()

    def test_no_close_notify(self) -> Deferred[None]:
        """One that never answers our close_notify is not waited for without limit."""
        return self.run_it(self._silent_end())

    async def _refused(self) -> None:
        for names, trusted, fault in (
            (("other.example",), True, "it is not for localhost"),
            (("localhost",), False, "its issuer is unknown"),
        ):
            health, far = await self.check(*names, trusted=trusted)
            try:
                await self.shake(far)
            except SSL.Error:
                pass  # our alert
            await self.until(lambda: self.log.words)
            self.assertEqual(self.told_of(), f"its certificate is refused: {fault}")
            self.assertFalse(health.of(self.server))
            await self.gone(far.sock)
            health.stop()
            await self.ended()

    def test_refused(self) -> Deferred[None]:
        """A certificate that sessions would refuse is an illness, told with its reason."""
        return self.run_it(self._refused())

    async def _no_tls(self) -> None:
        health, far = await self.check("localhost")
        far.sock.send(GREETING)
        await self.until(lambda: self.log.words)
        self.assertRegex(self.told_of(), "^TLS failed: ")
        health.stop()
        await self.ended()

    def test_no_tls(self) -> Deferred[None]:
        """So is a greeting in clear."""
        return self.run_it(self._no_tls())

    async def _parent(self) -> None:
        files = self.issue("localhost")
        side = ClientSide(
            ClientTlsSettings(certificate=files.certificate, private_key=files.private_key)
        )
        parent = Parent("old", ParentUrl("ftp", self.server))
        servers = Server("a.example"), Server("b.example")
        route = Route(servers, tls=ServerTls.IMPLICIT, parent="old")
        health = self.health(route, parents=(parent,))
        health._down.update(servers)
        for _ in servers:
            far = Far(await self.called(), side.for_session().connection())
            while not far.shake():
                await self.turn()
            far.tls.send(GREETING)
            far.write()
            while not far.notified:
                far.said()
                await self.turn()
            far.sock.close()
        self.assertEqual(health._down, set())

    def test_parent(self) -> Deferred[None]:
        """Through an FTP parent it is the parent that greets, with a certificate of its own."""
        return self.run_it(self._parent())


class Stopped(HealthCase):
    """Given up in the middle: nothing is left, nothing is told."""

    async def _each(self) -> None:
        away = Server("127.0.0.1", 1)
        for tls in (None, ServerTls.IMPLICIT):
            for stage in range(4):
                health = self.health(Route((self.server, away), tls=tls))
                if stage:
                    far = await self.called()
                if stage > 1:
                    await self.until(lambda: not health.of(away))  # noqa: B023
                if stage > 2:
                    far.send(b"\x16\x03" if tls else b"220 re")
                    await self.turn()
                health.stop()
                health.stop()
                words = [text for _, text in self.log.words if str(self.server) in text]
                self.assertEqual((health._asking, words), ({}, []))
                await self.ended()
                if stage:
                    await self.gone(far)

    def test_each_stage(self) -> Deferred[None]:
        """While it is resolved or dialled, before its greeting, and within it."""
        return self.run_it(self._each())
