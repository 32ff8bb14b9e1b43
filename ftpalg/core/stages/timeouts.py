"""A session ends because somebody has been waited for too long: login, idle and quit."""

from __future__ import annotations

from ftpalg.core.desk import Desk
from ftpalg.core.ends import Reason
from ftpalg.core.events import Timer
from ftpalg.core.stage import Stage
from ftpalg.core.wire.commands import Command, Kind
from ftpalg.core.wire.replies import reply

TRANSFERS = (Kind.DOWNLOAD, Kind.UPLOAD)


class Timeouts(Stage):
    """What is still to be answered stands on the desk."""

    __slots__ = ()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, None)

    def login_over(self, timer: Timer) -> None:
        """The client has not logged in."""
        text = "No login within the time that timeouts.login allows."
        self.desk.leave(Reason.LOGIN_TIMEOUT, reply(421, text))

    def idle_over(self, timer: Timer) -> None:
        """Nobody has said anything."""
        late = "The server did not answer" if self.desk.head else "No command came"
        text = f"{late} within the time that timeouts.idle allows."
        reason = Reason.SERVER_SILENT if self.desk.head else Reason.IDLE_TIMEOUT
        self.desk.leave(reason, reply(421, text))

    def quit_over(self, timer: Timer) -> None:
        """The server has not answered what the client left behind."""
        desk = self.desk
        waiting = (desk.head, *desk.queue)
        if any(isinstance(item, Command) and item.kind in TRANSFERS for item in waiting):
            # no 2xx to a transfer that is cut off here
            text = "The transfer was not over within the time that timeouts.quit allows."
            desk.leave(Reason.QUIT_TIMEOUT, reply(421, text))
        else:
            desk.leave(Reason.QUIT, reply(221, "Goodbye."))
