"""What can happen to a session: the core's whole input."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from ftpalg.core.commands import Command
from ftpalg.core.errors import FtpError
from ftpalg.core.replies import Reply
from ftpalg.core.routes import Server


class Side(Enum):
    """Which of the two remote peers."""

    CLIENT = "client"
    SERVER = "server"

    @property
    def other(self) -> Side:
        """The opposite side."""
        return Side.SERVER if self is Side.CLIENT else Side.CLIENT


class Timer(Enum):
    """The waits of a session; each is a setting in ``[timeouts]``."""

    LOGIN = "login"
    IDLE = "idle"
    DATA_OPEN = "data-open"
    FINAL_REPLY = "final-reply"
    SETTLE = "settle"
    ABORT = "abort"
    QUIT = "quit"
    HANDSHAKE = "handshake"


@dataclass(slots=True)
class Traits:
    """What has been learned of one server, shared by all sessions with it."""

    epsv: bool = True
    eprt: bool = True


@dataclass(frozen=True, slots=True)
class Link:
    """The addresses of one control connection: the remote peer's and ours, in normal spelling.

    ``shown`` is our address as that peer is told it, where that is not ``local``.  ``direct`` is
    False where the peer believes to be connected to another machine than this one, so that EPSV
    would lead it there.  ``destination`` is whom the client's intercepted packets are for.
    """

    peer: str
    local: str
    peer_port: int = 0
    shown: str = ""
    direct: bool = True
    destination: Server | None = None

    @property
    def advertised(self) -> str:
        """Our address as that peer is told it."""
        return self.shown or self.local


@dataclass(frozen=True, slots=True)
class CommandReceived:
    """The client sent a command."""

    command: Command


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """The client sent a line that is not to be carried out."""

    error: FtpError


@dataclass(frozen=True, slots=True)
class ClientDone:
    """The client will send nothing more and may still read: ``printf 'USER…' | nc -N``."""


@dataclass(frozen=True, slots=True)
class ClientLost:
    """The client's control connection is gone."""

    reason: str


@dataclass(frozen=True, slots=True)
class ClientSecured:
    """The client's control connection is under TLS; ``sni`` is the name it asked for, lower case."""

    sni: str


@dataclass(frozen=True, slots=True)
class AccountAccepted:
    """The password for the account at the gateway was right."""

    account: str


@dataclass(frozen=True, slots=True)
class AccountRefused:
    """It was not, or could not be checked; ``reason`` is for the log."""

    reason: str


@dataclass(frozen=True, slots=True)
class SecretMissing:
    """The password for the server cannot be had; ``reason`` is for the log."""

    reason: str


@dataclass(frozen=True, slots=True)
class ServerConnected:
    """The control connection to the server stands; its greeting has not come yet.

    ``server`` is which of several it is, None for the only one.
    """

    link: Link
    traits: Traits = field(default_factory=Traits)
    server: Server | None = None


@dataclass(frozen=True, slots=True)
class ServerUnreachable:
    """No address of the server could be reached; ``reason`` names each and why.

    ``forbidden`` is a sentence for the client where the access rules stand against it.
    """

    reason: str
    forbidden: str = ""


@dataclass(frozen=True, slots=True)
class ServerSecured:
    """The server's control connection is under TLS and its certificate is accepted."""


@dataclass(frozen=True, slots=True)
class ServerInsecure:
    """TLS with the server failed; ``reason`` is a sentence that says what was wrong."""

    reason: str


@dataclass(frozen=True, slots=True)
class ReplyReceived:
    """The server sent a whole reply."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class ServerBroken:
    """The server sent what is no reply; nothing after it can be matched."""

    error: FtpError


@dataclass(frozen=True, slots=True)
class ServerLost:
    """The server's control connection is gone."""

    reason: str


@dataclass(frozen=True, slots=True)
class Listening:
    """A data port is open for that side."""

    side: Side
    port: int


@dataclass(frozen=True, slots=True)
class ListenFailed:
    """No data port could be had for that side."""

    side: Side
    reason: str


@dataclass(frozen=True, slots=True)
class LegOpened:
    """That side's data connection stands, read-paused; ``protected`` where it is under TLS."""

    side: Side
    protected: bool = False


@dataclass(frozen=True, slots=True)
class LegEnded:
    """That leg ended cleanly: a source was read to its end, a sink has everything and its end."""

    side: Side


@dataclass(frozen=True, slots=True)
class LegFailed:
    """That leg could not be opened or broke; ``code`` is the reply's where we refused it."""

    side: Side
    reason: str
    code: int = 0


@dataclass(frozen=True, slots=True)
class TimerExpired:
    """A wait is over."""

    timer: Timer


Event = (
    CommandReceived
    | CommandRefused
    | ClientDone
    | ClientLost
    | ClientSecured
    | AccountAccepted
    | AccountRefused
    | SecretMissing
    | ServerConnected
    | ServerUnreachable
    | ServerSecured
    | ServerInsecure
    | ReplyReceived
    | ServerBroken
    | ServerLost
    | Listening
    | ListenFailed
    | LegOpened
    | LegEnded
    | LegFailed
    | TimerExpired
)
