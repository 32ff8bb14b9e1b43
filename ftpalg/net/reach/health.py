"""Checks servers that are one of several: each is connected to, up to its greeting, now and then."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure as Reason

from ftpalg.config import Settings
from ftpalg.core.certificates import Shown
from ftpalg.core.news import ServerDown, ServerUp
from ftpalg.core.routes import Route, Server, ServerTls
from ftpalg.net.control.line import Control
from ftpalg.net.control.outlet import IConnection
from ftpalg.net.control.state import State
from ftpalg.net.control.tls import Failure
from ftpalg.net.reach.attempt import Way
from ftpalg.net.reach.failover import Reach, Reached
from ftpalg.net.reactors import Reactor
from ftpalg.net.recorder import Recorder
from ftpalg.net.tls.remedies import refused_by
from ftpalg.net.tls.towards_servers import ForServer, ServerSide
from ftpalg.net.turns import Turns

LONGEST = 4096  # bytes of a greeting that are looked at
WELL = (b"220", b"120", b"230")
UNGREETED = "it closed the connection before its greeting"


class Open(Protocol):
    """Begins to reach a server on a route, for ourselves."""

    def __call__(
        self, route: Route, server: Server, reached: Reached, failed: Callable[[str], None]
    ) -> Reach: ...


class Health:
    """Which servers answered when they were last asked; nobody is ill before the first check.

    ``adopt`` gives a connected socket to the reactor and its protocol.
    """

    def __init__(
        self,
        reactor: Reactor,
        settings: Settings,
        log: Recorder,
        routes: Iterable[Route],
        open: Open,
        adopt: Callable[[socket.socket, Control], None],
        server_side: ServerSide,
        turns: Turns,
    ) -> None:
        self.reactor = reactor
        self.settings = settings
        self.log = log
        self.turns = turns
        self._open = open
        self._adopt = adopt
        self._server_side = server_side
        self._routes = {
            server: route for route in routes if len(route.servers) > 1 for server in route.servers
        }
        self._down: set[Server] = set()
        self._asking: dict[Server, Reach | Greeting] = {}
        self._timers: dict[Server, IDelayedCall] = {}
        self._again: IDelayedCall | None = None

    def of(self, server: Server) -> bool:
        """Whether the server answered when it was last asked."""
        return server not in self._down

    @property
    def checked(self) -> Iterable[Server]:
        """Those that are asked."""
        return self._routes

    def take_over(self, before: Health) -> None:
        """Who was ill before other settings came is so until it is asked again."""
        self._down = before._down & self._routes.keys()

    def start(self) -> None:
        """Ask every server now, and go on asking."""
        for server, route in self._routes.items():
            if server not in self._asking:
                self._ask(server, route)
        if self._routes:
            seconds = self.settings.health.every
            self._again = self.reactor.callLater(seconds, self.start)

    def stop(self) -> None:
        """Ask no more."""
        if self._again is not None and self._again.active():
            self._again.cancel()
        for server in list(self._asking):
            self._let_go(server)

    def _ask(self, server: Server, route: Route) -> None:
        self._timers[server] = self.reactor.callLater(
            self.settings.timeouts.handshake,
            self.told,
            server,
            "no greeting within timeouts.handshake",
        )
        reach = self._open(
            route,
            server,
            lambda sock, _, way: self._reached(sock, server, way, route),
            lambda reason: self.told(server, reason),
        )
        self._asking[server] = reach
        reach.start()

    def _reached(self, sock: socket.socket, server: Server, way: Way, route: Route) -> None:
        tls = None
        if route.tls is ServerTls.IMPLICIT:
            tls = self._server_side.for_server(way.certified(server).host)
        greeting = Greeting(self, lambda fault: self.told(server, fault, *greeting.refused), tls)
        self._asking[server] = greeting
        self._adopt(sock, greeting)

    def told(
        self, server: Server, fault: str, shown: Shown | None = None, remedy: str = ""
    ) -> None:
        """A check has ended; without a fault the server is well."""
        if server not in self._timers:
            return  # it had ended before
        self._let_go(server)
        if fault and server not in self._down:
            self._down.add(server)
            self.log.tell(ServerDown(str(server), fault, shown, remedy))
        elif not fault and server in self._down:
            self._down.discard(server)
            self.log.tell(ServerUp(str(server)))

    def _let_go(self, server: Server) -> None:
        timer = self._timers.pop(server)
        if timer.active():
            timer.cancel()
        asking = self._asking.pop(server, None)
        if asking is not None:
            asking.cancel()


class Greeting(Control):
    """Reads a server's greeting and says QUIT.  ``told`` gets what is wrong or nothing, once.

    ``refused`` is the certificate that is refused, and the remedy.
    """

    refused: tuple[Shown | None, str] = None, ""

    def __init__(self, health: Health, told: Callable[[str], None], tls: ForServer | None) -> None:
        super().__init__(health.reactor, health.settings.timeouts, health.turns)
        self._log = health.log
        self._told: Callable[[str], None] | None = told
        self._creator = tls
        self._read = b""

    def made(self, transport: IConnection) -> None:
        super().made(transport)
        if self._creator is not None:
            self.begin_tls(self._creator.for_control())

    def secured(self) -> None:
        wrong = self._creator.mismatch(self.tls.connection) if self._creator and self.tls else ""
        if wrong:
            self._refuse(wrong)

    def tls_over(self, failure: Failure | None) -> None:
        if failure is None:
            self._tell(UNGREETED)
        elif failure.refused:
            self._refuse(failure.refused)
        else:
            self._tell(f"TLS failed: {failure.words}")

    def _refuse(self, why: str) -> None:
        if self.tls is not None:
            self.refused = refused_by(self.tls.connection)
        self._tell(f"its certificate is refused: {why}")

    def received(self, data: bytes) -> None:
        if len(self._read) >= LONGEST or b"\n" in self._read:
            return
        self._read += data[:LONGEST]
        if b"\n" in self._read or len(self._read) >= LONGEST:
            if self._read[:3] in WELL:
                self.write(b"QUIT\r\n")
                self.hang_up()
                self._tell("")
            else:
                shown = self._read.split(b"\n")[0].strip()[:80].decode("ascii", "backslashreplace")
                self._tell(f"it greets with {shown!r}")

    def connectionLost(self, reason: Reason = connectionDone) -> None:
        super().connectionLost(reason)
        self._tell(UNGREETED)

    def broke(self) -> None:
        """It says nothing about the server; the next check may."""
        self._log.warned(f"an exception ends a check:\n{Reason().getTraceback()}")
        try:
            self.abort()
        finally:
            self._tell("an internal error")

    def _tell(self, fault: str) -> None:
        """How the connection ends after that is nobody's concern, least of all the next check's."""
        told, self._told = self._told, None
        if told is not None:
            told(fault)

    def cancel(self) -> None:
        """Break it off, unless it is ending already; nothing is told any more."""
        self._told = None
        if self.state is not State.CLOSING:
            self.abort()
