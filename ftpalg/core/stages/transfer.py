"""The control side of a transfer: its command, the server's replies, once more, ABOR.

The server's final reply waits in the transfer until both legs are at rest, so it never overtakes
the data (rule 2).  Replies behind ABOR: servers answer the transfer command and ABOR (426 and 226),
or only one of them, and vsftpd reads ABOR only after the transfer has ended by itself; so both are
collected, or one and then none within ``timeouts.abort``.  RFC 959 section 4.1.3.
"""

from __future__ import annotations

from collections.abc import Callable

from ftpalg.core.actions import AbortLeg, CloseLeg, ReportProgress
from ftpalg.core.desk import Await, Desk, Signal
from ftpalg.core.ends import Reason
from ftpalg.core.events import Side, Timer
from ftpalg.core.facts import Outcome
from ftpalg.core.stages.protection import Protection
from ftpalg.core.stages.restart import Restart
from ftpalg.core.stages.resync import Resync
from ftpalg.core.stages.transfer_legs import TransferLegs, failure, moved
from ftpalg.core.stages.transfer_tables import LIVE, LOST, Happening, Leg, Step, Transfer, Verdict
from ftpalg.core.wire.commands import Command, Kind
from ftpalg.core.wire.replies import Reply, reply

UNPROTECTED = (521, 522)
"""Refusals of a data connection for its level of protection, or for the session that it resumes."""

UNDER_TLS = (Leg.SHAKING, Leg.OPEN)
"""Before the transfer command, a leg in these states has begun TLS."""


