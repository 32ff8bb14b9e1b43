"""The current transfer, from the ports that are readied for it to its last reply.

What happens to its legs and what the server says of it goes through the tables
(``transfer_legs.follow``); the steps that end their part are carried out here (``ENDINGS``).  The
server's final reply waits in the transfer until both legs are down, so it never overtakes the data
(rule 2); a refusal by the server wins over any leg's error that the same refusal caused.
"""

from __future__ import annotations

from collections.abc import Callable

from ftpalg.core.actions import AbortLeg, GiveTime, ReportProgress, SecureLeg
from ftpalg.core.desk import AWAIT, Desk
from ftpalg.core.ends import ENDER, MOMENT, Reason
from ftpalg.core.events import (
    SIDE,
    SIDES,
    TIMER,
    LegEnded,
    LegFailed,
    LegMoved,
    LegReached,
    LegSecured,
    Side,
    Timer,
)
from ftpalg.core.facts import OUTCOME, Outcome, TransferOver
from ftpalg.core.signals import Signal
from ftpalg.core.stage import Stage
from ftpalg.core.stages.protection import Protection
from ftpalg.core.stages.resync import Resync
from ftpalg.core.stages.transfer_legs import follow, let_go
from ftpalg.core.stages.transfer_states import (
    HAPPENING,
    LEG,
    LIVE,
    LOST,
    VERDICT,
    Happening,
    Leg,
    Step,
    Transfer,
    Verdict,
)
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.printing import printable
from ftpalg.core.wire.replies import Reply, announced, reply

UNANSWERED = (Verdict.NONE, Verdict.AWAITED, Verdict.SILENT)
"""While the verdict is one of these the server has not answered the command."""

SERVERS_OWN = (Timer.STALLED, Timer.FINAL_REPLY)
"""Waits for the server alone, which begin anew with each line of it."""


