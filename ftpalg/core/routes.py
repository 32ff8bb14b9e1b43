"""Which way a session goes: the facts that decide, and the decision.

The rules themselves are policy's; the core asks with what it knows and asks again when it knows
more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from ftpalg.core.keys import Key, at_hand
from ftpalg.core.value import value


@value
class Server(NamedTuple):
    """The server to reach: a name or an address without brackets, and a port."""

    host: str
    port: int = 21

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Mode(Key):
    """How data connections to the server are opened."""

    PASSIVE = "passive"
    ACTIVE = "active"
    CLIENT = "client"


MODE = at_hand(Mode)


class DataVerbs(Key):
    """The commands that the server is asked for data connections with."""

    AUTO = "auto"
    EXTENDED = "extended"
    CLASSIC = "classic"


class ServerTls(Enum):
    """TLS on the server's connections."""

    OFF = "off"
    EXPLICIT = "explicit"
    IMPLICIT = "implicit"
    AUTO = "auto"
    MATCH = "match"


SERVER_TLS = at_hand(ServerTls)


class Balance(Enum):
    """Which of several servers a session gets; the others are tried when it cannot be reached."""

    FIRST = "first"
    ROUND_ROBIN = "round-robin"
    LEAST_SESSIONS = "least-sessions"
    STICKY = "sticky"


@value
class Facts(NamedTuple):
    """What is known of a session; ``final`` once nothing more will be learned before it is routed.

    ``client`` is an address in normal spelling, ``sni`` and ``host`` (RFC 7151) are lower case, all
    empty while unknown.  ``account`` is the one at the gateway, ``user`` the one at the server.
    ``named`` is the server that the client has named in words: a rule that fits by other conditions
    and has servers of its own does not take it from there.
    """

    client: str
    account: str = ""
    sni: str = ""
    host: str = ""
    user: str = ""
    destination: Server | None = None
    named: Server | None = None
    final: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """Where to and how.

    ``servers`` is empty where the client names the server, or the packets' destination does.
    ``tls`` and ``mode`` are None where the general settings hold.  ``parent`` names the proxy to
    go through, ``source`` is our own address on the way, or "client" for the client's.  ``user``
    and ``secret`` replace what the client says at the login; ``secret`` says where the password is.
    ``proxy_protocol`` is the version of the PROXY header that the server gets, 0 for none.
    ``verbs`` is None where the general setting holds.  The password goes to the servers of
    ``secret_for`` only, and without TLS only where ``clear_secret`` is True.  ``sessions`` and
    ``transfers`` may be had by it at once, 0 where the general limits hold.  ``name`` is for the log.
    """

    servers: tuple[Server, ...] = ()
    balance: Balance = Balance.FIRST
    tls: ServerTls | None = None
    mode: Mode | None = None
    parent: str = ""
    source: str = ""
    user: str = ""
    secret: str = ""
    proxy_protocol: int = 0
    verbs: DataVerbs | None = None
    secret_for: tuple[Server, ...] = ()
    clear_secret: bool = False
    sessions: int = 0
    transfers: int = 0
    name: str = field(default="", compare=False)


class Undecided(Enum):
    """The answer where a rule might fit, but what it asks for is not known yet."""

    UNDECIDED = "undecided"


UNDECIDED = Undecided.UNDECIDED

Choose = Callable[[Facts], Route | Undecided | None]
"""The route of the first rule that fits; None where none does."""
