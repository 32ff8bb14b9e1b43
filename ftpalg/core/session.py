"""One client, one server, and every command between them: ``Session.handle(event) -> actions``.

The desk and the stages do the work; this file is the tables that say who does what: which stage
takes a command (``WHO``), an event (``EVENTS``), a reply (``REPLIES``), a wait that is over
(``TIMERS``), and who hears a signal (``SIGNALS``).
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from ftpalg.core import events as ev
from ftpalg.core.about import about
from ftpalg.core.actions import Action
from ftpalg.core.desk import Await, Desk
from ftpalg.core.ends import Reason
from ftpalg.core.events import Event, Link, Timer
from ftpalg.core.facts import About, SessionOpened
from ftpalg.core.phases import ACTING, Phase
from ftpalg.core.routes import Route, Server
from ftpalg.core.session_settings import Rules
from ftpalg.core.signals import Signal
from ftpalg.core.stages.abort import Abort
from ftpalg.core.stages.addressing import Addressing
from ftpalg.core.stages.command_queue import CommandQueue, has_room
from ftpalg.core.stages.destination import Destination
from ftpalg.core.stages.entry import Entry
from ftpalg.core.stages.forwarding import Forwarding
from ftpalg.core.stages.leaving import Leaving
from ftpalg.core.stages.local import Local
from ftpalg.core.stages.login import Login
from ftpalg.core.stages.permission import Permission
from ftpalg.core.stages.protection import Protection
from ftpalg.core.stages.reply_matching import ENDING_ANYWHERE, ReplyMatching
from ftpalg.core.stages.restart import Restart
from ftpalg.core.stages.resync import Resync
from ftpalg.core.stages.timeouts import Timeouts
from ftpalg.core.stages.transfer import TransferStage
from ftpalg.core.stages.transfer_command import TransferCommand
from ftpalg.core.wire.commands import Kind
from ftpalg.core.wire.replies import Reply


class Session:
    """The core of one session.  Give it events, perform the actions it returns, in their order."""

    __slots__ = (
        "_about", "_named", "_route", "_server", "abort", "addressing", "command", "desk",
        "destination", "entry", "forwarding", "login", "matching", "permission", "protection",
        "queue", "restart", "resync", "transfer",
    )  # fmt: skip

    def __init__(self, rules: Rules, client: Link) -> None:
        self.desk = desk = Desk(rules, client)
        self.resync = resync = Resync(desk)
        self.destination = destination = Destination(desk)
        self.protection = protection = Protection(desk)
        self.login = login = Login(desk, protection)
        self.entry = Entry(desk, destination, protection, login)
        self.restart = restart = Restart(desk)
        self.transfer = transfer = TransferStage(desk, resync, protection)
        self.permission = permission = Permission(desk, login, restart, transfer)
        self.abort = abort = Abort(desk, resync, transfer)
        self.command = command = TransferCommand(desk, protection, restart, transfer, abort)
        self.addressing = Addressing(desk, resync, protection, login, transfer, command)
        self.forwarding = Forwarding(desk, destination, protection, login)
        self.matching = ReplyMatching(desk, resync, transfer)
        self.queue = CommandQueue(desk, protection, transfer, abort, permission)
        self._about: About | None = None
        self._route: Route | None = None
        self._named: Server | None = None
        self._server: Link | None = None

    # -- from outside -----------------------------------------------------------------------------

    def start(self) -> list[Action]:
        """The client has connected: what to do first."""
        self.desk.open(self)
        self.desk.observe(SessionOpened())
        self.entry.begin()
        return self.desk.close()

    def handle(self, event: Event) -> list[Action]:
        """Take one event; return what it orders.  One that has no meaning now orders nothing."""
        desk = self.desk
        taker = EVENTS[type(event)][desk.phase]
        if taker is LATE:
            return []
        desk.open(self)
        self._hand(taker, event)
        if isinstance(event, ev.ReplyReceived) and event.more:
            return desk.close()
        if desk.gone:
            PARTS[Leaving](self).behind_server()
        if desk.unswept:
            self.matching.sweep()
        while desk.queue and (command := self.queue.next()) is not None:
            self._hand(WHO[desk.phase][command.kind], command)
        if desk.client_done:
            PARTS[Leaving](self).behind_client()
        return desk.close()

    def end(self, last: Reply | None, reason: Reason = Reason.STOPPED) -> list[Action]:
        """The gateway ends the session, with a last word to the client."""
        self.desk.open(self)
        self.desk.leave(reason, last)
        return self.desk.close()

    @property
    def wants_commands(self) -> bool:
        """False while the queue is full: the driver then stops reading from the client."""
        return has_room(self.desk.queue, self.desk.rules)

    @property
    def leaves_well(self) -> bool:
        """True where the client has said QUIT behind its transfer: it meant to go."""
        well: bool = PARTS[Leaving](self).well
        return well

    @property
    def skips_text(self) -> bool:
        """Whether text without a code may be passed over: not while AUTH is asked."""
        return self.desk.awaited not in (Await.AUTH, Await.MATCHED, Await.OPAQUE)

    @property
    def asks_nothing(self) -> bool:
        """Whether no reply is awaited: then text may begin with a number too, for it is no broken one."""
        return self.desk.awaited is None

    @property
    def ends_anywhere(self) -> bool:
        """Whether a reply of several lines may end with another code, if silence follows (glFTPd)."""
        return self.desk.awaited in ENDING_ANYWHERE

    @property
    def over(self) -> bool:
        """True once the control connections are being closed."""
        return self.desk.phase is Phase.OVER

    @property
    def at_rest(self) -> bool:
        """True between two commands: nothing is to be answered, awaited or moved."""
        desk = self.desk
        busy = desk.head or desk.awaited or desk.queue
        return desk.phase in ACTING and not busy

    def about(self, name: str, listener: str = "") -> About:
        """Whose facts these are; ``name`` is the session's, ``listener`` that of the settings."""
        server, plan = self.desk.server, self.login.state
        stands = plan.route is self._route and plan.server is self._named
        if self._about is None or not stands or server is not self._server:
            # many facts are of one session, and it seldom changes
            self._route, self._named, self._server = plan.route, plan.server, server
            self._about = about(
                name,
                self.desk.client,
                server,
                plan.server,
                plan.route,
                hidden=self.login.hidden,
                listener=listener,
            )
        return self._about

    @property
    def value(self) -> tuple[object, ...]:
        """The whole state: two sessions with the same rules and the same value have one future."""
        return (self.desk.value, *[stage.state for stage in STAGES(self)])

    @value.setter
    def value(self, value: tuple[Any, ...]) -> None:
        self.desk.value, *states = value
        for stage, state in zip(STAGES(self), states, strict=True):
            stage.state = state

    # -- whom things are for ----------------------------------------------------------------------

    def _hand(self, taker: Taker, what: object) -> None:
        stage, method = taker
        method(PARTS[stage](self), what)

    def give(self, awaited: Await, message: Reply) -> None:
        """Hand a reply to whom it is for."""
        if self.desk.rules.permits is not None:
            self.permission.heard(message)
        self._hand(REPLIES[awaited], message)

    def _on_timer(self, event: ev.TimerExpired) -> None:
        self._hand(TIMERS[event.timer], event.timer)

    def spread(self, signal: Signal) -> None:
        """Let those stages know that listen."""
        for stage, method in SIGNALS[signal]:
            method(PARTS[stage](self))


