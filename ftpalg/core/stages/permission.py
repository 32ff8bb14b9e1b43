"""Whether a command may go to the server, by the rules for commands; without rules everything may.

Paths are judged from the current directory, which only the server knows: CWD may have led through a
symbolic link.  So the gateway asks it (PWD), before a command to which it makes a difference, and once for
each place.  RNFR is such a one, whatever its path: behind it nothing may be asked.  Where the server does
not say, names that begin there are not known, and rules with paths fail closed.

Where the other half of RNFR is refused, the server still waits for it: ProFTPD answers 501 to whatever
comes then, and others would take a later RNTO.  So the gateway lets the file keep its name (RNTO).
"""

from __future__ import annotations

from typing import NamedTuple

from ftpalg.core.desk import Await, Desk
from ftpalg.core.facts import CommandBarred
from ftpalg.core.permits import Permits, Wanted
from ftpalg.core.phases import Phase
from ftpalg.core.place import Told
from ftpalg.core.stage import Stage
from ftpalg.core.stages.login import Login
from ftpalg.core.stages.restart import Restart
from ftpalg.core.stages.transfer import TransferStage
from ftpalg.core.value import value
from ftpalg.core.wire.commands import Command, Kind
from ftpalg.core.wire.printing import printable
from ftpalg.core.wire.replies import Reply

PWD = Command(b"PWD")
MOVES_DATA = (Kind.DOWNLOAD, Kind.UPLOAD)
BEHIND = (b"RNTO",)
"""What has to follow its first half at once (RFC 959): nothing may be asked in between."""


@value
class Standing(NamedTuple):
    """``renamed`` is the name that RNFR has said last, as long as the server waits for RNTO."""

    place: Told = Told()
    renamed: bytes | None = None


class Permission(Stage):
    """``state`` is where the client is, and what its server would rename."""

    __slots__ = ("_login", "_restart", "_transfer")

    state: Standing

    def __init__(self, desk: Desk, login: Login, restart: Restart, transfer: TransferStage) -> None:
        super().__init__(desk, Standing())
        self._login = login
        self._restart = restart
        self._transfer = transfer

    def lets(self, command: Command) -> bool:
        """Whether ``head``, which is that command, goes on; else it is answered, or will be taken again."""
        desk, permits = self.desk, self.desk.rules.permits
        if permits is None or desk.phase is not Phase.SERVED:
            return True
        if (
            permits.holds and desk.logged_in and command.kind is Kind.USER
        ):  # whose rules would hold meanwhile?
            desk.refuse(503, "Already logged in; QUIT and connect again to change.")
            return False
        if not permits.minds(command):
            return True
        if not desk.logged_in:
            if permits.holds:
                desk.refuse(530, "Log in first.")
            return not permits.holds
        if self._has_to_ask(permits, command):
            desk.ask(PWD, Await.PLACE)
            return False
        return self._judges(permits, command)

    def _has_to_ask(self, permits: Permits, command: Command) -> bool:
        known = self.state.place
        if known.path or known.silent or command.verb in BEHIND:
            return False
        return permits.needs_place(command)

    def heard(self, message: Reply) -> None:
        """The server has answered what was sent to it last."""
        desk, (place, renamed) = self.desk, self.state
        if not message.preliminary:
            begun = desk.sent == b"RNFR" and 300 <= message.code < 400
            self.state = Standing(place.after(desk.sent, message), renamed if begun else None)

    def told(self, message: Reply) -> None:
        """The server's answer to what was ours: the command is taken again, and judged."""
        desk, command = self.desk, self.desk.head
        assert command is not None, "it was asked for its sake"
        if message.preliminary:
            return
        desk.head, desk.queue = None, (command, *desk.queue)

    def _judges(self, permits: Permits, command: Command) -> bool:
        desk, login = self.desk, self._login
        plan, link = login.state, desk.server
        address = "" if link is None or plan.route.parent else link.peer
        user = (plan.user or b"").decode("utf-8", "surrogateescape")
        wanted = Wanted(
            desk.client.peer,
            desk.account,
            user,
            plan.server,
            address,
            command,
            self.state.place.path,
        )
        ruling = permits.judge(wanted)
        if ruling.code and self.state.renamed is not None:
            desk.ask(Command(b"RNTO", self.state.renamed), Await.PLACE)
            return False
        if ruling.tried is not None:
            desk.observe(ruling.tried)
        if not ruling.code:
            begins = command.verb == b"RNFR"
            self.state = Standing(self.state.place, command.argument if begins else None)
            return True
        desk.observe(CommandBarred(command, ruling.code, printable(ruling.text), ruling.rule))
        desk.refuse(ruling.code, ruling.text)
        if command.kind in MOVES_DATA:
            self._transfer.drop()
            self._restart.undo()
        return False
