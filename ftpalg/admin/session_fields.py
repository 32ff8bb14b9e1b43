"""The fields of a session, as ``who`` shows them: one table for the JSON and its schema.

Passwords are in none: of a command that may hold one the argument is left out.  Texts are as peers said
them, what is no UTF-8 written out as ``\\xff``; JSON escapes control characters, a terminal's table
takes them out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ftpalg.core.events import Side
from ftpalg.core.snapshots import Snapshot
from ftpalg.core.value import value
from ftpalg.ops.trail import Known, file_of

CLIENT, SERVER = Side.CLIENT, Side.SERVER
MODES = "active", "passive"
TEXT = "string"
NUMBER = "integer"
TRUTH = "boolean"
SECONDS = "number"
ABSENT = "null"
FILES = frozenset(
    b"RETR STOR STOU APPE LIST NLST MLSD MLST STAT SIZE MDTM DELE RNFR RNTO MKD RMD CWD".split()
)
"""Commands whose argument is a path; it is shown of no others, for it may be a password."""


STATES = {
    "N": "naming",
    "A": "account",
    "R": "reaching",
    "L": "login",
    "I": "idle",
    "C": "command",
    "D": "data",
    "O": "opaque",
}
"""A word for each moment, by its letter (``core.ends.Moment``)."""


@value
class Seen(NamedTuple):
    """A session at one moment; ``now`` is in the reactor's seconds, ``wall`` since 1970."""

    snapshot: Snapshot
    known: Known
    now: float


@value
class Field(NamedTuple):
    """Its types in JSON, what it means, and where it comes from."""

    types: tuple[str, ...]
    meaning: str
    of: Callable[[Seen], Any]


def _file(seen: Seen) -> str | None:
    command = seen.snapshot.command
    if command is None or command.verb not in FILES:
        return None
    return _text(file_of(command, seen.known.place))


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")


def _command(seen: Seen) -> str | None:
    command = seen.snapshot.command
    return None if command is None else command.verb.decode("ascii")


def _size(seen: Seen) -> int | None:
    """The file's, where somebody has told it.

    Behind REST a server's 150 may mean the whole or the rest, and in TYPE A it counts other bytes than
    those that move.
    """
    moving, command = seen.snapshot.moving, seen.snapshot.command
    if moving is None or command is None:
        return None
    plain = seen.known.type == "I" and not moving.rest
    return seen.known.told(command) or (moving.size if plain else 0) or None


