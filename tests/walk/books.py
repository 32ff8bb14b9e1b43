"""The books of the walk: what every action of the session means to the world, and what it may not be.

``state`` is everything: to set it is to go back.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NoReturn

from ftpalg.core import actions as do
from ftpalg.core.events import Side, Timer
from ftpalg.core.facts import Outcome, TransferOver
from ftpalg.core.session import STAGES, Session
from ftpalg.core.wire.replies import Reply
from tests.core.ladder import CLIENT
from tests.core.written import lines_of
from tests.walk.network import LIVE_LEGS
from tests.walk.scenes import (
    ADDRESSES,
    CLIENTS_ADDRESS,
    CONSENT,
    PASSING,
    PORTS,
    SERVERS_ADDRESS,
    TRANSFERS,
    Owed,
    Scene,
)


class Fault(Exception):
    """A rule that does not hold."""


class Books:
    """A session, and what everybody around it has of it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.session = Session(scene.rules, CLIENT)
        self.said = self.aborts = self.stats = 0
        self.waiting: tuple[bytes, ...] = ()
        self.done = False
        self.owes: tuple[Owed, ...] = ()
        self.lost = True
        self.pending: tuple[str, ...] = ()
        self.client_leg = self.server_leg = ""
        self.timers: frozenset[Timer] = frozenset()
        self.begun = b""
        self.refused = False
        self.greeted = False
        self.lines: list[str] = []
        self.recording = False
        self._forged = False

    @property
    def state(self) -> tuple[object, ...]:
        """The session's value, and the books."""
        return (self.session.value, *READ(self))

    @state.setter
    def state(self, state: tuple[Any, ...]) -> None:
        self.session.value = state[0]
        for name, value in zip(BOOKS, state[1:], strict=True):
            setattr(self, name, value)

    @property
    def owes_transfer(self) -> bool:
        """Whether a transfer command may still be answered: a hostile server may always."""
        return self.lost or self._forged or any(owed.verb in TRANSFERS for owed in self.owes)

    def leg(self, side: str) -> str:
        """What the network holds of that side's data connection."""
        return self.client_leg if side == "client" else self.server_leg

    def set_leg(self, side: str, leg: str) -> None:
        """Write down what has become of it."""
        if side == "client":
            self.client_leg = leg
        else:
            self.server_leg = leg

    # -- what is ordered --------------------------------------------------------------------------

    def _take(self, ordered: list[do.Action]) -> None:
        over = goodbye = False
        for action in ordered:
            if self.recording:
                self.lines += lines_of(action)
            if over:
                self.fault(f"{action} behind the end")
            ORDERS[type(action)](self, action)
            over = action == do.HangUp(Side.CLIENT)
            goodbye = goodbye or (isinstance(action, do.SendReply) and action.reply.code == 221)
        if over is not self.session.over:
            self.fault("the end, and no end")
        if goodbye and not over:
            self.fault("a goodbye, and the session goes on")

    def _hears(self, action: do.SendReply) -> None:
        message = action.reply
        verb = self.waiting[0].split()[0] if self.waiting else b""
        if verb not in PASSING and any(part in bytes(message) for part in SERVERS_ADDRESS):
            self.fault("the client learns the server's address")
        if not self.greeted:
            self.greeted = not message.preliminary
            return
        if not self.waiting:
            if message.code not in (421, 221):
                self.fault(f"{message.code} answers no command")
            return
        head = self.waiting[0]
        if message.positive and message.code not in (221, CONSENT.get(verb, message.code)):
            self.fault(f"{message.code} to {verb.decode()}")
        text = b"\n".join(message.lines)
        goodbye = message.code == 421  # answers whatever is asked
        if (
            b"for <" in text
            and not goodbye
            and b"for <%b>" % head not in text
            and not self._spares(head, text)
        ):
            self.fault(f"{head.decode()} is answered with {text.decode()}")
        if message.preliminary:
            return
        self.waiting = self.waiting[1:]
        if head[:4] in TRANSFERS:
            self._check_transfers_end(head, message)

    def _spares(self, head: bytes, text: bytes) -> bool:
        """An ABOR hears the one reply that came, which was its transfer's."""
        return head == b"ABOR" and text.startswith(b"2")

    def _check_transfers_end(self, head: bytes, message: Reply) -> None:
        legs = (self.client_leg, self.server_leg)
        if message.positive and legs != ("ended", "ended"):
            self.fault(f"{message.code} to {head.decode()} and the legs are {legs}")
        if self.begun == head:
            self.fault(f"{head.decode()} is answered, and nobody was told that it is over")

    def _told(self, action: do.Tell) -> None:
        fact = action.fact
        if isinstance(fact, TransferOver):
            if self.begun != bytes(fact.command)[:-2] and fact.outcome is Outcome.COMPLETE:
                self.fault("a transfer is over that never began")
            self.begun = b""

    def _reports(self, action: do.ReportProgress) -> None:
        if not self.waiting or self.waiting[-1] != b"STAT":
            self.fault("a report that nobody asked for")
        self.waiting = self.waiting[:-1]

    def _gets(self, action: do.SendCommand) -> None:
        verb, line = action.command.verb, bytes(action.command)[:-2]
        if any(part in line for part in CLIENTS_ADDRESS):
            self.fault("the server learns the client's address")
        if self.lost:
            self.fault(f"{line.decode()} to a server that is gone")
        ours = verb in (b"NOOP", b"PWD")
        addresses = verb in ADDRESSES and all(owed.verb in ADDRESSES for owed in self.owes)
        if self.owes and verb != b"ABOR" and not ours and not addresses:
            self.fault(f"{line.decode()} while {self.owes[0].verb.decode()} is not answered")
        if verb in TRANSFERS:
            self.begun, self.refused = line, False
        own = line if line in self.waiting or not self.waiting else self.waiting[0]
        if ours:
            own = b"ours"
        if verb == b"ABOR" and b"ABOR" not in self.waiting:
            own = b"ABOR of ours"
        if not self._forged:
            self.owes = (*self.owes, Owed(verb, own))

    def _opens(self, action: do.Connect | do.Listen) -> None:
        side = action.side.value
        if self.leg(side) in LIVE_LEGS:
            self.fault(f"{action} beside a leg that is {self.leg(side)}")
        if isinstance(action, do.Connect) and action.port != PORTS[action.side]:
            self.fault(f"{action} to a port that the {side} has not told")
        self.set_leg(side, "asked" if isinstance(action, do.Listen) else "opening")

    def _secures(self, action: do.SecureLeg) -> None:
        if self.leg(action.side.value) != "standing":
            self.fault(f"TLS on a leg that is {self.leg(action.side.value)!r}")
        self.set_leg(action.side.value, "shaking")

    def _relays(self, action: do.Relay) -> None:
        for side in Side:
            wanted = "secure" if self.session.protection.protects(side) else "standing"
            if self.leg(side.value) != wanted:
                self.fault(f"relays where the {side.value}'s leg is {self.leg(side.value)!r}")
            self.set_leg(side.value, "source" if side is action.source else "sink")

    def _gives_time(self, action: do.GiveTime) -> None:
        if not {"source", "sink"} & {self.leg(side.value) for side in Side}:
            self.fault("time is given where nothing is relayed")

    def _ends(self, action: do.EndLeg) -> None:
        side = action.side
        if (self.leg(side.value), self.leg(side.other.value)) != ("sink", "ended"):
            self.fault("a clean end from nowhere")
        if self.refused:
            self.fault("a clean end behind the server's refusal")
        self.set_leg(side.value, "ending")

    def _aborts(self, action: do.AbortLeg) -> None:
        if self.leg(action.side.value) not in LIVE_LEGS:
            self.fault(f"aborts a leg that is {self.leg(action.side.value)!r}")
        self.set_leg(action.side.value, "failed")

    def _closes(self, action: do.CloseLeg) -> None:
        leg = self.leg(action.side.value)
        if leg not in LIVE_LEGS or leg in ("source", "sink", "ending"):
            self.fault(f"closes a leg that is {leg!r}")
        self.set_leg(action.side.value, "")

    def _hangs_up(self, action: do.HangUp) -> None:
        if action.side is Side.SERVER:
            self.lost, self.owes, self.pending = True, (), ()

    def _begins_tls(self, action: do.StartTls) -> None:
        self.pending = (*self.pending, f"begins tls {action.side.value}")

    def _dials(self, action: do.Dial) -> None:
        self.pending = (*self.pending, "dials")
        desk, guards = self.session.desk, self.session.protection.state
        restart, resync = self._stage("Restart"), self._stage("Resync")
        left = (self.session.transfer.state, desk.server, desk.awaited, desk.held, restart)
        if any(left) or resync or guards.server_secured or guards.server_level:
            self.fault("something of the last server is left")

    def _forgets_clear_words(self) -> None:
        wish = self._stage("Entry")
        if wish.named is not None or self.session.transfer.state is not None:
            self.fault("what was said in clear counts under TLS")

    def _checks(self, action: do.Authenticate) -> None:
        self.pending = (*self.pending, "checks")

    def _asks(self, action: do.AskRoom) -> None:
        self.pending = (*self.pending, "asks for room")

    def _starts(self, action: do.StartTimer) -> None:
        self.timers |= {action.timer}

    def _stops(self, action: do.StopTimer) -> None:
        self.timers -= {action.timer}

    def _nothing(self, action: object) -> None:
        """Of no concern to the books."""

    def _stage(self, name: str) -> Any:
        return next(s.state for s in STAGES(self.session) if type(s).__name__ == name)

    def fault(self, text: str) -> NoReturn:
        """A rule does not hold."""
        raise Fault(text)


