"""Carries out the tables of a transfer: what happens to its legs, and the steps that follow.

A refusal by the server wins over any leg's error that the same refusal caused.
"""

from __future__ import annotations

from ftpalg.core.actions import (
    AbortLeg,
    CloseLeg,
    Connect,
    EndLeg,
    GiveTime,
    Relay,
    SecureLeg,
)
from ftpalg.core.desk import Desk, Signal, Stage
from ftpalg.core.ends import Ender, Moment
from ftpalg.core.events import LegEnded, LegFailed, LegMoved, LegReached, LegSecured, Side, Timer
from ftpalg.core.facts import Outcome, TransferOver
from ftpalg.core.stages.protection import Protection
from ftpalg.core.stages.transfer_tables import Happening, Leg, Step, Transfer, Verdict, step
from ftpalg.core.wire.commands import Command, printable
from ftpalg.core.wire.replies import Reply, reply

UNHEARD = (Verdict.NONE, Verdict.AWAITED, Verdict.SILENT)
"""While the verdict is one of these the server has not answered the command."""

SERVERS_OWN = (Timer.STALLED, Timer.FINAL_REPLY)
"""Waits for the server alone, which begin anew with each line of it."""

SIDES = {
    Step.DIAL_CLIENT: Side.CLIENT,
    Step.DIAL_SERVER: Side.SERVER,
    Step.END_CLIENT: Side.CLIENT,
    Step.END_SERVER: Side.SERVER,
    Step.ABORT_CLIENT: Side.CLIENT,
    Step.ABORT_SERVER: Side.SERVER,
}


