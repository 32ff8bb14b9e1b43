"""A gateway without sockets: the real sessions, policies and reaching, and a server that agrees."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any, NamedTuple

from twisted.internet.task import Clock

from ftpalg.config import Settings
from ftpalg.core import actions as do
from ftpalg.core.actions import Dial
from ftpalg.core.events import (
    AccountAccepted,
    AccountRefused,
    ClientSecured,
    CommandReceived,
    CommandRefused,
    Event,
    Link,
    ReplyReceived,
    ServerConnected,
    ServerSecured,
    ServerUnreachable,
    Side,
)
from ftpalg.core.facts import Shadowed
from ftpalg.core.routes import Server
from ftpalg.core.session import Session
from ftpalg.core.session_settings import ClientTls
from ftpalg.core.wire.commands import parse_command
from ftpalg.core.wire.errors import FtpError
from ftpalg.core.wire.lines import CommandLines
from ftpalg.core.wire.replies import Reply, reply
from ftpalg.life.wiring import policies_of, rules_of
from ftpalg.net.admission import Entrance
from ftpalg.net.arrivals import Arrivals
from ftpalg.net.guarded import Guarded
from ftpalg.net.ledger import OwnLedger
from ftpalg.net.own_addresses import Own
from ftpalg.net.reach import failover
from ftpalg.net.reach.attempt import Way
from ftpalg.net.reach.names import Answered, LookUp, unknown
from ftpalg.net.reaching import Reaching
from ftpalg.net.sessions import Sessions
from ftpalg.net.tls.towards_servers import ServerSide
from ftpalg.net.turns import Turns
from tests.net.doubles import Client, Log
from tests.net.reaches import Socket

AGREES = {b"AUTH": 234, b"USER": 331, b"PASS": 230, b"ACCT": 230}
GATEWAY = "192.0.2.1"
KNOWN = ("192.0.2.50", "2001:db8::50")


class Came(NamedTuple):
    """What became of a session: whom it reached at which address, or what was said last."""

    server: Server | None
    address: str
    code: int
    text: str
    tls: str
    mode: str
    route: str
    user: bytes
    account: str
    parent: str
    codes: tuple[int, ...]
    shadows: frozenset[str]
    sent: tuple[str, ...] = ()


TURNED_AWAY = Came(None, "", 0, "", "", "", "", b"", "", "", (), frozenset())
"""One that has had no session."""


class Arriving:
    """An attempt that arrives at once, wherever it leads."""

    def __init__(
        self,
        reactor: Any,
        way: Way,
        server: Server,
        ours: Any,
        theirs: Any,
        opened: Callable[[Any], None],
        failed: Callable[[str], None],
        stands: Callable[[], None],
    ) -> None:
        sock = Socket()
        sock.theirs = theirs
        self._call = reactor.callLater(0, opened, sock)

    def abort(self) -> None:
        if self._call.active():
            self._call.cancel()

    def calls_from(self, host: str, port: int) -> bool:
        return False


class Unbroken:
    """Whose parts raise nothing."""

    def broke(self) -> None:
        raise


class Nothing:
    """A look-up that was answered at once."""

    def cancel(self) -> None:
        """It is over."""


class Gateway:
    """One of these settings; names that clients say resolve to ``addresses``."""

    def __init__(self, settings: Settings, addresses: tuple[str, ...]) -> None:
        self._settings = settings
        self._addresses = addresses
        self._policies = policies_of(settings)
        self._clock: Any = Clock()
        self._own = own = Own()
        for one in settings.all_listeners:
            host, _, port = one.endpoint.rpartition(":")
            own.add(host, int(port))
        log: Any = Log()
        clock: Any = self._clock
        known = self._known
        side = ServerSide(settings.server_tls)
        self._reaching = Reaching(
            clock, settings, log, self._policies, own, side, known, OwnLedger({})
        )
        lookups: Any = self._reaching._lookups
        lookups.look_up = lambda peer, name, answered: self._look_up(name, answered)
        self._log = log

    def _known(self, name: str, answered: Answered) -> LookUp:
        """Servers and parents of the settings are there in both families."""
        answered([*KNOWN], "")
        return Nothing()

    def _look_up(self, name: str, answered: Answered) -> LookUp:
        answered([*self._addresses], "" if self._addresses else unknown(name))
        return Nothing()

    def _entrance(self, sessions: Any) -> Entrance:
        shared: Any = SimpleNamespace(
            reactor=self._clock,
            watch=self._clock,
            turns=Turns(self._clock),
            settings=self._settings,
            log=self._log,
            own=self._own,
            sessions=sessions,
            ledger=OwnLedger({}),
            arrivals=Arrivals(self._clock),
        )
        return Entrance(shared)

    def came(
        self,
        listener: int,
        client: str,
        destination: Server | None,
        sni: str,
        lines: Iterable[bytes],
    ) -> Came:
        """What becomes of a session that says these lines."""
        whole = self._settings.all_listeners[listener]
        rules = rules_of(self._settings, whole, None, lambda: 0.0)
        door: Any = Client()
        door.rules = rules
        begun: list[Session] = []

        def begin(control: Any, link: Link, name: str) -> Any:
            begun.append(Session(rules, link))
            return SimpleNamespace()

        sessions: Any = Sessions(self._settings, self._log, self._policies.admits, begin)
        link = Link(client, GATEWAY, 40000, destination=destination)
        if destination is not None and self._entrance(sessions).misdirected(link, destination):
            return TURNED_AWAY
        if sessions.admit(door, link) is None:
            text = door.written.decode().strip()
            code, _, words = text.partition(" ")
            return TURNED_AWAY._replace(code=int(code or 0), text=words)
        limit = self._settings.limits.command_line
        made = _Running(self._reaching, self._clock, begun[0], link, sni)
        made.run(rules.client_tls is ClientTls.IMPLICIT, CommandLines(limit), lines)
        return made.came()


class _Running:
    """One session."""

    def __init__(
        self, reaching: Reaching, clock: Any, session: Session, link: Link, sni: str
    ) -> None:
        self._reaching = reaching
        self._clock = clock
        self._session = session
        self._link = link
        self._sni = sni
        self._events: deque[Event] = deque()
        self._codes: list[int] = []
        self._last: Reply | None = None
        self._reached: tuple[Server, str, Way] | None = None
        self._shadows: set[str] = set()
        self._refused = False
        self._sent: list[str] = []

    def run(self, implicit: bool, lines: CommandLines, said: Iterable[bytes]) -> None:
        """From the first word to the last."""
        if implicit:
            self._handle(ClientSecured(self._sni))
        self._perform(self._session.start())
        self._go_on()
        for line in said:
            self._last = None
            lines.feed(line + b"\r\n")
            try:
                heard = lines.next()
                if heard is not None:
                    self._handle(CommandReceived(parse_command(heard)))
            except FtpError as error:
                self._handle(CommandRefused(error))
            if self._last is not None and not line.startswith((b"AUTH TLS", b"HOST")):
                self._refused = self._last.code >= 400

    def _handle(self, event: Event) -> None:
        self._events.append(event)
        self._go_on()

    def _go_on(self) -> None:
        while self._events:
            self._perform(self._session.handle(self._events.popleft()))

    def _perform(self, ordered: list[Any]) -> None:
        for one in ordered:
            match one:
                case do.SendReply(message):
                    self._codes.append(message.code)
                    self._last = message
                case do.Tell(Shadowed(rule)):
                    self._shadows.add(rule)
                case Dial():
                    self._dial(one)
                case do.Authenticate(account, password):
                    name = account.decode("utf-8", "surrogateescape")
                    right = account and password
                    self._events.append(AccountAccepted(name) if right else AccountRefused("no"))
                case do.SendCommand(command):
                    self._sent.append(command.shown)
                    self._events.append(ReplyReceived(reply(AGREES.get(command.verb, 200), "Yes.")))
                case do.SendSecret():
                    self._sent.append("PASS ****")
                    self._events.append(ReplyReceived(reply(230, "Yes.")))
                case do.StartTls(Side.CLIENT):
                    self._events.appendleft(ClientSecured(self._sni))
                case do.StartTls():
                    self._events.appendleft(ServerSecured())
                case do.HangUp(Side.SERVER):
                    self._reached = None

    def _dial(self, dial: Dial) -> None:
        self._shadows = {rule for rule in self._shadows if "routes[" in rule}
        told: list[Any] = []

        def reached(sock: Any, server: Server, way: Way) -> None:
            self._reached = server, way.asked or sock.theirs[0], way
            link = Link(sock.theirs[0].partition("%")[0], GATEWAY)
            self._events.append(ServerConnected(link, server=server))
            self._events.append(ReplyReceived(reply(220, "Ready.")))

        def failed(reason: str, forbidden: str) -> None:
            self._events.append(ServerUnreachable(reason, forbidden))

        guarded = Guarded(self._clock, Unbroken(), Turns(self._clock))
        self._reaching.reach(guarded, dial, self._link, True, reached, failed, told.append).start()
        self._clock.advance(0)
        self._shadows |= {one.rule for one in told}

    def came(self) -> Came:
        """What has become of it."""
        session, last = self._session, self._last
        plan, desk = session.login.state, session.desk
        gone = session.over or desk.server is None or self._refused
        server, address, way = self._reached or (None, "", Way())
        text = " ".join(line[4:].decode("utf-8", "replace") for line in last.lines) if last else ""
        secured = session.protection.state.server_secured
        return Came(
            None if gone else server,
            address,
            last.code if last is not None else 0,
            text,
            f"{plan.tls.value}{' secured' if secured else ''}",
            session.login.mode.value,
            plan.route.name,
            plan.user or b"",
            desk.account,
            "" if way.parent is None else way.parent.name,
            tuple(self._codes),
            frozenset(self._shadows),
            tuple(self._sent),
        )


def arriving(case: Any) -> None:
    """Every attempt of a test arrives."""
    case.patch(failover, "Attempt", Arriving)