class TransferStage(Stage):
    """``state`` is the current transfer, prepared or running."""

    __slots__ = ("_protection", "_resync")

    state: Transfer | None

    def __init__(self, desk: Desk, resync: Resync, protection: Protection) -> None:
        super().__init__(desk, None)
        self._resync = resync
        self._protection = protection

    @property
    def running(self) -> bool:
        """True from the client's command until the last reply that belongs to it."""
        return self.state is not None and self.state.running

    @property
    def has_own_waits(self) -> bool:
        """True once the server has answered the command: the session's wait (IDLE) is stopped then."""
        return self.state is not None and self.state.verdict not in UNANSWERED

    @property
    def lost(self) -> bool:
        """True where a leg of the transfer is lost."""
        return self.state is not None and self.state.lost

    @property
    def confirmed(self) -> bool:
        """True while data is still on its way that the server has already called complete."""
        return self.state is not None and self.state.confirmed

    # -- before the command -----------------------------------------------------------------------

    def prepare(self, transfer: Transfer) -> None:
        """The next transfer's legs are being readied; what is left of the last one fails."""
        self.drop()
        self.state = transfer

    def listening(self, side: Side) -> None:
        """A data port of ours is open for that side; a second one, where the transfer goes once more."""
        assert self.state is not None, "addressing asks for ports of a transfer"
        if self.state.retried and side is SIDE.SERVER:
            self.state = self.state.with_leg(side, LEG.CLOSED)
        self.happens(HAPPENING.LISTENED, side)

    def server_port(self, port: int) -> None:
        """The server's data port is known."""
        assert self.state is not None, "addressing prepares the transfer before it asks"
        self.state = self.state._replace(server_port=port)

    def prepared(self) -> None:
        """The client knows all that it needs to send its command."""
        self.happens(HAPPENING.PREPARED)

    # -- the command ------------------------------------------------------------------------------

    def become(self, transfer: Transfer) -> None:
        """The same with what a later stage knows of it; nothing happens to its legs."""
        self.state = transfer

    def launch(self, command: Command) -> None:
        """Send the command; with it (``SENT``) the table dials the server's data port, if not before.

        vsftpd and ProFTPD send their 1xx only after the data connection is there.
        """
        self.desk.ask(command, AWAIT.TRANSFER)
        for side in SIDES:
            assert self.state is not None, "it is being launched"
            if self.state.leg(side) is LEG.STANDING and self._protection.protects(side):
                self._shake(side)
        self.happens(HAPPENING.SENT)

    def lose_server_side(self, refusal: Reply) -> None:
        """The server has refused the connection: its leg and its word are to be had once more."""
        transfer = self.state
        assert transfer is not None, "its command was refused"
        if transfer.server in LIVE:
            self.desk.order(AbortLeg(Side.SERVER))
        if transfer.wait is not None:
            self.desk.stop(transfer.wait)
        self.state = transfer._replace(
            server=Leg.MISSED, verdict=Verdict.NONE, wait=None, retried=True, final=refusal
        )

    # -- the legs ---------------------------------------------------------------------------------

    def reached(self, event: LegReached) -> None:
        """That side's data connection stands.

        A client's TLS may begin before its command (aioftp's client waits for it); a server's never
        does: servers start theirs only after the transfer command.
        """
        side, transfer = event.side, self.state
        launched = transfer is not None and transfer.verdict is not VERDICT.NONE
        if self._protection.protects(side) and (launched or side is SIDE.CLIENT):
            if transfer is not None and transfer.leg(side) in (LEG.LISTENING, LEG.DIALLING):
                self._shake(side)
        else:
            self.happens(HAPPENING.REACHED, side)

    def secured(self, event: LegSecured) -> None:
        """TLS on that side's leg stands."""
        self.happens(HAPPENING.SECURED, event.side)

    def ended(self, event: LegEnded) -> None:
        """That leg ended cleanly."""
        self.happens(HAPPENING.ENDED, event.side)

    def moved(self, event: LegMoved) -> None:
        """A leg that is ending still takes bytes: its wait begins anew."""
        if self.state is not None and self.state.wait is Timer.DELIVERY:
            self.desk.start(Timer.DELIVERY)

    def failed(self, event: LegFailed) -> None:
        """That leg could not be opened or broke; ``code`` is for one that we refused."""
        transfer = self.state
        if transfer is not None and event.side in transfer.live:
            self.state = transfer._replace(code=event.code)
            self.happens(Happening.FAILED, event.side, event.reason)

    def _shake(self, side: Side) -> None:
        again = side is Side.SERVER and self.state is not None and self.state.retried
        self.desk.order(SecureLeg(side, again))
        self.happens(Happening.SHAKES, side)

    # -- the table --------------------------------------------------------------------------------

    def happens(self, happening: Happening, side: Side | None = None, reason: str = "") -> None:
        """Let it happen to the transfer, and do what the table says of it."""
        if self.state is not None:
            self.state, last = follow(self.desk, self.state, happening, side, reason)
            if last is not None:
                ENDINGS[last](self)

    def expired(self, timer: Timer) -> None:
        """One of a transfer's waits is over."""
        if self.state is not None and self.state.wait is timer:
            self.happens(Happening.EXPIRED)

    # -- the server's replies ---------------------------------------------------------------------

    def answered(self, message: Reply) -> None:
        """A reply to the transfer command."""
        desk, transfer = self.desk, self.state
        assert transfer is not None, "its command is outstanding"
        if message.preliminary:
            left = transfer.client in LOST and transfer.source is SIDE.SERVER
            again = transfer.verdict is VERDICT.STARTED
            told = bool(desk.begun) or not transfer.lost
            size = transfer.size or announced(message)
            self.state = transfer._replace(size=size, promised=transfer.promised or told)
            if told:
                desk.tell(desk.masked(message))
            desk.stop(TIMER.IDLE)
            self.works()
            self.happens(HAPPENING.REPEATED if left and again else HAPPENING.PRELIMINARY)
        else:
            self.state = transfer._replace(final=message)
            if message.positive:
                desk.stop(TIMER.IDLE)
            self.happens(HAPPENING.POSITIVE if message.positive else HAPPENING.NEGATIVE)

    def takes_surplus(self, message: Reply) -> bool:
        """A 1xx behind a 2xx: some servers answer 200 to LIST, then go on with 150 and 226."""
        transfer = self.state
        if transfer is None or transfer.verdict is not VERDICT.SUCCEEDED or not message.preliminary:
            return False
        self.desk.awaited = AWAIT.TRANSFER
        self.answered(message)
        return True

    def promise(self) -> None:
        """The client hears a line of a 1xx."""
        assert self.state is not None, "a transfer's reply is awaited"
        self.state = self.state._replace(promised=True)

    def works(self) -> None:
        """The server has said something that is no final reply: it is at work on this transfer."""
        transfer = self.state
        if transfer is None:
            return
        if LEG.MOVING in (transfer.client, transfer.server):
            self.desk.order(GiveTime())
        elif transfer.wait in SERVERS_OWN:
            self.desk.start(transfer.wait)

    # -- STAT -------------------------------------------------------------------------------------

    def report(self) -> bool:
        """Answer STAT during a transfer, if there is one."""
        transfer = self.state
        if transfer is None or transfer.command is None:
            return False
        self.desk.interrupt()
        self.desk.order(ReportProgress(transfer.command))
        return True

    # -- the end ----------------------------------------------------------------------------------

    def _forward(self) -> None:
        transfer = self.state
        assert transfer is not None and transfer.final is not None, "FORWARD follows a final reply"
        final = transfer.final
        if transfer.code:
            final = failure(transfer)
            outcome = OUTCOME.BROKEN if transfer.relayed else OUTCOME.REFUSED
        elif final.positive:
            outcome = OUTCOME.COMPLETE
        elif transfer.relayed:
            outcome = OUTCOME.BROKEN
        else:
            outcome = OUTCOME.REFUSED
            self.state = transfer._replace(
                reason=""
            )  # the server has said why; its leg may have failed first
        self.finish(self.desk.masked(final), outcome)

    def finish_broken(self) -> None:
        """The client is told what was wrong with the legs."""
        assert self.state is not None, "it is broken only now"
        self.finish(failure(self.state), Outcome.BROKEN)

    def _unconfirmed(self) -> None:
        assert self.state is not None, "the table speaks of one"
        self.state = self.state._replace(reason="the server did not confirm it")
        self.finish_broken()
        text = "The server did not answer; closing."
        self.desk.leave(Reason.SERVER_SILENT, reply(421, text))

    def _unsaid(self) -> None:
        self.finish_broken()
        self._resync.begin(owed=1)

    def _give_up(self) -> None:
        self.desk.signal(Signal.TRANSFER_GIVEN_UP)

    def _conclude(self) -> None:
        self.desk.signal(Signal.ABORT_OVER)

    def finish(self, last: Reply, outcome: Outcome) -> None:
        """The client gets its final reply, then nothing of the transfer is left."""
        transfer, desk = self.state, self.desk
        assert transfer is not None and transfer.command is not None, "only a begun one is finished"
        desk.awaited = None
        reason = transfer.reason or last.text.decode("latin-1")
        self.observe(transfer.command, outcome, reason)
        desk.answer(last)
        self.drop()

    def drop(self) -> None:
        """Forget the transfer, prepared or running; what is live of it is let go."""
        transfer, self.state = self.state, None
        if transfer is None:
            return
        for side in transfer.live:
            self.desk.order(let_go(transfer, side))
        if transfer.wait is not None:
            self.desk.stop(transfer.wait)

    def cut_off(self) -> None:
        """The session ends here, whatever the transfer was doing; it is dropped behind the last reply."""
        if self.state is not None and self.state.command is not None:
            why = self.desk.leaving
            reason = "the session ended" if why is None else why.sentence
            self.observe(self.state.command, Outcome.BROKEN, reason)

    def observe(self, command: Command, outcome: Outcome, reason: str) -> None:
        """Let observers know how the transfer went, before anything of it is forgotten.

        It is an order too: with the fact of its end the relay stops (``Driver._tell``).
        """
        transfer, protects = self.state, self._protection.protects
        assert transfer is not None, "it is over only now"
        rest = transfer.rest.argument if transfer.rest is not None else None
        self.desk.observe(
            TransferOver(
                command,
                outcome,
                reason,
                letters=letters(transfer, outcome, self.desk.leaving),
                rest=printable(rest or b""),
                passive=passive(transfer),
                tls=frozenset(side for side in SIDES if protects(side)),
            )
        )


