"""Where the data connections of both sides are: at the peers of their control connections (rule 4)."""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import ip_address

from ftpalg.config.checks import Network
from ftpalg.core.events import SIDE, Link
from ftpalg.core.routes import Server
from ftpalg.core.wire.addresses import family
from ftpalg.net.control.client import ClientControl
from ftpalg.net.control.server import ServerControl
from ftpalg.net.legs.dialling import dial
from ftpalg.net.legs.half import Coming
from ftpalg.net.legs.sockets import ANY, Address, with_port
from ftpalg.net.legs.tls import TlsDataSocket
from ftpalg.net.reach.attempt import Attempt, Way
from ftpalg.net.reactors import Reactor
from ftpalg.net.shared import Shared
from ftpalg.net.tls.connection import TlsConnection
from ftpalg.net.tls.towards_clients import ForClients
from ftpalg.net.tls.towards_servers import ForServer


def within(networks: tuple[Network, ...], host: str) -> bool:
    """Whether an address is in one of them."""
    return any(ip_address(host) in network for network in networks)


def since_then(told: Callable[[str], str], link: Link) -> str:
    """What a session's peer can be told now, of its own family, where it began without an address."""
    found = told(link.peer)
    return found if found and family(found) == family(link.peer) else ""


Opened = Callable[[socket.socket], None]
Failed = Callable[[str], None]


class ClientPlace:
    """The client's side.  Behind a balancer its peer is the one that the PROXY header names."""

    __slots__ = ("_client", "_for_clients", "_link", "_ours", "_shared")

    def __init__(
        self,
        shared: Shared,
        client: ClientControl,
        link: Link,
        for_clients: Callable[[], ForClients],
    ) -> None:
        self._shared = shared
        self._client = client
        self._link = link
        self._for_clients = for_clients
        self._ours: Address | None = None

    @property
    def peer(self) -> str:
        return self._link.peer

    @property
    def transparent(self) -> bool:
        return self._client.transparent

    @property
    def shown(self) -> str:
        return self._link.shown or since_then(self._shared.advertised.to_client, self._link)

    @property
    def missing(self) -> str:
        return self._shared.advertised.missing(SIDE.CLIENT, self._link.peer, self.shown)

    def trusts(self, host: str) -> bool:
        return within(self._shared.settings.data.client_networks, host)

    @property
    def ours(self) -> Address:
        if self._client.proxied:
            return ANY[":" in self._link.peer]
        if self._ours is None:
            self._ours = self._client.transport.getHandle().getsockname()
        return self._ours

    def dial(self, reactor: Reactor, port: int, opened: Opened, failed: Failed) -> Coming:
        theirs: Address = (self._link.peer, port)
        if not self._client.proxied:
            theirs = with_port(self._client.transport.getHandle().getpeername(), port)
        source = self._shared.settings.data.source_port
        return dial(
            reactor,
            self.ours,
            theirs,
            opened,
            failed,
            source,
            transparent=self.transparent,
        )

    def tls(self, *, again: bool) -> TlsConnection:
        return self._for_clients().connection()

    def resumed(self, leg: TlsDataSocket) -> bool:
        return self._for_clients().resumed(leg.tls)

    def stands(self, leg: TlsDataSocket) -> tuple[str, int]:
        required = self._shared.settings.client_tls.require_reuse
        if required and not self.resumed(leg):
            return "TLS did not resume the control connection's session", 522
        return "", 0


class ServerPlace:
    """The server's side, or its parent's where a parent stands before it."""

    __slots__ = ("_ends", "_last", "_link", "_server", "_shared", "_way", "for_server")

    def __init__(self, shared: Shared, server: ServerControl, link: Link, way: Way) -> None:
        self._shared = shared
        self._server = server
        self._link = link
        self._way = way
        self.for_server: ForServer | None = None
        self._last: TlsDataSocket | None = None
        self._ends: tuple[Address, Address] | None = None

    def _both(self) -> tuple[Address, Address]:
        """Our address and the peer's, which a connection never changes."""
        if self._ends is None:
            sock = self._server.transport.getHandle()
            self._ends = sock.getsockname(), sock.getpeername()
        return self._ends

    @property
    def peer(self) -> str:
        return self._link.peer

    @property
    def transparent(self) -> bool:
        return self._way.transparent

    @property
    def shown(self) -> str:
        return self._link.shown or since_then(self._shared.advertised.to_server, self._link)

    @property
    def missing(self) -> str:
        return self._shared.advertised.missing(SIDE.SERVER, self._link.peer, self.shown)

    def trusts(self, host: str) -> bool:
        return within(self._shared.settings.data.server_networks, host)

    @property
    def ours(self) -> Address:
        return self._both()[0]

    def dial(self, reactor: Reactor, port: int, opened: Opened, failed: Failed) -> Coming:
        way, (ours, theirs) = self._way, self._both()
        if way.proxied:
            server = Server(way.asked, port)
            return Attempt(reactor, way, server, ours, theirs, opened, failed)
        there = with_port(theirs, port)
        return dial(reactor, ours, there, opened, failed, transparent=way.transparent)

    def tls(self, *, again: bool) -> TlsConnection:
        """Servers want data connections to resume the control connection's session.

        It is taken now, not at the handshake: TLS 1.3 tickets come with the first replies.
        """
        assert self.for_server is not None, "the core protects data only behind AUTH"
        connection = self.for_server.connection()
        session = self._server.tls_session()
        if again and self._last is not None:
            session = self._last.tls.get_session() or session
        if session is not None:
            connection.set_session(session)
        return connection

    def resumed(self, leg: TlsDataSocket) -> bool:
        control = self._server.tls
        return control is not None and control.connection.full and not leg.tls.full

    def stands(self, leg: TlsDataSocket) -> tuple[str, int]:
        assert self.for_server is not None, "its TLS has just been begun"
        self._last = leg
        wrong = self.for_server.mismatch(leg.tls)
        return (f"its certificate is refused: {wrong}", 0) if wrong else ("", 0)
