"""The desk of one session: what every stage sees, and the only way in which it acts.

Invariants (rule 3 of the design: every reply answers its own command):

- commands wait in a FIFO; ``head`` is the one being answered, and only its answer lets the next go;
- at most one reply is awaited from the server; ``awaited`` says for what, as a value;
- a 1xx leaves it awaited, anything else settles it;
- ``phase`` changes here and only along ``phases.PATHS``.

Every slot holds a frozen value, so that ``value`` is the whole state of the desk.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Protocol

from ftpalg.core.actions import (
    STARTS,
    STOPS,
    Action,
    HangUp,
    Learned,
    SendCommand,
    SendLine,
    SendReply,
    Tell,
)
from ftpalg.core.ends import Reason
from ftpalg.core.events import UNKNOWN, Link, Side, Timer, Traits
from ftpalg.core.facts import CommandAnswered, Fact, Noted, ProtocolError, SessionClosed
from ftpalg.core.keys import Key
from ftpalg.core.phases import PATHS, Phase, moment_of
from ftpalg.core.routes import ServerTls
from ftpalg.core.session_settings import Rules
from ftpalg.core.signals import Signal
from ftpalg.core.wire.address_masking import masked
from ftpalg.core.wire.commands import Command, Kind
from ftpalg.core.wire.errors import FtpError
from ftpalg.core.wire.printing import printable
from ftpalg.core.wire.replies import Reply, reply


class Await(Key):
    """For what the server's next reply is; ``session.REPLIES`` says who takes it."""

    GREETING = "the server's greeting"
    AUTH = "our AUTH, at the login"
    MATCHED = "our AUTH, because the client sent one"
    OPAQUE = "the client's AUTH, which passes"
    PBSZ = "our PBSZ"
    PROT = "our PROT"
    USER = "USER"
    SECRET = "PASS with a password that is not the client's"
    LOGIN = "PASS or ACCT"
    SITE_AUTH = "SITE AUTH, which some servers take for a login"
    PASSIVE = "our EPSV or PASV"
    ACTIVE = "our EPRT or PORT"
    PLACE = "our PWD, or the RNTO that ends a renaming"
    RESTART = "the client's REST"
    RESTORED = "REST again, before its transfer"
    TRANSFER = "the transfer command"
    ABORTED = "the transfer command and ABOR behind it"
    RESYNC = "our NOOP, behind replies that answer nobody"
    STATUS = "STAT of the session"
    ABOR = "ABOR with no transfer"
    FEATURES = "FEAT"
    QUIT = "QUIT"
    FORWARD = "any other command of the client"


class Overtaken(Key):
    """Stands in the queue for an ABOR that was taken up before its turn."""

    ABOR = "its answer takes this place"


Found = tuple[Phase, Command | None, bool]
"""Where an event found the session: its phase, ``head``, and whether it was logged in."""

Item = Command | FtpError | Reply | Overtaken
"""What waits in the queue: a command, a line that is refused, an answer that is ready."""


class Hub(Protocol):
    """Who knows whom things are for."""

    def spread(self, signal: Signal) -> None:
        """Let those stages know that listen."""

    def give(self, awaited: Await, message: Reply) -> None:
        """Hand a reply to whom it is for."""