ENDINGS: dict[Step, Callable[[TransferStage], None]] = {
    Step.FORWARD: TransferStage._forward,
    Step.BROKEN: TransferStage.finish_broken,
    Step.UNCONFIRMED: TransferStage._unconfirmed,
    Step.UNSAID: TransferStage._unsaid,
    Step.GIVE_UP: TransferStage._give_up,
    Step.CONCLUDE: TransferStage._conclude,
}
"""Who carries out a step that ends the table's part; ABOR's two are signalled to ``abort``."""


def passive(transfer: Transfer) -> frozenset[Side]:
    """The sides of which the server of that leg listens."""
    server = (SIDE.SERVER,) if transfer.server_port else ()
    return frozenset(server if transfer.client_port else (SIDE.CLIENT, *server))


def failure(transfer: Transfer) -> Reply:
    """What the client is told of a transfer whose legs did not both end cleanly."""
    reason = transfer.reason or "it did not end cleanly"
    if transfer.code:
        whole = transfer.relayed  # a quota's sentence; nothing else of ours breaks what moves
        return reply(transfer.code, reason if whole else f"Data connection refused: {reason}.")
    if {transfer.client, transfer.server} & {Leg.MISSED, Leg.CLOSED}:
        return reply(425, f"No data connection: {reason}.")
    return reply(426, f"Transfer broken: {reason}.")


def letters(transfer: Transfer, outcome: Outcome, leaving: Reason | None) -> str:
    """Who ended it, and that data was to move; nobody where it is complete."""
    if outcome is OUTCOME.COMPLETE:
        return "--"
    if outcome is OUTCOME.ABORTED:
        ender = ENDER.CLIENT
    elif leaving is not None:
        ender = leaving.ender
    elif transfer.code:
        ender = ENDER.GATEWAY
    else:
        ender = ENDER.CLIENT if transfer.blame is SIDE.CLIENT else ENDER.SERVER
    return ender.letter + MOMENT.DATA.letter