class TransferStage(TransferLegs):
    """The command of a transfer, the server's replies to it, and ABOR."""

    __slots__ = ("_restart", "_resync")

    def __init__(
        self, desk: Desk, resync: Resync, protection: Protection, restart: Restart
    ) -> None:
        super().__init__(desk, protection)
        self._resync = resync
        self._restart = restart

    def _carry_out(self, order: Step) -> None:
        CARRIED_OUT[order](self, order)

    # -- before the command -----------------------------------------------------------------------

    def prepare(self, transfer: Transfer) -> None:
        """The next transfer's legs are being readied; what is left of the last one fails."""
        self.drop()
        self.state = transfer

    def listening(self, side: Side) -> None:
        """A data port of ours is open for that side; a second one, where the transfer goes once more."""
        assert self.state is not None, "addressing asks for ports of a transfer"
        if self.state.retried and side is Side.SERVER:
            self.state = self.state.with_leg(side, Leg.CLOSED)
        self._happens(Happening.LISTENED, side)

    def server_port(self, port: int) -> None:
        """The server's data port is known."""
        assert self.state is not None, "addressing prepares the transfer before it asks"
        self.state = self.state._replace(server_port=port)

    def prepared(self) -> None:
        """The client knows all that it needs to send its command."""
        self._happens(Happening.PREPARED)

    # -- the command ------------------------------------------------------------------------------

    def begin(self, command: Command) -> None:
        """The client's transfer command is at the head of the queue."""
        if self.state is None:
            self.desk.refuse(425, "Use PORT or PASV first.")
        elif self.state.client in LOST:  # it broke before the command
            self.state = self.state._replace(command=command)
            self._finish(failure(self.state), Outcome.BROKEN)
        else:
            # send_command follows: before this returns where the level stands already
            self._protection.prepare_server(Signal.LEVEL_FOR_TRANSFER)

    def send_command(self) -> None:
        """The server's protection level stands: REST once more where needed, then the command."""
        desk, transfer, command = self.desk, self.state, self.desk.head
        assert transfer is not None and command is not None, "begun, and not answered yet"
        refusal = self._protection.transfer_refusal(client_shook=transfer.client in UNDER_TLS)
        if refusal:
            desk.refuse(522, refusal)
            self.drop()
            return
        source = Side.CLIENT if command.kind is Kind.UPLOAD else Side.SERVER
        rest = self._restart.take(command)
        self.state = transfer._replace(command=command, source=source, rest=rest)
        self._send(rest, command)

    def _send(self, rest: Command | None, command: Command) -> None:
        again = self._restart.due(rest)
        if again is not None:
            self.desk.ask(again, Await.RESTORED)
        else:
            self._launch(command)

    def restored(self, message: Reply) -> None:
        """The server's answer to the REST that was sent again."""
        command = self.desk.head
        assert command is not None, "the transfer command waits for it"
        if message.preliminary:
            return
        if message.code == 350 or message.positive:
            self._launch(command)
        else:
            self._finish(message, Outcome.REFUSED)

    def _launch(self, command: Command) -> None:
        """Send the command; with it (``SENT``) the table dials the server's data port, if not before.

        vsftpd and ProFTPD send their 1xx only after the data connection is there.
        """
        self.desk.ask(command, Await.TRANSFER)
        self._secure_standing()
        self._happens(Happening.SENT)
        overtaken = self.desk.overtake()
        if overtaken is not None:
            self.abort(overtaken)

    def _secure_standing(self) -> None:
        for side in Side:
            assert self.state is not None, "a transfer is being launched"
            if self.state.leg(side) is Leg.STANDING and self._protection.protects(side):
                self._shake(side)

    # -- the server's replies ---------------------------------------------------------------------

    def answered(self, message: Reply) -> None:
        """A reply to the transfer command."""
        desk, transfer = self.desk, self.state
        assert transfer is not None, "its command is outstanding"
        if message.preliminary:
            left = transfer.client in LOST and transfer.source is Side.SERVER
            again = transfer.verdict is Verdict.STARTED
            if desk.begun or not transfer.lost:
                self.state = transfer._replace(promised=True)
                desk.tell(desk.masked(message))
            self._agree()
            self.works()
            self._happens(Happening.REPEATED if left and again else Happening.PRELIMINARY)
        elif message.code in UNPROTECTED and self._may_retry(transfer):
            self._retry(message)
        else:
            self.state = transfer._replace(final=message)
            if message.positive:
                self._agree()
            self._happens(Happening.POSITIVE if message.positive else Happening.NEGATIVE)

    # -- once more ------------------------------------------------------------------------------

    def _may_retry(self, transfer: Transfer) -> bool:
        """Whether a server under TLS refused only the connection: nothing was said, nothing moved."""
        fresh = transfer.verdict is Verdict.AWAITED and not transfer.retried
        return fresh and not transfer.relayed and self._protection.protects(Side.SERVER)

    def _retry(self, refusal: Reply) -> None:
        """PROT again, a new port, another ticket, REST and the command again, once.

        Some servers forget PROT with each transfer; others' tickets can be used once (proftpd#1931).
        """
        transfer = self.state
        assert transfer is not None, "its command was refused"
        if transfer.server in LIVE:
            self.desk.order(AbortLeg(Side.SERVER))
        if transfer.wait is not None:
            self.desk.stop(transfer.wait)
        self.state = transfer._replace(
            server=Leg.MISSED, verdict=Verdict.NONE, wait=None, retried=True, final=refusal
        )
        self._protection.forget_level()
        # Addressing.again follows, then once_more or not_again
        self._protection.prepare_server(Signal.LEVEL_FOR_RETRY)

    def once_more(self) -> None:
        """The server's side stands anew: the command goes again."""
        transfer = self.state
        assert transfer is not None and transfer.command is not None, "it is being retried"
        if transfer.client in LOST:
            self._finish(failure(transfer), Outcome.BROKEN)
        else:
            self.state = transfer._replace(final=None)
            self._send(transfer.rest, transfer.command)

    def not_again(self) -> None:
        """The server's side is not to be had: its first refusal stands."""
        assert self.state is not None and self.state.final is not None, "it was refused"
        self._finish(self.desk.masked(self.state.final), Outcome.REFUSED)

    def _agree(self) -> None:
        """The server has agreed: from now on the transfer's own waits hold."""
        self.desk.stop(Timer.IDLE)

    def takes_surplus(self, message: Reply) -> bool:
        """A 1xx behind a 2xx: some servers answer 200 to LIST, then go on with 150 and 226."""
        transfer = self.state
        if transfer is None or transfer.verdict is not Verdict.SUCCEEDED or not message.preliminary:
            return False
        self.desk.awaited = Await.TRANSFER
        self.answered(message)
        return True

    def _forward(self, order: Step) -> None:
        transfer = self.state
        assert transfer is not None and transfer.final is not None, "FORWARD follows a final reply"
        final = transfer.final
        if transfer.code:
            final, outcome = failure(transfer), Outcome.REFUSED
        elif final.positive:
            outcome = Outcome.COMPLETE
        else:
            outcome = Outcome.BROKEN if transfer.relayed else Outcome.REFUSED
        self._finish(self.desk.masked(final), outcome)

    def _break(self, order: Step) -> None:
        assert self.state is not None, "the table speaks of one"
        self._finish(failure(self.state), Outcome.BROKEN)

    def _unconfirmed(self, order: Step) -> None:
        assert self.state is not None, "the table speaks of one"
        self.state = self.state._replace(reason="the server did not confirm it")
        self._finish(failure(self.state), Outcome.BROKEN)
        text = "The server did not answer; closing."
        self.desk.leave(Reason.SERVER_SILENT, reply(421, text))

    def _unsaid(self, order: Step) -> None:
        assert self.state is not None, "the table speaks of one"
        self._finish(failure(self.state), Outcome.BROKEN)
        self._resync.begin(owed=1)

    # -- ABOR and STAT ----------------------------------------------------------------------------

    @property
    def abortable(self) -> bool:
        """True where an ABOR of the client concerns the running transfer."""
        transfer = self.state
        return (
            transfer is not None
            and transfer.command is not None
            and transfer.verdict not in (Verdict.NONE, Verdict.ABORTING, Verdict.CUT)
        )

    def abort(self, command: Command) -> None:
        """The client's ABOR, past everything that waits, as it came: aioftp knows no urgent one."""
        transfer = self.state
        assert transfer is not None, "asked only where it is abortable"
        if self.desk.gone:
            self.state = transfer._replace(owed=1)
            self._conclude(Step.CONCLUDE)
        else:
            owed = 1 if transfer.final is not None else 2
            self._send_abort(owed, urgent=command.urgent)

    def _give_up(self, order: Step) -> None:
        """Answer the client now, and bring the server back into step with ABOR."""
        transfer = self.state
        assert transfer is not None and transfer.command is not None, "it is not answered yet"
        message = failure(transfer)
        self.state = transfer._replace(command=None, client=Leg.CLOSED)
        self._send_abort(owed=2)
        reason = message.text.decode("latin-1")
        self._observe(transfer.command, Outcome.BROKEN, reason)
        self.desk.answer(message)
        if Side.CLIENT in transfer.live:
            self.desk.order(AbortLeg(Side.CLIENT) if moved(transfer) else CloseLeg(Side.CLIENT))

    def _send_abort(self, owed: int, *, urgent: bool = False) -> None:
        assert self.state is not None, "there is a transfer to abort"
        self.state = self.state._replace(owed=owed)
        self.desk.ask(Command(b"ABOR"), Await.ABORTED, urgent=urgent)
        self._happens(Happening.ABORT)

    def abort_answered(self, message: Reply) -> None:
        """A reply to the transfer command or to the ABOR behind it."""
        transfer = self.state
        assert transfer is not None, "its ABOR is outstanding"
        self.desk.awaited = Await.ABORTED
        if message.preliminary:  # Pure-FTPd's last word may be a 150
            self.state = transfer._replace(heard=True)
            self._happens(Happening.PRELIMINARY)
            return
        replies = (*transfer.replies, message)
        self.state = transfer._replace(heard=True, replies=replies)
        if len(replies) == transfer.owed:
            self._conclude(Step.CONCLUDE)
        else:
            self._happens(Happening.POSITIVE if message.positive else Happening.NEGATIVE)

    def _conclude(self, order: Step) -> None:
        """As many replies as will come have come: answer the client, and be in step."""
        desk, transfer = self.desk, self.state
        assert transfer is not None, "it is being aborted"
        replies, owed = tuple(map(desk.masked, transfer.replies)), transfer.owed
        desk.awaited = None
        if transfer.command is None:  # the client has had its answer: these are for nobody
            self.drop()
        else:
            first = replies[0] if replies else None
            refusals = [one for one in replies if not one.positive]
            if owed == 2 and refusals:
                self._finish(refusals[0], Outcome.ABORTED)
            else:
                self._finish(reply(426, "Transfer aborted."), Outcome.ABORTED)
            own = reply(226, "Abort successful.")
            if first is not None and first.positive:
                own = first
            if len(replies) == owed:
                own = replies[owed - 1]
                if owed == 2 and replies[0].positive and not own.positive:
                    own = replies[0]  # ProFTPD: 226 for ABOR, then 426 for the transfer
            desk.answer_overtaken(own)
        if desk.gone or len(replies) == owed:
            return
        if transfer.heard:
            self._resync.begin(owed - len(replies))
        else:
            text = "The server did not answer ABOR; closing."
            desk.leave(Reason.SERVER_SILENT, reply(421, text))

    def report(self) -> bool:
        """Answer STAT during a transfer, if there is one."""
        transfer = self.state
        if transfer is None or transfer.command is None:
            return False
        self.desk.interrupt()
        self.desk.order(ReportProgress(transfer.command))
        return True


CARRIED_OUT: dict[Step, Callable[[TransferStage, Step], None]] = {
    Step.OPEN_CLIENT: TransferStage._nothing,
    Step.OPEN_SERVER: TransferStage._nothing,
    Step.DIAL_CLIENT: TransferStage._connect,
    Step.DIAL_SERVER: TransferStage._connect,
    Step.RELAY: TransferStage._relay,
    Step.END_CLIENT: TransferStage._end_leg,
    Step.END_SERVER: TransferStage._end_leg,
    Step.ABORT_CLIENT: TransferStage._abort_leg,
    Step.ABORT_SERVER: TransferStage._abort_leg,
    Step.FORWARD: TransferStage._forward,
    Step.BROKEN: TransferStage._break,
    Step.UNCONFIRMED: TransferStage._unconfirmed,
    Step.UNSAID: TransferStage._unsaid,
    Step.GIVE_UP: TransferStage._give_up,
    Step.CONCLUDE: TransferStage._conclude,
}
"""Who carries out a step of the table."""