class Desk:
    """The facts and the orders of one session.

    ``told`` is the code of the reply that the client got last, ``surplus`` how many replies of the
    server have answered nobody since the last command.  ``held`` is a reply that may not be the one
    that counts; ``gone`` is True where the server has left while what it called complete is still on
    its way; ``leaving`` is why the session ends; ``named`` is True where the client has named its
    server; ``sent`` is the verb that went to the server last; ``unswept`` is True until what may
    stand behind its reply has been looked for, and ``got`` that reply's code, or 0; ``begun`` is the code
    of a reply whose end the client has yet to hear, or 0; ``doubt`` is the code of the first line of
    a reply whose end was none of the grammar's, or 0; ``more`` is True while lines of the server wait
    behind the reply that came last, and ``stale`` where those came before what is awaited was asked;
    ``swayed`` is True where it has been told before a login what it may remember.
    """

    __slots__ = (
        "_bad",
        "_found",
        "_hub",
        "_out",
        "account",
        "awaited",
        "begun",
        "client",
        "client_done",
        "doubt",
        "gone",
        "got",
        "head",
        "held",
        "leaving",
        "logged_in",
        "more",
        "named",
        "phase",
        "queue",
        "rules",
        "sent",
        "server",
        "server_tls",
        "stale",
        "surplus",
        "swayed",
        "told",
        "traits",
        "unswept",
    )

    def __init__(self, rules: Rules, client: Link) -> None:
        self.rules = rules
        self.client = client
        self.server: Link | None = None
        self.server_tls = ServerTls.OFF
        self.traits = UNKNOWN
        self.phase = Phase.UNROUTED
        self.queue: tuple[Item, ...] = ()
        self.head: Command | None = None
        self.awaited: Await | None = None
        self.held: Reply | None = None
        self.leaving: Reason | None = None
        self.account = ""
        self.logged_in = self.named = False
        self.gone = self.client_done = False
        self.more = self.stale = self.swayed = False
        self.doubt = self.begun = 0
        self.sent = b""
        self.unswept = False
        self.got = self.surplus = self.told = self._bad = 0
        self._out: list[Action]  # while an event is handled
        self._found: Found
        self._hub: Hub

    @property
    def value(self) -> tuple[object, ...]:
        """The whole state, to compare, to print and to go back to."""
        return VALUES(self)

    @value.setter
    def value(self, value: tuple[object, ...]) -> None:
        for name, one in zip(STATE, value, strict=True):
            setattr(self, name, one)

    # -- orders -----------------------------------------------------------------------------------

    def open(self, hub: Hub) -> None:
        """A new event: its orders may come.  ``hub`` is kept until it is handled, so that between two events
        nothing of a session leads back to it: what is over is let go at once, and is nobody's garbage."""
        self._out = []
        self._hub = hub
        self._found = (self.phase, self.head, self.logged_in)

    def close(self) -> list[Action]:
        """It is handled: what it orders."""
        out = self._out
        del self._out, self._found, self._hub
        return out

    def order(self, action: Action) -> None:
        """Add an action to those this event returns."""
        self._out.append(action)

    def start(self, timer: Timer) -> None:
        """Start a wait, anew if it runs."""
        self._out.append(STARTS[timer])

    def stop(self, timer: Timer) -> None:
        """Stop a wait, if it runs."""
        self._out.append(STOPS[timer])

    def observe(self, fact: Fact) -> None:
        """Let observers know."""
        self._out.append(Tell(fact))

    def offended(self, side: Side, reason: str, line: bytes = b"") -> None:
        """A peer has said what the protocol does not allow here."""
        self.observe(ProtocolError(side, reason, moment_of(*self._found), line))

    def note(self, text: str) -> None:
        """A sentence for the log."""
        self._out.append(Tell(Noted(text)))

    def signal(self, signal: Signal) -> None:
        """Let those stages know that listen."""
        self._hub.spread(signal)

    def give(self, awaited: Await, message: Reply) -> None:
        """Hand a reply to whom it is for."""
        self._hub.give(awaited, message)

    def move(self, phase: Phase) -> None:
        """Go on to another phase."""
        assert phase in PATHS[self.phase], f"no path from {self.phase} to {phase}"
        self.phase = phase

    # -- the client's side ------------------------------------------------------------------------

    def tell_line(self, line: Reply) -> None:
        """Send the client one line of a reply that has not ended, masked; its end comes by ``tell``."""
        text, head = self.masked(line).lines[0], b"%d-" % line.code
        if not self.begun and not text.startswith(head):
            text = head + text.lstrip()
        self._out.append(SendLine(text))
        self.begun = line.code

    def interrupt(self) -> None:
        """Something else is about to be told: end the reply of which lines have gone, if there is one."""
        if self.begun:
            self._out.append(SendLine(b"%d Interrupted." % self.begun))
            self.begun = 0

    def tell(self, message: Reply) -> None:
        """Send the client a reply that leaves its command open."""
        if self.begun and (message.code != self.begun or len(message.lines) > 1):
            self.interrupt()
        self.begun = 0
        self._out.append(SendReply(message))
        self.told = message.code

    def answer(self, message: Reply) -> None:
        """Send the client the final reply to ``head``."""
        assert self.head is not None, "a final reply answers a command"
        self.tell(message)
        self.observe(CommandAnswered(self.head, message))
        self.head = None
        if self.logged_in:
            self.start(Timer.IDLE)

    def forward(self, message: Reply) -> None:
        """Give the client the server's reply to ``head``, whichever kind it is."""
        if message.preliminary:
            self.tell(message)
        else:
            self.answer(message)

    @property
    def refused(self) -> bool:
        """True where the last reply that the client got is a "no"."""
        return self.told >= 400

    def refuse(self, code: int, text: str) -> None:
        """Answer ``head`` with a "no" of ours; too many of them before login end the session."""
        self.refuse_with(reply(code, text))

    def refuse_with(self, message: Reply) -> None:
        """The same in somebody else's words."""
        self.answer(message)
        if not self.logged_in:
            self._count_bad(Reason.BAD_COMMANDS)

    def refuse_line(self, error: FtpError) -> None:
        """Answer a line that was no command."""
        self.tell(reply(error.code, str(error)))
        self._count_bad(Reason.BAD_LINES)

    def _count_bad(self, reason: Reason) -> None:
        self._bad += 1
        if self._bad >= self.rules.bad_commands:
            self.leave(reason, reply(421, "Too many bad commands; closing."))

    # -- the queue --------------------------------------------------------------------------------

    def take(self) -> Item:
        """The next of the queue, which must hold one; a command becomes ``head``."""
        item, self.queue = self.queue[0], self.queue[1:]
        if isinstance(item, Command):
            self.head = item
            self.surplus = 0
            if self.logged_in:
                self._bad = 0
                self.start(Timer.IDLE)
        return item

    def overtake(self) -> Command | None:
        """Let the first ABOR in the queue go before its turn; None where there is none."""
        for at, item in enumerate(self.queue):
            if isinstance(item, Command) and item.kind is Kind.ABORT:
                self.queue = (*self.queue[:at], Overtaken.ABOR, *self.queue[at + 1 :])
                return item
        return None

    def answer_overtaken(self, message: Reply) -> None:
        """The answer to the ABOR that went before its turn: told when it is its turn."""
        at = self.queue.index(Overtaken.ABOR)
        if at == 0 and self.head is None:
            self.queue = self.queue[1:]
            self.tell(message)
        else:
            self.queue = (*self.queue[:at], message, *self.queue[at + 1 :])

    # -- the server's side ------------------------------------------------------------------------

    def ask(self, command: Command, awaited: Await, *, urgent: bool = False) -> None:
        """Send the server a command; ``awaited`` says for whom each reply to it is."""
        self.unswept = awaited is not Await.RESYNC
        self.got = 0
        self._out.append(SendCommand(command, urgent))
        self.await_reply(command.verb, awaited)

    def await_reply(self, verb: bytes, awaited: Await) -> None:
        """That verb goes to the server.  What had come before answers it as little as nobody."""
        self.stale = self.more and self.awaited is None
        self.sent, self.awaited = verb, awaited

    def masked(self, message: Reply) -> Reply:
        """A reply as the client may see it: without the addresses of the server's side (rule 4)."""
        names = {}
        if self.server is not None:
            names = {
                self.server.peer: self.client.advertised,
                self.server.local: self.client.peer,
            }
        return masked(message, names)

    def learn(self, traits: Traits) -> None:
        """What is known of the server from now on."""
        if traits != self.traits:
            self.traits = traits
            self.order(Learned(traits))

    def is_known_by(self, side: Side, shown: str) -> None:
        """That side is told this address of ours, if any, though its session began without one."""
        if shown and side is Side.CLIENT:
            self.client = self.client._replace(shown=shown)
        elif shown and self.server is not None:
            self.server = self.server._replace(shown=shown)

    def leave_server(self) -> None:
        """Close the server's connection and forget it; the client stays and may name another."""
        self.signal(Signal.SERVER_LEFT)
        self.awaited = self.server = self.held = None
        self.more = self.stale = self.swayed = False
        self.stop(Timer.HANDSHAKE)
        self.order(HangUp(Side.SERVER))

    # -- the end ----------------------------------------------------------------------------------

    def leave(self, reason: Reason, last: Reply | None = None, text: str = "") -> None:
        """End the session: ``last`` goes to the client, live legs are let go, both connections close.

        ``text`` is for observers, where ``last`` does not say it.
        """
        if self.phase is Phase.OVER:
            return
        self.leaving = reason
        self.signal(Signal.LEAVING)
        if last is not None:
            self.tell(last)
        self.signal(Signal.LEFT)
        self.move(Phase.OVER)
        self.queue = ()
        self.head = self.awaited = self.held = None
        if not text and last is not None:
            text = printable(last.text)
        self.observe(SessionClosed(reason, moment_of(*self._found), text))
        self.order(HangUp(Side.SERVER))
        self.order(HangUp(Side.CLIENT))


NO_STATE = ("_found", "_hub", "_out", "rules")
STATE = tuple(name for name in Desk.__slots__ if name not in NO_STATE)
"""The slots that are state: neither an event's orders nor what never changes."""

VALUES: Callable[[Desk], tuple[object, ...]] = attrgetter(*STATE)
