"""Dialogue tests: a test is a script in ladder notation, played against one ``Session``.

    C -> P  PASV                            input: the client's line
    P <- S  229 Extended (|||50123|)        input: the server's line; a reply may have several
    P -> S  EPSV                            assertion: the next action is this command
    P => S  ABOR                            the same, sent urgently
    C <- P  227 Entering Passive Mode (…)   assertion: the next line the client gets
    P ..    relays from server              input or assertion, by the table ``WORDS`` below

Actions are asserted in their order.  One that nobody asserted fails the test at the next input or
at the end of the script, so does a line of a reply that was not read.  Timers (``starts``,
``stops``) and what is told to the log (``done``, ``logged in``, ``notes``) may be left out; where
they are asserted they must have been ordered since the last input.  ``…`` ends an assertion whose
rest does not matter.

The ladder keeps the books of a driver, so that a script cannot tell of what cannot happen: a leg
opens only after it was ordered, ends only when it relays, a timer expires only when it runs, an
account is judged only when it is checked.  It also holds rule 1 in every script: a leg is never
ended before the other has ended.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import NoReturn, TypeVar

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core import actions as do
from ftpalg.core import events as ev
from ftpalg.core.commands import parse_command
from ftpalg.core.errors import FtpError
from ftpalg.core.events import Link, Side, Timer, Traits
from ftpalg.core.phase import Phase
from ftpalg.core.replies import Reply, ReplyParser
from ftpalg.core.routes import Server
from ftpalg.core.rules import Rules
from ftpalg.core.session import Session

CLIENT = Link("192.0.2.7", "192.0.2.1", 40000)
SERVER = Link("198.51.100.9", "198.51.100.1", 21)
CLIENT6 = Link("2001:db8::7", "2001:db8::1", 40000)
SERVER6 = Link("2001:db8:9::9", "2001:db8:9::1", 21)
FIXED = Server("ftp.example", 21)

ANSWERED = (do.Authenticate, do.SendSecret, do.StartTls)
Asserted = do.StartTimer | do.StopTimer | do.TransferDone | do.LoggedIn | do.Note
A = TypeVar("A")
LINE = re.compile(r"(C -> P|C <- P|P -> S|P => S|P <- S|P \.\.)(?:  ?(.*))?")


class Ladder:
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
        self.case = case
        self.session = Session(rules, client)
        self.server = server
        self.traits = Traits() if traits is None else traits
        self.running: set[Timer] = set()
        self.legs: dict[Side, str] = {}
        self.told: list[do.Action] = []
        self._pending: set[type[do.Action]] = set()
        self._waiting: deque[do.Action] = deque()
        self._aside: list[do.Action] = []
        self._lines: deque[bytes] = deque()
        self._parser = ReplyParser(65536)
        self._line = "start"
        if sni is not None:  # implicit TLS: the handshake comes before the session begins
            self._take(self.session.handle(ev.ClientSecured(sni)))
        self._take(self.session.start())

    # -- the script -----------------------------------------------------------------------------

    def play(self, *scripts: str) -> Ladder:
        """Play a script, or several as one, to its end; nothing may be left over then."""
        for line in "\n".join(scripts).splitlines():
            self._line = line.strip()
            if not self._line or self._line.startswith("#"):
                continue
            match = LINE.fullmatch(self._line)
            if match is None:
                self._fail("is no line of a ladder")
            self._turn(match[1], match[2] or "")
        self._line = "the script's end"
        self._nothing_left()
        if not self._parser.empty:
            self._fail("leaves a reply of the server unfinished")
        return self

    def _turn(self, arrow: str, text: str) -> None:
        if arrow == "C -> P":
            self._command(unescaped(text))
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

    def _command(self, line: bytes) -> None:
        try:
            self.feed(ev.CommandReceived(parse_command(line)))
        except FtpError as error:
            self.feed(ev.CommandRefused(error))

    def _reply_line(self, line: bytes) -> None:
        try:
            found = self._parser.feed(line)
        except FtpError as error:
            self.feed(ev.ServerBroken(error))
            return
        if found is not None:
            self.feed(ev.ReplyReceived(found))

    def _expect_line(self, line: bytes) -> None:
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

    # -- inputs ---------------------------------------------------------------------------------

    def feed(self, event: ev.Event) -> None:
        """Give the session an event; everything before it must have been asserted."""
        self._nothing_left()
        self._aside.clear()
        self._take(self.session.handle(event))

    def end(self, last: Reply) -> None:
        """The gateway ends the session."""
        self._nothing_left()
        self._aside.clear()
        self._take(self.session.end(last))

    def _take(self, ordered: list[do.Action]) -> None:
        for action in ordered:
            self._keep_books(action)
            if isinstance(action, Asserted):
                self._aside.append(action)
            else:
                self._waiting.append(action)
            self.told.append(action)

    def _keep_books(self, action: do.Action) -> None:
        if isinstance(action, do.StartTimer):
            self.running.add(action.timer)
        elif isinstance(action, do.StopTimer):
            self.running.discard(action.timer)
        elif isinstance(action, ANSWERED) and action != do.StartTls(Side.SERVER):
            self._pending.add(type(action))
        elif isinstance(action, do.HangUp):
            self._pending.clear()
        elif isinstance(action, do.Connect):
            self.legs[action.side] = "opening"
        elif isinstance(action, do.AbortLeg):
            self.legs.pop(action.side, None)
        elif isinstance(action, do.EndLeg):
            self.case.assertEqual(
                self.legs.get(action.side.other), "ended", f"{self._line}: a clean end from nowhere"
            )
        elif isinstance(action, do.Relay):
            self.legs = dict.fromkeys(self.legs, "relaying")

    def secured(self) -> None:
        """The server's certificate is accepted."""
        self.feed(ev.ServerSecured())

    def client_secured(self, name: str | None) -> None:
        """TLS with the client stands."""
        self._answers(do.StartTls)
        self.feed(ev.ClientSecured(name or ""))

    def accepts(self, account: str) -> None:
        """The password for the account at the gateway was right."""
        self._answers(do.Authenticate)
        self.feed(ev.AccountAccepted(account))

    def refuses_account(self, reason: str) -> None:
        """It was not."""
        self._answers(do.Authenticate)
        self.feed(ev.AccountRefused(reason))

    def secret_missing(self, reason: str) -> None:
        """The password for the server cannot be read."""
        self._answers(do.SendSecret)
        self.feed(ev.SecretMissing(reason))

    def _answers(self, kind: type[do.Action]) -> None:
        if kind not in self._pending:
            self._fail("answers what was not ordered")
        self._pending.remove(kind)

    def insecure(self, reason: str) -> None:
        """TLS with the server failed."""
        self.feed(ev.ServerInsecure(reason))

    def connected(self) -> None:
        """The server's control connection stands."""
        self.feed(ev.ServerConnected(self.server, self.traits))

    def lost(self, who: str) -> None:
        """A control connection is gone."""
        reason = "Connection was closed cleanly."
        self.feed(ev.ClientLost(reason) if who == "client" else ev.ServerLost(reason))

    def unreachable(self, reason: str | None) -> None:
        """The server could not be dialled."""
        self.feed(ev.ServerUnreachable(reason or "refused"))

    def forbidden(self, sentence: str) -> None:
        """The access rules stand against the server."""
        self.feed(ev.ServerUnreachable("forbidden", sentence))

    def expires(self, name: str) -> None:
        """A timer that runs is over."""
        timer = Timer(name)
        if timer not in self.running:
            self._fail("tells of a timer that does not run")
        self.running.discard(timer)
        self.feed(ev.TimerExpired(timer))

    def opens(self, side: str, tls: str | None) -> None:
        """A data connection stands."""
        self._leg(side, "opening")
        self.legs[Side(side)] = "open"
        self.feed(ev.LegOpened(Side(side), protected=tls is not None))

    def ends(self, side: str) -> None:
        """A leg that relays has ended cleanly."""
        self._leg(side, "relaying")
        self.legs[Side(side)] = "ended"
        self.feed(ev.LegEnded(Side(side)))

    def fails(self, side: str, reason: str | None) -> None:
        """A leg broke or could not be opened."""
        self._leg(side, "opening", "open", "relaying")
        del self.legs[Side(side)]
        self.feed(ev.LegFailed(Side(side), reason or "Connection reset by peer"))

    def refuses(self, side: str, code: str, reason: str) -> None:
        """A data connection stood that the gateway itself does not want."""
        self._leg(side, "opening", "open")
        del self.legs[Side(side)]
        self.feed(ev.LegFailed(Side(side), reason, int(code)))

    def half_closes(self) -> None:
        """The client will send nothing more."""
        self.feed(ev.ClientDone())

    def _leg(self, side: str, *states: str) -> None:
        if self.legs.get(Side(side)) not in states:
            self._fail(f"tells of a leg that is {self.legs.get(Side(side))}")

    # -- assertions -----------------------------------------------------------------------------

    def dials(self, where: str) -> None:
        """A server is dialled."""
        action = self._next(do.Dial, where)
        self._same(" or ".join(map(str, action.servers)).encode(), where.encode())

    def checks(self, account: str, password: str) -> None:
        """The client's account at the gateway is checked."""
        action = self._next(do.Authenticate, f"check {account}")
        self._same(action.account, unescaped(account))
        self._same(action.password, unescaped(password))

    def sends_secret(self, source: str) -> None:
        """The server gets the password that the client does not know."""
        self._same(self._next(do.SendSecret, source).source.encode(), source.encode())

    def listens(self, side: str, port: str) -> None:
        """A data port was asked for, and is there."""
        action = self._next(do.Listen, f"listen for the {side}")
        self._same(action.side.value.encode(), side.encode())
        self.legs[action.side] = "opening"
        self.feed(ev.Listening(action.side, int(port)))

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

    def done(self, outcome: str, verb: str, reason: str | None) -> None:
        """The transfer log has a line."""
        lines = [a for a in self._aside if isinstance(a, do.TransferDone)]
        shown = [(a.outcome.value, a.command.verb.decode(), a.reason) for a in lines]
        if len(shown) != 1:
            self._fail(f"but {len(shown)} transfers are done")
        self._aside.remove(lines[0])
        self.case.assertEqual(shown[0][:2], (outcome, verb), self._line)
        if reason is not None:
            self._same(shown[0][2].encode(), reason.encode())

    def logged_in(self, user: str) -> None:
        """The log learns of the login."""
        self._told_aside(do.LoggedIn(user))

    def notes(self, text: str) -> None:
        """The log gets a sentence."""
        self._told_aside(do.Note(text))

    def _told_aside(self, action: do.Action) -> None:
        if action not in self._aside:
            self._fail(f"but there are only {self._aside}")
        self._aside.remove(action)

    def _next(self, kind: type[A], text: str) -> A:
        if self._lines:
            self._fail(f"but the reply goes on: {list(self._lines)}")
        if not self._waiting:
            self._fail("but nothing more is ordered")
        action = self._waiting.popleft()
        if not isinstance(action, kind):
            self._fail(f"but the session orders {action}")
        return action

    def _same(self, found: bytes, wanted: bytes) -> None:
        if wanted.endswith("…".encode()):
            wanted = wanted.removesuffix("…".encode())
            found = found[: len(wanted)]
        self.case.assertEqual(found, wanted, self._line)

    def _nothing_left(self) -> None:
        if self._lines:
            self._fail(f"comes before the rest of a reply was read: {list(self._lines)}")
        if self._waiting:
            self._fail(f"comes before these actions were asserted: {list(self._waiting)}")

    def _fail(self, why: str) -> NoReturn:
        self.case.fail(f"{self._line!r} {why}")
        raise AssertionError  # pragma: no cover - for the type checker