class TransferLegs(Stage):
    """``state`` is the current transfer, prepared or running."""

    __slots__ = ("_protection",)

    state: Transfer | None

    def __init__(self, desk: Desk, protection: Protection) -> None:
        super().__init__(desk, None)
        self._protection = protection

    @property
    def running(self) -> bool:
        """True from the client's command until the last reply that belongs to it."""
        return self.state is not None and self.state.running

    @property
    def agreed(self) -> bool:
        """True once the server has agreed to the running transfer: its own waits hold then."""
        return self.state is not None and self.state.verdict not in UNHEARD

    @property
    def lost(self) -> bool:
        """True where a leg of the transfer is lost."""
        return self.state is not None and self.state.lost

    def promise(self) -> None:
        """The client hears a line of a 1xx."""
        if self.state is not None:
            self.state = self.state._replace(promised=True)

    def works(self) -> None:
        """The server has said something that is no final reply: it is at work on this transfer."""
        transfer = self.state
        if transfer is None:
            return
        if Leg.MOVING in (transfer.client, transfer.server):
            self.desk.order(GiveTime())
        elif transfer.wait in SERVERS_OWN:
            self.desk.start(transfer.wait)

    @property
    def confirmed(self) -> bool:
        """True while data is still on its way that the server has already called complete."""
        return self.state is not None and self.state.confirmed

    # -- the legs ---------------------------------------------------------------------------------

    def reached(self, event: LegReached) -> None:
        """That side's data connection stands.

        A client's TLS may begin before its command (aioftp's client waits for it); a server's never
        does: servers start theirs only after the transfer command.
        """
        side, transfer = event.side, self.state
        launched = transfer is not None and transfer.verdict is not Verdict.NONE
        if self._protection.protects(side) and (launched or side is Side.CLIENT):
            if transfer is not None and transfer.leg(side) in (Leg.LISTENING, Leg.DIALLING):
                self._shake(side)
        else:
            self._happens(Happening.REACHED, side)

    def secured(self, event: LegSecured) -> None:
        """TLS on that side's leg stands."""
        self._happens(Happening.SECURED, event.side)

    def ended(self, event: LegEnded) -> None:
        """That leg ended cleanly."""
        self._happens(Happening.ENDED, event.side)

    def moved(self, event: LegMoved) -> None:
        """A leg that is ending still takes bytes: its wait begins anew."""
        if self.state is not None and self.state.wait is Timer.DELIVERY:
            self.desk.start(Timer.DELIVERY)

    def failed(self, event: LegFailed) -> None:
        """That leg could not be opened or broke; ``code`` is for one that we refused."""
        transfer = self.state
        if transfer is not None and event.side in transfer.live:
            self.state = transfer._replace(code=event.code)
            self._happens(Happening.FAILED, event.side, event.reason)

    def _shake(self, side: Side) -> None:
        again = side is Side.SERVER and self.state is not None and self.state.retried
        self.desk.order(SecureLeg(side, again))
        self._happens(Happening.SHAKES, side)

    # -- the table --------------------------------------------------------------------------------

    def _happens(self, happening: Happening, side: Side | None = None, reason: str = "") -> None:
        before = self.state
        if before is None:
            return
        self.state, steps = step(before, happening, side, reason)
        missed = before.server is Leg.DIALLING and self.state.server is Leg.MISSED
        if missed and self.state.blame is Side.SERVER:
            self.desk.signal(Signal.PORT_FAILED)
        self._wait(before.wait, self.state.wait, anew=happening in ANEW)
        for one in steps:
            self._carry_out(one)

    def _carry_out(self, order: Step) -> None:
        """Do what the table says; ``transfer.CARRIED_OUT`` has who does, there and here."""
        raise NotImplementedError

    def _wait(self, before: Timer | None, now: Timer | None, *, anew: bool) -> None:
        """Have the wait run that the table says."""
        if before is not None and before is not now:
            self.desk.stop(before)
        if now is not None and (anew or before is not now):
            self.desk.start(now)

    def _connect(self, order: Step) -> None:
        transfer, side = self.state, SIDES[order]
        assert transfer is not None, "the table speaks of one"
        port = transfer.client_port if side is Side.CLIENT else transfer.server_port
        self.desk.order(Connect(side, port))

    def _relay(self, order: Step) -> None:
        assert self.state is not None, "the table speaks of one"
        self.desk.order(Relay(self.state.source))

    def _end_leg(self, order: Step) -> None:
        self.desk.order(EndLeg(SIDES[order]))

    def _abort_leg(self, order: Step) -> None:
        self.desk.order(AbortLeg(SIDES[order]))

    def _nothing(self, order: Step) -> None:
        """The leg serves as it is."""

    # -- the end ----------------------------------------------------------------------------------

    def _finish(self, last: Reply, outcome: Outcome) -> None:
        """The client gets its final reply, then nothing of the transfer is left."""
        transfer, desk = self.state, self.desk
        assert transfer is not None and transfer.command is not None, "only a begun one is finished"
        desk.awaited = None
        reason = transfer.reason or last.text.decode("latin-1")
        self._observe(transfer.command, outcome, reason)
        desk.answer(last)
        self.drop()

    def drop(self) -> None:
        """Forget the transfer, prepared or running; what is live of it fails.

        Where the client has heard no 1xx nothing was promised, and its data connection ends cleanly:
        a client like basic-ftp takes a reset there for the answer, or for an error of its own.
        """
        transfer, self.state = self.state, None
        if transfer is None:
            return
        for side in transfer.live:
            clean = side is Side.CLIENT and not moved(transfer)
            self.desk.order(CloseLeg(side) if clean else AbortLeg(side))
        if transfer.wait is not None:
            self.desk.stop(transfer.wait)

    def expired(self, timer: Timer) -> None:
        """One of a transfer's waits is over."""
        if self.state is not None and self.state.wait is timer:
            self._happens(Happening.EXPIRED)

    def cut_off(self) -> None:
        """The session ends here, whatever the transfer was doing; it is dropped behind the last reply."""
        if self.state is not None and self.state.command is not None:
            why = self.desk.leaving
            reason = "the session ended" if why is None else why.sentence
            self._observe(self.state.command, Outcome.BROKEN, reason)

    def _observe(self, command: Command, outcome: Outcome, reason: str) -> None:
        """Let observers know how the transfer went, before anything of it is forgotten.

        It is an order too: with the fact of its end the relay stops (``Driver._tell``).
        """
        transfer, protects = self.state, self._protection.protects
        assert transfer is not None, "it is over only now"
        passive = {
            *((Side.CLIENT,) if not transfer.client_port else ()),
            *((Side.SERVER,) if transfer.server_port else ()),
        }
        rest = transfer.rest.argument if transfer.rest is not None else None
        self.desk.observe(
            TransferOver(
                command,
                outcome,
                reason,
                letters=self._letters(transfer, outcome),
                rest=printable(rest or b""),
                passive=frozenset(passive),
                tls=frozenset(side for side in Side if protects(side)),
            )
        )

    def _letters(self, transfer: Transfer, outcome: Outcome) -> str:
        """Who ended it, and that data was to move; nobody where it is complete."""
        if outcome is Outcome.COMPLETE:
            return "--"
        if outcome is Outcome.ABORTED:
            ender = Ender.CLIENT
        elif self.desk.leaving is not None:
            ender = self.desk.leaving.ender
        elif transfer.code:
            ender = Ender.GATEWAY
        else:
            ender = Ender.CLIENT if transfer.blame is Side.CLIENT else Ender.SERVER
        return ender.letter + Moment.DATA.letter


ANEW = frozenset((Happening.PRELIMINARY, Happening.POSITIVE, Happening.NEGATIVE, Happening.EXPIRED))
"""What makes a wait that goes on begin anew: the server has spoken, or it was over."""


def moved(transfer: Transfer) -> bool:
    """Whether the client has been promised a file, or may have had a part of it."""
    return transfer.promised or transfer.relayed


def failure(transfer: Transfer) -> Reply:
    """What the client is told of a transfer whose legs did not both end cleanly."""
    reason = transfer.reason or "it did not end cleanly"
    if transfer.code:
        return reply(transfer.code, f"Data connection refused: {reason}.")
    if {transfer.client, transfer.server} & {Leg.MISSED, Leg.CLOSED}:
        return reply(425, f"No data connection: {reason}.")
    return reply(426, f"Transfer broken: {reason}.")
