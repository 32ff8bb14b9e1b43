"""The data connections of one session: its two legs and the relay between them."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from OpenSSL import SSL

from ftpalg.core import actions as do
from ftpalg.core.events import (
    ClientLost,
    LegEnded,
    LegFailed,
    LegOpened,
    Link,
    ListenFailed,
    Listening,
    Side,
)
from ftpalg.core.routes import Server
from ftpalg.net.data import (
    ANY,
    Address,
    DataSocket,
    Descriptor,
    Drain,
    Listener,
    established,
    listen,
    with_port,
)
from ftpalg.net.reach import Passage, Way
from ftpalg.net.relay import SPLICE, CopyRelay, Relay, SpliceRelay
from ftpalg.net.tls import ForClients, ForServer
from ftpalg.net.tlsdata import TlsDataSocket

if TYPE_CHECKING:
    from ftpalg.net.driver import Driver

GRACE = 0.02
"""Seconds between the clean end of an upload's data and the last look at its control connection.

A client that dies ends both with FIN, the data first or last: only an upload whose client is still
there is ended towards the server.  The kernel of a busy machine takes milliseconds between the two.
"""


class Legs:
    """Opens, relays and ends them; tells the session by its driver."""

    __slots__ = ("_began", "_driver", "_gateway", "_grace", "_open", "_relay", "_settings")

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._gateway = driver.gateway
        self._settings = driver.gateway.settings
        self._open: dict[Side, Descriptor | Passage] = {}
        self._relay: Relay | None = None
        self._began = 0.0
        self._grace: Any = None

    def _control(self, side: Side) -> socket.socket:
        protocol = self._driver.client if side is Side.CLIENT else self._driver.server
        assert protocol is not None
        found: socket.socket = protocol.transport.socket
        return found

    def _link(self, side: Side) -> Link:
        session = self._driver.session
        link = session.client if side is Side.CLIENT else session.server
        assert link is not None
        return link

    def _ours(self, side: Side) -> Address:
        """Our address of the control connection; any, where a balancer stands before the peer."""
        if side is Side.CLIENT and self._driver.client.proxied:
            return ANY[":" in self._link(side).peer]
        address: Address = self._control(side).getsockname()
        return address

    def _theirs(self, side: Side, port: int) -> Address:
        """Where the control connection's peer is dialled; a parent is, where it is the peer."""
        if side is Side.CLIENT and self._driver.client.proxied:
            return (self._link(side).peer, port)
        address: Address = self._control(side).getpeername()
        way = self._way(side)
        return address if way.proxied else with_port(address, port)

    def _way(self, side: Side) -> Way:
        if side is Side.SERVER:
            return self._driver.way
        return Way(transparent=self._driver.client.transparent)

    def listen(self, action: do.Listen) -> None:
        """Open a data port for a side's peer, in the firewall too."""
        side, peer = action.side, self._link(action.side).peer
        try:
            leg = listen(
                self._gateway.reactor,
                self._ours(side),
                peer,
                self._gateway.ports(side),
                lambda sock: self._opened(side, sock),
                lambda host: self._gateway.log.intruder(self._driver, side, host),
                transparent=self._way(side).transparent,
            )
        except OSError as error:
            self._driver.handle(ListenFailed(side, error.strerror or str(error)))
            return
        self._open[side] = leg
        pinholes = self._gateway.pinholes
        if pinholes is None:
            self._driver.handle(Listening(side, leg.port))
            return
        port, seconds = leg.port, self._settings.timeouts.idle
        leg.closed = lambda: pinholes.close(peer, port)
        pinholes.open(peer, port, seconds, lambda reason: self._pierced(side, leg, reason))

    def _pierced(self, side: Side, leg: Listener, reason: str) -> None:
        """The firewall lets the peer in, or cannot be told to."""
        if self._open.get(side) is not leg:
            return  # given up meanwhile
        if reason:
            self._gateway.log.note(self._driver, f"pinhole: {reason}")
            del self._open[side]
            leg.abort()
            self._driver.handle(ListenFailed(side, "the firewall could not be opened"))
        else:
            self._driver.handle(Listening(side, leg.port))

    def connect(self, action: do.Connect) -> None:
        """Dial a side's peer, from the address that its control connection reached."""
        side = action.side
        server = self._driver.dialled
        try:
            self._open[side] = Passage(
                self._gateway.reactor,
                self._way(side),
                Server(server.host if server else "", action.port),
                self._ours(side),
                self._theirs(side, action.port),
                lambda sock: self._opened(side, sock),
                lambda reason: self._failed(side, reason),
                self._settings.data.source_port if side is Side.CLIENT else 0,
            )
        except OSError as error:
            self._failed(side, error.strerror or str(error))

    def _opened(self, side: Side, sock: socket.socket) -> None:
        reactor = self._gateway.reactor
        if not self._driver.session.protection.protects(side):
            self._open[side] = DataSocket(reactor, sock)
            self._driver.handle(LegOpened(side, protected=False))
            return
        tls: ForClients | ForServer | None
        tls = self._driver.for_clients() if side is Side.CLIENT else self._driver.for_server
        assert tls is not None
        connection = tls.connection()
        if side is Side.SERVER:
            self._resume(connection)
        leg = TlsDataSocket(reactor, sock, connection, lenient=self._gateway.lenient(side))
        self._open[side] = leg
        leg.handshake(lambda: self._shaken(side, leg), lambda reason: self._failed(side, reason))

    def _resume(self, connection: SSL.Connection) -> None:
        """Servers want data connections to resume the control connection's session.

        It is taken now, not at the handshake: TLS 1.3 tickets come with the first replies.
        """
        assert self._driver.server is not None
        session = self._driver.server.transport.getHandle().get_session()
        if session is not None:
            connection.set_session(session)

    def _shaken(self, side: Side, leg: TlsDataSocket) -> None:
        wrong = ""
        if side is Side.SERVER:
            assert self._driver.for_server is not None
            wrong = self._driver.for_server.mismatch(leg.tls)
            wrong = wrong and f"its certificate is refused: {wrong}"
        elif leg.tls.full and self._settings.client_tls.require_reuse:
            wrong = "TLS did not resume the control connection's session"
        if wrong:
            self._failed(side, wrong, code=522 if side is Side.CLIENT else 0)
        else:
            self._driver.handle(LegOpened(side, protected=True))

    def _failed(self, side: Side, reason: str, code: int = 0) -> None:
        leg = self._open.pop(side, None)
        if leg is not None:
            leg.abort()
        self._driver.handle(LegFailed(side, f"{side.value}: {reason}", code))

    def relay(self, action: do.Relay) -> None:
        """Both legs stand: move the bytes."""
        source, sink = self._open[action.source], self._open[action.source.other]
        assert isinstance(source, DataSocket) and isinstance(sink, DataSocket)
        plain = not isinstance(source, TlsDataSocket) and not isinstance(sink, TlsDataSocket)
        kind = SpliceRelay if plain and SPLICE and self._settings.data.splice else CopyRelay
        self._began = self._gateway.reactor.seconds()
        self._relay = kind(
            self._gateway.reactor,
            source,
            sink,
            lambda: self._source_ended(action.source),
            lambda reason: self._failed(action.source, reason),
            lambda reason: self._failed(action.source.other, reason),
        )
        self._relay.start(self._settings.timeouts.stalled)

    def _source_ended(self, side: Side) -> None:
        if side is Side.SERVER:
            self._source_done(side)
        elif self._client_there():
            self._grace = self._gateway.reactor.callLater(GRACE, self._upload_ended)

    def _upload_ended(self) -> None:
        self._grace = None
        if Side.CLIENT in self._open and self._client_there():
            self._source_done(Side.CLIENT)

    def _source_done(self, side: Side) -> None:
        leg = self._open.pop(side)
        assert isinstance(leg, DataSocket)
        if isinstance(leg, TlsDataSocket) and leg.cut:
            self._gateway.log.note(
                self._driver, f"the {side.value} ended TLS without close_notify (lenient)"
            )
        leg.close_ended()
        self._driver.handle(LegEnded(side))

    def _client_there(self) -> bool:
        """True while the client's control connection has not ended; tells the session otherwise."""
        there = established(self._control(Side.CLIENT))
        if not there:
            self._driver.handle(ClientLost("the control connection ended with the upload's data"))
        return there

    def end(self, action: do.EndLeg) -> None:
        """Hand the sink its clean end."""
        side, leg = action.side, self._open[action.side]
        assert isinstance(leg, DataSocket)

        def done() -> None:
            del self._open[side]
            Drain(self._gateway.reactor, leg.socket, self._settings.timeouts.drain)
            self._driver.handle(LegEnded(side))

        leg.finish(done, lambda reason: self._failed(side, reason))

    def abort(self, action: do.AbortLeg) -> None:
        """Make a leg fail."""
        if self._relay is not None:
            self._relay.stop()
        self._forget_grace()
        leg = self._open.pop(action.side, None)
        if leg is not None:
            leg.abort()

    # -- the transfer ---------------------------------------------------------------------------

    @property
    def moved(self) -> int:
        """Bytes that the running transfer has moved."""
        return self._relay.moved if self._relay is not None else 0

    def done(self) -> tuple[int, float]:
        """The transfer is over: its bytes and seconds."""
        relay, self._relay = self._relay, None
        if relay is None:
            return 0, 0.0
        relay.stop()
        return relay.moved, self._gateway.reactor.seconds() - self._began

    def let_go(self) -> None:
        """The session is over: what is still open, for whomever, is not any more."""
        self._forget_grace()
        if self._relay is not None:
            self._relay.stop()
        for leg in self._open.values():
            leg.abort()
        self._open.clear()

    def _forget_grace(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
