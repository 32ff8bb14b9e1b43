"""ABOR: of a running transfer past everything that waits, urgent or not; else in its turn.

Replies behind ABOR: servers answer the transfer command and ABOR (426 and 226), or only one of them,
and vsftpd reads ABOR only after the transfer has ended by itself; so both are collected, or one and
then none within ``timeouts.abort``.  RFC 959 section 4.1.3.
"""

from __future__ import annotations

from ftpalg.core.desk import Await, Desk
from ftpalg.core.ends import Reason
from ftpalg.core.events import Side, Timer
from ftpalg.core.facts import Outcome
from ftpalg.core.stage import Stage
from ftpalg.core.stages.resync import Resync
from ftpalg.core.stages.transfer import TransferStage, failure
from ftpalg.core.stages.transfer_legs import let_go
from ftpalg.core.stages.transfer_states import Happening, Leg, Verdict
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.replies import Reply, reply


class Abort(Stage):
    """The replies behind ABOR are collected in the current transfer."""

    __slots__ = ("_resync", "_transfer")

    def __init__(self, desk: Desk, resync: Resync, transfer: TransferStage) -> None:
        self.desk, self.state = desk, None
        self._resync = resync
        self._transfer = transfer

    # -- of a running transfer --------------------------------------------------------------------

    @property
    def possible(self) -> bool:
        """True where an ABOR of the client concerns the running transfer."""
        transfer = self._transfer.state
        return (
            transfer is not None
            and transfer.command is not None
            and transfer.verdict not in (Verdict.NONE, Verdict.ABORTING, Verdict.CUT)
        )

    def abort(self, command: Command) -> None:
        """The client's ABOR, past everything that waits, as it came: aioftp knows no urgent one."""
        transfer = self._transfer.state
        assert transfer is not None, "asked only where it is possible"
        if self.desk.gone:
            self._transfer.become(transfer._replace(owed=1))
            self.conclude()
        else:
            owed = 1 if transfer.final is not None else 2
            self._send(owed, urgent=command.urgent)

    def give_up(self) -> None:
        """Answer the client now, and bring the server back into step with ABOR."""
        transfer = self._transfer.state
        assert transfer is not None and transfer.command is not None, "it is not answered yet"
        message = failure(transfer)
        self._transfer.become(transfer._replace(command=None, client=Leg.CLOSED))
        self._send(owed=2)
        reason = message.text.decode("latin-1")
        self._transfer.observe(transfer.command, Outcome.BROKEN, reason)
        self.desk.answer(message)
        if Side.CLIENT in transfer.live:
            self.desk.order(let_go(transfer, Side.CLIENT))

    def _send(self, owed: int, *, urgent: bool = False) -> None:
        transfer = self._transfer.state
        assert transfer is not None, "there is a transfer to abort"
        self._transfer.become(transfer._replace(owed=owed))
        self.desk.ask(Command(b"ABOR"), Await.ABORTED, urgent=urgent)
        self._transfer.happens(Happening.ABORT)

    def answered(self, message: Reply) -> None:
        """A reply to the transfer command or to the ABOR behind it."""
        transfer = self._transfer.state
        assert transfer is not None, "its ABOR is outstanding"
        self.desk.awaited = Await.ABORTED
        if message.preliminary:  # Pure-FTPd's last word may be a 150
            self._transfer.become(transfer._replace(heard=True))
            self._transfer.happens(Happening.PRELIMINARY)
            return
        replies = (*transfer.replies, message)
        self._transfer.become(transfer._replace(heard=True, replies=replies))
        if len(replies) == transfer.owed:
            self.conclude()
        else:
            positive = message.positive
            self._transfer.happens(Happening.POSITIVE if positive else Happening.NEGATIVE)

    def conclude(self) -> None:
        """As many replies as will come have come: answer the client, and be in step."""
        desk, transfer = self.desk, self._transfer.state
        assert transfer is not None, "it is being aborted"
        replies, owed = tuple(map(desk.masked, transfer.replies)), transfer.owed
        desk.awaited = None
        if transfer.command is None:  # the client has had its answer: these are for nobody
            self._transfer.drop()
        else:
            of_transfer, of_abort = answers(replies, owed)
            self._transfer.finish(of_transfer, Outcome.ABORTED)
            desk.answer_overtaken(of_abort)
        if desk.gone or len(replies) == owed:
            return
        if transfer.heard:
            self._resync.begin(owed - len(replies))
        else:
            text = "The server did not answer ABOR; closing."
            desk.leave(Reason.SERVER_SILENT, reply(421, text))

    # -- in its turn ------------------------------------------------------------------------------

    def in_turn(self, command: Command) -> None:
        """ABOR with no transfer that it could concern: the server's to answer."""
        self.desk.ask(command, Await.ABOR, urgent=command.urgent)
        self.desk.start(Timer.ABORT_REPLY)

    def in_turn_answered(self, message: Reply) -> None:
        """The server's answer to it, which may name a data connection of the server's side."""
        if not message.preliminary:
            self.desk.stop(Timer.ABORT_REPLY)
        self.desk.forward(self.desk.masked(message))

    def unanswered(self, timer: Timer) -> None:
        """Some servers have none where nothing is to be aborted: the client hears ours."""
        if self.desk.awaited is not Await.ABOR:
            self._transfer.expired(timer)
            return
        self.desk.awaited = None
        self.desk.answer(reply(225, "There is no transfer to abort."))
        self._resync.begin(owed=1)


def answers(replies: tuple[Reply, ...], owed: int) -> tuple[Reply, Reply]:
    """What the client hears of its transfer and of its ABOR, of the replies that came of ``owed``."""
    first = replies[0] if replies else None
    refusals = [one for one in replies if not one.positive]
    of_transfer = refusals[0] if owed == 2 and refusals else reply(426, "Transfer aborted.")
    of_abort = first if first is not None and first.positive else reply(226, "Abort successful.")
    if len(replies) == owed:
        of_abort = replies[owed - 1]
        if owed == 2 and replies[0].positive and not of_abort.positive:
            of_abort = replies[0]  # ProFTPD: 226 for ABOR, then 426 for the transfer
    return of_transfer, of_abort
