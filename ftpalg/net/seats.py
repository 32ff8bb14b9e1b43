"""What one session holds of the limits that have other keys than its peer: account, route, server; and
its transfer, which all of them count.

Each is held once; to take another gives the one before back.
"""

from __future__ import annotations

from ftpalg.core.routes import Route, Server
from ftpalg.net.ledger import LINE, Bound, Ledger, Line, Short, key_of

TRANSFERS = {
    Line.TRANSFERS: "Too many transfers; try again later.",
    Line.TRANSFERS_OF_ACCOUNT: "Too many transfers of your account; try again later.",
    Line.TRANSFERS_OF_ROUTE: "Too many transfers on this way; try again later.",
}
OF_PEER = "Too many transfers from your address; try again later."
"""What a client is told, and where it is its own share."""


class Seats:
    """``key`` is the peer's."""

    __slots__ = ("_account", "_key", "_ledger", "_route", "_server", "_transfer")

    def __init__(self, ledger: Ledger, key: str) -> None:
        self._ledger = ledger
        self._key = key
        self._account: str | None = None
        self._route: Route | None = None
        self._server: str | None = None
        self._transfer: tuple[tuple[str, Line], ...] = ()

    def account(self, name: str) -> Short | None:
        """The session is that account's; None where it may be one more of it."""
        if name != self._account:
            short = self._ledger.ask(name, LINE.OF_ACCOUNT)
            if short is not None:
                return short
            self.leave_account()
            self._account = name
        return None

    def leave_account(self) -> None:
        """It is nobody's any more; harmless where it was."""
        name, self._account = self._account, None
        if name is not None:
            self._ledger.give(name, LINE.OF_ACCOUNT)

    def route(self, route: Route) -> Short | None:
        """It goes that route; None where one more may."""
        held = self._route
        if held is None or held.name != route.name:
            short = self._ledger.ask(route.name, LINE.OF_ROUTE, 1, _bound(route.sessions))
            if short is not None:
                return short
            if held is not None:
                self._ledger.give(held.name, LINE.OF_ROUTE)
        self._route = route
        return None

    def server(self, server: Server) -> Short | None:
        """It is to reach that server; None where one more may."""
        held, key = self._server, key_of(server)
        if key != held:
            short = self._ledger.ask(key, LINE.OF_SERVER)
            if short is not None:
                return short
            if held is not None:
                self._ledger.give(held, LINE.OF_SERVER)
            self._server = key
        return None

    def leave_server(self) -> None:
        """It has left its server, or does not go there: route and server are free again."""
        server, self._server = self._server, None
        if server is not None:
            self._ledger.give(server, LINE.OF_SERVER)
        route, self._route = self._route, None
        if route is not None:
            self._ledger.give(route.name, LINE.OF_ROUTE)

    def transfer(self) -> tuple[Short, str] | None:
        """One more transfer begins; else what is short, and the sentence.

        What one line has granted is given back where another does not.
        """
        self.end_transfer()
        asked = [(self._key, LINE.TRANSFERS, 0)]
        if self._account:
            asked.append((self._account, LINE.TRANSFERS_OF_ACCOUNT, 0))
        if self._route is not None:
            route = self._route
            asked.append((route.name, LINE.TRANSFERS_OF_ROUTE, route.transfers))
        for key, line, most in asked:
            short = self._ledger.ask(key, line, 1, _bound(most))
            if short is not None:
                self.end_transfer()
                own = line is LINE.TRANSFERS and short.of_one
                return short, OF_PEER if own else TRANSFERS[line]
            self._transfer += ((key, line),)
        return None

    def end_transfer(self) -> None:
        """It is over; harmless where there was none."""
        held, self._transfer = self._transfer, ()
        for key, line in held:
            self._ledger.give(key, line)

    def end(self) -> None:
        """So is the session."""
        self.end_transfer()
        self.leave_account()
        self.leave_server()


def _bound(most: int) -> Bound | None:
    """A route's own number; 0 is for the line's."""
    return Bound(most) if most else None
