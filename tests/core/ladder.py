"""Dialogue tests: a test is a script in ladder notation, played against one ``Session``.

    C -> P  PASV                            input: the client's line
    P <- S  229 Extended (|||50123|)        input: the server's line; a reply may have several
    P -> S  EPSV                            assertion: the next action is this command
    C => P  ABOR                            input: the same, with Telnet's IP and DM
    P => S  ABOR                            assertion: the same
    C <- P  227 Entering Passive Mode (…)   assertion: the next line the client gets
    P ..    relays from server              input or assertion, by the table ``WORDS`` below

Actions are asserted in their order.  One that nobody asserted fails the test at the next input or
at the end of the script, so does a line of a reply that was not read.  Timers (``starts``,
``stops``) and what is told to the log (``done``, ``logged in``, ``notes``) may be left out; where
they are asserted they must have been ordered since the last input.  ``…`` ends an assertion whose
rest does not matter.

The books of a driver are kept meanwhile (``books``), so that a script cannot tell of what cannot happen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core import actions as do
from ftpalg.core import events as ev
from ftpalg.core import facts
from ftpalg.core.events import Link, Timer, Traits
from ftpalg.core.phases import Phase
from ftpalg.core.routes import Mode, Server
from ftpalg.core.session_settings import Rules
from ftpalg.core.wire.commands import parse_command
from ftpalg.core.wire.errors import FtpError
from ftpalg.core.wire.replies import Interior, Reply, ReplyParser
from tests.core.books import OF_TRANSFERS, Books
from tests.core.openings import GREETED, LOGIN
from tests.core.written import lines_of, sentence, unescaped

CLIENT = Link("192.0.2.7", "192.0.2.1", 40000)
SERVER = Link("198.51.100.9", "198.51.100.1", 21)
CLIENT6 = Link("2001:db8::7", "2001:db8::1", 40000)
SERVER6 = Link("2001:db8:9::9", "2001:db8:9::1", 21)
FIXED = Server("ftp.example", 21)
ACTIVE = Rules(server=FIXED, mode=Mode.ACTIVE)

A = TypeVar("A")
LINE = re.compile(r"(C -> P|C => P|C <- P|P -> S|P => S|P <- S|P \.\.)(?:  ?(.*))?")


class Ladder(Books):
    """One session and the script it is played against."""

    def __init__(
        self,
        case: SynchronousTestCase,
        rules: Rules,
        client: Link = CLIENT,
        server: Link = SERVER,
        traits: Traits | None = None,
        sni: str | None = None,
    ) -> None:
        super().__init__(case, rules, client, server, traits, sni)
        self._parser = ReplyParser(65536)
        self._parser.streams = True

    # -- the script -----------------------------------------------------------------------------

    def play(self, *scripts: str) -> Ladder:
        """Play a script, or several as one, to its end; nothing may be left over then.

        Where it leaves the script, the failure shows the whole of it with a mark, and what the
        session still holds.
        """
        lines = "\n".join(scripts).splitlines()
        at = -1
        try:
            for line in lines:
                at += 1
                self._play_line(line.strip())
            at += 1
            self._line = "the script's end"
            self._nothing_left()
            if not self._parser.empty:
                self._fail("leaves a reply of the server unfinished")
        except self.case.failureException as error:
            raise self.case.failureException(self._story(lines, at, str(error))) from None
        return self

    def _play_line(self, line: str) -> None:
        self._line = line
        if not line or line.startswith("#"):
            return
        match = LINE.fullmatch(line)
        if match is None:
            self._fail("is no line of a ladder")
        self._turn(match[1], match[2] or "")

    def _story(self, lines: list[str], at: int, why: str) -> str:
        """The conversation, where it left its script, and what the session holds."""
        shown = [f"    {line.strip()}" for line in lines]
        shown[at:at] = [f">>> {why}"]
        desk, transfer = self.session.desk, self.session.transfer.state
        ordered = [line for action in self._waiting for line in lines_of(action)]
        return "\n".join(
            (
                "",
                *(line for line in shown if line.strip()),
                f"ordered and not asserted: {ordered or 'nothing'}",
                f"queue: {list(desk.queue)}, head: {desk.head}, phase: {desk.phase.name}",
                f"awaited: {desk.awaited}, transfer: {transfer}",
                f"running: {sorted(timer.value for timer in self.running)}",
            )
        )

    def _turn(self, arrow: str, text: str) -> None:
        if arrow in ("C -> P", "C => P"):
            self._command(unescaped(text), urgent=arrow == "C => P")
        elif arrow == "P <- S":
            self._reply_line(unescaped(text))
        elif arrow == "C <- P":
            self._expect_line(unescaped(text))
        elif arrow == "P ..":
            self._word(text.strip())
        else:
            action = self._next(do.SendCommand, text)
            self._same(bytes(action.command)[:-2], unescaped(text))
            self.case.assertEqual(action.urgent, arrow == "P => S", f"{self._line}: urgency")

    def _command(self, line: bytes, *, urgent: bool) -> None:
        try:
            self.feed(ev.CommandReceived(parse_command(line)._replace(urgent=urgent)))
        except FtpError as error:
            self.feed(ev.CommandRefused(error))

    def _reply_line(self, line: bytes) -> None:
        try:
            found = self._parser.feed(line)
        except FtpError as error:
            self.feed(ev.ServerBroken(error))
            return
        if isinstance(found, Interior):
            self.feed(ev.ReplyGoesOn(found.code, found.line))
        elif isinstance(found, Reply):
            self._parser.in_step()
            self.feed(ev.ReplyReceived(found))
        elif not self._parser.empty:
            self.feed(ev.ReplyUnderWay())

    def falls_silent(self) -> None:
        """Behind a line with another code the server says no more."""
        for found in self._parser.end_here():
            self.feed(ev.ReplyReceived(found, doubtful=self._parser.doubted))

    def _expect_line(self, line: bytes) -> None:
        if not self._lines and self._waiting and isinstance(self._waiting[0], do.SendLine):
            self._lines.append(self._next(do.SendLine, "line").line)
        if not self._lines:
            sent = self._next(do.SendReply, line.decode("utf-8", "backslashreplace"))
            self._lines.extend(bytes(sent.reply)[:-2].split(b"\r\n"))
        self._same(self._lines.popleft(), line)

    def _word(self, text: str) -> None:
        for pattern, handle in WORDS:
            match = pattern.fullmatch(text)
            if match is not None:
                handle(self, *match.groups())
                return
        self._fail("says what no word of the ladder says")

    # -- assertions -----------------------------------------------------------------------------

    def dials(self, where: str) -> None:
        """A server is dialled."""
        action = self._next(do.Dial, where)
        self._same(" or ".join(map(str, action.servers)).encode(), where.encode())

    def checks(self, account: str, password: str | None) -> None:
        """The client's account at the gateway is checked, with an empty password where none is named."""
        action = self._next(do.Authenticate, f"check {account}")
        self._same(action.account, unescaped(account))
        self._same(action.password, unescaped(password or ""))

    def sends_secret(self, source: str) -> None:
        """The server gets the password that the client does not know."""
        self._same(self._next(do.SendSecret, source).source.encode(), source.encode())

    def listens(self, side: str, port: str, shown: str | None) -> None:
        """A data port was asked for, and is there, perhaps by another address than the control's."""
        action = self._next(do.Listen, f"listen for the {side}")
        self._same(action.side.value.encode(), side.encode())
        self.legs[action.side] = "opening"
        self.feed(ev.Listening(action.side, int(port), shown or ""))

    def has_room(self, verb: str, code: str = "", refusal: str = "") -> None:
        """It was asked whether a transfer may begin, and it may, or there is a sentence against it."""
        self._same(self._next(do.AskRoom, "ask for room").command.verb, verb.encode())
        self.feed(ev.RoomAnswered(refusal, int(code or 450)))

    def cannot_listen(self, side: str, reason: str) -> None:
        """A data port was asked for, and cannot be had."""
        action = self._next(do.Listen, f"listen for the {side}")
        self._same(action.side.value.encode(), side.encode())
        self.feed(ev.ListenFailed(action.side, reason))

    def connects(self, side: str, port: str) -> None:
        """A data connection is dialled."""
        action = self._next(do.Connect, f"connect to the {side}")
        self._same(f"{action.side.value} {action.port}".encode(), f"{side} {port}".encode())

    def relays(self, side: str) -> None:
        """Bytes are moved."""
        self._same(self._next(do.Relay, "relay").source.value.encode(), side.encode())

    def ends_leg(self, side: str) -> None:
        """A leg is ended cleanly."""
        self._same(self._next(do.EndLeg, "end").side.value.encode(), side.encode())

    def closes_leg(self, side: str) -> None:
        """A leg on which nothing moved is ended cleanly."""
        self._same(self._next(do.CloseLeg, "close").side.value.encode(), side.encode())

    def aborts_leg(self, side: str) -> None:
        """A leg is made to fail."""
        self._same(self._next(do.AbortLeg, "abort").side.value.encode(), side.encode())

    def hangs_up(self, side: str | None) -> None:
        """Control connections are closed: both, or the one that is named."""
        for name in (side,) if side else ("server", "client"):
            self._same(self._next(do.HangUp, "hang up").side.value.encode(), name.encode())

    def begins_tls(self, side: str) -> None:
        """TLS begins on a control connection."""
        self._same(self._next(do.StartTls, "begin TLS").side.value.encode(), side.encode())

    def stops_tls(self) -> None:
        """The client's control connection goes on in clear."""
        self._next(do.StopTls, "go on in clear")

    def goes_opaque(self) -> None:
        """Both control connections are copied untouched."""
        self._next(do.GoOpaque, "go opaque")

    def reports(self) -> None:
        """The client is told how many bytes have passed."""
        self._next(do.ReportProgress, "report")

    def starts(self, name: str) -> None:
        """A timer was started."""
        self._told_aside(do.StartTimer(Timer(name)))

    def stops(self, name: str) -> None:
        """A timer was stopped."""
        self._told_aside(do.StopTimer(Timer(name)))

    def gives_time(self) -> None:
        """What is relayed has its time anew."""
        self._told_aside(do.GiveTime())

    def done(self, outcome: str, verb: str, reason: str | None) -> None:
        """The transfer log has a line."""
        over = [
            a.fact
            for a in self._aside
            if isinstance(a, do.Tell) and isinstance(a.fact, facts.TransferOver)
        ]
        shown = [(a.outcome.value, a.command.verb.decode(), a.reason) for a in over]
        if len(shown) != 1:
            self._fail(f"but {len(shown)} transfers are done")
        self._aside.remove(do.Tell(over[0]))
        self.case.assertEqual(shown[0][:2], (outcome, verb), self._line)
        if reason is not None:
            self._same(shown[0][2].encode(), reason.encode())

    def logged_in(self, user: str) -> None:
        """The log learns of the login."""
        self._told_aside(do.Tell(facts.LoggedIn(user)))

    def notes(self, text: str) -> None:
        """The log gets a sentence."""
        for action in self._aside:
            if isinstance(action, do.Tell) and sentence(action.fact) == text:
                self._aside.remove(action)
                return
        self._fail(f"but there are only {self._aside}")

    def _told_aside(self, action: do.Action) -> None:
        if action not in self._aside:
            self._fail(f"but there are only {self._aside}")
        self._aside.remove(action)