SIDE = "(client|server)"
WORDS: tuple[tuple[re.Pattern[str], Callable[..., None]], ...] = tuple(
    (re.compile(pattern), handle)
    for pattern, handle in (
        # inputs
        ("connected", Ladder.connected),
        (r"unreachable(?:: (.+))?", Ladder.unreachable),
        ("unreachable, forbidden: (.+)", Ladder.forbidden),
        ("accepts (.+)", Ladder.accepts),
        ("refuses account: (.+)", Ladder.refuses_account),
        ("secret missing: (.+)", Ladder.secret_missing),
        (r"client secured(?: (\S+))?", Ladder.client_secured),
        (f"{SIDE} lost", Ladder.lost),
        ("server secured", Ladder.secured),
        ("server insecure: (.+)", Ladder.insecure),
        ("timer ([a-z-]+)", Ladder.expires),
        (f"{SIDE} leg open( under TLS)?", Ladder.opens),
        (f"{SIDE} leg ended", Ladder.ends),
        (rf"{SIDE} leg failed(?:: (.+))?", Ladder.fails),
        (rf"{SIDE} leg refused (\d+): (.+)", Ladder.refuses),
        ("client done", Ladder.half_closes),
        # an assertion, then the input that follows at once
        (rf"listens? for the {SIDE} on (\d+)", Ladder.listens),
        (f"cannot listen for the {SIDE}: (.+)", Ladder.cannot_listen),
        # assertions
        (r"dials (\S+(?: or \S+)*)", Ladder.dials),
        (r"checks (.*) (\S*)", Ladder.checks),
        ("sends secret (.+)", Ladder.sends_secret),
        (rf"connects to the {SIDE}'s port (\d+)", Ladder.connects),
        (f"relays from {SIDE}", Ladder.relays),
        (f"ends {SIDE} leg", Ladder.ends_leg),
        (f"aborts {SIDE} leg", Ladder.aborts_leg),
        (f"hangs up(?: on the {SIDE})?", Ladder.hangs_up),
        (f"begins TLS with the {SIDE}", Ladder.begins_tls),
        ("goes on in clear", Ladder.stops_tls),
        ("goes opaque", Ladder.goes_opaque),
        ("reports progress", Ladder.reports),
        ("starts ([a-z-]+)", Ladder.starts),
        ("stops ([a-z-]+)", Ladder.stops),
        (r"done ([a-z]+) ([A-Z]+)(?:: (.+))?", Ladder.done),
        ("logged in: (.*)", Ladder.logged_in),
        ("notes: (.+)", Ladder.notes),
    )
)

