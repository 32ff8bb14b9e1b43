"""The world around one ``Session``, as frozen books: a client, a server, two data connections, waits.

The walk lets anything happen that can happen (``moves``), and after each event the world holds the
rules of the design against what was ordered.

- A conforming server answers each command once, in order, when it likes; every text of it names the
  command that it answers, so that the client can tell whether it hears the answer to its own.
- A hostile one sends whatever it likes, whenever it likes.
- Data connections open, end and fail, and waits that run are over, at any point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from ftpalg.core import events as ev
from ftpalg.core.events import Timer
from ftpalg.core.wire.commands import parse_command
from ftpalg.core.wire.replies import reply
from tests.core.written import happened
from tests.walk.books import Books
from tests.walk.network import LEG_EVENTS, LEG_MOVES, NET_EVENTS, NET_MOVES
from tests.walk.scenes import (
    NAMED,
    PASSING,
    TRANSFERS,
    WORDS_OF,
    Move,
    Owed,
    answers,
)


class World(Books):
    """Everybody around the session, and all that they may do."""

    def begin(self) -> None:
        """The client has connected, and the prelude has been played."""
        self._take(self.session.start())
        for move in self.scene.prelude:
            self.make(move)
        self.said = self.aborts = 0
        self._forged = bool(self.scene.forged)

    # -- what can happen --------------------------------------------------------------------------

    def moves(self) -> Iterator[Move]:
        """Everything that can happen now."""
        if "asked" in (self.client_leg, self.server_leg):
            side = "client" if self.client_leg == "asked" else "server"
            yield ("leg", side, "listens")
            yield ("leg", side, "cannot listen")
            return
        scene = self.scene
        for side in ("client", "server"):
            for what in LEG_MOVES.get(self.leg(side), ()):
                yield ("leg", side, what)
        for timer in sorted(self.timers, key=lambda timer: timer.value):
            yield ("timer", timer.value)
        yield from (("net", what) for what in self._answers_of_the_net())
        if not self.lost:
            yield from self._servers_moves()
        if self.done or "begins tls client" in self.pending:
            return
        if self.said < len(scene.script) and len(self.waiting) < scene.window:
            yield ("say", scene.script[self.said].decode())
        if self.aborts < scene.aborts and len(self.waiting) <= scene.window:
            yield ("say", "ABOR")
        if self.stats < scene.stats and len(self.waiting) <= scene.window:
            yield ("say", "STAT")
        if scene.leaves:
            yield ("client done",)
            yield ("client lost",)

    def _answers_of_the_net(self) -> Iterator[str]:
        for what in self.pending:
            yield from NET_MOVES[what]

    def _servers_moves(self) -> Iterator[Move]:
        yield ("server lost",)
        if self._forged:
            for code in self.scene.forged:
                yield ("forge", str(code))
        elif self.owes:
            for code in answers(self.owes[0], self.server_leg):
                yield ("answer", str(code))
            if self.scene.terse and len(self.owes) > 1 and self.owes[1].verb == b"ABOR":
                yield ("answer both", "226")
                yield ("answer both", "426")

    # -- what happens -----------------------------------------------------------------------------

    def make(self, move: Move) -> None:
        """Let something happen; raise Fault where a rule does not hold afterwards."""
        MOVES[move[0]](self, *move[1:])

    def say(self, line: str) -> None:
        """The client sends its next command."""
        if line == "ABOR":
            self.aborts += 1
        elif line == "STAT":
            self.stats += 1
        else:
            self.said += 1
        self.waiting = (*self.waiting, line.encode())
        self.feed(_command(line))

    def answer(self, code: str) -> None:
        """The server answers the oldest command that it owes one."""
        owed, *rest = self.owes
        if int(code) < 200:
            self.owes = (owed._replace(started=True), *rest)
        else:
            self.owes = tuple(rest)
        self.refused |= owed.verb in TRANSFERS and int(code) >= 400
        where = "" if owed.verb in PASSING else f" {NAMED}"
        what = f"for <{owed.tag.decode()}>" if owed.verb else "Hello"
        what = f'"/pub" {what}' if owed.verb == b"PWD" else what
        self._reply(int(code), f"{what}{where}")

    def answer_both(self, code: str) -> None:
        """The server says one thing to the transfer command and to the ABOR behind it."""
        transfer, abort, *rest = self.owes
        self.owes = tuple(rest)
        text = f"for <{transfer.tag.decode()}> for <{abort.tag.decode()}> {NAMED}"
        self._reply(int(code), text)

    def forge(self, code: str) -> None:
        """A hostile server says something."""
        self._reply(int(code), NAMED)

    def _reply(self, code: int, text: str) -> None:
        desk = self.session.desk
        asked = desk.awaited is not None
        self.feed(_said(code, text))
        if code == 421 and asked and desk.held is not None and Timer.GOODBYE not in self.timers:
            self.fault("a 421 that may be the answer is held without a wait")

    def server_lost(self) -> None:
        """The server closes its control connection."""
        self.lost, self.owes, self.pending = True, (), ()
        self.feed(ev.ServerLost("closed"))

    def client_lost(self) -> None:
        """The client closes its control connection."""
        meant = self.session.leaves_well
        self.done = True
        self.feed(ev.ClientLost("closed"))
        if not self.session.over and not meant:
            self.fault("the client is gone, and the session goes on")

    def client_done(self) -> None:
        """The client will say nothing more."""
        self.done = True
        self.feed(ev.ClientDone())

    def timer(self, name: str) -> None:
        """A wait is over."""
        timer, before = Timer(name), self.session.value
        self.timers -= {timer}
        self.feed(ev.TimerExpired(timer))
        if timer in self.timers and self.session.value == before:
            self.fault(f"the wait {name} begins anew and nothing has changed")

    def leg_event(self, name: str, what: str) -> None:
        """Something happens to a data connection."""
        after, events = LEG_EVENTS[what]
        self.set_leg(name, after)
        self.feed(events[name])

    def net_event(self, what: str) -> None:
        """The network answers an order."""
        kind = next(order for order, answers in NET_MOVES.items() if what in answers)
        self.pending = tuple(order for order in self.pending if order != kind)
        if what == "connected":
            self.lost = False
            self.owes = () if self._forged else (Owed(b"", b""),)
        self.feed(NET_EVENTS[what])
        if what == "client secured":
            self._forgets_clear_words()

    def feed(self, event: ev.Event) -> None:
        """One event, and what it orders."""
        if self.recording:
            self.lines += happened(event)
        self._take(self.session.handle(event))


@cache
def _command(line: str) -> ev.CommandReceived:
    return ev.CommandReceived(parse_command(line.encode()))


@cache
def _said(code: int, text: str) -> ev.ReplyReceived:
    return ev.ReplyReceived(reply(code, f"{WORDS_OF.get(code, '')} {text}".strip()))


MOVES: dict[str, Callable[..., None]] = {
    "say": World.say,
    "answer": World.answer,
    "answer both": World.answer_both,
    "forge": World.forge,
    "server lost": World.server_lost,
    "client lost": World.client_lost,
    "client done": World.client_done,
    "timer": World.timer,
    "leg": World.leg_event,
    "net": World.net_event,
}
