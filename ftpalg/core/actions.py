"""What a session can order: the core's whole output."""

from __future__ import annotations

from dataclasses import dataclass, field

from ftpalg.core.events import Side, Timer, Traits
from ftpalg.core.facts import Fact
from ftpalg.core.routes import Route, Server
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.replies import Reply


@dataclass(frozen=True, slots=True)
class SendReply:
    """Write a reply to the client."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class SendLine:
    """Write a line of a preliminary reply that goes on to the client."""

    line: bytes


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
class SecureLeg:
    """Begin TLS on that side's data connection: as its server towards a client, as its client
    towards a server, whoever dialled (RFC 4217 section 7).

    Towards a server it resumes the control connection's newest session, or with ``again`` that of
    the last data connection: where servers refused the first (proftpd#1931).
    """

    side: Side
    again: bool = False


@dataclass(frozen=True, slots=True)
class Relay:
    """Both legs stand: move bytes from the source side to the other."""

    source: Side


@dataclass(frozen=True, slots=True)
class GiveTime:
    """The server is at work: bytes that do not move have their time anew (timeouts.stalled)."""


@dataclass(frozen=True, slots=True)
class EndLeg:
    """The source has ended cleanly: give this leg what is still on the way, then its end."""

    side: Side


@dataclass(frozen=True, slots=True)
class CloseLeg:
    """Nothing will move on this leg: end it cleanly, whatever state it is in, and forget it."""

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
class Learned:
    """What is known of the connected server from now on, for all sessions with it."""

    traits: Traits


@dataclass(frozen=True, slots=True)
class Tell:
    """Hand a fact to those who observe."""

    fact: Fact


Action = (
    SendReply
    | SendLine
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
    | SecureLeg
    | Relay
    | GiveTime
    | EndLeg
    | CloseLeg
    | AbortLeg
    | StartTimer
    | StopTimer
    | ReportProgress
    | Learned
    | Tell
)
