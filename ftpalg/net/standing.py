"""How a session stands, as far as sessions are counted by it: cheap, because all are asked in one turn."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from ftpalg.core.events import Side
from ftpalg.core.phases import moment_of
from ftpalg.core.session import Session
from ftpalg.core.wire.commands import Kind


class Standing(NamedTuple):
    """``listener`` and ``route`` are those of the settings, ``letter`` is that of its moment.

    ``source`` is whence a file comes that is on its way, of which so many bytes have ``moved``; None
    where none is.  ``ports``: the sides towards which it has a data port.
    """

    listener: str
    route: str
    letter: str
    source: Side | None = None
    moved: int = 0
    ports: frozenset[Side] = frozenset()


class Legs(Protocol):
    """Its data connections."""

    @property
    def moved(self) -> int:
        """Bytes that the running transfer has moved."""

    def uses_port(self, side: Side) -> bool:
        """Whether that side's has a port."""


NO_PORTS: frozenset[Side] = frozenset()


def standing(session: Session, listener: str, legs: Legs | None) -> Standing:
    """How that one stands; ``legs`` is None where it has had no data connection yet."""
    desk, route = session.desk, session.login.state.route.name
    letter = moment_of(desk.phase, desk.head, desk.logged_in).letter
    if legs is None:
        return Standing(listener, route, letter)
    transfer, source = session.transfer.state, None
    if transfer is not None and transfer.command is not None:
        source = Side.CLIENT if transfer.command.kind is Kind.UPLOAD else Side.SERVER
    ports = frozenset(side for side in Side if legs.uses_port(side)) or NO_PORTS
    return Standing(listener, route, letter, source, legs.moved if source else 0, ports)
