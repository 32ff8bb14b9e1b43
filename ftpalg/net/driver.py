"""Performs one session's actions and gives it its events.

The only place where the core meets sockets and clocks.  An action may cause an event at once (a
data port is open as soon as it is asked for): events wait in a queue and are handled one after
another, so that the core is never entered twice.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from OpenSSL import SSL

from ftpalg.core import actions as do
from ftpalg.core.events import (
    ClientLost,
    Event,
    LegEnded,
    LegFailed,
    LegOpened,
    Link,
    ListenFailed,
    Listening,
    ServerUnreachable,
    Side,
    Timer,
    TimerExpired,
)
from ftpalg.core.replies import reply
from ftpalg.core.rules import Rules
from ftpalg.core.session import Session
from ftpalg.net.control import ClientControl, ServerControl
from ftpalg.net.data import (
    DataSocket,
    Descriptor,
    Drain,
    dial,
    established,
    listen,
    with_port,
)
from ftpalg.net.dial import Dial
from ftpalg.net.relay import SPLICE, CopyRelay, Relay, SpliceRelay
from ftpalg.net.tls import ForClients, ForServer
from ftpalg.net.tlsdata import TlsDataSocket
from ftpalg.net.unwrap import Unwrap

if TYPE_CHECKING:
    from ftpalg.net.gateway import Gateway

GRACE = 0.002
"""Seconds between the clean end of an upload's data and the last look at its control connection.

