"""The fields of a session, as ``who`` shows them: one table for the JSON and its schema.

Passwords are in none: of a command that may hold one the argument is left out.  Texts are as peers said
them, what is no UTF-8 written out as ``\\xff``; JSON escapes control characters, a terminal's table
takes them out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from ftpalg.core.events import Side
from ftpalg.core.snapshots import Moving, Snapshot
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
    """Its types in JSON, what it means, and where it comes from: a path to it, or what finds it.

    It is looked for where ``needs``, a path too, is there; else it is null.
    """

    types: tuple[str, ...]
    meaning: str
    of: str | Callable[[Seen], Any]
    needs: str = ""


def _file(seen: Seen) -> str | None:
    command = seen.snapshot.command
    if command is None or command.verb not in FILES:
        return None
    return _text(file_of(command, seen.known.place))


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")


def _command(seen: Seen) -> str:
    command = seen.snapshot.command
    assert command is not None
    return command.verb.decode("ascii")


def _moving(seen: Seen) -> Moving:
    """What is looked at where there is one."""
    moving = seen.snapshot.moving
    assert moving is not None
    return moving


def _size(seen: Seen) -> int | None:
    """The file's, where somebody has told it.

    Behind REST a server's 150 may mean the whole or the rest, and in TYPE A it counts other bytes than
    those that move.
    """
    moving, command = _moving(seen), seen.snapshot.command
    if command is None:
        return None
    plain = seen.known.type == "I" and not moving.rest
    return seen.known.told(command) or (moving.size if plain else 0) or None


def _percent(seen: Seen) -> int | None:
    moving, size = _moving(seen), _size(seen)
    if size is None:
        return None
    begun = int(moving.rest) if moving.rest.isdigit() and len(moving.rest) < 20 else 0
    return min(100, 100 * (begun + moving.moved) // size)


def _rate(seen: Seen) -> int:
    moving = _moving(seen)
    return int(moving.moved / moving.seconds) if moving.seconds > 0 else 0


def _so_far(seen: Seen, total: int, *, upload: bool) -> int:
    moving = seen.snapshot.moving
    return total + (moving.moved if moving and (moving.source is CLIENT) is upload else 0)


SERVER_THERE, COMMAND, MOVING = "snapshot.about.server", "snapshot.command", "snapshot.moving"

FIELDS: Mapping[str, Field] = {
    "session": Field((TEXT,), "its name", "snapshot.about.session"),
    "state": Field(
        (TEXT,), "where it stands, in a word", lambda seen: STATES[seen.snapshot.moment.letter]
    ),
    "draining": Field((TRUTH,), "whether what it uses is drained", "snapshot.draining"),
    "account": Field((TEXT,), "the account at the gateway", "known.account"),
    "user": Field((TEXT,), "the user at the server, once the client is in", "known.user"),
    "client_ip": Field((TEXT,), "the client's address", "snapshot.about.client.host"),
    "client_port": Field((NUMBER,), "its port", "snapshot.about.client.port"),
    "client_tls": Field(
        (TEXT,), "TLS of its control connection, empty in clear", "snapshot.client_tls"
    ),
    "sni": Field((TEXT,), "the name that it asked for in its handshake", "known.sni"),
    "server_name": Field(
        (TEXT,), "the server as settings or client spell it", "snapshot.about.name"
    ),
    "server_ip": Field(
        (TEXT, ABSENT),
        "where the connection to it leads; null while there is none",
        "snapshot.about.server.host",
        SERVER_THERE,
    ),
    "server_port": Field(
        (NUMBER, ABSENT), "its port there", "snapshot.about.server.port", SERVER_THERE
    ),
    "server_tls": Field(
        (TEXT,), "TLS of its control connection, empty in clear", "snapshot.server_tls"
    ),
    "listener": Field((TEXT,), "the listener that the client came to", "snapshot.about.listener"),
    "route": Field((TEXT,), "the route that was taken", "snapshot.about.route"),
    "command": Field((TEXT, ABSENT), "the verb that is being answered", _command, COMMAND),
    "path": Field((TEXT, ABSENT), "its file, absolute where CWD could be followed", _file, COMMAND),
    "direction": Field(
        (TEXT, ABSENT),
        "of the transfer that runs: download or upload",
        lambda seen: "download" if _moving(seen).source is SERVER else "upload",
        MOVING,
    ),
    "bytes": Field((NUMBER, ABSENT), "what it has moved", "snapshot.moving.moved", MOVING),
    "size": Field(
        (NUMBER, ABSENT), "the file's, where client or server have told it", _size, MOVING
    ),
    "percent": Field(
        (NUMBER, ABSENT), "how much of the file that is, REST counted", _percent, MOVING
    ),
    "rate": Field((NUMBER, ABSENT), "bytes a second since it began", _rate, MOVING),
    "client_mode": Field(
        (TEXT, ABSENT),
        "active or passive: the client's data connection",
        lambda seen: MODES[CLIENT in _moving(seen).passive],
        MOVING,
    ),
    "server_mode": Field(
        (TEXT, ABSENT),
        "active or passive: the server's",
        lambda seen: MODES[SERVER in _moving(seen).passive],
        MOVING,
    ),
    "client_data_tls": Field(
        (TRUTH, ABSENT),
        "whether the client's data is under TLS",
        lambda seen: CLIENT in _moving(seen).tls,
        MOVING,
    ),
    "server_data_tls": Field(
        (TRUTH, ABSENT),
        "whether the server's is",
        lambda seen: SERVER in _moving(seen).tls,
        MOVING,
    ),
    "age": Field(
        (SECONDS,), "seconds since it began", lambda seen: round(seen.now - seen.known.since, 3)
    ),
    "idle": Field(
        (SECONDS,),
        "seconds since the last command or reply",
        lambda seen: round(seen.now - seen.snapshot.heard, 3),
    ),
    "epoch": Field((NUMBER,), "which settings it has, counted from the start", "snapshot.epoch"),
    "transfers": Field(
        (NUMBER,), "transfers that are over, of whatever outcome", "known.transfers"
    ),
    "bytes_in": Field(
        (NUMBER,),
        "bytes of all uploads",
        lambda seen: _so_far(seen, seen.known.uploaded, upload=True),
    ),
    "bytes_out": Field(
        (NUMBER,),
        "bytes of all downloads",
        lambda seen: _so_far(seen, seen.known.downloaded, upload=False),
    ),
}


def _at(paths: tuple[str, ...]) -> Callable[[Seen], tuple[Any, ...]]:
    """What finds the values of these."""
    if len(paths) > 1:
        return attrgetter(*paths)
    return lambda seen: tuple(attrgetter(path)(seen) for path in paths)


class _Group:
    """The fields that need the same; those that are paths are looked up by one call."""

    def __init__(self, needs: str) -> None:
        fields = {name: one.of for name, one in FIELDS.items() if one.needs == needs}
        paths = {name: of for name, of in fields.items() if isinstance(of, str)}
        self.is_there: Callable[[Seen], Any] = attrgetter(needs) if needs else lambda seen: True
        self._names = tuple(paths)
        self._values = _at(tuple(paths.values()))
        self._others = [(name, of) for name, of in fields.items() if not isinstance(of, str)]

    def put(self, seen: Seen, found: dict[str, Any]) -> None:
        """Them and their values."""
        found.update(zip(self._names, self._values(seen), strict=True))
        for name, of in self._others:
            found[name] = of(seen)


NOTHING = dict.fromkeys(FIELDS)
GROUPS = tuple(map(_Group, dict.fromkeys(one.needs for one in FIELDS.values())))


def as_json(seen: Seen) -> dict[str, Any]:
    """A session's object."""
    found: dict[str, Any] = NOTHING.copy()
    for group in GROUPS:
        if group.is_there(seen) is not None:
            group.put(seen, found)
    return found


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
