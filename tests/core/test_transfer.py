"""The tables of one transfer, walked through every state that can be reached."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import product

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core import actions as do
from ftpalg.core import events as ev
from ftpalg.core.actions import Outcome
from ftpalg.core.commands import parse_command
from ftpalg.core.events import Side, Timer
from ftpalg.core.phase import Phase
from ftpalg.core.replies import reply
from ftpalg.core.routes import Mode
from ftpalg.core.rules import Rules
from ftpalg.core.session import Session
from ftpalg.core.transfer import LIVE, REST, STEPS, Leg, Step, Transfer, Verdict
from tests.core.ladder import CLIENT, FIXED, SERVER

State = tuple[Leg, Leg, Verdict]

ABORTS = {Step.ABORT_CLIENT: 0, Step.ABORT_SERVER: 1}
ENDS = {Step.END_CLIENT: 0, Step.END_SERVER: 1}
OVER = (Step.FORWARD, Step.BROKEN)


def reachable() -> set[State]:
    """Every joint state that legs, replies and the table's own steps can lead to."""
    begin: list[State] = [
        (client, server, Verdict.NONE)
        for client, server in product((Leg.CLOSED, Leg.OPENING), repeat=2)
    ]
    seen, todo = set(begin), deque(begin)
    while todo:
        for following in successors(todo.popleft()):
            if following not in seen:
                seen.add(following)
                todo.append(following)
    return seen


def successors(state: State) -> list[State]:
    """What can come next: the table's order if there is one, else any event."""
    client, server, verdict = state
    step = STEPS[state]
    if step in ABORTS:
        legs = [client, server]
        legs[ABORTS[step]] = Leg.FAILED
        return [(legs[0], legs[1], verdict)]
    if step in ENDS:
        legs = [client, server]
        legs[ENDS[step]] = Leg.ENDING
        return [(legs[0], legs[1], verdict)]
    if step in OVER:
        return []
    found: list[State] = []
    for index, leg in enumerate((client, server)):
        other = (server, client)[index]
        after: list[Leg] = []
        if leg in LIVE:
            after.append(Leg.FAILED)
        if leg is Leg.OPENING:
            after.append(Leg.OPEN)
        if leg is Leg.ENDING or (leg is Leg.OPEN and other is Leg.OPEN and step is Step.RELAY):
            after.append(Leg.ENDED)
        if leg is Leg.CLOSED and verdict is not Verdict.NONE:
            after.append(Leg.OPENING)
        for new in after:
            legs = [client, server]
            legs[index] = new
            found.append((legs[0], legs[1], verdict))
    follows = {
        Verdict.NONE: [Verdict.AWAITED],
        Verdict.AWAITED: [Verdict.STARTED, Verdict.SUCCEEDED, Verdict.REFUSED],
        Verdict.STARTED: [Verdict.SUCCEEDED, Verdict.REFUSED],
        Verdict.LATE: [Verdict.SUCCEEDED, Verdict.REFUSED],
        Verdict.SUCCEEDED: [Verdict.STARTED],  # 200, 150, 226
        Verdict.REFUSED: [],
    }[verdict]
    if step is Step.SETTLE:
        follows = [*follows, Verdict.LATE]
    return found + [(client, server, new) for new in follows]


