"""What the core asks of the rules for commands, and what it hears."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from ftpalg.core.facts import Shadowed
from ftpalg.core.routes import Server
from ftpalg.core.value import value
from ftpalg.core.wire.commands import Command


@value
class Wanted(NamedTuple):
    """A command of a client that is logged in at its server.

    ``client`` and ``address`` are the client's and the server's addresses, the latter empty where a parent
    is connected instead.  ``place`` is the current directory as the server told it, empty where nobody
    knows.
    """

    client: str
    account: str
    user: str
    server: Server | None
    address: str
    command: Command
    place: bytes = b""


@value
class Ruling(NamedTuple):
    """What is said to it: a ``code`` and a sentence, or nothing; ``rule`` decided, with its place.
    ``tried`` is what rules would have said that are only tried, where that is something else."""

    code: int = 0
    text: str = ""
    rule: str = ""
    tried: Shadowed | None = None


class Permits(Protocol):
    """The rules for commands."""

    @property
    def holds(self) -> bool:
        """False where every one is only tried."""

    def minds(self, command: Command) -> bool:
        """Whether any rule is asked about it: not about what only keeps a session going."""

    def needs_place(self, command: Command) -> bool:
        """Whether the current directory makes a difference to it."""

    def judge(self, wanted: Wanted) -> Ruling:
        """What is said to it."""
