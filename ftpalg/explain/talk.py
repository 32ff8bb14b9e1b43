"""The real session, driven with a client's words, and with a server that agrees to everything.

Nothing is opened: whether a server may be reached is asked of ``Reacher``, every password is right, TLS
comes about wherever both sides want it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any, NamedTuple

from ftpalg.core import actions as do
from ftpalg.core.actions import Action, Dial
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
from ftpalg.core.routes import Facts, Route, Undecided
from ftpalg.core.session import Session
from ftpalg.core.session_settings import ClientTls, Rules
from ftpalg.core.value import value
from ftpalg.core.wire.commands import Command, parse_command
from ftpalg.core.wire.errors import BadArgument, FtpError
from ftpalg.core.wire.lines import CommandLines
from ftpalg.core.wire.printing import printable
from ftpalg.core.wire.replies import Reply, reply
from ftpalg.core.wire.user_at_host import JOINED, Dialect, Read
from ftpalg.explain.reached import Reached, Reacher
from ftpalg.explain.words import PASSWORD
from ftpalg.net.accounts import unfit

AGREES = {b"AUTH": 234, b"USER": 331, b"PASS": 230, b"ACCT": 230}
"""What the server answers; 200 to all else."""
TURNS = 8
"""Words that one login may take."""


@value
class Dialled(NamedTuple):
    """A server was dialled: with what was known of the session then, and what came of it."""

    dial: Dial
    facts: Facts
    reached: Reached


class Talk:
    """One session.  ``said`` has its dialogue, ``reads`` how the last USER was read, ``fault`` why not, and
    ``facts`` what the routes were asked last, and ``tried`` those that are only tried."""

    def __init__(
        self, rules: Rules, link: Link, lines: CommandLines, reacher: Reacher, sni: str
    ) -> None:
        self._rules = rules
        self._link = link
        self._lines = lines
        self._reacher = reacher
        self._sni = sni
        self._events: deque[Event] = deque()
        self.facts = Facts(link.peer)
        self.tried: Facts | None = None
        tried = None if rules.tried is None else self._try
        self.session = Session(replace(rules, choose=self._choose, tried=tried), link)
        self.dialled: list[Dialled] = []
        self.said: list[tuple[str, str]] = []
        self.reads: tuple[Read, ...] = ()
        self.fault = ""
        self.reply: Reply | None = None

    def _choose(self, facts: Facts) -> Route | Undecided | None:
        self.facts = facts
        return self._rules.choose(facts)

    def _try(self, facts: Facts, route: Route) -> Shadowed | None:
        self.tried = facts
        return None if self._rules.tried is None else self._rules.tried(facts, route)

    # -- what the client says ---------------------------------------------------------------------

    def begin(self) -> None:
        """The client has connected; under implicit TLS it has shaken hands."""
        if self._rules.client_tls is ClientTls.IMPLICIT:
            self._hand(ClientSecured(self._sni))
        self._perform(self.session.start())
        self._go_on()

    @property
    def refused(self) -> bool:
        """Whether the last word to the client was a no."""
        return self.session.over or (self.reply is not None and self.reply.code >= 400)

    @property
    def wants_tls(self) -> bool:
        """Whether the listener takes no login before TLS."""
        return bool(self.session.protection.lacking(Command(b"USER", b"")))

    @property
    def secured(self) -> bool:
        """Whether the client's connection is under TLS."""
        return self.session.protection.client_secured

    def try_out(self, line: bytes) -> None:
        """Say what may be refused without an end to the matter."""
        self.say(line)
        if not self.session.over:
            self.reply = None

    def say(self, line: bytes) -> None:
        """One line of the client, as it would arrive."""
        self.reply = None
        self._lines.feed(line + b"\r\n")
        event: Event
        try:
            heard = self._lines.next()
            if heard is None:
                return
            command = parse_command(heard)
            self.said.append(("C -> P", command.shown))
            self._read(command)
            event = CommandReceived(command)
        except FtpError as error:
            self.said.append(("C -> P", printable(line[:80])))
            self.fault = str(error)
            event = CommandRefused(error)
        self._hand(event)

    def _read(self, command: Command) -> None:
        """How the session will read USER."""
        if command.verb != b"USER":
            return
        self.reads, self.fault = (), ""
        try:
            for one in self.session.entry.reading(command.argument):
                self.reads += (one,)
        except BadArgument as error:
            self.fault = str(error)

    def log_in(self, line: bytes, account: bytes | None) -> None:
        """Say USER, or what names a server, and the passwords that are asked for."""
        self.say(line)
        for _ in range(TURNS):
            if self.refused or self.reply is None or self.session.desk.logged_in:
                return
            named = self.session.entry.state.named
            code = self.reply.code
            if code == 331:
                self.say(b"PASS " + self._password(named.dialect if named else None))
            elif code == 332:
                self.say(b"ACCT " + PASSWORD)
            elif code == 334:
                self.say(b"RESP " + PASSWORD)
            elif named is not None and named.account is None and account is not None:
                self.say(b"AUTH " + account)
            else:
                return

    def _password(self, dialect: Dialect | None) -> bytes:
        if dialect not in JOINED:
            return PASSWORD
        sign = b":" if dialect is Dialect.ACCOUNT_COLON_USER else self._rules.separators[:1]
        return PASSWORD + sign + PASSWORD

    # -- what comes of it -------------------------------------------------------------------------

    def _hand(self, event: Event) -> None:
        self._events.append(event)
        self._go_on()

    def _go_on(self) -> None:
        while self._events:
            self._perform(self.session.handle(self._events.popleft()))

    def _perform(self, ordered: list[Action]) -> None:
        for action in ordered:
            perform = PERFORM.get(type(action))
            if perform is not None:
                perform(self, action)

    def _send_reply(self, action: do.SendReply) -> None:
        self.reply = action.reply
        self.said += [("C <- P", printable(line)) for line in action.reply.lines]

    def _authenticate(self, action: do.Authenticate) -> None:
        wrong = unfit(action.account, action.password)
        name = action.account.decode("utf-8", "surrogateescape")
        self._events.append(AccountRefused("; ".join(wrong)) if wrong else AccountAccepted(name))

    def _dial(self, action: Dial) -> None:
        reached = self._reacher.reach(action, self._link)
        self.dialled.append(Dialled(action, self.facts, reached))
        if reached.server is None:
            self._events.append(ServerUnreachable(reached.reasons, reached.forbidden))
            return
        link = Link(reached.address or self._link.local, self._link.local)
        self._events.append(ServerConnected(link, server=reached.server))
        self._events.append(ReplyReceived(reply(220, "Ready.")))

    def _send_command(self, action: do.SendCommand) -> None:
        verb = action.command.verb
        self.said.append(("P -> S", action.command.shown))
        self._events.append(ReplyReceived(reply(AGREES.get(verb, 200), "Agreed.")))

    def _send_secret(self, action: do.SendSecret) -> None:
        self.said.append(("P -> S", "PASS ****"))
        self._events.append(ReplyReceived(reply(230, "Agreed.")))

    def _start_tls(self, action: do.StartTls) -> None:
        client = action.side is Side.CLIENT
        self._events.appendleft(ClientSecured(self._sni) if client else ServerSecured())


PERFORM: dict[type, Any] = {
    do.SendReply: Talk._send_reply,
    do.Authenticate: Talk._authenticate,
    Dial: Talk._dial,
    do.SendCommand: Talk._send_command,
    do.SendSecret: Talk._send_secret,
    do.StartTls: Talk._start_tls,
}
"""What is done of what the session orders; all else needs a network or a clock."""
