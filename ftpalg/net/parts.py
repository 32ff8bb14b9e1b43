"""A session's parts, made when they are wanted first, and what they tell of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from ftpalg.core.ends import Reason
from ftpalg.core.events import (
    ClientLost,
    Event,
    Link,
)
from ftpalg.core.facts import (
    About,
    Fact,
)
from ftpalg.core.session import Session
from ftpalg.core.session_settings import Rules
from ftpalg.core.snapshots import Snapshot
from ftpalg.core.wire.replies import Reply
from ftpalg.net.accounts import Check
from ftpalg.net.backend import FtpBackend
from ftpalg.net.call_all import call_all
from ftpalg.net.control.client import ClientControl
from ftpalg.net.control.flow_control import Hold
from ftpalg.net.data_addresses import ClientPlace
from ftpalg.net.dialogues import Dialogues
from ftpalg.net.guarded import Guarded
from ftpalg.net.ledger import Short
from ftpalg.net.legs.pair import Pair
from ftpalg.net.legs.sockets import established
from ftpalg.net.seats import Seats
from ftpalg.net.shared import Shared
from ftpalg.net.snapshots import snapshot_of
from ftpalg.net.standing import Standing, standing
from ftpalg.net.surroundings import Around
from ftpalg.net.tls.towards_clients import ForClients

if TYPE_CHECKING:
    from ftpalg.net.quotas import Allotment


class Parts(ABC):
    """What a session consists of (``owners.Session`` but for what it does)."""

    __slots__ = (
        "_allotment", "_around", "_busy", "_dialogues", "_events", "_for_clients", "_heard", "_legs",
        "_released", "_seats", "backend", "began", "check", "client", "key", "name", "reply", "session",
        "shared",
    )  # fmt: skip

    def __init__(
        self, shared: Shared, client: ClientControl, rules: Rules, link: Link, name: str
    ) -> None:
        self.shared = shared
        self.client = client
        self.name = name
        self.key = ""
        self.session = Session(rules, link)
        self.backend: FtpBackend = FtpBackend(shared, self)
        self._seats: Seats | None = None
        self._allotment: Allotment | None = None
        self._around: Around | None = None
        self._legs: Pair | None = None
        self.check: Check | None = None
        self.reply: Reply | None = None
        self._for_clients: ForClients | None = None
        self._dialogues = Dialogues()
        self._events: tuple[Event, ...] = ()
        self._busy = False
        self.began = self._heard = shared.reactor.seconds()
        self._released = False

    @property
    def reactor(self) -> Guarded:
        """The reactor as one part of it sees it: what the part raises ends the session."""
        return Guarded(self.shared.reactor, self, self.shared.turns)

    @abstractmethod
    def handle(self, event: Event) -> None:
        """Give the session an event."""

    @abstractmethod
    def broke(self) -> None:
        """An exception is being handled: end the session."""

    @abstractmethod
    def crowded(self, short: Short) -> None:
        """More waits for its peers than there may."""

    @property
    def peer(self) -> str:
        """The address of its client."""
        return self.session.desk.client.peer

    @property
    def about(self) -> About:
        """Whose facts these are."""
        return self.session.about(self.name, self.client.listener.endpoint)

    def for_clients(self) -> ForClients:
        """The TLS of this session's client connections; the control connection's comes first."""
        if self._for_clients is None:
            self._for_clients = self.shared.certificates.client_side().for_session()
        return self._for_clients

    @property
    def seats(self) -> Seats:
        """What it holds of the limits."""
        if self._seats is None:
            self._seats = Seats(self.shared.ledger, self.key)
        return self._seats

    @property
    def around(self) -> Around:
        """What data connections are given by the session."""
        if self._around is None:
            self._around = Around(self.shared, self.key, self.reactor, self.handle, self.observe)
        return self._around

    @property
    def legs(self) -> Pair:
        """Both data connections, of which an idle session has nothing."""
        if self._legs is None:
            link = self.session.desk.client
            place = ClientPlace(self.shared, self.client, link, self.for_clients)
            self._legs = self.around.pair(
                place,
                self._client_there,
                lambda: self.backend.data,
                self._whose,
                lambda: self._allotment,
            )
        return self._legs

    def _whose(self) -> tuple[str, str]:
        """The account that it is of, and the route that it goes; empty for none."""
        return self.session.desk.account, self.session.login.state.route.name

    # -- how it stands ------------------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot:
        """How the session stands."""
        return snapshot_of(self, self._legs, self._heard)

    @property
    def standing(self) -> Standing:
        """How it stands, to be counted."""
        return standing(self.session, self.client.listener.endpoint, self._legs)

    @property
    def rests_since(self) -> float | None:
        """The reactor's second since when nothing is asked of it; None where something is."""
        return self._heard if self.session.at_rest else None

    @property
    def transfers(self) -> bool:
        """Whether a file is on its way."""
        return self.session.transfer.running

    @property
    def last_lines(self) -> bytes:
        """What both dialogues have said last, where that is kept."""
        return bytes(self._dialogues.lines or b"")

    @property
    def wants_commands(self) -> bool:
        """Whether the session has room for one more."""
        return self.session.wants_commands

    @property
    def client_waits(self) -> bool:
        """True while the client does not read."""
        return Hold.PEER in self.client.pauses

    @property
    def skips_text(self) -> bool:
        """Whether the server's text without a code may be passed over."""
        return self.session.skips_text

    @property
    def asks_nothing(self) -> bool:
        """Whether no reply of the server is awaited."""
        return self.session.asks_nothing

    @property
    def ends_anywhere(self) -> bool:
        """Whether a reply of the server may end with another code than its first."""
        return self.session.ends_anywhere

    def calls_from(self, host: str, port: int) -> bool:
        """Whether that is our end of this session's connection to its server."""
        return self.backend.calls_from(host, port)

    def _client_there(self) -> bool:
        """True while the client's control connection has not ended; tells the session otherwise.

        A client that has said QUIT behind its upload meant to go.
        """
        if self.session.leaves_well or established(self.client.transport.getHandle()):
            return True
        self.handle(ClientLost("it ended with the upload's data", Reason.CLIENT_CLOSED))
        return False

    # -- what is told, and the end of its data connections -------------------------------------------

    def observe(self, fact: Fact) -> None:
        """Let the observers know."""
        self.shared.log.see(self.about, self._dialogues.told(fact))

    def _let_go(self) -> None:
        """What is still open fails; strangers that came are told of."""
        if self._legs is not None:
            call_all(self._legs.let_go, self.around.end)