def _percent(seen: Seen) -> int | None:
    moving, size = seen.snapshot.moving, _size(seen)
    if moving is None or size is None:
        return None
    begun = int(moving.rest) if moving.rest.isdigit() and len(moving.rest) < 20 else 0
    return min(100, 100 * (begun + moving.moved) // size)


def _direction(seen: Seen) -> str | None:
    moving = seen.snapshot.moving
    return None if moving is None else "download" if moving.source is SERVER else "upload"


def _mode(side: Side) -> Callable[[Seen], str | None]:
    def mode(seen: Seen) -> str | None:
        moving = seen.snapshot.moving
        return None if moving is None else MODES[side in moving.passive]

    return mode


def _under_tls(side: Side) -> Callable[[Seen], bool | None]:
    def under(seen: Seen) -> bool | None:
        moving = seen.snapshot.moving
        return None if moving is None else side in moving.tls

    return under


def _moved(seen: Seen) -> int | None:
    moving = seen.snapshot.moving
    return None if moving is None else moving.moved


def _rate(seen: Seen) -> int | None:
    moving = seen.snapshot.moving
    if moving is None:
        return None
    return int(moving.moved / moving.seconds) if moving.seconds > 0 else 0


def _so_far(at: str, upload: bool) -> Callable[[Seen], int]:
    def so_far(seen: Seen) -> int:
        total: int = getattr(seen.known, at)
        moving = seen.snapshot.moving
        return total + (moving.moved if moving and (moving.source is CLIENT) is upload else 0)

    return so_far


def _server(at: str) -> Callable[[Seen], Any]:
    def of(seen: Seen) -> Any:
        server = seen.snapshot.about.server
        return None if server is None else getattr(server, at)

    return of


FIELDS: Mapping[str, Field] = {
    "session": Field((TEXT,), "its name", lambda seen: seen.snapshot.about.session),
    "state": Field(
        (TEXT,), "where it stands, in a word", lambda seen: STATES[seen.snapshot.moment.letter]
    ),
    "draining": Field(
        (TRUTH,), "whether what it uses is drained", lambda seen: seen.snapshot.draining
    ),
    "account": Field((TEXT,), "the account at the gateway", lambda seen: seen.known.account),
    "user": Field(
        (TEXT,), "the user at the server, once the client is in", lambda seen: seen.known.user
    ),
    "client_ip": Field(
        (TEXT,), "the client's address", lambda seen: seen.snapshot.about.client.host
    ),
    "client_port": Field((NUMBER,), "its port", lambda seen: seen.snapshot.about.client.port),
    "client_tls": Field(
        (TEXT,),
        "TLS of its control connection, empty in clear",
        lambda seen: seen.snapshot.client_tls,
    ),
    "sni": Field(
        (TEXT,), "the name that it asked for in its handshake", lambda seen: seen.known.sni
    ),
    "server_name": Field(
        (TEXT,), "the server as settings or client spell it", lambda seen: seen.snapshot.about.name
    ),
    "server_ip": Field(
        (TEXT, ABSENT),
        "where the connection to it leads; null while there is none",
        _server("host"),
    ),
    "server_port": Field((NUMBER, ABSENT), "its port there", _server("port")),
    "server_tls": Field(
        (TEXT,),
        "TLS of its control connection, empty in clear",
        lambda seen: seen.snapshot.server_tls,
    ),
    "listener": Field(
        (TEXT,), "the listener that the client came to", lambda seen: seen.snapshot.about.listener
    ),
    "route": Field((TEXT,), "the route that was taken", lambda seen: seen.snapshot.about.route),
    "command": Field((TEXT, ABSENT), "the verb that is being answered", _command),
    "path": Field((TEXT, ABSENT), "its file, absolute where CWD could be followed", _file),
    "direction": Field((TEXT, ABSENT), "of the transfer that runs: download or upload", _direction),
    "bytes": Field((NUMBER, ABSENT), "what it has moved", _moved),
    "size": Field((NUMBER, ABSENT), "the file's, where client or server have told it", _size),
    "percent": Field((NUMBER, ABSENT), "how much of the file that is, REST counted", _percent),
    "rate": Field((NUMBER, ABSENT), "bytes a second since it began", _rate),
    "client_mode": Field(
        (TEXT, ABSENT), "active or passive: the client's data connection", _mode(CLIENT)
    ),
    "server_mode": Field((TEXT, ABSENT), "active or passive: the server's", _mode(SERVER)),
    "client_data_tls": Field(
        (TRUTH, ABSENT), "whether the client's data is under TLS", _under_tls(CLIENT)
    ),
    "server_data_tls": Field((TRUTH, ABSENT), "whether the server's is", _under_tls(SERVER)),
    "age": Field(
        (SECONDS,), "seconds since it began", lambda seen: round(seen.now - seen.known.since, 3)
    ),
    "idle": Field(
        (SECONDS,),
        "seconds since the last command or reply",
        lambda seen: round(seen.now - seen.snapshot.heard, 3),
    ),
    "epoch": Field(
        (NUMBER,), "which settings it has, counted from the start", lambda seen: seen.snapshot.epoch
    ),
    "transfers": Field(
        (NUMBER,), "transfers that are over, of whatever outcome", lambda seen: seen.known.transfers
    ),
    "bytes_in": Field((NUMBER,), "bytes of all uploads", _so_far("uploaded", upload=True)),
    "bytes_out": Field((NUMBER,), "bytes of all downloads", _so_far("downloaded", upload=False)),
}


def as_json(seen: Seen) -> dict[str, Any]:
    """A session's object."""
    return {name: field.of(seen) for name, field in FIELDS.items()}


def _schema(field: Field) -> dict[str, Any]:
    return {
        "type": list(field.types) if len(field.types) > 1 else field.types[0],
        "description": field.meaning,
    }


SESSION: Mapping[str, Any] = {
    "type": "object",
    "properties": {name: _schema(field) for name, field in FIELDS.items()},
    "required": list(FIELDS),
    "additionalProperties": False,
}
"""The JSON schema of such an object."""
