"""Performs one session's actions and gives it its events.

The only place where the core meets sockets and clocks.  An action may cause an event at once (a
data port is open as soon as it is asked for): events wait in a queue and are handled one after
another, so that the core is never entered twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ftpalg.core import actions as do
from ftpalg.core.commands import Command
from ftpalg.core.events import (
    AccountAccepted,
    AccountRefused,
    Event,
    Link,
    SecretMissing,
    ServerUnreachable,
    Side,
    Timer,
    TimerExpired,
)
from ftpalg.core.replies import reply
from ftpalg.core.routes import Server
from ftpalg.core.rules import Rules
from ftpalg.core.session import Session
from ftpalg.net.accounts import Check
from ftpalg.net.client import ClientControl
from ftpalg.net.legs import Legs
from ftpalg.net.reach import Reach, Way, ends_at
from ftpalg.net.secrets import NoSecret, read_secret
from ftpalg.net.server import ServerControl
from ftpalg.net.tls import ForClients, ForServer
from ftpalg.net.unwrap import Unwrap

if TYPE_CHECKING:
    import socket

    from ftpalg.net.gateway import Gateway


class Driver:
    """One session, its connections and its timers."""

    __slots__ = (
        "_busy",
        "_check",
        "_events",
        "_for_clients",
        "_reach",
        "_timers",
        "client",
        "dialled",
        "for_server",
        "gateway",
        "legs",
        "name",
        "server",
        "session",
        "way",
    )

    def __init__(
        self, gateway: Gateway, client: ClientControl, rules: Rules, link: Link, name: str
    ) -> None:
        self.gateway = gateway
        self.client = client
        self.server: ServerControl | None = None
        self.name = name
        self.session = Session(rules, link)
        self.way = Way()
        self.dialled: Server | None = None
        self.for_server: ForServer | None = None
        self.legs = Legs(self)
        self._reach: Reach | None = None
        self._check: Check | None = None
        self._for_clients: ForClients | None = None
        self._timers: dict[Timer, Any] = {}
        self._events: deque[Event] = deque()
        self._busy = False

    def start(self) -> None:
        """The client is admitted."""
        self._busy = True
        try:
            self._perform(self.session.start())
        finally:
            self._busy = False
        self._go_on()

    def handle(self, event: Event) -> None:
        """Give the session an event and do what it orders."""
        if self.gateway.log.ladder:
            self.gateway.log.received(self, event)
        self._events.append(event)
        self._go_on()

    def _go_on(self) -> None:
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

    def calls_from(self, host: str, port: int) -> bool:
        """Whether that is our end of this session's connection to its server."""
        if self.server is not None:
            sock = getattr(self.server.transport, "socket", None)  # none once it is lost
            return sock is not None and ends_at(sock, host, port)
        return self._reach is not None and self._reach.calls_from(host, port)

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

    def _send_secret(self, action: do.SendSecret) -> None:
        try:
            secret = read_secret(action.source)
        except NoSecret as error:
            self.handle(SecretMissing(str(error)))
        else:
            self._send_command(do.SendCommand(Command(b"PASS", secret)))

    def _authenticate(self, action: do.Authenticate) -> None:
        self._check = self.gateway.accounts.check(
            action.account,
            action.password,
            lambda name: self.handle(AccountAccepted(name)),
            lambda reason: self.handle(AccountRefused(reason)),
        )

    def _dial(self, action: do.Dial) -> None:
        gateway, client = self.gateway, self.session.client
        self.way = gateway.way(action.route, client)
        self._reach = Reach(
            gateway.reactor,
            self.way,
            gateway.order(action, client.peer),
            gateway.settings.timeouts.connect,
            lambda server, address: gateway.judge(action, client.peer, server, address),
            self._reached,
            lambda reason, forbidden: self.handle(ServerUnreachable(reason, forbidden)),
        )
        self._reach.start()

    def _reached(self, sock: socket.socket, server: Server) -> None:
        self._reach = None
        self.dialled = server
        self.gateway.sessions_at[server] += 1
        self.gateway.adopt(sock, ServerControl(self))

    def _hang_up(self, action: do.HangUp) -> None:
        if action.side is Side.SERVER:
            if self._reach is not None:
                self._reach.cancel()
                self._reach = None
            if self.server is not None:
                self.server.hang_up()
                self.server = None
            if self.dialled is not None:
                self.gateway.left(self.dialled)
                self.dialled = None
            return
        self.client.hang_up()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self.legs.let_go()
        if self._check is not None:
            self._check.cancel()
        self.gateway.dismiss(self)

    def _start_tls(self, action: do.StartTls) -> None:
        if action.side is Side.CLIENT:
            self.client.start_tls(self.for_clients())
        elif self.server is not None and self.dialled is not None:
            parent = self.way.parent
            asked = parent.url.server if parent and not self.way.proxied else self.dialled
            self.for_server = self.gateway.server_side.for_server(asked.host)
            self.server.start_tls(self.for_server)

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

    # -- what is told ---------------------------------------------------------------------------

    def _report_progress(self, action: do.ReportProgress) -> None:
        verb = action.command.verb.decode("ascii")
        self._send_reply(do.SendReply(reply(213, f"{verb}: {self.legs.moved} bytes so far.")))

    def _transfer_done(self, action: do.TransferDone) -> None:
        self.gateway.log.transfer(self, action, *self.legs.done())

    def _logged_in(self, action: do.LoggedIn) -> None:
        self.gateway.log.login(self, action.user)

    def _note(self, action: do.Note) -> None:
        self.gateway.log.note(self, action.text)


PERFORM: dict[type, Callable[..., None]] = {
    do.SendReply: Driver._send_reply,
    do.SendCommand: Driver._send_command,
    do.SendSecret: Driver._send_secret,
    do.Authenticate: Driver._authenticate,
    do.Dial: Driver._dial,
    do.HangUp: Driver._hang_up,
    do.StartTls: Driver._start_tls,
    do.StopTls: Driver._stop_tls,
    do.GoOpaque: Driver._go_opaque,
    do.Listen: lambda driver, action: driver.legs.listen(action),
    do.Connect: lambda driver, action: driver.legs.connect(action),
    do.Relay: lambda driver, action: driver.legs.relay(action),
    do.EndLeg: lambda driver, action: driver.legs.end(action),
    do.AbortLeg: lambda driver, action: driver.legs.abort(action),
    do.StartTimer: Driver._start_timer,
    do.StopTimer: Driver._stop_timer,
    do.ReportProgress: Driver._report_progress,
    do.TransferDone: Driver._transfer_done,
    do.LoggedIn: Driver._logged_in,
    do.Note: Driver._note,
}