SIDE = "(client|server)"
WORDS: tuple[tuple[re.Pattern[str], Callable[..., None]], ...] = tuple(
    (re.compile(pattern), handle)
    for pattern, handle in (
        # inputs
        ("connected", Ladder.connected),
        (r"unreachable(?:: (.+))?", Ladder.unreachable),
        ("unreachable, forbidden: (.+)", Ladder.forbidden),
        ("(route|server) is drained", Ladder.drained),
        ("accepts (.+)", Ladder.accepts),
        ("refuses account: (.+)", Ladder.refuses_account),
        ("too busy for accounts", Ladder.too_busy),
        ("account is full", Ladder.account_full),
        ("(route|server) is full", Ladder.full),
        ("secret missing: (.+)", Ladder.secret_missing),
        (r"client secured(?: (\S+))?", Ladder.client_secured),
        (f"{SIDE} lost", Ladder.lost),
        ("server secured", Ladder.secured),
        ("server insecure: (.+)", Ladder.insecure),
        ("timer ([a-z-]+)", Ladder.expires),
        (f"{SIDE} leg open( under TLS)?", Ladder.opens),
        ("server falls silent", Ladder.falls_silent),
        (f"{SIDE} leg secured", Ladder.leg_secured),
        (f"{SIDE} leg moves", Ladder.moves),
        (f"{SIDE} leg ended", Ladder.ends),
        (rf"{SIDE} leg failed(?:: (.+))?", Ladder.fails),
        (rf"{SIDE} leg refused (\d+): (.+)", Ladder.refuses),
        ("client done", Ladder.half_closes),
        # an assertion, then the input that follows at once
        (rf"listens? for the {SIDE} on (\d+)(?: as (\S+))?", Ladder.listens),
        ("has room for ([A-Z]+)", Ladder.has_room),
        (r"has no room for ([A-Z]+)(?: \((\d+)\))?: (.+)", Ladder.has_room),
        (f"cannot listen for the {SIDE}: (.+)", Ladder.cannot_listen),
        # assertions
        (r"dials (\S+(?: or \S+)*)", Ladder.dials),
        (r"checks (.*?)(?: (\S*))?", Ladder.checks),
        ("sends secret (.+)", Ladder.sends_secret),
        (rf"connects to the {SIDE}'s port (\d+)", Ladder.connects),
        (f"secures {SIDE} leg", Ladder.shakes),
        (f"relays from {SIDE}", Ladder.relays),
        (f"ends {SIDE} leg", Ladder.ends_leg),
        (f"aborts {SIDE} leg", Ladder.aborts_leg),
        (f"closes {SIDE} leg", Ladder.closes_leg),
        (f"hangs up(?: on the {SIDE})?", Ladder.hangs_up),
        (f"begins TLS with the {SIDE}", Ladder.begins_tls),
        ("goes on in clear", Ladder.stops_tls),
        ("goes opaque", Ladder.goes_opaque),
        ("reports progress", Ladder.reports),
        ("starts ([a-z-]+)", Ladder.starts),
        ("stops ([a-z-]+)", Ladder.stops),
        ("gives time", Ladder.gives_time),
        (r"done ([a-z]+) ([A-Z]+)(?:: (.+))?", Ladder.done),
        ("logged in: (.*)", Ladder.logged_in),
        ("notes: (.+)", Ladder.notes),
    )
)


