"""Runs one transfer by the tables of ``transfer``: the command, the server's replies, both legs.

A refusal by the server wins over any leg's error that the same refusal caused.  The server's final
reply waits here until both legs are at rest, so it never overtakes the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftpalg.core.abort import Abort
from ftpalg.core.actions import (
    AbortLeg,
    Connect,
    EndLeg,
    Outcome,
    Relay,
    ReportProgress,
    StartTimer,
    StopTimer,
    TransferDone,
)
from ftpalg.core.commands import Command, Kind
from ftpalg.core.events import Side, Timer
from ftpalg.core.replies import Reply, reply
from ftpalg.core.scrub import scrub
from ftpalg.core.transfer import Leg, Step, Transfer, Verdict

if TYPE_CHECKING:
    from ftpalg.core.session import Session

RESTARTABLE = frozenset((b"RETR", b"STOR", b"APPE", b"STOU"))


class Conduct:
    """The part of a session that has the current transfer, prepared or running."""

    __slots__ = (
        "_abort",
        "_abort_reply",
        "_abort_waits",
        "_command",
        "_early",
        "_final",
        "_late",
        "_sent",
        "_session",
        "transfer",
    )

    def __init__(self, session: Session) -> None:
        self._session = session
        self.transfer: Transfer | None = None
        self._command: Command | None = None
        self._final: Reply | None = None
        self._early: Reply | None = None
        self._abort: Abort | None = None
        self._late = 0
        self._abort_waits = False
        self._abort_reply: Reply | None = None
        self._sent = False

    @property
    def running(self) -> bool:
        """True from the transfer command until the last reply that belongs to it."""
        return self._command is not None or self._abort is not None

    @property
    def confirmed(self) -> bool:
        """True while data is still on its way that the server has already called complete."""
        return self._abort is None and self._final is not None and self._final.positive

    def prepare(self, transfer: Transfer) -> None:
        """The next transfer's legs are known."""
        self.transfer = transfer

    def begin(self, command: Command) -> None:
        """The client's transfer command is at the head of the queue."""
        session, transfer = self._session, self.transfer
        if transfer is None:
            session.refuse(425, "Use PORT or PASV first.")
            return
        session.protection.prepare_server(lambda: self._begin(command, transfer))

    def _begin(self, command: Command, transfer: Transfer) -> None:
        session = self._session
        refusal = session.protection.transfer_refusal(transfer.opened)
        if refusal:
            self.drop()
            session.refuse(522, refusal)
            return
        self._command, self._final, self._sent = command, None, False
        transfer.source = Side.CLIENT if command.kind is Kind.UPLOAD else Side.SERVER
        rest = session.passing.take_rest()
        if rest is not None and command.verb in RESTARTABLE:
            session.ask(rest, self._rest_reply)
        else:
            self._launch()

    def _rest_reply(self, message: Reply) -> None:
        if message.preliminary:
            return
        if message.code == 350 or message.positive:
            self._launch()
        else:
            self._finish(message, Outcome.REFUSED)

    def _launch(self) -> None:
        """Reach for the server's data port and send the command at once.

        vsftpd and ProFTPD send their 1xx only after the data connection is there.
        """
        session, transfer, command = self._session, self.transfer, self._command
        assert transfer is not None and command is not None
        transfer.verdict = Verdict.AWAITED
        self._sent = True
        session.ask(command, self._reply)
        if Side.SERVER in transfer.ports:
            self._connect(Side.SERVER)
            session.order(StartTimer(Timer.DATA_OPEN))
        session.overtake()

    def _connect(self, side: Side) -> None:
        transfer = self.transfer
        assert transfer is not None
        transfer.legs[side] = Leg.OPENING
        self._session.order(Connect(side, transfer.ports[side]))

    # -- the server's replies -------------------------------------------------------------------

    def _reply(self, message: Reply) -> None:
        session, transfer = self._session, self.transfer
        assert transfer is not None
        if message.preliminary:
            if transfer.broken:
                return
            session.tell(scrub(message, session))
            if (
                transfer.verdict is not Verdict.AWAITED
                and transfer.verdict is not Verdict.SUCCEEDED
            ):
                return
            transfer.verdict, self._final = Verdict.STARTED, None
            self._open_client_leg()
        else:
            self._final = message
            transfer.verdict = Verdict.SUCCEEDED if message.positive else Verdict.REFUSED
            if message.positive:
                self._open_client_leg()
        self._step()

    def takes_surplus(self, message: Reply) -> bool:
        """A reply that ABOR was owed and that came after its wait; or a 1xx behind a 2xx.

        Some servers answer 200 to LIST, then go on with 150 and 226.
        """
        if self._late:
            self._late -= 1
            return True
        transfer = self.transfer
        if self._abort is not None or transfer is None or not message.preliminary:
            return False
        if transfer.verdict is not Verdict.SUCCEEDED:
            return False
        self._early = self._final
        self._session.expect(self._reply)
        self._reply(message)
        return True

    def _open_client_leg(self) -> None:
        """The server has agreed: dial an active client; from now on nobody may dawdle."""
        session, transfer = self._session, self.transfer
        assert transfer is not None
        session.order(StopTimer(Timer.IDLE))
        if transfer.legs[Side.CLIENT] is Leg.CLOSED and not transfer.broken:
            self._connect(Side.CLIENT)
        if Leg.OPENING in transfer.legs.values():
            session.order(StartTimer(Timer.DATA_OPEN))

    # -- the legs -------------------------------------------------------------------------------

    def opened(self, side: Side, *, protected: bool = False) -> None:
        """That side's data connection stands."""
        if self.transfer is not None and self.transfer.legs[side] is Leg.OPENING:
            self.transfer.legs[side] = Leg.OPEN
            self.transfer.opened[side] = protected
            if self._abort is not None:
                self._abort_live()
            self._step()

    def ended(self, side: Side) -> None:
        """That leg ended cleanly."""
        if self.transfer is not None and self.transfer.legs[side] in (Leg.OPEN, Leg.ENDING):
            self.transfer.legs[side] = Leg.ENDED
            self._step()

    def failed(self, side: Side, reason: str, code: int = 0) -> None:
        """That leg could not be opened or broke; ``code`` is for a leg that we refused."""
        if self.transfer is not None and side in self.transfer.live:
            self.transfer.fail(side, reason)
            self.transfer.code = code
            if self._abort is not None:
                self._abort_live()
            self._step()

    # -- the table ------------------------------------------------------------------------------

    def _step(self) -> None:
        transfer, order = self.transfer, self._session.order
        if transfer is None or self._abort is not None:
            return
        while True:
            step = transfer.step
            if step is Step.ABORT_CLIENT:
                self._abort_leg(Side.CLIENT)
                continue
            if step is Step.ABORT_SERVER:
                self._abort_leg(Side.SERVER)
                continue
            if step is Step.RELAY and not transfer.relaying:
                transfer.relaying = True
                order(StopTimer(Timer.DATA_OPEN))
                order(Relay(transfer.source))
            elif step is Step.SETTLE:
                order(StartTimer(Timer.SETTLE))
            elif step is Step.END_CLIENT:
                self._end_leg(Side.CLIENT)
            elif step is Step.END_SERVER:
                self._end_leg(Side.SERVER)
            elif step is Step.LINGER:
                self._linger(transfer)
            elif step is Step.FORWARD:
                self._forward()
            elif step is Step.BROKEN:
                self._finish(self.failure(), Outcome.BROKEN)
            return

    def _linger(self, transfer: Transfer) -> None:
        never_opened = (
            transfer.legs[Side.SERVER] is Leg.FAILED and Side.SERVER not in transfer.opened
        )
        if never_opened and transfer.verdict is not Verdict.AWAITED:
            self._give_up()  # it has said 150 and waits for a connection that cannot come
        elif self._early is not None and not transfer.broken:
            self._session.order(StartTimer(Timer.SETTLE))
        else:
            self._session.order(StartTimer(Timer.FINAL_REPLY))

    def _abort_leg(self, side: Side) -> None:
        transfer = self.transfer
        assert transfer is not None
        transfer.legs[side] = Leg.FAILED
        self._session.order(AbortLeg(side))

    def _abort_live(self) -> None:
        for side in self.transfer.live if self.transfer is not None else ():
            self._abort_leg(side)

    def _end_leg(self, side: Side) -> None:
        assert self.transfer is not None
        self.transfer.legs[side] = Leg.ENDING
        self._session.order(EndLeg(side))

    def _forward(self) -> None:
        transfer, final = self.transfer, self._final
        assert transfer is not None and final is not None
        if transfer.code:
            final, outcome = self.failure(), Outcome.REFUSED
        elif final.positive:
            outcome = Outcome.COMPLETE
        else:
            outcome = Outcome.BROKEN if transfer.relaying else Outcome.REFUSED
        self._finish(scrub(final, self._session), outcome)

    def failure(self) -> Reply:
        """What the client is told of a transfer whose legs did not both end cleanly."""
        transfer = self.transfer
        assert transfer is not None
        reason = transfer.broken or "it did not end cleanly"
        if transfer.code:
            return reply(transfer.code, f"Data connection refused: {reason}.")
        if len(transfer.opened) < len(transfer.legs):
            return reply(425, f"No data connection: {reason}.")
        return reply(426, f"Transfer broken: {reason}.")

    def _finish(self, last: Reply, outcome: Outcome) -> None:
        """The client gets its final reply; nothing of the transfer is left."""
        session, transfer, command = self._session, self.transfer, self._command
        assert command is not None
        reason = transfer.broken if transfer is not None else ""
        self.drop()
        session.order(TransferDone(command, outcome, reason or last.text.decode("latin-1")))
        session.answer(last)

    def drop(self) -> None:
        """Forget the transfer, prepared or running; what is live of it fails."""
        self._abort_live()
        if self.running:
            for timer in (Timer.DATA_OPEN, Timer.SETTLE, Timer.FINAL_REPLY, Timer.ABORT):
                self._session.order(StopTimer(timer))
        self.transfer = self._command = self._abort = None
        self._final = self._early = None

    # -- waits ----------------------------------------------------------------------------------

    def expired(self, timer: Timer) -> None:
        """One of a transfer's waits is over."""
        transfer = self.transfer
        if self._abort is not None and timer is Timer.SETTLE:
            self._abort_live()
        elif self._abort is not None:
            self._abort.expired(timer)
        elif transfer is None or self._command is None:
            return
        elif timer is Timer.SETTLE:
            self._settled(transfer)
        elif timer is Timer.DATA_OPEN:
            self._never_opened(transfer)
        elif timer is Timer.FINAL_REPLY and transfer.broken:
            self._give_up()
        elif timer is Timer.FINAL_REPLY:
            transfer.reasons[Side.SERVER] = "the server did not confirm it"
            self._finish(self.failure(), Outcome.BROKEN)
            self._session.leave(reply(421, "The server did not answer; closing."))

    def _settled(self, transfer: Transfer) -> None:
        if self._early is not None and not transfer.live and not transfer.broken:
            # 226, then 150, then the data and nothing more: the 226 was meant
            transfer.verdict, self._final = Verdict.SUCCEEDED, self._early
            self._session.expect(None)
            self._step()
        elif transfer.verdict in (Verdict.AWAITED, Verdict.STARTED):
            transfer.verdict = Verdict.LATE
            self._step()

    def _never_opened(self, transfer: Transfer) -> None:
        for side in transfer.live:
            listens = side not in transfer.ports
            if transfer.legs[side] is Leg.OPENING and not (
                listens and transfer.verdict is Verdict.AWAITED
            ):
                transfer.fail(side, f"the {side.value} did not open it in time")
                self._session.order(AbortLeg(side))
        if not transfer.broken:
            return
        if transfer.verdict in (Verdict.STARTED, Verdict.LATE):
            self._give_up()
        else:
            self._step()

    def _give_up(self) -> None:
        """Answer the client now, and bring the server back into step with ABOR."""
        message, command = self.failure(), self._command
        assert command is not None
        self._begin_abort(owed=2)
        self._command = None
        reason = message.text.decode("latin-1")
        self._session.order(TransferDone(command, Outcome.BROKEN, reason))
        self._session.answer(message)

    def cut_off(self) -> None:
        """The session ends here, whatever the transfer was doing."""
        if self._command is not None:
            reason = "a control connection ended"
            self._session.order(TransferDone(self._command, Outcome.BROKEN, reason))
        self.drop()

    # -- ABOR and STAT --------------------------------------------------------------------------

    def abort_for_client(self, *, at_once: bool) -> bool:
        """The client's ABOR: True where it concerns the running transfer and has been taken up.

        ``at_once`` tells that no other command's answer must come before its own.
        """
        if self._command is None or self._abort is not None or not self._sent:
            return False
        self._abort_waits = at_once
        if self._session.server_gone:
            self.aborted([], owed=1)
            return True
        self._begin_abort(owed=1 if self._final else 2)
        return True

    def _begin_abort(self, owed: int) -> None:
        """Send ABOR; a moment later close what is live, for servers that read ABOR too late.

        Not at once: Pure-FTPd discards the ABOR it is reading when its data connection breaks.
        """
        self._abort = Abort(self._session, self.aborted, owed)
        self._abort.begin()
        self._session.order(StartTimer(Timer.SETTLE))

    def aborted(self, replies: list[Reply], owed: int) -> None:
        """The server's replies to the transfer command and to ABOR, as many as came of ``owed``."""
        session = self._session
        self._late = owed - len(replies)
        if self._command is None:  # the client has had its answer: these are for nobody
            self.drop()
            return
        first = replies[0] if replies else None
        if owed == 2 and first is not None and not first.positive:
            self._finish(first, Outcome.ABORTED)
        else:
            self._finish(reply(426, "Transfer aborted."), Outcome.ABORTED)
        own = first if first is not None and first.positive else reply(226, "Abort successful.")
        last = replies[owed - 1] if len(replies) == owed else own
        if self._abort_waits:
            session.tell(last)
        else:
            self._abort_reply = last

    def abort_reply(self) -> Reply | None:
        """The answer to an ABOR that was taken up before its turn, once."""
        last, self._abort_reply = self._abort_reply, None
        return last

    def report(self) -> bool:
        """Answer STAT during a transfer, if there is one."""
        if self._command is None or self._abort is not None:
            return False
        self._session.order(ReportProgress(self._command))
        return True
