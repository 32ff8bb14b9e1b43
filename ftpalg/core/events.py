"""What can happen to a session: the core's whole input."""

from __future__ import annotations

from dataclasses import dataclass, field

from ftpalg.core.ends import Reason
from ftpalg.core.keys import Key
from ftpalg.core.routes import Server
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.errors import FtpError
from ftpalg.core.wire.replies import Reply


class Side(Key):
    """Which of the two remote peers."""

    CLIENT = "client"
    SERVER = "server"

    @property
    def other(self) -> Side:
        """The opposite side."""
        return Side.SERVER if self is Side.CLIENT else Side.CLIENT


class Timer(Key):
    """The waits of a session; each is a setting in ``[timeouts]``."""

    LOGIN = "login"
    IDLE = "idle"
    HANDSHAKE = "handshake"
    QUIT = "quit"
    GOODBYE = "goodbye"
    DATA_OPEN = "data-open"
    UNANNOUNCED = "unannounced"
    SETTLE = "settle"
    EARLY_REPLY = "early-reply"
    LAST_WORD = "last-word"
    SECOND_REPLY = "second-reply"
    EXTENDED = "extended"  # EPSV and EPRT; PASV and PORT too
    STALLED = "stalled"
    DELIVERY = "delivery"
    FINAL_REPLY = "final-reply"
    ABORT_PAUSE = "abort-pause"
    ABORT_REPLY = "abort-reply"
    ABORT = "abort"
    RESYNC = "resync"


@dataclass(frozen=True, slots=True)
class Traits:
    """What has been learned of one server; ``Learned`` tells what a session adds.

    ``epsv`` and ``eprt`` are False where it has no use of the verb, ``passive`` and ``active`` where
    it does not know the mode.  ``surplus`` are the verbs that it has answered twice.
    """

    epsv: bool = True
    eprt: bool = True
    passive: bool = True
    active: bool = True
    surplus: frozenset[bytes] = frozenset()


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
    """The client's control connection is gone; ``why`` is the fault's kind."""

    reason: str
    why: Reason = Reason.CLIENT_LOST


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
class AccountsBusy:
    """Nobody could look at the password: too many others wait for that."""


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
    """TLS with the server failed; ``reason`` is a sentence that says what was wrong, ``why`` its kind."""

    reason: str
    why: Reason = Reason.SERVER_TLS


@dataclass(frozen=True, slots=True)
class ReplyReceived:
    """The server sent a whole reply; ``doubtful`` where only its silence says that it is whole:
    then the code of its first line, which no later line may have.

    ``more`` where whole lines had come behind it: they answer nothing that is yet to be asked, so the
    next command waits for ``CaughtUp``.
    """

    reply: Reply
    doubtful: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """Of the server's lines those have been told that had come behind a reply."""


@dataclass(frozen=True, slots=True)
class ReplyGoesOn:
    """The server sent a line of a preliminary reply of several; the last one comes as the reply."""

    code: int
    line: bytes


@dataclass(frozen=True, slots=True)
class ReplyUnderWay:
    """The server sent lines of another reply of several, whose last one is still to come."""


@dataclass(frozen=True, slots=True)
class TextPassedOver:
    """The server sent text without a reply code, which is for nobody; told of the first line only."""

    line: bytes


@dataclass(frozen=True, slots=True)
class ServerBroken:
    """The server sent what is no reply; nothing after it can be matched."""

    error: FtpError


@dataclass(frozen=True, slots=True)
class ServerLost:
    """The server's control connection is gone; ``why`` is the fault's kind."""

    reason: str
    why: Reason = Reason.SERVER_CLOSED


@dataclass(frozen=True, slots=True)
class Listening:
    """A data port is open for that side; ``shown`` is our address as its peer is told it, where that
    is not the one its control connection has."""

    side: Side
    port: int
    shown: str = ""


@dataclass(frozen=True, slots=True)
class ListenFailed:
    """No data port could be had for that side."""

    side: Side
    reason: str


@dataclass(frozen=True, slots=True)
class LegReached:
    """That side's data connection stands, read-paused, TLS not begun."""

    side: Side


@dataclass(frozen=True, slots=True)
class LegSecured:
    """TLS on that side's data connection stands, and its peer is the right one."""

    side: Side


@dataclass(frozen=True, slots=True)
class LegMoved:
    """A leg that has been given its end is still taking bytes: its wait begins anew."""

    side: Side


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
    | AccountsBusy
    | SecretMissing
    | ServerConnected
    | ServerUnreachable
    | ServerSecured
    | ServerInsecure
    | ReplyReceived
    | CaughtUp
    | ReplyGoesOn
    | ReplyUnderWay
    | TextPassedOver
    | ServerBroken
    | ServerLost
    | Listening
    | ListenFailed
    | LegReached
    | LegSecured
    | LegMoved
    | LegEnded
    | LegFailed
    | TimerExpired
)