class Table(SynchronousTestCase):
    """The joint table by itself."""

    def test_whole(self) -> None:
        """Every joint state has a step."""
        self.assertEqual(set(STEPS), set(product(Leg, Leg, Verdict)))
        self.assertEqual(set(LIVE) | set(REST), set(Leg))

    def test_as_designed(self) -> None:
        """The rows of the design's table, one by one."""
        live, rest = (Leg.OPENING, Leg.OPEN), (Leg.CLOSED, Leg.ENDED, Leg.FAILED)
        begun = (Verdict.AWAITED, Verdict.STARTED, Verdict.SUCCEEDED)
        for client, server, verdict in product(Leg, Leg, Verdict):
            step = STEPS[client, server, verdict]
            where = (client, server, verdict)
            if verdict is Verdict.REFUSED and client in live:
                self.assertIs(step, Step.ABORT_CLIENT, where)
            elif verdict is Verdict.REFUSED and client in rest and server in live:
                self.assertIs(step, Step.ABORT_SERVER, where)
            elif verdict is Verdict.REFUSED and client in rest and server in rest:
                self.assertIs(step, Step.FORWARD, where)
            elif verdict in begun and (client, server) == (Leg.OPEN, Leg.OPEN):
                self.assertIs(step, Step.RELAY, where)
            elif verdict in begun and client is Leg.FAILED and server in live:
                self.assertIs(step, Step.ABORT_SERVER, where)
            elif verdict in begun and client in live and server is Leg.FAILED:
                self.assertIs(step, Step.ABORT_CLIENT, where)
            elif verdict is Verdict.SUCCEEDED and (client, server) == (Leg.ENDED, Leg.ENDED):
                self.assertIs(step, Step.FORWARD, where)
            elif verdict is Verdict.SUCCEEDED and client in rest and server in rest:
                self.assertIs(step, Step.BROKEN, where)

    def test_invariants(self) -> None:
        """Whatever is reached: no live leg beside a failed one, none after a refusal, and so on."""
        states = reachable()
        self.assertGreater(len(states), 60)
        for state in states:
            client, server, verdict = state
            step = STEPS[state]
            live = [leg for leg in (client, server) if leg in LIVE]
            if verdict is Verdict.NONE:
                self.assertIs(step, Step.WAIT, state)
                continue
            if Leg.FAILED in (client, server) and live:
                self.assertIn(step, ABORTS, state)
            if verdict is Verdict.REFUSED and live:
                self.assertIn(step, ABORTS, state)
            if verdict is not Verdict.REFUSED and (client, server) == (Leg.OPEN, Leg.OPEN):
                self.assertIs(step, Step.RELAY, state)
            if step in OVER:
                self.assertEqual(live, [], state)
            if step is Step.FORWARD and verdict is Verdict.SUCCEEDED:
                self.assertEqual((client, server), (Leg.ENDED, Leg.ENDED), state)
            if step is Step.END_CLIENT:
                self.assertEqual((client, server), (Leg.OPEN, Leg.ENDED), state)
            if step is Step.END_SERVER:
                self.assertEqual((client, server), (Leg.ENDED, Leg.OPEN), state)
            if Leg.ENDING in (client, server):
                beside = server if client is Leg.ENDING else client
                self.assertIn(beside, (Leg.ENDED, Leg.FAILED), state)
            if step in ABORTS:
                self.assertIn((client, server)[ABORTS[step]], LIVE, state)

    def test_no_dead_end(self) -> None:
        """From every state that is reached a transfer can still come to its end."""
        states = reachable()
        good = {state for state in states if STEPS[state] in OVER}
        grown = True
        while grown:
            more = {s for s in states - good if good & set(successors(s))}
            good, grown = good | more, bool(more)
        self.assertEqual(states - good, set())

    def test_waiting_is_bounded(self) -> None:
        """A state with both legs at rest and no final reply is one with a timer."""
        for state in reachable():
            client, server, verdict = state
            if (
                verdict in (Verdict.AWAITED, Verdict.STARTED, Verdict.LATE)
                and client in (Leg.ENDED, Leg.FAILED)
                and server in (Leg.ENDED, Leg.FAILED)
            ):
                self.assertIs(STEPS[state], Step.LINGER, state)

    def test_client_ends_only_when_the_reply_was_asked(self) -> None:
        """A download is ended towards the client only after its reply had its time to come."""
        for state, step in STEPS.items():
            if step is Step.END_CLIENT:
                self.assertIn(state[2], (Verdict.LATE, Verdict.SUCCEEDED), state)


