"""What a server is to a session: a back end.  FTP is the first kind of it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import partial
from typing import Protocol

from ftpalg.core.actions import Dial
from ftpalg.core.ends import Reason
from ftpalg.core.events import Event, Link, ServerConnected, ServerUnreachable, Side
from ftpalg.core.facts import Fact
from ftpalg.core.reached import ServerReached
from ftpalg.core.routes import Server
from ftpalg.core.wire.commands import Command
from ftpalg.net.call_all import call_all
from ftpalg.net.control.flow_control import Hold
from ftpalg.net.control.line import Control
from ftpalg.net.control.server import ServerControl
from ftpalg.net.data_addresses import ServerPlace
from ftpalg.net.guarded import Guarded
from ftpalg.net.ledger import LINE, Grant, Short
from ftpalg.net.legs.half import Half, Surroundings
from ftpalg.net.legs.pair import Data
from ftpalg.net.reach.attempt import DIRECT, Way, ends_at
from ftpalg.net.reach.failover import Reach
from ftpalg.net.seats import Seats
from ftpalg.net.shared import Shared
from ftpalg.net.shares import used_up

TOO_MANY = {
    True: "Too many connections from your address; try again later.",
    False: "Too many connections; try again later.",
}
"""What a client hears where its share of descriptors (True), or all there are, are used up."""
SERVER_FULL = "Too many sessions with that server; try again later."
"""What it hears where that of its server is, and of each other one that it could have."""


class BackendOwner(Protocol):
    """The session of a back end."""

    def handle(self, event: Event) -> None:
        """Something has happened."""

    @property
    def client_waits(self) -> bool:
        """True while the client does not read: replies have to wait."""

    @property
    def skips_text(self) -> bool:
        """Whether text without a code may be passed over."""

    @property
    def asks_nothing(self) -> bool:
        """Whether no reply of the server is awaited."""

    @property
    def ends_anywhere(self) -> bool:
        """Whether a reply may end with another code than its first."""

    @property
    def transfers(self) -> bool:
        """Whether a file is on its way."""

    @property
    def reactor(self) -> Guarded:
        """Its own."""

    @property
    def around(self) -> Surroundings:
        """What its data connections are given."""

    def observe(self, fact: Fact) -> None:
        """Something to know has happened."""

    @property
    def key(self) -> str:
        """Whose it is in the ledger."""

    @property
    def seats(self) -> Seats:
        """What it holds of the limits."""

    def crowded(self, short: Short) -> None:
        """Its server's replies take more memory than there is: end it."""

    def broke(self) -> None:
        """An exception is being handled: end the session."""


class Backend(Protocol):
    """What the core orders of a server's side.  What comes of it is told as events: ServerConnected
    or ServerUnreachable, ServerSecured or ServerInsecure, ReplyReceived, ServerBroken, ServerLost, and
    those of its data connection."""

    @property
    def data(self) -> Data | None:
        """Its data connection; None while no server is connected."""

    def dial(self, action: Dial, client: Link, *, near: bool) -> None:
        """Reach one of the servers; ``near`` where the client's connection is from this machine."""

    def send(self, command: Command, *, urgent: bool) -> None:
        """Send a command."""

    def shake(self) -> None:
        """Begin TLS."""

    def hold(self) -> None:
        """The client does not read: no more replies."""

    def release(self) -> None:
        """The client reads again."""

    def copy(self, client: Control) -> None:
        """From now on copy everything between the two, untouched."""

    def hang_up(self) -> None:
        """Close what there is; nothing is told any more."""

    def calls_from(self, host: str, port: int) -> bool:
        """Whether that is our end of the connection to the server."""


