"""What the network side tells an operator; ``ops.log`` writes it down, a test can keep it."""

from __future__ import annotations

from typing import Any, Protocol

from ftpalg.core.actions import TransferDone
from ftpalg.core.commands import Command
from ftpalg.core.events import Link, Side
from ftpalg.core.replies import Reply


class Recorder(Protocol):
    """One method for each thing worth a line.  ``driver`` is the session it is about."""

    ladder: bool
    """True where received, reply and command are wanted: every line of both dialogues."""

    def received(self, driver: Any, event: object) -> None:
        """A line came, from either side."""

    def reply(self, driver: Any, sent: Reply) -> None:
        """A reply goes to the client."""

    def command(self, driver: Any, sent: Command) -> None:
        """A command goes to the server."""

    def login(self, driver: Any, user: str) -> None:
        """The server let the client in."""

    def transfer(self, driver: Any, done: TransferDone, moved: int, seconds: float) -> None:
        """A transfer is over."""

    def closed(self, driver: Any) -> None:
        """A session is over."""

    def refused(self, link: Link, reason: str) -> None:
        """A client was turned away at a limit."""

    def intruder(self, driver: Any, side: Side, host: str) -> None:
        """A stranger connected to a data port."""

    def note(self, driver: Any, text: str) -> None:
        """Something about a session that an operator should know."""

    def told(self, text: str) -> None:
        """Something about the gateway."""

    def warned(self, text: str) -> None:
        """Something about the gateway that should not stay so."""
