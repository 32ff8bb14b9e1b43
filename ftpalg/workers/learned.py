"""What was learned of servers, of all workers: who learns something tells it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ftpalg.core.events import Traits
from ftpalg.core.routes import Server
from ftpalg.net.reach.traits import Remembered
from ftpalg.workers.banning import Hears, Tell

TOPIC = "learned"


class Learned:
    """The supervisor's, for those that come later; ``tell`` tells all workers, he among them who says it."""

    def __init__(self, known: Remembered, tell: Tell) -> None:
        self._known = known
        self._tell = tell
        self.hears: Hears = {TOPIC: self._hear}

    def _hear(self, body: Any) -> None:
        hear(self._known, body)
        self._tell(TOPIC, body)

    @property
    def rows(self) -> list[Any]:
        """All of it."""
        return [row(*one) for one in self._known]


def row(server: Server, traits: Traits, at: float) -> list[Any]:
    """For JSON."""
    verbs = sorted(verb.decode("latin-1") for verb in traits.surplus)
    return [server.host, server.port, *traits[:4], verbs, at]


def hear(known: Remembered, rows: Iterable[Any]) -> None:
    """Know it, too."""
    for host, port, epsv, eprt, passive, active, verbs, at in rows:
        surplus = frozenset(verb.encode("latin-1") for verb in verbs)
        known.hear(Server(host, port), Traits(epsv, eprt, passive, active, surplus), at)
