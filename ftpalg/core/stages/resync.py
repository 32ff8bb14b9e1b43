"""Brings server and gateway back into step where the server owes replies that answer nobody.

A second reply to ABOR may come late or never, and a late one must answer no other command (rule 3).
So a NOOP of ours goes out: its own answer, 200, is none that a transfer or ABOR can get (RFC 959
section 5.4), and whatever comes before it is one of those that were owed.  PORT and EPRT can get
200, so behind them it is PWD, whose 257 they cannot.  A server that answers neither so is not guessed
at: the session ends with the wait.

Before the login servers refuse both by 530, as they refuse a PASS; so there it is FEAT, and a server that
refuses that too is in step once it has been silent for the whole wait: what could still come is a
refusal, which lets nobody in.
"""

from __future__ import annotations

from ftpalg.core.desk import Await, Desk
from ftpalg.core.ends import Reason
from ftpalg.core.events import Timer
from ftpalg.core.stage import Stage
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.replies import Reply, reply

SURE = {b"NOOP": 200, b"PWD": 257, b"FEAT": 211}
"""What we ask, and the answer that is no other command's."""


class Resync(Stage):
    """``state`` is how many replies may still come that answer nobody."""

    __slots__ = ()

    state: int

    def __init__(self, desk: Desk) -> None:
        self.desk, self.state = desk, 0

    def begin(self, owed: int, asking: bytes = b"NOOP") -> None:
        """Ask for a sure answer; until it comes no command goes to the server."""
        self.state = owed
        self.desk.ask(Command(asking), Await.RESYNC)
        self.desk.start(Timer.RESYNC)

    def answered(self, message: Reply) -> None:
        """A reply: the sure one, or one of those that were owed."""
        desk = self.desk
        if message.preliminary:
            return
        if message.code == SURE[desk.sent] or not self.state:
            self.state = 0
            desk.stop(Timer.RESYNC)
        else:
            self.state -= 1
            desk.awaited = Await.RESYNC

    def expired(self, timer: Timer) -> None:
        """It did not come; a refusal before the login may have been it."""
        if self.desk.sent == b"FEAT" and not self.state:
            self.desk.awaited = None
            return
        text = "The server did not come back into step; closing."
        self.desk.leave(Reason.SERVER_OUT_OF_STEP, reply(421, text))