class Value(SynchronousTestCase):
    """``Transfer``."""

    def test_first_reason_is_kept(self) -> None:
        """The reason told first is the one that is kept, on each side and of both."""
        transfer = Transfer()
        self.assertEqual(transfer.broken, "")
        transfer.legs = {Side.CLIENT: Leg.OPEN, Side.SERVER: Leg.OPENING}
        self.assertEqual(transfer.live, [Side.CLIENT, Side.SERVER])
        transfer.fail(Side.SERVER, "first")
        transfer.fail(Side.SERVER, "second")
        transfer.fail(Side.CLIENT, "third")
        self.assertEqual(transfer.broken, "first")
        self.assertEqual(transfer.reasons, {Side.SERVER: "first", Side.CLIENT: "third"})
        self.assertEqual(transfer.live, [])
        self.assertIs(transfer.step, Step.WAIT)


# -- the whole session under every event ---------------------------------------------------------

REPLIES = (150, 226, 421, 550)
MOVES = (
    "client opens", "server opens", "client ends", "server ends", "client fails", "server fails",
    "server lost", "client lost", "abor", "stat",
    *(f"reply {code}" for code in REPLIES),
    *(f"timer {timer.value}" for timer in
      (Timer.DATA_OPEN, Timer.SETTLE, Timer.FINAL_REPLY, Timer.ABORT)),
)  # fmt: skip
PLAN = {
    (Mode.PASSIVE, "PASV"): ["PASV", "229 (|||50123|)"],
    (Mode.PASSIVE, "PORT"): ["PORT 192,0,2,7,200,1", "229 (|||50123|)"],
    (Mode.ACTIVE, "PASV"): ["PASV", "200 OK"],
    (Mode.ACTIVE, "PORT"): ["PORT 192,0,2,7,200,1", "200 OK"],
}


@dataclass(frozen=True)
class Setup:
    """How a transfer is prepared."""

    mode: Mode
    client: str
    command: str
    replies: int = 2


