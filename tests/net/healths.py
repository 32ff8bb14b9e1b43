"""Servers whose health is checked."""

from __future__ import annotations

import socket
from collections.abc import Coroutine
from typing import Any

from twisted.internet.defer import Deferred

from ftpalg.config import Parent, ServerTlsSettings, Settings
from ftpalg.config.model import Health as HealthSettings
from ftpalg.config.model import Timeouts
from ftpalg.core.routes import Route, Server
from ftpalg.net.ledger import OwnLedger
from ftpalg.net.legs.sockets import established
from ftpalg.net.own_addresses import Own
from ftpalg.net.reach.configured_names import Known
from ftpalg.net.reach.health import Greeting, Health
from ftpalg.net.reach.system import System
from ftpalg.net.reaching import Reaching
from ftpalg.net.tls.towards_servers import ServerSide
from ftpalg.net.turns import Turns
from tests.net.doubles import POLICIES, Log
from tests.net.pairs import REACTOR, SocketCase, listener
from tests.net.tls_sides import TlsCase

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
        known = Known(REACTOR, System(REACTOR), 3.0, log.warned).look_up
        side = ServerSide(settings.server_tls)
        reaching = Reaching(REACTOR, settings, log, POLICIES, Own(), side, known, OwnLedger({}))
        made = Health(
            REACTOR, settings, log, routes, reaching.open, reaching.adopt, side, Turns(REACTOR)
        )
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
