"""What observers get: frozen records of what has happened, never a live object.

The core makes those of a session (``Tell``), the net those that no session has.  Texts in them may
hold what a peer chose: whoever writes them down makes them printable.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from ftpalg.core.certificates import Shown
from ftpalg.core.ends import Moment, Reason
from ftpalg.core.events import Side
from ftpalg.core.quotas import Quota
from ftpalg.core.reached import ServerReached
from ftpalg.core.value import value
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.replies import Reply


class Outcome(Enum):
    """How a transfer went."""

    COMPLETE = "complete"
    REFUSED = "refused"
    BROKEN = "broken"
    ABORTED = "aborted"


@value
class Peer(NamedTuple):
    """One end of a connection."""

    host: str
    port: int


@value
class About(NamedTuple):
    """Whose fact it is.

    ``server`` is whom the server's control connection leads to, None as long as there is none; ``name``
    is the server as the settings or the client spell it, and ``parent`` True where the connection
    leads to a parent that was told that name.  ``listener`` and ``route`` are those of the settings.
    """

    session: str
    client: Peer
    server: Peer | None = None
    name: str = ""
    parent: bool = False
    listener: str = ""
    route: str = ""


@value
class SessionOpened(NamedTuple):
    """A client has been admitted; ``proxy`` is the balancer whose PROXY header has told who it is."""

    proxy: str = ""


@value
class TlsStands(NamedTuple):
    """The control connection of that side is under TLS; ``name`` is what its client asked for.

    The net adds ``version`` and ``cipher``.
    """

    side: Side
    name: str = ""
    version: str = ""
    cipher: str = ""


@value
class LoggedIn(NamedTuple):
    """The server has let the client in; the net adds its reply."""

    user: str
    code: int = 0
    text: str = ""


@value
class AccountLoggedIn(NamedTuple):
    """The password for an account at the gateway was right; ``checker`` is the kind that knew it."""

    account: str
    checker: str = ""


@value
class LoginRefused(NamedTuple):
    """A login was wrong, here (no ``side``) or at the server; ``code`` is the server's reply.

    Here ``checker`` has the kinds that were asked, and the client has waited ``delay`` seconds; not
    ``sure``: it could not be checked.
    """

    reason: str
    code: int = 530
    side: Side | None = None
    user: str = ""
    checker: str = ""
    delay: float = 0.0
    sure: bool = True


@value
class CommandAnswered(NamedTuple):
    """The client has had the final reply to a command."""

    command: Command
    reply: Reply


@value
class CommandBarred(NamedTuple):
    """A command did not go to the server, by a ``rule`` for commands, with its place; ``code`` and ``text``
    are the reply."""

    command: Command
    code: int
    text: str
    rule: str


@value
class OverQuota(NamedTuple):
    """A transfer was refused by a quota, or ``broken`` by it in mid-stream: ``rule`` is the setting with its
    place and value, of whose ``limit`` so much is ``used``; ``code`` and ``text`` are the reply's."""

    command: Command
    quota: Quota
    rule: str
    used: int
    limit: int
    code: int
    text: str
    broken: bool = False


@value
class TransferOver(NamedTuple):
    """A transfer is over; ``moved`` bytes in ``seconds``, which the net adds, as it does ``ports`` of
    each side, ours where we listen, the sides whose TLS has ``resumed`` another session, and the seconds
    until each data connection was ``opened``, without its TLS.

    ``letters`` say who ended it, like those of a session; "--" where it is complete.  ``rest`` is
    where it began in the file.  A side is ``passive`` where the server of that leg listens: that is
    the gateway towards the client, and the server itself.  ``tls``: the legs under TLS.
    """

    command: Command
    outcome: Outcome
    reason: str
    moved: int = 0
    seconds: float = 0.0
    letters: str = "--"
    rest: str = ""
    passive: frozenset[Side] = frozenset()
    tls: frozenset[Side] = frozenset()
    ports: tuple[tuple[Side, int], ...] = ()
    resumed: frozenset[Side] = frozenset()
    opened: tuple[tuple[Side, float], ...] = ()


@value
class Intruded(NamedTuple):
    """Strangers connected to data ports that wait for that side: ``times`` since the last such fact,
    ``host`` the last of them."""

    side: Side
    host: str
    times: int = 1


@value
class ServerUnreachable(NamedTuple):
    """No server could be reached, or the one that was cannot be used.

    ``tried`` has each address with what came of it, and the milliseconds that it took.
    """

    reason: str
    why: Reason = Reason.SERVER_UNREACHABLE
    tried: tuple[str, ...] = ()