class FtpBackend:
    """A server that speaks FTP, reached by its way.

    ``tried`` has the addresses that could not be reached.
    """

    __slots__ = (
        "_asked", "_client", "_control", "_half", "_held", "_link", "_place", "_reach", "_server", "_session",
        "_shared", "_way", "tried",
    )  # fmt: skip

    def __init__(self, shared: Shared, session: BackendOwner) -> None:
        self._shared = shared
        self._session = session
        self._asked = 0.0
        self._client: Link | None = None
        self._reach: Reach | None = None
        self._held: Grant | None = None
        self.tried: tuple[str, ...] = ()
        self._server: Server | None = None
        self._way = DIRECT
        self._link: Link | None = None
        self._control: ServerControl | None = None
        self._place: ServerPlace | None = None
        self._half: Half | None = None

    @property
    def data(self) -> Half | None:
        if self._half is None and self._link is not None:
            self._half = Half(Side.SERVER, self._place_at(self._link), self._session.around)
        return self._half

    def _place_at(self, link: Link) -> ServerPlace:
        if self._place is None:
            assert self._control is not None, "there is a link to the server"
            self._place = ServerPlace(self._shared, self._control, link, self._way)
        return self._place

    # -- the control connection -------------------------------------------------------------------

    def handle(self, event: Event) -> None:
        """Something has happened, to the control connection or before there was one."""
        self._session.handle(event)

    def dial(self, action: Dial, client: Link, *, near: bool) -> None:
        self._client = client
        self.tried = ()
        barred = self._shared.reaching.barred(action)
        if barred is not None:
            why, sentence = barred
            self.handle(ServerUnreachable(why.sentence, sentence, why))
            return
        short = self._session.seats.route(action.route)
        if short is not None:
            self._full(short, Reason.ROUTE_FULL, "Too many sessions on this way; try again later.")
            return
        ledger, key = self._shared.ledger, self._session.key
        short = ledger.ask(key, LINE.DESCRIPTORS)
        if short is not None:
            self._full(short, Reason.SHARE_USED_UP, TOO_MANY[short.of_one])
            return
        self._held = held = Grant(ledger, key, LINE.DESCRIPTORS, 1)
        self._asked = self._shared.reactor.seconds()
        self._reach = self._shared.reaching.reach(
            Guarded(self._shared.watch, self._session, self._shared.turns),
            action,
            client,
            near,
            self._reached,
            self._not_reached,
            self._session.observe,
            held,
            self._takes,
        )
        self._reach.start()

    def _full(self, short: Short, why: Reason, sentence: str) -> None:
        """There is no room for one more, and the client is told so."""
        self._session.seats.leave_server()
        self._session.observe(used_up(short))
        self.handle(ServerUnreachable(why.sentence, sentence, why))

    def _takes(self, server: Server) -> str:
        """Why that server may have no session more, or nothing: it has this one from now on."""
        short = self._session.seats.server(server)
        if short is None:
            return ""
        self._session.observe(used_up(short))
        return SERVER_FULL

    def _not_reached(self, reason: str, forbidden: str) -> None:
        if self._reach is not None:
            self.tried = tuple(self._reach.tried)
        self._give_back()
        self.settled()
        self._session.seats.leave_server()
        if forbidden == SERVER_FULL:
            self.handle(ServerUnreachable(reason, forbidden, Reason.SERVER_FULL))
        else:
            self.handle(ServerUnreachable(reason, forbidden))

    def _reached(self, sock: socket.socket, server: Server, way: Way) -> None:
        self._reach = None
        self._server, self._way = server, way
        self._shared.reaching.came(server)
        shared = self._shared
        self._control = ServerControl(self, shared.watch, shared.settings, shared.turns, self._held)
        self._held = None
        self._shared.reaching.adopt(sock, self._control)

    @property
    def skips_text(self) -> bool:
        """Whether text without a code may be passed over."""
        return self._session.skips_text

    @property
    def asks_nothing(self) -> bool:
        """Whether no reply of the server is awaited."""
        return self._session.asks_nothing

    @property
    def ends_anywhere(self) -> bool:
        """Whether a reply may end with another code than its first."""
        return self._session.ends_anywhere

    @property
    def transfers(self) -> bool:
        """Whether a file is on its way."""
        return self._session.transfers

    def crowded(self, short: Short) -> None:
        """The server's replies take more memory than there is for the client."""
        self._session.crowded(short)

    def _give_back(self) -> None:
        """Nobody is on the way to a server."""
        held, self._held = self._held, None
        if held is not None:
            held.back()

    def broke(self) -> None:
        """An exception is being handled that came out of the control connection."""
        self._session.broke()

    def server_met(self, link: Link) -> None:
        """The connection to the server that was reached stands."""
        if self._server is None or self._control is None:
            return
        if self._client is not None:
            self._shared.reaching.met(self._client, link.peer)
        shown = self._shared.advertised.to_server(link.peer)
        if shown:
            link = link._replace(shown=shown)
        self._link = link
        if self._session.client_waits:
            self.hold()
        took, self._asked = self._shared.reactor.seconds() - self._asked, 0.0
        self._session.observe(ServerReached(str(self._server), took))
        traits = self._shared.reaching.traits.of(self._server)
        self.handle(ServerConnected(link, traits, self._server))

    def send(self, command: Command, *, urgent: bool) -> None:
        if self._control is not None:
            self._control.send(bytes(command), urgent=urgent)

    def shake(self) -> None:
        if self._control is None or self._server is None or self._link is None:
            return
        asked, place = self._way.certified(self._server), self._place_at(self._link)
        place.for_server = self._shared.certificates.server_side.for_server(asked.host)
        self._control.start_tls(place.for_server)

    def hold(self) -> None:
        if self._control is not None:
            self._control.pauses.hold(Hold.OTHER)

    def release(self) -> None:
        if self._control is not None:
            self._control.pauses.release(Hold.OTHER)

    def copy(self, client: Control) -> None:
        if self._control is not None:
            client.go_opaque(self._control)

    def hang_up(self) -> None:
        reach, half, control, server = self._reach, self._half, self._control, self._server
        self._reach = self._half = self._control = self._server = self._place = self._link = None
        calls: list[Callable[[], object]] = []
        if reach is not None:
            calls += (reach.cancel, self._give_back, self.settled)
            calls.append(self._session.seats.leave_server)
        if half is not None:
            calls.append(half.abort)
        if control is not None:
            calls.append(control.hang_up)
        if server is not None:
            calls += (self.settled, partial(self._shared.reaching.left, server))
            calls.append(self._session.seats.leave_server)
        call_all(*calls)

    def settled(self) -> None:
        """The client is logged in there, or is not on its way there any more."""
        if self._client is not None:
            self._shared.reaching.settled(self._client)

    @property
    def control(self) -> ServerControl | None:
        """The control connection to it."""
        return self._control

    @property
    def server(self) -> Server | None:
        """Which of the servers it is."""
        return self._server

    def calls_from(self, host: str, port: int) -> bool:
        if self._control is not None:
            sock = getattr(self._control.transport, "socket", None)  # none before and after
            return sock is not None and ends_at(sock, host, port)
        return self._reach is not None and self._reach.calls_from(host, port)


GONE = FtpBackend(None, None)  # type: ignore[arg-type]
"""What a session that is over has for a server: nobody, and nothing is asked of it."""