ROUTED = "C <- P  220 ftpalg ready; log in as user@server."
GREETED = """
    P ..    dials ftp.example:21
    P ..    connected
    P <- S  220 Welcome.
    C <- P  220 Welcome.
"""
LOGIN = """
    C -> P  USER bob
    P -> S  USER bob
    P <- S  331 Password.
    C <- P  331 Password.
    C -> P  PASS secret
    P -> S  PASS secret
    P <- S  230 In.
    P ..    logged in: bob
    C <- P  230 In.
"""
PASV_EPSV = """
    C -> P  PASV
    P -> S  EPSV
    P <- S  229 Extended (|||50123|)
    P ..    listens for the client on 50000
    C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
"""
PORT_EPSV = """
    C -> P  PORT 192,0,2,7,200,1
    P -> S  EPSV
    P <- S  229 Extended (|||50123|)
    C <- P  200 PORT command successful.
"""
RETR = """
    C -> P  RETR file
    P -> S  RETR file
    P ..    connects to the server's port 50123
"""
RELAYED = f"""
    {PASV_EPSV}
    {RETR}
    P ..    server leg open
    P <- S  150 Opening.
    C <- P  150 Opening.
    P ..    client leg open
    P ..    relays from server
"""
"""A download that is being relayed, both sides passive."""
STORED = """
    C -> P  PASV
    P -> S  EPSV
    P <- S  229 Extended (|||50123|)
    P ..    listens for the client on 50000
    C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
    C -> P  STOR file
    P -> S  STOR file
    P ..    connects to the server's port 50123
    P ..    server leg open
    P <- S  150 Opening.
    C <- P  150 Opening.
    P ..    client leg open
    P ..    relays from client
"""
"""An upload that is being relayed, both sides passive."""
USABLE = """
    C -> P  NOOP
    P -> S  NOOP
    P <- S  200 Still here.
    C <- P  200 Still here.
"""
"""Both sides are in step: the next command gets its own answer."""


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
        if made.session.phase is not Phase.OVER and not made.session.conduct.running:
            stale = made.running & {Timer.DATA_OPEN, Timer.SETTLE, Timer.FINAL_REPLY, Timer.ABORT}
            self.assertEqual(stale, set(), "a transfer's wait outlives the transfer")
        return made


def actions(made: Ladder, kind: type[A]) -> list[A]:
    """Everything of that kind that the session has ordered."""
    return [action for action in made.told if isinstance(action, kind)]


def unescaped(text: str) -> bytes:
    """A script's text as bytes: UTF-8, with ``\\xff`` for a byte and ``\\s`` for a space at the end."""
    raw = re.sub(r"\\s$", " ", text).encode()
    return re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes((int(found[1], 16),)), raw)