_NAMES: dict[type, str] = {
    Resync: "resync", Destination: "destination", Protection: "protection", Login: "login",
    Entry: "entry", Restart: "restart", TransferStage: "transfer", Abort: "abort",
    TransferCommand: "command", Addressing: "addressing", Forwarding: "forwarding",
    ReplyMatching: "matching", CommandQueue: "queue", Permission: "permission",
}  # fmt: skip
STAGES: Callable[[Session], tuple[Any, ...]] = attrgetter(*_NAMES.values())
PARTS: dict[type, Callable[[Session], Any]] = {
    **{stage: attrgetter(name) for stage, name in _NAMES.items()},
    Local: lambda its: Local(its.desk, its.destination, its.protection),
    Leaving: lambda its: Leaving(its.desk, its.transfer, its.addressing, its.forwarding),
    Timeouts: lambda its: Timeouts(its.desk),
    Session: lambda session: session,
}
"""Where a session has what takes things.  What has no state and is seldom asked is made for each."""

Method = Callable[..., None]
Taker = tuple[type, Method]
LATE = None

WHO: dict[Phase, dict[Kind, Taker]] = {
    Phase.UNROUTED: {
        Kind.USER: (Entry, Entry.user),
        Kind.PASSWORD: (Entry, Entry.password),
        Kind.RESPONSE: (Entry, Entry.response),
        Kind.SITE: (Entry, Entry.site),
        Kind.OPEN: (Entry, Entry.open),
        Kind.HOST: (Entry, Entry.host),
        Kind.AUTH: (Entry, Entry.auth),
        Kind.TLS: (Protection, Protection.command),
        Kind.FEATURES: (Local, Local.features),
        Kind.ALGS: (Forwarding, Forwarding.algs),
        Kind.OPTIONS: (Local, Local.options),
        Kind.LOCAL: (Local, Local.same),
        Kind.QUIT: (Local, Local.quit),
        **dict.fromkeys(
            (
                Kind.ADDRESS,
                Kind.DOWNLOAD,
                Kind.UPLOAD,
                Kind.RESTART,
                Kind.ABORT,
                Kind.STATUS,
                Kind.STRUCTURE,
                Kind.FORWARD,
                Kind.REFUSED,
            ),
            (Local, Local.too_early),
        ),
    },
    Phase.SERVED: {
        Kind.USER: (Entry, Entry.user_there),
        Kind.PASSWORD: (Login, Login.password),
        Kind.HOST: (Forwarding, Forwarding.host),
        Kind.AUTH: (Protection, Protection.auth),
        Kind.TLS: (Protection, Protection.command),
        Kind.FEATURES: (Forwarding, Forwarding.features),
        Kind.ALGS: (Forwarding, Forwarding.algs),
        Kind.ADDRESS: (Addressing, Addressing.begin),
        Kind.DOWNLOAD: (TransferCommand, TransferCommand.begin),
        Kind.UPLOAD: (TransferCommand, TransferCommand.begin),
        Kind.RESTART: (Restart, Restart.command),
        Kind.ABORT: (Abort, Abort.in_turn),
        Kind.STATUS: (Forwarding, Forwarding.status),
        Kind.STRUCTURE: (Forwarding, Forwarding.structure),
        Kind.QUIT: (Forwarding, Forwarding.quit),
        Kind.REFUSED: (Forwarding, Forwarding.barred),
        Kind.SITE: (Forwarding, Forwarding.site),
        **dict.fromkeys(
            (Kind.OPEN, Kind.RESPONSE, Kind.OPTIONS, Kind.LOCAL, Kind.FORWARD),
            (Forwarding, Forwarding.forward),
        ),
    },
}
"""Who takes a command.  In the other phases commands wait."""

