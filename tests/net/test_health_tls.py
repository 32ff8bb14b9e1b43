"""Health checks of servers under TLS."""

from __future__ import annotations

from OpenSSL import SSL
from twisted.internet.defer import Deferred

from ftpalg.config import ClientTlsSettings, Parent
from ftpalg.config.tables import ParentUrl
from ftpalg.core.routes import Route, Server, ServerTls
from ftpalg.net.reach.health import Health
from ftpalg.net.tls.towards_clients import ClientSide
from tests.net.healths import GREETING, HealthCase
from tests.net.tls_legs import Far


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
        for names, trusted, fault, remedy in (
            (("other.example",), True, "it is not for localhost", "as the server: other.example"),
            (("localhost",), False, "its issuer is unknown", "--server-ca FILE"),
        ):
            health, far = await self.check(*names, trusted=trusted)
            try:
                await self.shake(far)
            except SSL.Error:
                pass  # our alert
            await self.until(lambda: self.log.words)
            self.assertEqual(self.told_of(), f"its certificate is refused: {fault}")
            self.assertFalse(health.of(self.server))
            down = self.log.down[-1]
            assert down.shown is not None
            self.assertEqual(down.shown.names, names)
            self.assertIn(remedy, down.remedy)
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
