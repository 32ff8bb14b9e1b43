"""What can be drained: a part of the gateway that takes no new sessions, while old ones come to their end."""

from __future__ import annotations

from typing import NamedTuple

from ftpalg.core.keys import Key
from ftpalg.core.value import value


class Kind(Key):
    """What a part is; the word is the users'."""

    SERVER = "server"
    ROUTE = "route"
    LISTENER = "listener"
    GATEWAY = "gateway"


@value
class Part(NamedTuple):
    """One that is drained or could be: a server as ``host:port``, a route as ``routes[0]``, a listener
    by its endpoint in the settings; the whole gateway has no name."""

    kind: Kind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value} {self.name}" if self.name else f"the {self.kind.value}"


WHOLE = Part(Kind.GATEWAY)


@value
class Standing(NamedTuple):
    """How one stands: so many ``sessions`` use it, and have ``within`` seconds left, 0 for no bound."""

    part: Part
    sessions: int = 0
    within: float = 0.0


class NoSuchPart(Exception):
    """Nothing has that name, or it is not drained; a sentence."""


@value
class Drained(NamedTuple):
    """A part takes no new sessions; ``sessions`` of it are there still, and have ``within`` seconds to
    end, 0 for as long as they need.  ``uid`` is who ordered it, None where that is not known."""

    part: Part
    sessions: int = 0
    within: float = 0.0
    uid: int | None = None


@value
class Undrained(NamedTuple):
    """It takes them again; ``reason`` says why, where nobody has ordered it."""

    part: Part
    sessions: int = 0
    uid: int | None = None
    reason: str = ""