class World:
    """A session, and the books of everybody around it; raises where an invariant is broken."""

    def __init__(self, case: SynchronousTestCase, setup: Setup) -> None:
        self.case = case
        self.setup = setup
        self.session = Session(Rules(server=FIXED, mode=setup.mode), CLIENT)
        self.legs: dict[Side, str] = {}
        self.timers: set[Timer] = set()
        self.answers: list[int] = []
        self.asked = 0
        self.done: list[Outcome] = []
        self.begun = False
        self.lost = False
        self.replies = 0
        self.path: list[str] = []
        self.take(self.session.start())
        self.handle(ev.ServerConnected(SERVER))
        self.say(220)
        for line in ("USER bob", PLAN[setup.mode, setup.client][0]):
            self.send(line)
            self.say_line(
                "230 In" if line.startswith("USER") else PLAN[setup.mode, setup.client][1]
            )
        self.answers.clear()
        self.begun, self.asked = True, 0
        self.send(setup.command)

    def send(self, line: str) -> None:
        """A command of the client."""
        self.asked += 1
        self.handle(ev.CommandReceived(parse_command(line.encode())))

    def say(self, code: int) -> None:
        """A reply of the server."""
        self.handle(ev.ReplyReceived(reply(code, "Text")))

    def say_line(self, line: str) -> None:
        """A reply of the server with a text that matters."""
        self.handle(ev.ReplyReceived(reply(int(line[:3]), line[4:])))

    def handle(self, event: ev.Event) -> None:
        """One event and what follows from it."""
        self.take(self.session.handle(event))

    def take(self, ordered: list[do.Action]) -> None:
        """Perform actions, as far as there is anything to perform."""
        for action in ordered:
            if isinstance(action, do.StartTimer):
                self.timers.add(action.timer)
            elif isinstance(action, do.StopTimer):
                self.timers.discard(action.timer)
            elif isinstance(action, do.Connect):
                self.check(action.side not in self.legs, "dials beside a live leg")
                self.legs[action.side] = "opening"
            elif isinstance(action, do.Relay):
                self.check(set(self.legs.values()) == {"open"}, "relays what is not open")
                self.legs = dict.fromkeys(self.legs, "relaying")
            elif isinstance(action, do.EndLeg):
                self.check(self.legs.get(action.side) == "relaying", "ends what does not relay")
                self.check(self.legs.get(action.side.other) == "ended", "a clean end from nowhere")
                self.legs[action.side] = "ending"
            elif isinstance(action, do.AbortLeg):
                self.check(self.legs.get(action.side) not in (None, "ended"), "aborts nothing")
                del self.legs[action.side]
            elif isinstance(action, do.SendReply):
                self.answer(action.reply.code)
            elif isinstance(action, do.ReportProgress):
                self.answers.append(213)
            elif isinstance(action, do.TransferDone):
                self.done.append(action.outcome)
            elif isinstance(action, do.Listen):
                self.legs[action.side] = "opening"
                self.handle(ev.Listening(action.side, 50000))
            elif isinstance(action, do.HangUp) and action.side is Side.CLIENT:
                self.check(not self.live, "a leg outlives the session")

    def answer(self, code: int) -> None:
        """The client gets a reply."""
        if code >= 200:
            self.answers.append(code)
        if self.begun and len(self.answers) == 1 and 200 <= code < 300:
            ended = {side for side, state in self.legs.items() if state == "ended"}
            self.check(ended == set(Side), f"{code} before both legs ended")
        if self.begun and len(self.answers) == 1 and code >= 400 and code != 421:
            self.check(not self.live or self.session.conduct.running, f"{code} beside a live leg")

    @property
    def live(self) -> list[Side]:
        """The data connections that exist."""
        return [side for side, state in self.legs.items() if state != "ended"]

    def check(self, holds: bool, text: str) -> None:
        """An invariant."""
        if not holds:
            self.case.fail(f"{text} after {', '.join(self.path)}")

    def can(self, move: str) -> bool:
        """Whether that could happen now."""
        who, _, what = move.partition(" ")
        if what in ("opens", "ends", "fails"):
            state = self.legs.get(Side(who))
            if what == "opens":
                return state == "opening"
            if what == "fails":
                return state in ("opening", "open", "relaying", "ending")
            conduct = self.session.conduct.transfer
            source = conduct is not None and conduct.source is Side(who)
            return state == "ending" or (state == "relaying" and source)
        if who == "timer":
            return Timer(what) in self.timers
        if who == "reply":
            return self.replies < self.setup.replies and not self.lost
        if move in ("abor", "stat"):
            return self.asked < 2
        return move != "server lost" or not self.lost

    def make(self, move: str) -> None:
        """Let that happen."""
        self.path.append(move)
        who, _, what = move.partition(" ")
        if what == "opens":
            self.legs[Side(who)] = "open"
            self.handle(ev.LegOpened(Side(who)))
        elif what == "ends":
            self.legs[Side(who)] = "ended"
            self.handle(ev.LegEnded(Side(who)))
        elif what == "fails":
            del self.legs[Side(who)]
            self.handle(ev.LegFailed(Side(who), "reset"))
        elif who == "timer":
            self.timers.discard(Timer(what))
            self.handle(ev.TimerExpired(Timer(what)))
        elif who == "reply":
            self.replies += 1
            self.say(int(what))
        elif move == "server lost":
            self.lost = True
            self.handle(ev.ServerLost("gone"))
        elif move == "client lost":
            self.handle(ev.ClientLost("gone"))
        else:
            self.send(move.upper())
        self.look()

    def look(self) -> None:
        """What must hold between any two events."""
        session, conduct = self.session, self.session.conduct
        self.check(len(self.done) <= 1, "a transfer is done twice")
        if session.phase is Phase.OVER:
            self.check(self.done != [], "a transfer without a line in the log")
            return
        self.check(len(self.answers) <= self.asked, f"more answers than commands: {self.answers}")
        if not conduct.running:
            self.check(not self.live, "a leg outlives its transfer")
            stale = self.timers & {Timer.DATA_OPEN, Timer.FINAL_REPLY, Timer.ABORT}
            self.check(not stale, f"{stale} outlives the transfer")
            self.check(len(self.done) == 1, "over, and not in the log")
            waits_for_nothing = session.head is None and session._asked is not None
            self.check(not waits_for_nothing, "over, and a reply is still awaited")
        elif conduct.transfer is not None and self.done == []:
            legs = conduct.transfer.legs
            mirrored = {side for side, leg in legs.items() if leg in LIVE}
            self.check(mirrored == set(self.live), f"{legs} against {self.legs}")
            both = tuple(self.legs.get(side) for side in Side)
            self.check(both != ("open", "open"), "both open and no relay")
            failed = [side for side, leg in legs.items() if leg is Leg.FAILED]
            if failed and conduct.transfer.verdict is not Verdict.NONE:
                self.check(not self.live, "a live leg beside a failed one")
            waits = self.timers & set(Timer) - {Timer.LOGIN}
            self.check(bool(self.live) or bool(waits), "nothing is live and no timer runs")
        if self.done == [Outcome.COMPLETE]:
            self.check(set(self.legs.values()) == {"ended"}, "complete without both ends")

    @property
    def fingerprint(self) -> tuple[object, ...]:
        """Two worlds with the same one have the same future."""
        session, conduct = self.session, self.session.conduct
        transfer, abort = conduct.transfer, conduct._abort
        asked = session._asked
        return (
            session.phase, session.head, tuple(session.queue), frozenset(self.timers),
            tuple(sorted((side.value, state) for side, state in self.legs.items())),
            None if transfer is None else (
                tuple(transfer.legs.values()), transfer.verdict, transfer.broken != "",
                transfer.relaying, frozenset(transfer.opened),
            ),
            None if abort is None else (abort._owed, tuple(r.positive for r in abort._replies)),
            None if conduct._final is None else conduct._final.positive,
            None if asked is None else getattr(asked, "__name__", ""),
            None if session._goodbye is None else session._goodbye.code,
            session.server_gone, session._last_code == 421, conduct._abort_waits,
            conduct._early is None, self.asked, self.replies, self.lost,
            tuple(self.done),
        )  # fmt: skip


