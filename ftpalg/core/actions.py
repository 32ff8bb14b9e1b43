"""What a session can order: the core's whole output."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from ftpalg.core.commands import Command
from ftpalg.core.events import Side, Timer
from ftpalg.core.replies import Reply
from ftpalg.core.routes import Route, Server


class Outcome(Enum):
    """How a transfer went."""

    COMPLETE = "complete"
    REFUSED = "refused"
    BROKEN = "broken"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class SendReply:
    """Write a reply to the client."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class SendCommand:
    """Write a command to the server; ``urgent`` puts Telnet's IP and DM in front (RFC 959 4.1.3)."""

    command: Command
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class SendSecret:
    """Write PASS with the password that ``source`` names; the core never sees it."""

    source: str


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Have the client's account at the gateway checked."""

    account: bytes
    password: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Dial:
    """Open a control connection to the first of the servers that can be reached.

    ``named`` is True where the client or its packets named it: the access rules hold then.
    """

    servers: tuple[Server, ...]
    route: Route
    account: str = ""
    named: bool = False


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close that side's control connection, after what was written to it."""

    side: Side


@dataclass(frozen=True, slots=True)
class StartTls:
    """Begin TLS on that side's control connection; bytes that came before it end the session."""

    side: Side


@dataclass(frozen=True, slots=True)
class StopTls:
    """Go on in clear on the client's control connection (CCC, RFC 4217 section 6)."""


@dataclass(frozen=True, slots=True)
class GoOpaque:
    """From now on copy both control connections untouched (RFC 6384 section 5)."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Open a data port for that side's peer and accept one connection from it."""

    side: Side


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a data connection to that port of that side's peer."""

    side: Side
    port: int


@dataclass(frozen=True, slots=True)
class Relay:
    """Both legs stand: move bytes from the source side to the other."""

    source: Side


@dataclass(frozen=True, slots=True)
class EndLeg:
    """The source has ended cleanly: give this leg what is still on the way, then its end."""

    side: Side


@dataclass(frozen=True, slots=True)
class AbortLeg:
    """Make this leg fail visibly: a RST, never a clean end."""

    side: Side


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Start a wait, anew if it runs."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Stop a wait, if it runs."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class ReportProgress:
    """Tell the client, with 213, how many bytes the running transfer has moved."""

    command: Command


@dataclass(frozen=True, slots=True)
class TransferDone:
    """A transfer is over; the log adds bytes and seconds."""

    command: Command
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The server has let the client in."""

    user: str


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the log."""

    text: str


Action = (
    SendReply
    | SendCommand
    | SendSecret
    | Authenticate
    | Dial
    | HangUp
    | StartTls
    | StopTls
    | GoOpaque
    | Listen
    | Connect
    | Relay
    | EndLeg
    | AbortLeg
    | StartTimer
    | StopTimer
    | ReportProgress
    | TransferDone
    | LoggedIn
    | Note
)