@value
class TlsFailed(NamedTuple):
    """TLS of a control connection with that side failed; a handshake, as a rule.

    The net adds the name of the ``alert`` that went with it, and of a server the certificate that was
    refused with what would mend it.
    """

    side: Side
    reason: str
    why: Reason
    alert: str = ""
    shown: Shown | None = None
    remedy: str = ""


@value
class ProtocolError(NamedTuple):
    """A peer said what the protocol does not allow at this point.

    ``line`` is what it said, as far as that is one line, and ``offset`` how many bytes it had said
    before; the net adds them for a server.  ``before`` are the last lines of both dialogues, as
    ``core.last_lines`` reads them, where they are kept.
    """

    side: Side
    reason: str
    moment: Moment
    line: bytes = b""
    offset: int | None = None
    before: bytes = b""


@value
class Failed(NamedTuple):
    """An exception ended the session; ``trace`` is for the log alone."""

    reason: str
    trace: str


@value
class SessionClosed(NamedTuple):
    """A session is over: who ended it where and why; ``text`` says what ``reason`` leaves open, and the
    net the ``seconds`` that it was there."""

    reason: Reason
    moment: Moment
    text: str = ""
    seconds: float = 0.0

    @property
    def letters(self) -> str:
        """Who ended it, and where it stood."""
        return self.reason.ender.letter + self.moment.letter


@value
class Shadowed(NamedTuple):
    """A rule that is only tried fits a decision, which was made without it: ``rule`` with its place
    ``would`` do that, which ``differs`` from what was done or not."""

    rule: str
    would: str
    differs: bool


@value
class Noted(NamedTuple):
    """A sentence about a session that an operator should know."""

    text: str


@value
class CommandLine(NamedTuple):
    """A command went by: from the client, or (``sent``) to the server."""

    command: Command
    sent: bool = False


@value
class ReplyLines(NamedTuple):
    """A reply went by: from the server, or (``sent``) to the client."""

    reply: Reply
    sent: bool = False


class What(Enum):
    """What can be used up."""

    DATA_PORTS = "data-ports"
    DESCRIPTORS = "descriptors"
    SESSIONS = "sessions"
    SESSIONS_PER_PEER = "sessions-per-peer"
    DESCRIPTORS_PER_PEER = "descriptors-per-peer"
    MEMORY = "memory"
    MEMORY_PER_PEER = "memory-per-peer"
    HANDSHAKES_PER_PEER = "handshakes-per-peer"
    LOOKUPS = "lookups"
    LOOKUPS_PER_PEER = "lookups-per-peer"
    SESSIONS_OF_LISTENER = "sessions-of-listener"
    SESSIONS_PER_ACCOUNT = "sessions-per-account"
    SESSIONS_PER_SERVER = "sessions-per-server"
    SESSIONS_PER_ROUTE = "sessions-per-route"
    TRANSFERS = "transfers"
    TRANSFERS_PER_PEER = "transfers-per-peer"
    TRANSFERS_PER_ACCOUNT = "transfers-per-account"
    TRANSFERS_PER_ROUTE = "transfers-per-route"
    PASSIVE_LISTENERS = "passive-listeners"
    PASSIVE_LISTENERS_PER_PEER = "passive-listeners-per-peer"
    SESSION_RATE = "session-rate"
    SESSION_RATE_PER_PEER = "session-rate-per-peer"
    SESSION_RATE_OF_LISTENER = "session-rate-of-listener"
    HANDSHAKE_RATE = "handshake-rate"
    HANDSHAKE_RATE_PER_PEER = "handshake-rate-per-peer"
    COMMAND_RATE = "command-rate"
    RETURNING = "returning"
    PINHOLES = "pinholes"


@value
class Resource(NamedTuple):
    """Something is used up, of which there are ``limit``, 0 where that is not known."""

    what: What
    used: int = 0
    limit: int = 0


Fact = (
    SessionOpened
    | TlsStands
    | ServerReached
    | LoggedIn
    | AccountLoggedIn
    | LoginRefused
    | CommandAnswered
    | CommandBarred
    | OverQuota
    | TransferOver
    | Intruded
    | Resource
    | ServerUnreachable
    | TlsFailed
    | ProtocolError
    | Failed
    | SessionClosed
    | Shadowed
    | Noted
    | CommandLine
    | ReplyLines
)
"""What happens in a session."""