class Walk(SynchronousTestCase):
    """Every reachable state of a session with one transfer."""

    def walk(self, setup: Setup) -> int:
        """Go breadth first through everything that can happen; return how many states there are."""
        begin = World(self, setup)
        seen = {begin.fingerprint}
        todo: deque[tuple[str, ...]] = deque([()])
        while todo:
            path = todo.popleft()
            world = self.replay(setup, path)
            for move in MOVES:
                if world.session.phase is Phase.OVER or not world.can(move):
                    continue
                world.make(move)
                if world.fingerprint not in seen:
                    seen.add(world.fingerprint)
                    if world.session.conduct.running:
                        todo.append((*path, move))
                world = self.replay(setup, path)
        return len(seen)

    def replay(self, setup: Setup, path: tuple[str, ...]) -> World:
        """A world in which all this has happened."""
        world = World(self, setup)
        for move in path:
            world.make(move)
        return world

    def test_download_passive(self) -> None:
        """Both sides passive, a download."""
        self.assertGreater(self.walk(Setup(Mode.PASSIVE, "PASV", "RETR f", replies=3)), 100)

    def test_upload_passive(self) -> None:
        """Both sides passive, an upload."""
        self.assertGreater(self.walk(Setup(Mode.PASSIVE, "PASV", "STOR f")), 100)

    def test_download_to_active_client(self) -> None:
        """An active client, a passive server."""
        self.assertGreater(self.walk(Setup(Mode.PASSIVE, "PORT", "RETR f")), 100)

    def test_download_from_active_server(self) -> None:
        """A passive client, an active server."""
        self.assertGreater(self.walk(Setup(Mode.ACTIVE, "PASV", "RETR f")), 100)

    def test_upload_active(self) -> None:
        """Both sides active."""
        self.assertGreater(self.walk(Setup(Mode.ACTIVE, "PORT", "STOR f")), 100)
