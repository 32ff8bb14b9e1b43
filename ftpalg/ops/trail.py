"""What is known of one session from its facts, for the records that come later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ftpalg.core.events import Side
from ftpalg.core.facts import About, CommandAnswered
from ftpalg.ops.paths import STEPS, Place
from ftpalg.ops.record_tables import NOBODYS, Whose

LOGIN = Place()
NONE: Mapping[Side, tuple[str, str]] = MappingProxyType({})


@dataclass(slots=True, eq=False, repr=False)
class Trail:
    """``since`` is when it began.  ``said`` is False until ``session_opened`` is written: a look of a
    balancer or monitor gets none.  ``whose`` are the fields of all its records, as ``known`` gave them.
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
    transfers: int = 0
    uploaded: int = 0
    downloaded: int = 0
    commands: int = 0
    last: bytes = b""
    known: tuple[About, str, str] | None = None
    whose: Whose = NOBODYS

    def answered(self, fact: CommandAnswered) -> None:
        """A command was answered: where the client is now, and in which TYPE."""
        self.commands += 1
        self.last = verb = fact.command.verb
        if verb in STEPS:
            self.place = self.place.after(fact.command, fact.reply)
        elif verb == b"TYPE" and fact.reply.positive:
            self.type = (fact.command.argument or b"A")[:1].decode("ascii", "replace").upper()
        if verb == b"RNFR":
            self.renamed = fact.command.argument
        elif verb != b"RNTO":
            self.renamed = None

    def logged_in(self, user: str) -> None:
        """Another login: its directory is not known."""
        self.user, self.place = user, LOGIN