TALKING = (Phase.UNROUTED, Phase.CHECKING, Phase.DIALING, Phase.SERVED)
LIVING = (*TALKING, Phase.OPAQUE)
WITH_SERVER = (Phase.DIALING, Phase.SERVED)
SERVED = (Phase.SERVED,)
NEVER: dict[Phase, Taker | None] = dict.fromkeys(Phase, LATE)

EVENTS: dict[type, dict[Phase, Taker | None]] = {
    ev.CommandReceived: NEVER | dict.fromkeys(TALKING, (CommandQueue, CommandQueue.received)),
    ev.CommandRefused: NEVER | dict.fromkeys(TALKING, (CommandQueue, CommandQueue.refused)),
    ev.ClientDone: NEVER | dict.fromkeys(TALKING, (Leaving, Leaving.client_done)),
    ev.ClientLost: NEVER | dict.fromkeys(LIVING, (Leaving, Leaving.client_lost)),
    ev.ClientSecured: NEVER | dict.fromkeys((Phase.UNROUTED, Phase.SERVED), (Entry, Entry.secured)),
    ev.AccountAccepted: NEVER | {Phase.CHECKING: (Entry, Entry.accepted)},
    ev.AccountRefused: NEVER | {Phase.CHECKING: (Entry, Entry.refused)},
    ev.AccountsBusy: NEVER | {Phase.CHECKING: (Entry, Entry.busy)},
    ev.RoomAnswered: NEVER | {Phase.SERVED: (TransferCommand, TransferCommand.room_answered)},
    ev.SecretMissing: NEVER | {Phase.SERVED: (Login, Login.secret_missing)},
    ev.ServerConnected: NEVER | {Phase.DIALING: (Login, Login.connected)},
    ev.ServerUnreachable: NEVER | {Phase.DIALING: (Login, Login.not_reached)},
    ev.ServerSecured: NEVER | dict.fromkeys(WITH_SERVER, (Protection, Protection.secured)),
    ev.ServerInsecure: NEVER | dict.fromkeys(WITH_SERVER, (Login, Login.insecure)),
    ev.ReplyReceived: NEVER | dict.fromkeys(WITH_SERVER, (ReplyMatching, ReplyMatching.received)),
    ev.CaughtUp: NEVER | dict.fromkeys(WITH_SERVER, (ReplyMatching, ReplyMatching.caught_up)),
    ev.ReplyGoesOn: NEVER | dict.fromkeys(WITH_SERVER, (ReplyMatching, ReplyMatching.goes_on)),
    ev.ReplyUnderWay: NEVER | dict.fromkeys(WITH_SERVER, (ReplyMatching, ReplyMatching.under_way)),
    ev.TextPassedOver: NEVER | dict.fromkeys(WITH_SERVER, (ReplyMatching, ReplyMatching.text)),
    ev.ServerBroken: NEVER
    | {
        Phase.DIALING: (Login, Login.broken),
        Phase.SERVED: (Leaving, Leaving.server_broken),
    },
    ev.ServerLost: NEVER
    | {
        Phase.DIALING: (Login, Login.left_early),
        Phase.SERVED: (Leaving, Leaving.server_lost),
        Phase.OPAQUE: (Leaving, Leaving.server_lost_opaque),
    },
    ev.Listening: NEVER | dict.fromkeys(SERVED, (Addressing, Addressing.listening)),
    ev.ListenFailed: NEVER | dict.fromkeys(SERVED, (Addressing, Addressing.listen_failed)),
    ev.LegReached: NEVER | dict.fromkeys(SERVED, (TransferStage, TransferStage.reached)),
    ev.LegSecured: NEVER | dict.fromkeys(SERVED, (TransferStage, TransferStage.secured)),
    ev.LegMoved: NEVER | dict.fromkeys(SERVED, (TransferStage, TransferStage.moved)),
    ev.LegEnded: NEVER | dict.fromkeys(SERVED, (TransferStage, TransferStage.ended)),
    ev.LegFailed: NEVER | dict.fromkeys(SERVED, (TransferStage, TransferStage.failed)),
    ev.TimerExpired: NEVER | dict.fromkeys(TALKING, (Session, Session._on_timer)),
}
"""Who takes an event; where it has no meaning it is late."""

