"""One client, one server, and every command between them: ``Session.handle(event) -> actions``.

Invariants (rule 3 of the design: every reply answers its own command):

- commands wait in a FIFO; ``head`` is the one being answered, and only its answer lets the next go;
- at most one command is outstanding at the server; ``ask`` says who takes its reply;
- a 1xx leaves it outstanding, anything else settles it;
- a reply that nobody asked for is dropped where servers are known to send such, and ends the
  session otherwise.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ftpalg.core.actions import (
    Action,
    HangUp,
    Note,
    SendCommand,
    SendReply,
    StartTimer,
    StopTimer,
)
from ftpalg.core.arrival import Arrival
from ftpalg.core.commands import FOREIGN, Command, Kind
from ftpalg.core.conduct import Conduct
from ftpalg.core.errors import FtpError
from ftpalg.core.events import (
    AccountAccepted,
    AccountRefused,
    ClientDone,
    ClientLost,
    ClientSecured,
    CommandReceived,
    CommandRefused,
    Event,
    LegEnded,
    LegFailed,
    LegOpened,
    Link,
    ListenFailed,
    Listening,
    ReplyReceived,
    SecretMissing,
    ServerBroken,
    ServerConnected,
    ServerInsecure,
    ServerLost,
    ServerSecured,
    ServerUnreachable,
    Side,
    Timer,
    TimerExpired,
    Traits,
)
from ftpalg.core.login import Login
from ftpalg.core.passing import Passing
from ftpalg.core.phase import Phase
from ftpalg.core.preparation import Preparation
from ftpalg.core.protection import Protection
from ftpalg.core.replies import Reply, reply
from ftpalg.core.rules import Rules

Then = Callable[[Reply], None]


class Session:
    """The core of one session.  Give it events, perform the actions it returns, in their order."""

    __slots__ = (
        "_asked",
        "_bad",
        "_client_done",
        "_goodbye",
        "_last_code",
        "_out",
        "arrival",
        "client",
        "conduct",
        "head",
        "login",
        "passing",
        "phase",
        "preparation",
        "protection",
        "queue",
        "rules",
        "server",
        "server_gone",
        "traits",
    )

    def __init__(self, rules: Rules, client: Link) -> None:
        self.rules = rules
        self.client = client
        self.server: Link | None = None
        self.traits = Traits()
        self.phase = Phase.DIALING
        self.queue: deque[Command | FtpError] = deque()
        self.head: Command | None = None
        self.protection = Protection(self)
        self.arrival = Arrival(self)
        self.login = Login(self)
        self.preparation = Preparation(self)
        self.passing = Passing(self)
        self.conduct = Conduct(self)
        self._asked: Then | None = None
        self._goodbye: Reply | None = None
        self.server_gone = False
        self._last_code = 0
        self._bad = 0
        self._client_done = False
        self._out: list[Action] = []

    # -- from outside ---------------------------------------------------------------------------

    def start(self) -> list[Action]:
        """The client has connected: what to do first."""
        self._out = []
        self.arrival.begin()
        return self._out

    def handle(self, event: Event) -> list[Action]:
        """Take one event; return what it orders.  Events after the end order nothing."""
        self._out = []
        if self.phase is not Phase.OVER:
            HANDLERS[type(event)](self, event)
            self._advance()
        return self._out

    def end(self, last: Reply) -> list[Action]:
        """The gateway ends the session, with a last word to the client."""
        self._out = []
        self.leave(last)
        return self._out

    @property
    def wants_commands(self) -> bool:
        """False while the queue is full: the driver then stops reading from the client."""
        return len(self.queue) < self.rules.queued_commands

    @property
    def features(self) -> tuple[bytes, ...]:
        """What FEAT shows of the gateway itself."""
        epsv = (
            (b"EPSV",) if self.client.direct else ()
        )  # lftp does not go on with PASV where listed
        return (*self.protection.features, b"EPRT", *epsv)

    # -- for the session's parts ----------------------------------------------------------------

    def order(self, action: Action) -> None:
        """Add an action to those this event returns."""
        self._out.append(action)

    def tell(self, message: Reply) -> None:
        """Send the client a reply that leaves its command open."""
        self._out.append(SendReply(message))
        self._last_code = message.code

    def answer(self, message: Reply) -> None:
        """Send the client the final reply to ``head``."""
        self.tell(message)
        self.head = None
        if self.login.done:
            self._out.append(StartTimer(Timer.IDLE))

    def forward(self, message: Reply) -> None:
        """Give the client the server's reply to ``head``, whichever kind it is."""
        if message.preliminary:
            self.tell(message)
        else:
            self.answer(message)

    def ask(self, command: Command, then: Then, *, urgent: bool = False) -> None:
        """Send the server a command; ``then`` gets each reply to it, the final one last."""
        self.passing.sent(command)
        self._out.append(SendCommand(command, urgent))
        self._asked = then

    def expect(self, then: Then | None) -> None:
        """Let ``then`` take the replies to come, for a command already sent; None for nobody."""
        self._asked = then

    def refuse(self, code: int, text: str) -> None:
        """Answer ``head`` with a refusal of our own; too many of them before login end the session."""
        self.turn_down(reply(code, text))

    def turn_down(self, message: Reply) -> None:
        """Answer ``head`` with a refusal, whoever's words it has; it counts like our own."""
        self.answer(message)
        if not self.login.done:
            self._count_bad()

    def leave(self, last: Reply | None = None) -> None:
        """End the session: live legs fail, ``last`` goes to the client, both connections close."""
        if self.phase is Phase.OVER:
            return
        self.conduct.cut_off()
        if last is not None:
            self.tell(last)
        self.phase = Phase.OVER
        self.queue.clear()
        self.head = self._asked = None
        self.order(HangUp(Side.SERVER))
        self.order(HangUp(Side.CLIENT))

    def drop_server(self) -> None:
        """Close the server's connection and forget it; the client stays and may name another."""
        self.conduct.drop()
        self.passing.forget_rest()
        self.protection.forget_server()
        self._asked = self.server = None
        self.order(StopTimer(Timer.HANDSHAKE))
        self.order(HangUp(Side.SERVER))

    def overtake(self) -> None:
        """A transfer has begun: an ABOR that waits behind it concerns it."""
        for at, item in enumerate(self.queue):
            if isinstance(item, Command) and item.kind is Kind.ABORT:
                if self.conduct.abort_for_client(at_once=at == 0) and at == 0:
                    self.queue.popleft()
                return

    def go_opaque(self) -> None:
        """Nothing more is read here: both control connections are copied untouched."""
        self.phase = Phase.OPAQUE
        self.queue.clear()
        for timer in (Timer.LOGIN, Timer.IDLE):
            self.order(StopTimer(timer))

    # -- events ---------------------------------------------------------------------------------

    def _on_command(self, event: CommandReceived) -> None:
        command = event.command
        if command.verb in FOREIGN and not self.login.done:
            self.leave(reply(421, "This is an FTP service; closing the connection."))
        elif command.kind is Kind.ABORT and self.conduct.abort_for_client(at_once=not self.queue):
            if self.queue:
                self.queue.append(command)
        elif self._asks_progress(command) and self.conduct.report():
            return
        else:
            self.queue.append(command)

    def _asks_progress(self, command: Command) -> bool:
        """STAT without a path, with nothing before it (RFC 959: during a transfer, its status)."""
        return command.kind is Kind.STATUS and not command.argument and not self.queue

    def _on_refused_line(self, event: CommandRefused) -> None:
        self.queue.append(event.error)

    def _on_client_lost(self, event: ClientLost) -> None:
        self.leave()

    def _on_client_done(self, event: ClientDone) -> None:
        if self.conduct.running:
            self.leave()  # a client that is gone in mid-transfer: it cannot see how it ends
        self._client_done = True
        self.order(StartTimer(Timer.QUIT))  # anew with each command that is still to be answered

    def _on_server_connected(self, event: ServerConnected) -> None:
        self.server = event.link
        self.traits = event.traits
        self.login.server = event.server or self.login.server
        self._asked = self.login.greeted
        self.order(StartTimer(Timer.HANDSHAKE))
        self.login.connected()

    def _on_server_secured(self, event: ServerSecured) -> None:
        self.order(StopTimer(Timer.HANDSHAKE))
        self.protection.secured()

    def _on_server_insecure(self, event: ServerInsecure) -> None:
        self.order(StopTimer(Timer.HANDSHAKE))
        self.login.unreachable(event.reason)

    def _on_server_unreachable(self, event: ServerUnreachable) -> None:
        why = f"server unreachable: {event.reason}"
        if event.forbidden:
            self.login.unreachable(event.forbidden, 530, why=why)
        else:
            self.login.unreachable("The server cannot be reached.", why=why)

    def _on_client_secured(self, event: ClientSecured) -> None:
        self.arrival.secured(event.sni)

    def _on_account_accepted(self, event: AccountAccepted) -> None:
        self.arrival.accepted(event.account)

    def _on_account_refused(self, event: AccountRefused) -> None:
        self.arrival.refused(event.reason)

    def _on_secret_missing(self, event: SecretMissing) -> None:
        self.login.secret_missing(event.reason)

    def _on_reply(self, event: ReplyReceived) -> None:
        message, held = event.reply, self._goodbye
        self._goodbye = None
        if held is not None:
            self.order(StopTimer(Timer.SETTLE))
        then = self._asked
        if then is None:
            self._on_surplus(message)
        elif message.preliminary:
            then(message)
        elif message.code == 421 and not self.conduct.running and self.phase is Phase.CONNECTED:
            # goodbye, or pyftpdlib's word on an unused data port: what follows tells which
            self._goodbye = message
            self.order(StartTimer(Timer.SETTLE))
        else:
            self._asked = None
            then(message)

    def _on_surplus(self, message: Reply) -> None:
        if self.conduct.takes_surplus(message):
            return
        if message.code == 421:
            self._goodbye = message
        elif not message.positive and message.code != 425:
            self.order(Note(f"reply {message.code} answers no command"))
            self.leave(reply(421, "The server sent a reply that answers no command; closing."))

    def _on_server_broken(self, event: ServerBroken) -> None:
        self.order(Note(str(event.error)))
        self.leave(reply(421, f"{event.error} Closing."))

    def _on_server_lost(self, event: ServerLost) -> None:
        if self.phase is Phase.OPAQUE:
            self.leave()
        elif self.phase is not Phase.CONNECTED:
            self.login.unreachable("The server closed the connection.")
        elif self.passing.quitting:
            self.leave(reply(221, "Goodbye."))
        elif self.conduct.confirmed:
            self.server_gone = True  # what it called complete is still on its way to the client
        else:
            self._leave_lost()

    def _leave_lost(self) -> None:
        gone = self._goodbye or reply(421, "The server closed the connection.")
        self.leave(None if self._last_code == 421 else gone)

    def _on_timer(self, event: TimerExpired) -> None:
        timer = event.timer
        if timer is Timer.LOGIN:
            self.leave(reply(421, "No login within the time that timeouts.login allows."))
        elif timer is Timer.IDLE:
            late = "The server did not answer" if self.head else "No command came"
            self.leave(reply(421, f"{late} within the time that timeouts.idle allows."))
        elif timer is Timer.HANDSHAKE:
            self.login.unreachable("The server did not greet, TLS included, in time.")
        elif timer is Timer.QUIT:
            self.leave(reply(221, "Goodbye."))
        elif timer is Timer.SETTLE and self._goodbye and not self.conduct.running:
            held, self._goodbye = self._goodbye, None
            then, self._asked = self._asked, None
            if then is not None:
                then(held)
        else:
            self.conduct.expired(timer)

    def _on_leg_opened(self, event: LegOpened) -> None:
        self.conduct.opened(event.side, protected=event.protected)

    def _on_leg_ended(self, event: LegEnded) -> None:
        self.conduct.ended(event.side)

    def _on_leg_failed(self, event: LegFailed) -> None:
        self.conduct.failed(event.side, event.reason, event.code)

    def _on_listening(self, event: Listening) -> None:
        self.preparation.listening(event.side, event.port)

    def _on_listen_failed(self, event: ListenFailed) -> None:
        self.preparation.listen_failed(event.side, event.reason)

    # -- commands -------------------------------------------------------------------------------

    def _advance(self) -> None:
        if self.server_gone and not self.conduct.running:
            self._leave_lost()
        while self.head is None and self._asked is None and self.queue:
            if self.phase not in (Phase.UNROUTED, Phase.CONNECTED):
                return
            item = self.queue.popleft()
            if isinstance(item, FtpError):
                self.tell(reply(item.code, str(item)))
                self._count_bad()
                continue
            self.head = item
            if self._client_done:
                self.order(StartTimer(Timer.QUIT))
            if self.login.done:
                self._bad = 0
                self.order(StartTimer(Timer.IDLE))
            if self.protection.must_wait(item):
                self.refuse(530, "TLS is required here: send AUTH TLS first.")
            elif item.kind is Kind.TLS:
                self.protection.command(item)
            elif self.phase is Phase.UNROUTED:
                self.arrival.command(item)
            else:
                self.passing.command(item)
        if self._client_done and self.head is None and self._asked is None and not self.queue:
            self.leave()

    def _count_bad(self) -> None:
        self._bad += 1
        if self._bad >= self.rules.bad_commands:
            self.leave(reply(421, "Too many bad commands; closing."))


HANDLERS: dict[type, Callable[..., None]] = {
    CommandReceived: Session._on_command,
    CommandRefused: Session._on_refused_line,
    ClientDone: Session._on_client_done,
    ClientLost: Session._on_client_lost,
    ClientSecured: Session._on_client_secured,
    AccountAccepted: Session._on_account_accepted,
    AccountRefused: Session._on_account_refused,
    SecretMissing: Session._on_secret_missing,
    ServerConnected: Session._on_server_connected,
    ServerUnreachable: Session._on_server_unreachable,
    ServerSecured: Session._on_server_secured,
    ServerInsecure: Session._on_server_insecure,
    ReplyReceived: Session._on_reply,
    ServerBroken: Session._on_server_broken,
    ServerLost: Session._on_server_lost,
    Listening: Session._on_listening,
    ListenFailed: Session._on_listen_failed,
    LegOpened: Session._on_leg_opened,
    LegEnded: Session._on_leg_ended,
    LegFailed: Session._on_leg_failed,
    TimerExpired: Session._on_timer,
}
