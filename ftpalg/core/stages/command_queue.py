"""Commands wait for their turn in one queue; ABOR and STAT of a running transfer do not wait."""

from __future__ import annotations

from ftpalg.core.desk import Desk, Item, Overtaken
from ftpalg.core.ends import Reason
from ftpalg.core.events import SIDE, TIMER, CommandReceived, CommandRefused
from ftpalg.core.phases import ACTING
from ftpalg.core.session_settings import Rules
from ftpalg.core.stage import Stage
from ftpalg.core.stages.abort import Abort
from ftpalg.core.stages.permission import Permission
from ftpalg.core.stages.protection import Protection
from ftpalg.core.stages.transfer import TransferStage
from ftpalg.core.wire.commands import FOREIGN, KIND, Command
from ftpalg.core.wire.errors import FtpError
from ftpalg.core.wire.replies import Reply, reply

FEW = 4
"""Commands whose bytes are not counted: each has the bound of a line."""


def has_room(queue: tuple[Item, ...], rules: Rules) -> bool:
    """Whether one more may wait."""
    few = len(queue) < min(FEW, rules.queued_commands)
    return few or (
        len(queue) < rules.queued_commands and sum(map(_size, queue)) < rules.queued_size
    )


def _size(item: Item) -> int:
    return len(bytes(item)) if isinstance(item, Command) else 0


class CommandQueue(Stage):
    """The queue itself stands on the desk."""

    __slots__ = ("_abort", "_permission", "_protection", "_transfer")

    def __init__(
        self,
        desk: Desk,
        protection: Protection,
        transfer: TransferStage,
        abort: Abort,
        permission: Permission,
    ) -> None:
        self.desk, self.state = desk, None
        self._protection = protection
        self._transfer = transfer
        self._abort = abort
        self._permission = permission

    def received(self, event: CommandReceived) -> None:
        """The client sent a command."""
        desk, command = self.desk, event.command
        kind = command.kind
        # STAT without a path, with nothing before it (RFC 959: during a transfer, its status)
        asks_progress = kind is KIND.STATUS and not command.argument and not desk.queue
        if command.verb in FOREIGN and not desk.logged_in:
            text = "This is an FTP service; closing the connection."
            desk.offended(SIDE.CLIENT, f"{command.verb.decode()} is no FTP", bytes(command)[:-2])
            desk.leave(Reason.NOT_FTP, reply(421, text))
        elif kind is KIND.ABORT and self._abort.possible:
            desk.queue = (*desk.queue, Overtaken.ABOR)
            self._abort.abort(command)
        elif not (asks_progress and self._transfer.report()):
            desk.queue = (*desk.queue, command)

    def refused(self, event: CommandRefused) -> None:
        """A line that was no command: it is told so in its turn."""
        self.desk.queue = (*self.desk.queue, event.error)

    def next(self) -> Command | None:
        """The command whose turn it is, ``head`` now; what needs nobody is answered on the way."""
        desk = self.desk
        while desk.queue and desk.phase in ACTING and desk.head is None and desk.awaited is None:
            if desk.client_done:
                desk.start(TIMER.QUIT)
            item = desk.take()
            if isinstance(item, FtpError):
                desk.refuse_line(item)
            elif isinstance(item, Reply):
                desk.tell(item)
            else:
                assert isinstance(item, Command), "an ABOR that overtook has its answer by its turn"
                lacking = self._protection.lacking(item)
                if lacking:
                    desk.refuse(530, lacking)
                elif self._permission.lets(item):
                    return item
        return None
