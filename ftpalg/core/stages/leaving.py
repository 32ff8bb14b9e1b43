"""A session ends because somebody has gone."""

from __future__ import annotations

from ftpalg.core.desk import Desk
from ftpalg.core.ends import TLS, Reason
from ftpalg.core.events import ClientDone, ClientLost, ServerBroken, ServerLost, Side, Timer
from ftpalg.core.facts import TlsFailed
from ftpalg.core.stage import Stage
from ftpalg.core.stages.addressing import Addressing
from ftpalg.core.stages.forwarding import Forwarding
from ftpalg.core.stages.transfer import TransferStage
from ftpalg.core.wire.commands import Command, Kind
from ftpalg.core.wire.replies import reply


class Leaving(Stage):
    """Who has gone stands on the desk."""

    __slots__ = ("_addressing", "_forwarding", "_transfer")

    def __init__(
        self, desk: Desk, transfer: TransferStage, addressing: Addressing, forwarding: Forwarding
    ) -> None:
        super().__init__(desk, None)
        self._transfer = transfer
        self._addressing = addressing
        self._forwarding = forwarding

    # -- the client -------------------------------------------------------------------------------

    @property
    def well(self) -> bool:
        """True where the client has said QUIT behind its transfer: it meant to go (RFC 959: the
        transfer is brought to its end)."""
        waits = (item for item in self.desk.queue if isinstance(item, Command))
        return self._transfer.running and any(item.kind is Kind.QUIT for item in waits)

    def client_lost(self, event: ClientLost) -> None:
        """The client's control connection is gone."""
        if self.well:
            self.desk.client_done = True  # its file is still on the way, and goes there whole
            return
        if event.why in TLS:
            self.desk.observe(TlsFailed(Side.CLIENT, event.reason, event.why))
        self.desk.leave(event.why, text=event.reason)

    def client_done(self, event: ClientDone) -> None:
        """The client will say nothing more."""
        if self.well:
            self.desk.client_done = True
            return
        if self._transfer.running:  # a client that is gone in mid-transfer cannot see how it ends
            self.desk.leave(Reason.CLIENT_CLOSED)
            return
        self.desk.client_done = True
        self.desk.start(Timer.QUIT)  # anew with each command that is still to be answered

    def behind_client(self) -> None:
        """End the session where the client says nothing more, and has its last answer."""
        desk = self.desk
        if desk.client_done and desk.head is None and desk.awaited is None and not desk.queue:
            desk.leave(Reason.CLIENT_CLOSED)

    # -- the server -------------------------------------------------------------------------------

    def server_broken(self, event: ServerBroken) -> None:
        """The server sent what is no reply."""
        self.desk.offended(Side.SERVER, str(event.error))
        self.desk.leave(Reason.SERVER_NOT_FTP, reply(421, f"{event.error} Closing."))

    def server_lost(self, event: ServerLost) -> None:
        """The server's control connection is gone."""
        if self._forwarding.state:
            self.desk.leave(Reason.QUIT, reply(221, "Goodbye."))
        elif self._transfer.confirmed:
            self.desk.gone = True  # what it called complete is still on its way to the client
        else:
            self._addressing.server_lost()
            self._leave_lost(event.why)

    def server_lost_opaque(self, event: ServerLost) -> None:
        """The same while both connections are copied untouched."""
        self.desk.leave(event.why, text=event.reason)

    def behind_server(self) -> None:
        """End the session where the server has left, and all that it called complete has passed."""
        if self.desk.gone and not self._transfer.running:
            self._leave_lost(Reason.SERVER_CLOSED)

    def _leave_lost(self, why: Reason) -> None:
        """End the session with the server's own goodbye, if it said one."""
        desk = self.desk
        if desk.told == 421:
            desk.leave(Reason.SERVER_GOODBYE)
        elif desk.held is not None and desk.held.code == 421:
            desk.leave(Reason.SERVER_GOODBYE, desk.masked(desk.held))
        else:
            desk.leave(why, reply(421, "The server closed the connection."))
