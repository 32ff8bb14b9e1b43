"""ABOR: brings server and gateway back into step after a transfer was given up.

Servers answer the transfer command and ABOR (426 and 226), or only one of them, and vsftpd reads
ABOR only after the transfer has ended by itself.  So the replies are collected: both, or one and
then none within the ABORT wait.  RFC 959 section 4.1.3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ftpalg.core.actions import StartTimer
from ftpalg.core.commands import Command
from ftpalg.core.events import Timer
from ftpalg.core.replies import Reply, reply

if TYPE_CHECKING:
    from ftpalg.core.session import Session

Done = Callable[[list[Reply], int], None]


class Abort:
    """One ABOR and the replies that it and its transfer are owed."""

    __slots__ = ("_done", "_owed", "_replies", "_session")

    def __init__(self, session: Session, done: Done, owed: int) -> None:
        self._session = session
        self._done = done
        self._owed = owed
        self._replies: list[Reply] = []

    def begin(self) -> None:
        """Send ABOR past everything that waits."""
        self._session.ask(Command(b"ABOR"), self._reply, urgent=True)
        self._session.order(StartTimer(Timer.FINAL_REPLY))

    def _reply(self, message: Reply) -> None:
        if message.preliminary:  # Pure-FTPd's last word may be a 150
            self._session.order(StartTimer(Timer.ABORT))
            return
        self._replies.append(message)
        if len(self._replies) == self._owed:
            self._done(self._replies, self._owed)
        else:
            self._session.expect(self._reply)
            self._session.order(StartTimer(Timer.ABORT))

    def expired(self, timer: Timer) -> None:
        """A wait is over: with one reply, go on; with none, the server is lost."""
        if timer is Timer.ABORT or (timer is Timer.FINAL_REPLY and self._replies):
            self._session.expect(None)
            self._done(self._replies, self._owed)
        elif timer is Timer.FINAL_REPLY:
            self._done([], self._owed)
            self._session.leave(reply(421, "The server did not answer ABOR; closing."))
