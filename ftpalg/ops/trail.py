"""What is known of one session from its facts, for the records that come later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from ftpalg.core.events import Side
from ftpalg.core.facts import CommandAnswered
from ftpalg.core.place import STEPS, Place
from ftpalg.core.value import value
from ftpalg.core.wire.commands import Command, Kind

LOGIN = Place()
SIZED = frozenset((b"SIZE", b"ALLO"))
"""The commands that tell a file's size: in the reply, or before an upload (RFC 959)."""
DIGITS = 18
"""Of a size: no file has more."""
NONE: Mapping[Side, tuple[str, str]] = MappingProxyType({})


@value
class Size(NamedTuple):
    """How many bytes a file has: as SIZE has told it of that path in that TYPE (RFC 3659 section 4), or
    as ALLO has foretold it of the next upload, which names none."""

    octets: int
    path: bytes = b""
    type: str = ""


UNTOLD = Size(0)
FORETOLD = "ALLO"
"""Stands for a TYPE."""


def file_of(command: Command, place: Place) -> bytes:
    """What a transfer is about: the file, or the directory that is listed; options of LIST are none of
    it."""
    name = command.argument
    if command.verb in (b"LIST", b"NLST") and name is not None and name.startswith(b"-"):
        name = name.partition(b" ")[2]
    return place.absolute(name)


@value
class Known(NamedTuple):
    """What a session's facts have told, at one moment; ``since`` is its begin, in seconds since 1970."""

    since: float
    account: str
    user: str
    sni: str
    place: Place
    type: str
    size: Size
    transfers: int
    uploaded: int
    downloaded: int

    def told(self, command: Command) -> int:
        """The bytes of the file that this command transfers, 0 where nobody has told."""
        fits = self.size.path == file_of(command, self.place) and self.size.type == self.type
        if command.kind is Kind.UPLOAD:
            fits = self.size.type == FORETOLD
        return self.size.octets if fits else 0


@dataclass(slots=True, eq=False, repr=False)
class Trail:
    """``since`` is when it began.  ``said`` is False until ``session_opened`` is written: a look of a
    balancer or monitor gets none.
    """

    since: float
    said: bool = False
    account: str = ""
    user: str = ""
    sni: str = ""
    proxy: str = ""
    tls: Mapping[Side, tuple[str, str]] = field(default_factory=lambda: NONE)
    place: Place = LOGIN
    renamed: bytes | None = None
    type: str = "A"
    size: Size = UNTOLD
    transfers: int = 0
    uploaded: int = 0
    downloaded: int = 0
    commands: int = 0
    last: bytes = b""

    def answered(self, fact: CommandAnswered) -> None:
        """A command was answered: where the client is now, and in which TYPE."""
        self.commands += 1
        self.last = verb = fact.command.verb
        if verb in STEPS:
            self.place = self.place.after(fact.command, fact.reply)
        elif verb == b"TYPE" and fact.reply.positive:
            self.type = (fact.command.argument or b"A")[:1].decode("ascii", "replace").upper()
        elif verb in SIZED and fact.reply.positive:
            self.size = self._sized(fact)
        if verb == b"RNFR":
            self.renamed = fact.command.argument
        elif verb != b"RNTO":
            self.renamed = None

    def _sized(self, fact: CommandAnswered) -> Size:
        told = fact.reply.text if fact.command.verb == b"SIZE" else fact.command.argument or b""
        number = told.split(maxsplit=1)[:1]
        if not number or len(number[0]) > DIGITS or not number[0].isdigit():
            return UNTOLD
        if fact.command.verb == b"ALLO":
            return Size(int(number[0]), type=FORETOLD)
        return Size(int(number[0]), self.place.absolute(fact.command.argument), self.type)

    def logged_in(self, user: str) -> None:
        """Another login: its directory is not known."""
        self.user, self.place = user, LOGIN


_KNOWN: Callable[[Trail], tuple[Any, ...]] = attrgetter(*Known._fields)


def known_of(trail: Trail) -> Known:
    """What of it others may see."""
    return Known(*_KNOWN(trail))