REPLIES: dict[Await, Taker] = {
    Await.GREETING: (Login, Login.greeted),
    Await.AUTH: (Login, Login.auth_answered),
    Await.MATCHED: (Protection, Protection.matched),
    Await.OPAQUE: (Protection, Protection.opaque_answered),
    Await.PBSZ: (Protection, Protection.pbsz_answered),
    Await.PROT: (Protection, Protection.prot_answered),
    Await.USER: (Login, Login.user_answered),
    Await.SECRET: (Login, Login.secret_answered),
    Await.LOGIN: (Login, Login.answered),
    Await.SITE_AUTH: (Login, Login.site_auth_answered),
    Await.PLACE: (Permission, Permission.told),
    Await.PASSIVE: (Addressing, Addressing.passive_answered),
    Await.ACTIVE: (Addressing, Addressing.active_answered),
    Await.RESTART: (Restart, Restart.answered),
    Await.RESTORED: (TransferCommand, TransferCommand.restored),
    Await.TRANSFER: (TransferCommand, TransferCommand.answered),
    Await.ABORTED: (Abort, Abort.answered),
    Await.RESYNC: (Resync, Resync.answered),
    Await.STATUS: (Forwarding, Forwarding.status_answered),
    Await.ABOR: (Abort, Abort.in_turn_answered),
    Await.FEATURES: (Forwarding, Forwarding.features_answered),
    Await.QUIT: (Forwarding, Forwarding.quit_answered),
    Await.FORWARD: (Forwarding, Forwarding.answered),
}
"""Who takes a reply: a 1xx leaves it awaited, anything else settles it."""

