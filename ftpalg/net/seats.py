"""What one session holds of the limits that have other keys than its peer: account, route, server; and
its transfer, which all of them count.

Each is held once; to take another gives the one before back.
"""

from __future__ import annotations

from functools import lru_cache

from ftpalg.core.routes import Route, Server
from ftpalg.core.wire.addresses import plain_name
from ftpalg.net.ledger import Bound, Grant, Ledger, Line, Short

TRANSFERS = {
    Line.TRANSFERS: "Too many transfers; try again later.",
    Line.TRANSFERS_OF_ACCOUNT: "Too many transfers of your account; try again later.",
    Line.TRANSFERS_OF_ROUTE: "Too many transfers on this way; try again later.",
}
OF_PEER = "Too many transfers from your address; try again later."
"""What a client is told, and where it is its own share."""


class Seats:
    """``key`` is the peer's."""

    __slots__ = ("_account", "_held", "_key", "_ledger", "_route", "_transfer")

    def __init__(self, ledger: Ledger, key: str) -> None:
        self._ledger = ledger
        self._key = key
        self._account = ""
        self._route: Route | None = None
        self._held: tuple[Grant, ...] = ()
        self._transfer: tuple[Grant, ...] = ()

    def account(self, name: str) -> Short | None:
        """The session is that account's; None where it may be one more of it."""
        short = self._take(Line.OF_ACCOUNT, name)
        if short is None:
            self._account = name
        return short

    def leave_account(self) -> None:
        """It is nobody's any more; harmless where it was."""
        self._drop(Line.OF_ACCOUNT)
        self._account = ""

    def route(self, route: Route) -> Short | None:
        """It goes that route; None where one more may."""
        short = self._take(Line.OF_ROUTE, route.name, route.sessions)
        if short is None:
            self._route = route
        return short

    def server(self, server: Server) -> Short | None:
        """It is to reach that server; None where one more may."""
        return self._take(Line.OF_SERVER, _key_of(server))

    def leave_server(self) -> None:
        """It has left its server, or does not go there: route and server are free again."""
        for line in (Line.OF_SERVER, Line.OF_ROUTE):
            self._drop(line)
        self._route = None

    def transfer(self) -> tuple[Short, str] | None:
        """One more transfer begins; else what is short, and the sentence.

        What one line has granted is given back where another does not.
        """
        self.end_transfer()
        asked = [(Line.TRANSFERS, self._key, 0)]
        if self._account:
            asked.append((Line.TRANSFERS_OF_ACCOUNT, self._account, 0))
        if self._route is not None:
            route = self._route
            asked.append((Line.TRANSFERS_OF_ROUTE, route.name, route.transfers))
        for line, key, most in asked:
            short = self._ask(line, key, most)
            if short is not None:
                self.end_transfer()
                own = line is Line.TRANSFERS and short.of_one
                return short, OF_PEER if own else TRANSFERS[line]
            self._transfer += (Grant(self._ledger, key, line, 1),)
        return None

    def end_transfer(self) -> None:
        """It is over; harmless where there was none."""
        held, self._transfer = self._transfer, ()
        for one in held:
            one.back()

    def end(self) -> None:
        """So is the session."""
        self.end_transfer()
        held, self._held = self._held, ()
        for one in held:
            one.back()

    def _take(self, line: Line, key: str, most: int = 0) -> Short | None:
        if any(one.line is line and one.key == key for one in self._held):
            return None
        short = self._ask(line, key, most)
        if short is None:
            self._drop(line)
            self._held += (Grant(self._ledger, key, line, 1),)
        return short

    def _drop(self, line: Line) -> None:
        for one in self._held:
            if one.line is line:
                one.back()
        self._held = tuple(one for one in self._held if one.line is not line)

    def _ask(self, line: Line, key: str, most: int) -> Short | None:
        return self._ledger.ask(key, line, bound=Bound(most) if most else None)


@lru_cache(1024)
def _key_of(server: Server) -> str:
    """The same string for all its sessions."""
    return str(Server(plain_name(server.host), server.port))