class LadderTest(SynchronousTestCase):
    """A test case whose tests play scripts."""

    def ladder(
        self,
        rules: Rules | None = None,
        *,
        client: Link = CLIENT,
        server: Link = SERVER,
        traits: Traits | None = None,
        sni: str | None = None,
    ) -> Ladder:
        """A session that has begun; with a fixed server unless the rules say otherwise.

        ``sni`` is the name in the handshake of implicit TLS.
        """
        chosen = Rules(server=FIXED) if rules is None else rules
        return Ladder(self, chosen, client, server, traits, sni)

    def logged_in(
        self,
        rules: Rules | None = None,
        *,
        client: Link = CLIENT,
        server: Link = SERVER,
        traits: Traits | None = None,
    ) -> Ladder:
        """A session whose client has logged in at the fixed server."""
        made = self.ladder(rules, client=client, server=server, traits=traits)
        return made.play(GREETED).play(LOGIN)

    def after_login(self, script: str) -> Ladder:
        """Play a script behind a login with everything by default; say that no wait is left over."""
        made = self.logged_in().play(script)
        if made.session.desk.phase is not Phase.OVER and not made.session.transfer.running:
            stale = made.running & OF_TRANSFERS
            self.assertEqual(stale, set(), "a transfer's wait outlives the transfer")
        return made


def actions(made: Ladder, kind: type[A]) -> list[A]:
    """Everything of that kind that the session has ordered."""
    return [action for action in made.told if isinstance(action, kind)]
