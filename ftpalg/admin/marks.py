"""Sessions that are to end behind their transfer."""

from __future__ import annotations

from ftpalg.admin.steered import Steered
from ftpalg.core.ends import Reason
from ftpalg.core.facts import About, Fact, SessionClosed, TransferOver
from ftpalg.core.news import News


class Marks:
    """Watches them, and nothing where none is marked."""

    def __init__(self, gateway: Steered, say: str) -> None:
        self._gateway = gateway
        self._say = say
        self._names: set[str] = set()

    def add(self, session: str) -> None:
        """That one."""
        if not self._names:
            self._gateway.join(self)
        self._names.add(session)

    def see(self, about: About, fact: Fact) -> None:
        """A transfer may be over; its last reply is still to be said."""
        if about.session not in self._names:
            return
        if isinstance(fact, TransferOver):
            self._gateway.reactor.callLater(0, self._end, about.session)
        elif isinstance(fact, SessionClosed):
            self._forget(about.session)

    def tell(self, news: News) -> None:
        """Nothing of the gateway matters here."""

    def _end(self, session: str) -> None:
        """Where the next transfer has begun already, behind that one."""
        snapshot = self._gateway.snapshot(session)
        if snapshot is not None and snapshot.moving is None:
            self._gateway.end(session, self._say, Reason.KICKED)

    def _forget(self, session: str) -> None:
        self._names.discard(session)
        if not self._names:
            self._gateway.leave(self)
