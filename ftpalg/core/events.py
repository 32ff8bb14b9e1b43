"""What can happen to a session: the core's whole input."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from ftpalg.core.ends import Reason
from ftpalg.core.keys import Key
from ftpalg.core.routes import Server
from ftpalg.core.value import value
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


SIDES = tuple(Side)


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


@value
class Traits(NamedTuple):
    """What has been learned of one server; ``Learned`` tells what a session adds.

    ``epsv`` and ``eprt`` are False where it has no use of the verb, ``passive`` and ``active`` where
    it does not know the mode.  ``surplus`` are the verbs that it has answered twice.
    """

    epsv: bool = True
    eprt: bool = True
    passive: bool = True
    active: bool = True
    surplus: frozenset[bytes] = frozenset()


UNKNOWN = Traits()
"""Those of a server of which nothing has been learned."""


@value
class Link(NamedTuple):
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


@value
class CommandReceived(NamedTuple):
    """The client sent a command."""

    command: Command


@value
class CommandRefused(NamedTuple):
    """The client sent a line that is not to be carried out."""

    error: FtpError


@value
class ClientDone(NamedTuple):
    """The client will send nothing more and may still read: ``printf 'USER…' | nc -N``."""


@value
class ClientLost(NamedTuple):
    """The client's control connection is gone; ``why`` is the fault's kind."""

    reason: str
    why: Reason = Reason.CLIENT_LOST


@value
class ClientSecured(NamedTuple):
    """The client's control connection is under TLS; ``sni`` is the name it asked for, lower case."""

    sni: str


@value
class AccountAccepted(NamedTuple):
    """The password for the account at the gateway was right."""

    account: str


@value
class AccountRefused(NamedTuple):
    """It was not, or could not be checked (not ``sure``); ``reason`` is for the log."""

    reason: str
    sure: bool = True


class Busy(Enum):
    """Why a login at the gateway cannot go on, though nothing is known to be wrong with it."""

    CHECKS = "too many others wait for a check"
    BARRED = "too many passwords of this client, or for this account, were wrong"
    FULL = "the password was right, and the account has as many sessions as it may"


@value
class AccountsBusy(NamedTuple):
    """The password was not looked at, or the account is full: ``why``."""

    why: Busy = Busy.CHECKS


@value
class RoomAnswered(NamedTuple):
    """Whether one more transfer may begin: nothing, or the sentence that stands against it, and its code."""

    refusal: str = ""
    code: int = 450


@value
class SecretMissing(NamedTuple):
    """The password for the server cannot be had; ``reason`` is for the log."""

    reason: str


@value
class ServerConnected(NamedTuple):
    """The control connection to the server stands; its greeting has not come yet.

    ``server`` is which of several it is, None for the only one.
    """

    link: Link
    traits: Traits = UNKNOWN
    server: Server | None = None


@value
class ServerUnreachable(NamedTuple):
    """No address of the server could be reached; ``reason`` names each and why.

    ``forbidden`` is a sentence for the client where the access rules stand against it, or where ``why``
    says that its way is drained.
    """

    reason: str
    forbidden: str = ""
    why: Reason = Reason.SERVER_UNREACHABLE


@value
class ServerSecured(NamedTuple):
    """The server's control connection is under TLS and its certificate is accepted."""


@value
class ServerInsecure(NamedTuple):
    """TLS with the server failed; ``reason`` is a sentence that says what was wrong, ``why`` its kind."""

    reason: str
    why: Reason = Reason.SERVER_TLS


@value
class ReplyReceived(NamedTuple):
    """The server sent a whole reply; ``doubtful`` where only its silence says that it is whole:
    then the code of its first line, which no later line may have.

    ``more`` where whole lines had come behind it: they answer nothing that is yet to be asked, so the
    next command waits for ``CaughtUp``.
    """

    reply: Reply
    doubtful: int = 0
    more: bool = False


@value
class CaughtUp(NamedTuple):
    """Of the server's lines those have been told that had come behind a reply."""


@value
class ReplyGoesOn(NamedTuple):
    """The server sent a line of a preliminary reply of several; the last one comes as the reply."""

    code: int
    line: bytes


@value
class ReplyUnderWay(NamedTuple):
    """The server sent lines of another reply of several, whose last one is still to come."""


@value
class TextPassedOver(NamedTuple):
    """The server sent text without a reply code, which is for nobody; told of the first line only."""

    line: bytes


@value
class ServerBroken(NamedTuple):
    """The server sent what is no reply; nothing after it can be matched."""

    error: FtpError


@value
class ServerLost(NamedTuple):
    """The server's control connection is gone; ``why`` is the fault's kind."""

    reason: str
    why: Reason = Reason.SERVER_CLOSED


@value
class Listening(NamedTuple):
    """A data port is open for that side; ``shown`` is our address as its peer is told it, where that
    is not the one its control connection has."""

    side: Side
    port: int
    shown: str = ""


@value
class ListenFailed(NamedTuple):
    """No data port could be had for that side."""

    side: Side
    reason: str


@value
class LegReached(NamedTuple):
    """That side's data connection stands, read-paused, TLS not begun."""

    side: Side


@value
class LegSecured(NamedTuple):
    """TLS on that side's data connection stands, and its peer is the right one."""

    side: Side


@value
class LegMoved(NamedTuple):
    """A leg that has been given its end is still taking bytes: its wait begins anew."""

    side: Side


@value
class LegEnded(NamedTuple):
    """That leg ended cleanly: a source was read to its end, a sink has everything and its end."""

    side: Side


@value
class LegFailed(NamedTuple):
    """That leg could not be opened or broke; ``code`` is the reply's where we refused it."""

    side: Side
    reason: str
    code: int = 0


@value
class TimerExpired(NamedTuple):
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
    | RoomAnswered
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
