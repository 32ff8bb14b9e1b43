"""Checks servers that are one of several: each is connected to, up to its greeting, now and then."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from OpenSSL import SSL
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.core.routes import Route, Server, ServerTls
from ftpalg.net.control import Control
from ftpalg.net.reach import Reach, Way
from ftpalg.net.tls import ForServer, describe

if TYPE_CHECKING:
    from ftpalg.net.gateway import Gateway

LONGEST = 4096  # bytes of a greeting that are looked at
WELL = (b"220", b"120", b"230")


class Health:
    """Which servers answered when they were last asked; nobody is ill before the first check."""

    def __init__(self, gateway: Gateway, routes: Iterable[Route]) -> None:
        self._gateway = gateway
        self._routes = {
            server: route for route in routes if len(route.servers) > 1 for server in route.servers
        }
        self._down: set[Server] = set()
        self._asking: dict[Server, Reach | Greeting] = {}
        self._timers: dict[Server, Any] = {}
        self._again: Any = None

    def of(self, server: Server) -> bool:
        """Whether the server answered when it was last asked."""
        return server not in self._down

    def start(self) -> None:
        """Ask every server now, and go on asking."""
        for server, route in self._routes.items():
            if server not in self._asking:
                self._ask(server, route)
        if self._routes:
            seconds = self._gateway.settings.health.every
            self._again = self._gateway.reactor.callLater(seconds, self.start)

    def stop(self) -> None:
        """Ask no more."""
        if self._again is not None and self._again.active():
            self._again.cancel()
        for server in list(self._asking):
            self._let_go(server)

    def _ask(self, server: Server, route: Route) -> None:
        gateway = self._gateway
        way = gateway.way(route, None)
        seconds = gateway.settings.timeouts.handshake
        self._timers[server] = gateway.reactor.callLater(
            seconds, self.told, server, "no greeting within timeouts.handshake"
        )
        reach = Reach(
            gateway.reactor,
            way,
            [server],
            gateway.settings.timeouts.connect,
            lambda server, address: "",
            lambda sock, server: self._reached(sock, server, way, route),
            lambda reason, _: self.told(server, reason),
        )
        self._asking[server] = reach
        reach.start()

    def _reached(self, sock: socket.socket, server: Server, way: Way, route: Route) -> None:
        tls = None
        if route.tls is ServerTls.IMPLICIT:
            asked = way.parent.url.server if way.parent and not way.proxied else server
            tls = self._gateway.server_side.for_server(asked.host)
        greeting = Greeting(self._gateway, lambda fault: self.told(server, fault), tls)
        self._asking[server] = greeting
        self._gateway.adopt(sock, greeting)

    def told(self, server: Server, fault: str) -> None:
        """A check has ended; without a fault the server is well."""
        if server not in self._timers:
            return  # it had ended before
        self._let_go(server)
        if fault and server not in self._down:
            self._down.add(server)
            self._gateway.log.warned(f"server {server} is out of service: {fault}")
        elif not fault and server in self._down:
            self._down.discard(server)
            self._gateway.log.told(f"server {server} is back in service")

    def _let_go(self, server: Server) -> None:
        timer = self._timers.pop(server)
        if timer.active():
            timer.cancel()
        asking = self._asking.pop(server, None)
        if asking is not None:
            asking.cancel()


@implementer(IHandshakeListener)
class Greeting(Control):
    """Reads a server's greeting and says QUIT.  ``told`` gets what is wrong or nothing, once."""

    driver = None

    def __init__(
        self, gateway: Gateway, told: Callable[[str], None], tls: ForServer | None
    ) -> None:
        super().__init__(gateway)
        self._told: Callable[[str], None] | None = told
        self._tls = tls
        self._read = b""

    def connectionMade(self) -> None:
        if self._tls is not None:
            self.transport.startTLS(self._tls, normal=False)

    def handshakeCompleted(self) -> None:
        wrong = self._tls.mismatch(self.transport.getHandle()) if self._tls else ""
        if wrong:
            self._tell(f"its certificate is refused: {wrong}")

    def dataReceived(self, data: bytes) -> None:
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

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        tried = self._tls.control if self._tls is not None else None
        if tried is not None and tried.refused:
            self._tell(f"its certificate is refused: {tried.refused}")
        elif tried is not None and reason.check(SSL.Error):
            self._tell(f"TLS failed: {describe(reason.value)}")
        else:
            self._tell("it closed the connection before its greeting")

    def _tell(self, fault: str) -> None:
        """How the connection ends after that is nobody's concern, least of all the next check's."""
        told, self._told = self._told, None
        if told is not None:
            told(fault)

    def cancel(self) -> None:
        """Break it off, unless it is ending already; nothing is told any more."""
        self._told = None
        if self._burial is None and self.transport is not None:
            self.transport.abortConnection()
