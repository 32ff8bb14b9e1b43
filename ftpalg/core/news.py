"""What observers get of the gateway itself: frozen records of what has happened to it.

Texts in them may hold what a peer chose: whoever writes them down makes them printable.
"""

from __future__ import annotations

from typing import NamedTuple

from ftpalg.core.bans import Ban, Banned, Unbanned
from ftpalg.core.certificates import CertificateDue, Shown
from ftpalg.core.drained import Drained, Undrained
from ftpalg.core.ends import Refusal
from ftpalg.core.events import Link
from ftpalg.core.facts import Resource
from ftpalg.core.steering import Steered
from ftpalg.core.value import value


@value
class Refused(NamedTuple):
    """A client was turned away before it had a session, with that code or, at 0, without a word.

    ``rule`` is the setting that stands against it, with its place; ``ban`` what holds where it is banned.
    """

    client: Link
    reason: str
    why: Refusal = Refusal.NOT_ADMITTED
    rule: str = ""
    code: int = 0
    ban: Ban | None = None


@value
class GatewayTold(NamedTuple):
    """A sentence about the gateway itself; ``warning`` where it should not stay so."""

    text: str
    warning: bool = False


@value
class Probed(NamedTuple):
    """A balancer or a monitor looked whether somebody listens, and left without a word."""

    client: str


@value
class ServerDown(NamedTuple):
    """A server is out of service; ``shown`` is its certificate where that is refused."""

    server: str
    reason: str
    shown: Shown | None = None
    remedy: str = ""


@value
class ServerUp(NamedTuple):
    """A server is back in service."""

    server: str


@value
class Ready(NamedTuple):
    """The gateway listens; ``expiries`` are the ends of its certificates, each with its file."""

    version: str
    file: str = ""
    listeners: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    client_tls: str = ""
    client_ports: str = ""
    sessions: int = 0
    expiries: tuple[str, ...] = ()
    epoch: int = 1
    pids: tuple[int, ...] = ()
    """Those of the workers, where there are any."""


@value
class Reloaded(NamedTuple):
    """The settings or the certificates are new; running sessions keep what they began with.

    ``epoch`` counts the settings since the start, which are the first.
    """

    file: str = ""
    changes: tuple[str, ...] = ()
    epoch: int = 1


@value
class ReloadFailed(NamedTuple):
    """They are not: what was read before holds on."""

    reason: str
    file: str = ""
    what: str = "settings"
    epoch: int = 1


@value
class Draining(NamedTuple):
    """No more sessions come; those that are there may end what they do."""

    sessions: int
    transfers: int


@value
class Stopped(NamedTuple):
    """The gateway has ended, and with it so many sessions and transfers that still ran."""

    sessions: int
    transfers: int = 0


@value
class WorkerReady(NamedTuple):
    """A worker has taken the place of one that was lost; ``ports`` are its data ports towards clients."""

    worker: int
    pid: int
    ports: str


@value
class WorkerLost(NamedTuple):
    """A worker has died, with so many sessions: by that status, or by that signal where it has a name."""

    worker: int
    pid: int
    sessions: int
    status: int | None
    signal: str = ""
    why: str = ""


News = (
    Ready
    | WorkerReady
    | WorkerLost
    | Reloaded
    | ReloadFailed
    | Draining
    | Drained
    | Undrained
    | Stopped
    | Refused
    | Banned
    | Unbanned
    | Probed
    | ServerDown
    | ServerUp
    | Resource
    | CertificateDue
    | Steered
    | GatewayTold
)
"""What happens to the gateway."""