TIMERS: dict[Timer, Taker] = {
    Timer.LOGIN: (Timeouts, Timeouts.login_over),
    Timer.IDLE: (Timeouts, Timeouts.idle_over),
    Timer.HANDSHAKE: (Login, Login.too_late),
    Timer.QUIT: (Timeouts, Timeouts.quit_over),
    Timer.GOODBYE: (ReplyMatching, ReplyMatching.held_over),
    Timer.SECOND_REPLY: (ReplyMatching, ReplyMatching.held_over),
    Timer.RESYNC: (Resync, Resync.expired),
    Timer.EXTENDED: (Addressing, Addressing.unanswered),
    Timer.ABORT_REPLY: (Abort, Abort.unanswered),
    **dict.fromkeys(
        (
            Timer.DATA_OPEN,
            Timer.UNANNOUNCED,
            Timer.SETTLE,
            Timer.EARLY_REPLY,
            Timer.STALLED,
            Timer.LAST_WORD,
            Timer.DELIVERY,
            Timer.FINAL_REPLY,
            Timer.ABORT_PAUSE,
            Timer.ABORT,
        ),
        (TransferStage, TransferStage.expired),
    ),
}
"""Who is concerned when a wait is over."""

SIGNALS: dict[Signal, tuple[Taker, ...]] = {
    Signal.CLIENT_SECURED: (
        (Destination, Destination.forget),
        (Entry, Entry.forget),
        (Login, Login.client_secured),
    ),
    Signal.SERVER_SECURED: ((Login, Login.secured),),
    Signal.MATCHED: ((Protection, Protection.secure_client),),
    Signal.LEVEL_FOR_ADDRESS: ((Addressing, Addressing.ask_server),),
    Signal.LEVEL_FOR_TRANSFER: ((TransferCommand, TransferCommand.send),),
    Signal.LEVEL_FOR_RETRY: ((Addressing, Addressing.again),),
    Signal.PORT_FAILED: ((Addressing, Addressing.port_failed),),
    Signal.TRANSFER_GIVEN_UP: ((Abort, Abort.give_up),),
    Signal.ABORT_OVER: ((Abort, Abort.conclude),),
    Signal.SERVER_LEFT: ((Protection, Protection.forget_server),),
    Signal.SERVER_REFUSED: ((Entry, Entry.forget_server),),
    Signal.LEAVING: ((TransferStage, TransferStage.cut_off),),
    Signal.LEFT: ((TransferStage, TransferStage.drop),),
}
"""Who hears a signal, in this order.

CLIENT_SECURED and SERVER_LEFT come before the login, where there is neither a transfer nor a REST to
forget: both are refused there."""