BOOKS = (
    "said", "waiting", "aborts", "stats", "done", "owes", "lost", "pending", "client_leg",
    "server_leg", "timers", "begun", "refused", "greeted",
)  # fmt: skip
"""What of a world is state beside its session's."""

READ: Callable[[Books], tuple[object, ...]] = attrgetter(*BOOKS)


ORDERS: dict[type, Callable[..., None]] = {
    do.SendReply: Books._hears,
    do.SendCommand: Books._gets,
    do.SendSecret: Books._nothing,
    do.Authenticate: Books._checks,
    do.Dial: Books._dials,
    do.HangUp: Books._hangs_up,
    do.StartTls: Books._begins_tls,
    do.StopTls: Books._nothing,
    do.GoOpaque: Books._nothing,
    do.AskRoom: Books._asks,
    do.Listen: Books._opens,
    do.Connect: Books._opens,
    do.SecureLeg: Books._secures,
    do.Relay: Books._relays,
    do.GiveTime: Books._gives_time,
    do.EndLeg: Books._ends,
    do.AbortLeg: Books._aborts,
    do.CloseLeg: Books._closes,
    do.StartTimer: Books._starts,
    do.StopTimer: Books._stops,
    do.ReportProgress: Books._reports,
    do.Tell: Books._told,
    do.Learned: Books._nothing,
}
