"""How a session stands at one moment: what is shown of it to whoever asks, frozen."""

from __future__ import annotations

from typing import NamedTuple

from ftpalg.core.ends import Moment
from ftpalg.core.events import Side
from ftpalg.core.facts import About
from ftpalg.core.value import value
from ftpalg.core.wire.commands import Command


@value
class Moving(NamedTuple):
    """A transfer that runs.

    ``source`` is whence the bytes come; ``moved`` so many in ``seconds``; ``size`` is the file's as
    the server's first reply has told it, 0 where it has not.  ``rest`` is where it began in the file.
    A side is ``passive`` where the server of that leg listens; ``tls``: the legs under TLS.
    """

    source: Side
    moved: int = 0
    seconds: float = 0.0
    size: int = 0
    rest: bytes = b""
    passive: frozenset[Side] = frozenset()
    tls: frozenset[Side] = frozenset()


@value
class Snapshot(NamedTuple):
    """A session.

    ``moment`` says where it stands.  ``heard`` is the reactor's second of the last command or reply.
    ``command`` is being answered; its argument may hold a password, ``Command.shown`` does not.
    ``client_tls`` and ``server_tls`` are the versions of TLS of the control connections, empty in
    clear.  ``epoch`` is that of its settings.  ``draining`` is True where what it uses is drained.
    """

    about: About
    moment: Moment
    heard: float
    command: Command | None = None
    client_tls: str = ""
    server_tls: str = ""
    moving: Moving | None = None
    epoch: int = 1
    draining: bool = False
