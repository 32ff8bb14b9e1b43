"""What a session can order: the core's whole output."""

from __future__ import annotations

from typing import NamedTuple

from ftpalg.core.events import Side, Timer, Traits
from ftpalg.core.facts import Fact
from ftpalg.core.routes import Route, Server
from ftpalg.core.value import value
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.replies import Reply


@value
class SendReply(NamedTuple):
    """Write a reply to the client."""

    reply: Reply


@value
class SendLine(NamedTuple):
    """Write a line of a preliminary reply that goes on to the client."""

    line: bytes


@value
class SendCommand(NamedTuple):
    """Write a command to the server; ``urgent`` puts Telnet's IP and DM in front (RFC 959 4.1.3)."""

    command: Command
    urgent: bool = False


@value
class SendSecret(NamedTuple):
    """Write PASS with the password that ``source`` names; the core never sees it."""

    source: str


@value
class Authenticate(NamedTuple):
    """Have the client's account at the gateway checked."""

    account: bytes
    password: bytes

    def __repr__(self) -> str:
        return f"Authenticate(account={self.account!r})"


@value
class Dial(NamedTuple):
    """Open a control connection to the first of the servers that can be reached.

    ``named`` is True where the client or its packets named it: the access rules hold then.
    """

    servers: tuple[Server, ...]
    route: Route
    account: str = ""
    named: bool = False


@value
class HangUp(NamedTuple):
    """Close that side's control connection, after what was written to it."""

    side: Side


HANGS_UP = {side: HangUp(side) for side in Side}
"""One of each is enough."""


@value
class StartTls(NamedTuple):
    """Begin TLS on that side's control connection; bytes that came before it end the session."""

    side: Side


@value
class StopTls(NamedTuple):
    """Go on in clear on the client's control connection (CCC, RFC 4217 section 6)."""


@value
class GoOpaque(NamedTuple):
    """From now on copy both control connections untouched (RFC 6384 section 5)."""


@value
class AskRoom(NamedTuple):
    """Ask whether one more transfer may begin; RoomAnswered follows before anything else is done."""

    command: Command


@value
class Listen(NamedTuple):
    """Open a data port for that side's peer and accept one connection from it."""

    side: Side


@value
class Connect(NamedTuple):
    """Open a data connection to that port of that side's peer."""

    side: Side
    port: int


@value
class SecureLeg(NamedTuple):
    """Begin TLS on that side's data connection: as its server towards a client, as its client
    towards a server, whoever dialled (RFC 4217 section 7).

    Towards a server it resumes the control connection's newest session, or with ``again`` that of
    the last data connection: where servers refused the first (proftpd#1931).
    """

    side: Side
    again: bool = False


@value
class Relay(NamedTuple):
    """Both legs stand: move bytes from the source side to the other."""

    source: Side


@value
class GiveTime(NamedTuple):
    """The server is at work: bytes that do not move have their time anew (timeouts.stalled)."""


@value
class EndLeg(NamedTuple):
    """The source has ended cleanly: give this leg what is still on the way, then its end."""

    side: Side


@value
class CloseLeg(NamedTuple):
    """Nothing will move on this leg: end it cleanly, whatever state it is in, and forget it."""

    side: Side


@value
class AbortLeg(NamedTuple):
    """Make this leg fail visibly: a RST, never a clean end."""

    side: Side


@value
class StartTimer(NamedTuple):
    """Start a wait, anew if it runs."""

    timer: Timer


@value
class StopTimer(NamedTuple):
    """Stop a wait, if it runs."""

    timer: Timer


STARTS = {timer: StartTimer(timer) for timer in Timer}
STOPS = {timer: StopTimer(timer) for timer in Timer}
"""One of each is enough: a session orders a dozen of them for each command."""


@value
class ReportProgress(NamedTuple):
    """Tell the client, with 213, how many bytes the running transfer has moved."""

    command: Command


@value
class Learned(NamedTuple):
    """What is known of the connected server from now on, for all sessions with it."""

    traits: Traits


@value
class Tell(NamedTuple):
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
    | AskRoom
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
