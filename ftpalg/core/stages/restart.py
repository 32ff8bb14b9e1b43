"""REST: sent at once, and again right before the transfer command if anything went in between.

Servers do not always reset it, and clients send PASV, REST, RETR in any order.  RFC 3659 section 5.
"""

from __future__ import annotations

from ftpalg.core.desk import Await, Desk
from ftpalg.core.stage import Stage
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.replies import Reply

RESTARTABLE = frozenset((b"RETR", b"STOR", b"APPE", b"STOU"))

FROM_THE_START = Command(b"REST", b"0")


class Restart(Stage):
    """``state`` is the REST that the server has accepted and no transfer has used."""

    __slots__ = ()

    state: Command | None

    def __init__(self, desk: Desk) -> None:
        self.desk, self.state = desk, None

    def command(self, command: Command) -> None:
        """REST of the client, who must be in: what was said before TLS began must cut no file."""
        if not self.desk.logged_in:
            self.desk.refuse(530, "Log in first.")
            return
        if not (command.argument or b"").strip().isdigit():
            self.desk.refuse(501, "REST needs a number of bytes.")
            return
        self.state = None
        self.desk.ask(command, Await.RESTART)

    def answered(self, message: Reply) -> None:
        """The server's answer to it."""
        if message.code == 350 or message.positive:
            self.state = self.desk.head
        self.desk.forward(message)

    def undo(self) -> None:
        """Its transfer is refused here, and the server does not know: the next one begins at 0."""
        if self.state is not None:
            self.state = FROM_THE_START

    def take(self, transfer: Command) -> Command | None:
        """The REST that belongs to a transfer command, if there is one."""
        held, self.state = self.state, None
        return held if transfer.verb in RESTARTABLE else None

    def due(self, rest: Command | None) -> Command | None:
        """The same where it must go once more, behind whatever went to the server after it."""
        return None if self.desk.sent == b"REST" else rest
