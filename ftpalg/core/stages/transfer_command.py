"""RETR, STOR and their like: the server's protection level, REST once more, then the command itself.

A server under TLS that refuses nothing but the data connection is asked once more, from its level on.
"""

from __future__ import annotations

import re

from ftpalg.core.actions import AskRoom
from ftpalg.core.desk import Await, Desk
from ftpalg.core.events import SIDE, RoomAnswered, Side
from ftpalg.core.facts import Outcome
from ftpalg.core.signals import SIGNAL, Signal
from ftpalg.core.stage import Stage
from ftpalg.core.stages.abort import Abort
from ftpalg.core.stages.protection import Protection
from ftpalg.core.stages.restart import Restart
from ftpalg.core.stages.transfer import TransferStage
from ftpalg.core.stages.transfer_states import LOST, Leg, Transfer, Verdict
from ftpalg.core.wire.commands import KIND, Command
from ftpalg.core.wire.replies import Reply

UNPROTECTED = (521, 522, 533, 534, 535, 536)
"""Refusals of a data connection for its level of protection, or for the session that it resumes: RFC 4217
section 10, and those of RFC 2228 that are of protection alone."""

NOT_RESUMED = re.compile(rb"(?i)(?:TLS|SSL) session")
"""How FileZilla Server and ProFTPD say it with a 425 or 450, which have other meanings, too."""

UNDER_TLS = (Leg.SHAKING, Leg.OPEN)
"""Before the transfer command, a leg in these states has begun TLS."""


class TransferCommand(Stage):
    """The command itself is ``head``; what is known of it stands in the current transfer."""

    __slots__ = ("_abort", "_protection", "_restart", "_transfer")

    def __init__(
        self,
        desk: Desk,
        protection: Protection,
        restart: Restart,
        transfer: TransferStage,
        abort: Abort,
    ) -> None:
        super().__init__(desk, None)
        self._protection = protection
        self._restart = restart
        self._transfer = transfer
        self._abort = abort

    def begin(self, command: Command) -> None:
        """The client's transfer command is at the head of the queue."""
        if self._transfer.state is None:
            self.desk.refuse(425, "Use PORT or PASV first.")
        elif self.desk.rules.counted:
            self.desk.order(AskRoom(command))
        else:
            self._go_on(command)

    def room_answered(self, event: RoomAnswered) -> None:
        """There is room for the command that asked for it, or a sentence says why not."""
        command = self.desk.head
        if command is None or self._transfer.state is None or self.desk.awaited is not None:
            return
        if event.refusal:
            self.desk.refuse(event.code, event.refusal)
            self._transfer.drop()
            self._restart.undo()
        else:
            self._go_on(command)

    def _go_on(self, command: Command) -> None:
        transfer = self._transfer.state
        assert transfer is not None, "it has been readied"
        if transfer.client in LOST:  # it broke before the command
            self._transfer.become(transfer._replace(command=command))
            self._transfer.finish_broken()
        else:
            # send follows: before this returns where the level stands already
            self._protection.prepare_server(SIGNAL.LEVEL_FOR_TRANSFER)

    def send(self) -> None:
        """The server's protection level stands: REST once more where needed, then the command."""
        desk, transfer, command = self.desk, self._transfer.state, self.desk.head
        assert transfer is not None and command is not None, "begun, and not answered yet"
        refusal = self._protection.transfer_refusal(client_shook=transfer.client in UNDER_TLS)
        if refusal:
            desk.refuse(522, refusal)
            self._transfer.drop()
            return
        source = SIDE.CLIENT if command.kind is KIND.UPLOAD else SIDE.SERVER
        rest = self._restart.take(command)
        self._transfer.become(transfer._replace(command=command, source=source, rest=rest))
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
            self._transfer.finish(message, Outcome.REFUSED)

    def _launch(self, command: Command) -> None:
        self._transfer.launch(command)
        overtaken = self.desk.overtake()
        if overtaken is not None:
            self._abort.abort(overtaken)

    def answered(self, message: Reply) -> None:
        """A reply to the command: the transfer's, but where the connection alone is refused."""
        transfer = self._transfer.state
        assert transfer is not None, "its command is outstanding"
        if refuses_protection(message) and self._may_retry(transfer):
            self._retry(message)
        else:
            self._transfer.answered(message)

    # -- once more --------------------------------------------------------------------------------

    def _may_retry(self, transfer: Transfer) -> bool:
        """Whether a server under TLS refused only the connection: nothing was said, nothing moved."""
        fresh = transfer.verdict is Verdict.AWAITED and not transfer.retried
        return fresh and not transfer.relayed and self._protection.protects(Side.SERVER)

    def _retry(self, refusal: Reply) -> None:
        """PROT again, a new port, another ticket, REST and the command again, once.

        Some servers forget PROT with each transfer; others' tickets can be used once (proftpd#1931).
        """
        self._transfer.lose_server_side(refusal)
        self._protection.forget_level()
        # Addressing.again follows, then once_more or not_again
        self._protection.prepare_server(Signal.LEVEL_FOR_RETRY)

    def once_more(self) -> None:
        """The server's side stands anew: the command goes again."""
        transfer = self._transfer.state
        assert transfer is not None and transfer.command is not None, "it is being retried"
        if transfer.client in LOST:
            self._transfer.finish_broken()
        else:
            self._transfer.become(transfer._replace(final=None))
            self._send(transfer.rest, transfer.command)

    def not_again(self) -> None:
        """The server's side is not to be had: its first refusal stands."""
        transfer = self._transfer.state
        assert transfer is not None and transfer.final is not None, "it was refused"
        self._transfer.finish(self.desk.masked(transfer.final), Outcome.REFUSED)


def refuses_protection(message: Reply) -> bool:
    """Whether a reply to a transfer command refuses a connection for its TLS."""
    session = message.code in (425, 450) and NOT_RESUMED.search(b" ".join(message.lines))
    return message.code in UNPROTECTED or bool(session)