A client that dies ends both with FIN, the data first or last: only an upload whose client is still
there is ended towards the server.
"""


class Driver:
    """One session, its connections and its timers."""

    __slots__ = (
        "_began",
        "_busy",
        "_dial",
        "_dialled",
        "_events",
        "_for_clients",
        "_for_server",
        "_grace",
        "_legs",
        "_relay",
        "_timers",
        "client",
        "gateway",
        "name",
        "server",
        "session",
    )

    def __init__(
        self, gateway: Gateway, client: ClientControl, rules: Rules, link: Link, name: str
    ) -> None:
        self.gateway = gateway
        self.client = client
        self.server: ServerControl | None = None
        self.name = name
        self.session = Session(rules, link)
        self._dial: Dial | None = None
        self._dialled: do.Server | None = None
        self._for_clients: ForClients | None = None
        self._for_server: ForServer | None = None
        self._legs: dict[Side, Descriptor] = {}
        self._relay: Relay | None = None
        self._timers: dict[Timer, Any] = {}
        self._events: deque[Event] = deque()
        self._busy = False
        self._began = 0.0
        self._grace: Any = None

    def start(self) -> None:
        """The client is admitted."""
        self._perform(self.session.start())

    def handle(self, event: Event) -> None:
        """Give the session an event and do what it orders."""
        if self.gateway.log.ladder:
            self.gateway.log.received(self, event)
        self._events.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._events:
                self._perform(self.session.handle(self._events.popleft()))
        finally:
            self._busy = False
        if self.client.stalled and self.client.driver is self:
            self.client.pump()

    def _perform(self, ordered: list[do.Action]) -> None:
        for action in ordered:
            PERFORM[type(action)](self, action)

    def end(self, text: str) -> None:
        """End the session from outside, with 421 and that text."""
        self._perform(self.session.end(reply(421, text)))

    def pause_server(self) -> None:
        """The client does not read: take no more replies from the server."""
        if self.server is not None:
            self.server.hold(Side.CLIENT)

    def resume_server(self) -> None:
        """The client reads again."""
        if self.server is not None:
            self.server.release(Side.CLIENT)

    # -- control connections --------------------------------------------------------------------

    def _send_reply(self, action: do.SendReply) -> None:
        if self.gateway.log.ladder:
            self.gateway.log.reply(self, action.reply)
        self.client.write(bytes(action.reply))

    def _send_command(self, action: do.SendCommand) -> None:
        if self.server is not None:
            if self.gateway.log.ladder:
                self.gateway.log.command(self, action.command)
            self.server.send(bytes(action.command), urgent=action.urgent)

    def _start_dial(self, action: do.Dial) -> None:
        self._dialled = action.server
        self._dial = Dial(
            self.gateway.reactor,
            action.server,
            self.gateway.settings.timeouts.connect,
            lambda: ServerControl(self),
            lambda reason: self.handle(ServerUnreachable(reason)),
        )

    def _hang_up(self, action: do.HangUp) -> None:
        if action.side is Side.SERVER:
            if self._dial is not None:
                self._dial.cancel()
                self._dial = None
            if self.server is not None:
                self.server.hang_up()
                self.server = None
            return
        self.client.hang_up()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
        self.gateway.dismiss(self)

    def _start_tls(self, action: do.StartTls) -> None:
        if action.side is Side.CLIENT:
            self.client.start_tls(self.for_clients())
        elif self.server is not None:
            assert self._dialled is not None
            self._for_server = self.gateway.server_side.for_server(self._dialled.host)
            self.server.start_tls(self._for_server)

    def for_clients(self) -> ForClients:
        """The TLS of this session's client connections; the control connection's comes first."""
        if self._for_clients is None:
            self._for_clients = self.gateway.client_side().for_session()
        return self._for_clients

    def _stop_tls(self, action: do.StopTls) -> None:
        Unwrap(self.client)

    def _go_opaque(self, action: do.GoOpaque) -> None:
        assert self.server is not None
        self.client.go_opaque(self.server)

    # -- timers ---------------------------------------------------------------------------------

    def _start_timer(self, action: do.StartTimer) -> None:
        timer = action.timer
        seconds = self.gateway.settings.timeouts.of(timer)
        running = self._timers.get(timer)
        if running is not None:
            running.reset(seconds)
        else:
            self._timers[timer] = self.gateway.reactor.callLater(seconds, self._expired, timer)

    def _stop_timer(self, action: do.StopTimer) -> None:
        running = self._timers.pop(action.timer, None)
        if running is not None:
            running.cancel()

    def _expired(self, timer: Timer) -> None:
        del self._timers[timer]
        self.handle(TimerExpired(timer))

    # -- data connections -----------------------------------------------------------------------

    def _control(self, side: Side) -> socket.socket:
        protocol = self.client if side is Side.CLIENT else self.server
        assert protocol is not None
        found: socket.socket = protocol.transport.socket
        return found

    def _link(self, side: Side) -> Link:
        link = self.session.client if side is Side.CLIENT else self.session.server
        assert link is not None
        return link

    def _listen(self, action: do.Listen) -> None:
        side = action.side
        try:
            leg = listen(
                self.gateway.reactor,
                self._control(side).getsockname(),
                self._link(side).peer,
                self.gateway.ports(side),
                lambda sock: self._opened(side, sock),
                lambda host: self.gateway.log.intruder(self, side, host),
            )
        except OSError as error:
            self.handle(ListenFailed(side, error.strerror or str(error)))
            return
        self._legs[side] = leg
        self.handle(Listening(side, leg.port))

    def _connect(self, action: do.Connect) -> None:
        side = action.side
        try:
            control = self._control(side)
            self._legs[side] = dial(
                self.gateway.reactor,
                control.getsockname(),
                with_port(control.getpeername(), action.port),
                lambda sock: self._opened(side, sock),
                lambda reason: self._failed(side, reason),
            )
        except OSError as error:
            self._failed(side, error.strerror or str(error))

    def _opened(self, side: Side, sock: socket.socket) -> None:
        reactor = self.gateway.reactor
        if not self.session.protection.protects(side):
            self._legs[side] = DataSocket(reactor, sock)
            self.handle(LegOpened(side, protected=False))
            return
        tls = self._for_clients if side is Side.CLIENT else self._for_server
        assert tls is not None
        connection = tls.connection()
        if side is Side.SERVER:
            self._resume(connection)
        leg = TlsDataSocket(reactor, sock, connection, lenient=self.gateway.lenient(side))
        self._legs[side] = leg
        leg.handshake(lambda: self._shaken(side, leg), lambda reason: self._failed(side, reason))

    def _resume(self, connection: SSL.Connection) -> None:
        """Servers want data connections to resume the control connection's session.

        It is taken now, not at the handshake: TLS 1.3 tickets come with the first replies.
        """
        assert self.server is not None
        session = self.server.transport.getHandle().get_session()
        if session is not None:
            connection.set_session(session)

    def _shaken(self, side: Side, leg: TlsDataSocket) -> None:
        wrong = ""
        if side is Side.SERVER:
            assert self._for_server is not None
            wrong = self._for_server.mismatch(leg.tls)
            wrong = wrong and f"its certificate is refused: {wrong}"
        elif leg.tls.full and self.gateway.settings.client_tls.require_reuse:
            wrong = "TLS did not resume the control connection's session"
        if wrong:
            self._failed(side, wrong, code=522 if side is Side.CLIENT else 0)
        else:
            self.handle(LegOpened(side, protected=True))

    def _failed(self, side: Side, reason: str, code: int = 0) -> None:
        leg = self._legs.pop(side, None)
        if leg is not None:
            leg.abort()
        self.handle(LegFailed(side, f"{side.value}: {reason}", code))

    def _start_relay(self, action: do.Relay) -> None:
        source, sink = self._legs[action.source], self._legs[action.source.other]
        assert isinstance(source, DataSocket) and isinstance(sink, DataSocket)
        plain = not isinstance(source, TlsDataSocket) and not isinstance(sink, TlsDataSocket)
        kind = SpliceRelay if plain and SPLICE and self.gateway.settings.data.splice else CopyRelay
        self._began = self.gateway.reactor.seconds()
        self._relay = kind(
            self.gateway.reactor,
            source,
            sink,
            lambda: self._source_ended(action.source),
            lambda reason: self._failed(action.source, reason),
            lambda reason: self._failed(action.source.other, reason),
        )
        self._relay.start(self.gateway.settings.timeouts.stalled)

    def _source_ended(self, side: Side) -> None:
        if side is Side.SERVER:
            self._source_done(side)
        elif self._client_there():
            self._grace = self.gateway.reactor.callLater(GRACE, self._upload_ended)

    def _upload_ended(self) -> None:
        self._grace = None
        if Side.CLIENT in self._legs and self._client_there():
            self._source_done(Side.CLIENT)

    def _source_done(self, side: Side) -> None:
        leg = self._legs.pop(side)
        assert isinstance(leg, DataSocket)
        if isinstance(leg, TlsDataSocket) and leg.cut:
            self.gateway.log.note(
                self, f"the {side.value} ended TLS without close_notify (lenient)"
            )
        leg.close_ended()
        self.handle(LegEnded(side))

    def _client_there(self) -> bool:
        """True while the client's control connection has not ended; tells the session otherwise."""
        there = established(self._control(Side.CLIENT))
        if not there:
            self.handle(ClientLost("the control connection ended with the upload's data"))
        return there

    def _end_leg(self, action: do.EndLeg) -> None:
        side, leg = action.side, self._legs[action.side]
        assert isinstance(leg, DataSocket)

        def done() -> None:
            del self._legs[side]
            Drain(self.gateway.reactor, leg.socket, self.gateway.settings.timeouts.drain)
            self.handle(LegEnded(side))

        leg.finish(done, lambda reason: self._failed(side, reason))

    def _abort_leg(self, action: do.AbortLeg) -> None:
        if self._relay is not None:
            self._relay.stop()
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
        leg = self._legs.pop(action.side, None)
        if leg is not None:
            leg.abort()

    # -- what is told ---------------------------------------------------------------------------

    def _report_progress(self, action: do.ReportProgress) -> None:
        moved = self._relay.moved if self._relay is not None else 0
        verb = action.command.verb.decode("ascii")
        self._send_reply(do.SendReply(reply(213, f"{verb}: {moved} bytes so far.")))

    def _transfer_done(self, action: do.TransferDone) -> None:
        relay, self._relay = self._relay, None
        moved, seconds = 0, 0.0
        if relay is not None:
            relay.stop()
            moved, seconds = relay.moved, self.gateway.reactor.seconds() - self._began
        self.gateway.log.transfer(self, action, moved, seconds)

    def _logged_in(self, action: do.LoggedIn) -> None:
        self.gateway.log.login(self, action.user)

    def _note(self, action: do.Note) -> None:
        self.gateway.log.note(self, action.text)


PERFORM: dict[type, Callable[..., None]] = {
    do.SendReply: Driver._send_reply,
    do.SendCommand: Driver._send_command,
    do.Dial: Driver._start_dial,
    do.HangUp: Driver._hang_up,
    do.StartTls: Driver._start_tls,
    do.StopTls: Driver._stop_tls,
    do.GoOpaque: Driver._go_opaque,
    do.Listen: Driver._listen,
    do.Connect: Driver._connect,
    do.Relay: Driver._start_relay,
    do.EndLeg: Driver._end_leg,
    do.AbortLeg: Driver._abort_leg,
    do.StartTimer: Driver._start_timer,
    do.StopTimer: Driver._stop_timer,
    do.ReportProgress: Driver._report_progress,
    do.TransferDone: Driver._transfer_done,
    do.LoggedIn: Driver._logged_in,
    do.Note: Driver._note,
}
