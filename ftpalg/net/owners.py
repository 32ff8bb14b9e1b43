"""What parts of the net know of those who own them: Protocols, so that nothing names its owner."""

from __future__ import annotations

from typing import Protocol, TypeVar

from twisted.internet.interfaces import IAddress

from ftpalg.config import Listener, Settings
from ftpalg.core.ends import Reason, Refusal
from ftpalg.core.events import Event, Link
from ftpalg.core.facts import About, Peer, What
from ftpalg.core.news import News
from ftpalg.core.routes import Server
from ftpalg.core.session_settings import Rules
from ftpalg.core.snapshots import Snapshot
from ftpalg.net.arrivals import Arrivals
from ftpalg.net.ledger import Ledger, Short
from ftpalg.net.reactors import Reactor
from ftpalg.net.standing import Standing
from ftpalg.net.turns import Turns

Connection = TypeVar("Connection", contravariant=True)


class Owner(Protocol):
    """The session of a control connection."""

    @property
    def wants_commands(self) -> bool:
        """Whether there is room for one more command."""

    def start(self) -> None:
        """The client is there, under TLS where that is implicit."""

    def handle(self, event: Event) -> None:
        """What has come; it may end the connection before it returns."""

    def end(self, text: str, reason: Reason = Reason.STOPPED) -> None:
        """End the session, with 421 and that text.  Not while it handles something."""

    def broke(self) -> None:
        """An exception is being handled that came out of the connection: end the session."""

    def shake(self) -> None:
        """Begin TLS with the client before the first word."""

    def pause_server(self) -> None:
        """The client does not read: take no more replies from the server."""

    def resume_server(self) -> None:
        """The client reads again."""

    def crowded(self, short: Short) -> None:
        """More waits for the peers than there may: end the session, though not in this turn."""


class Hearing(Protocol):
    """Whom a control connection to a server tells."""

    def handle(self, event: Event) -> None:
        """What has come; it may end the connection before it returns."""

    def server_met(self, link: Link) -> None:
        """The connection to the server stands."""

    @property
    def skips_text(self) -> bool:
        """Whether text without a code may be passed over."""

    @property
    def asks_nothing(self) -> bool:
        """Whether no reply of the server is awaited."""

    @property
    def ends_anywhere(self) -> bool:
        """Whether a reply may end with another code than its first."""

    @property
    def transfers(self) -> bool:
        """Whether a file is on its way."""

    def crowded(self, short: Short) -> None:
        """The server's replies take more memory than there is for the client: end the session."""

    def broke(self) -> None:
        """An exception is being handled that came out of the connection: end the session."""


class Refusals(Protocol):
    """Where it is told that a client was turned away."""

    def tell(self, news: News) -> None:
        """What happened to the gateway."""


class Admission(Protocol[Connection]):
    """Who may come in, for the clients' connections."""

    @property
    def reactor(self) -> Reactor:
        """The one that watches the connections."""

    @property
    def settings(self) -> Settings:
        """Waits and limits among them."""

    @property
    def log(self) -> Refusals:
        """Where refusals are told."""

    @property
    def ledger(self) -> Ledger:
        """What each peer holds."""

    @property
    def arrivals(self) -> Arrivals:
        """Whose turn it is to come in."""

    @property
    def turns(self) -> Turns:
        """Who goes on when the turn of the reactor has had enough."""

    def turns_away(self, there: IAddress | None) -> bool:
        """Whether so many from there wait that nobody more of them is heard."""

    def is_balancer(self, peer: str) -> bool:
        """Whether a connection from there begins with a PROXY header."""

    def closed(self, listener: str) -> str:
        """What stands against everybody who comes to a listener, or nothing."""

    def shown_to(self, peer: str) -> str:
        """The address that is shown to a client instead of ours, or nothing."""

    def misdirected(self, link: Link, destination: Server | None) -> str:
        """Why an intercepted connection was not meant for anybody else, or nothing."""

    @property
    def pierces(self) -> bool:
        """Whether clients reach data ports through pinholes."""

    def admit(self, client: Connection, link: Link) -> Owner | None:
        """Make a session, or tell the client what stands against it and hang up."""

    def may_shake(self, key: str) -> tuple[Refusal, What] | None:
        """What stands against one more TLS handshake; where nothing does it is counted."""

    def crowd_out(self, client: Connection, link: Link, short: Short) -> None:
        """There is no descriptor for the client: tell it so, and close it at once."""

    def broke(self, peer: Peer) -> None:
        """An exception is being handled that came out of a connection without a session."""


class Arriving(Protocol):
    """A client's control connection that asks for a session."""

    @property
    def rules(self) -> Rules:
        """Its listener's."""

    @property
    def listener(self) -> Listener:
        """Where it came."""

    def write(self, data: bytes) -> None:
        """Send the client these bytes."""

    def hang_up(self) -> None:
        """Close behind what was written."""

    def finish(self) -> None:
        """Close at once where all that was written has gone out."""


class Settled(Protocol):
    """What a session began with."""

    @property
    def settings(self) -> Settings:
        """Those that hold for it."""


class Running(Protocol):
    """A session, as those see it who count and end sessions; ``key`` is whose it is in the ledger."""

    key: str

    @property
    def name(self) -> str:
        """What the log calls it."""

    @property
    def peer(self) -> str:
        """The address of its client."""

    @property
    def about(self) -> About:
        """Whose facts are its."""

    @property
    def shared(self) -> Settled:
        """What it began with."""

    def end(self, text: str, reason: Reason = Reason.STOPPED) -> None:
        """End it from outside, with 421 and that text."""

    def calls_from(self, host: str, port: int) -> bool:
        """Whether that is our end of its connection to its server."""

    @property
    def snapshot(self) -> Snapshot:
        """How it stands."""

    @property
    def rests_since(self) -> float | None:
        """The reactor's second since when nothing is asked of it; None where something is."""

    @property
    def transfers(self) -> bool:
        """Whether a file is on its way."""

    @property
    def last_lines(self) -> bytes:
        """What both dialogues have said last, where that is kept."""

    @property
    def standing(self) -> Standing:
        """How it stands, to be counted."""


class Session(Owner, Running, Protocol):
    """Both, as the driver is."""
