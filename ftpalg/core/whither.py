"""Whither a session goes, as far as it is known without USER.

An intercepted destination, the name in the TLS handshake (SNI), HOST (RFC 7151), and the server of
SITE, OPEN or ``account@server``; then what the table of routes makes of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftpalg.core.commands import printable
from ftpalg.core.errors import BadArgument
from ftpalg.core.logins import HOST, Dialect, parse_server
from ftpalg.core.replies import reply
from ftpalg.core.routes import Facts, Route, Server, Undecided

if TYPE_CHECKING:
    from ftpalg.core.session import Session


class Whither:
    """The facts of one session.  ``opened`` is the server of SITE, OPEN or ``account@server``."""

    __slots__ = ("_given", "_host", "_session", "_sni", "opened")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._given = session.client.destination  # or the server of SNI or HOST
        self._host = ""
        self._sni = ""
        self.opened: Server | None = None

    @property
    def server(self) -> Server | None:
        """The server that is known without being named in USER."""
        return self.opened or self._given

    def route(
        self, user: bytes | None = None, server: Server | None = None, *, final: bool = False
    ) -> Route | Undecided:
        """The way, with what is known and what USER may have named."""
        facts = Facts(
            client=self._session.client.peer,
            account=self._session.arrival.account,
            sni=self._sni,
            host=self._host,
            user=printable(user or b""),
            destination=server or self.server,
            final=final,
        )
        return self._session.rules.route(facts)

    def known(self, route: Route | Undecided) -> bool:
        """True where no word of the client is needed to tell the server."""
        return isinstance(route, Route) and (bool(route.servers) or self.server is not None)

    def told(self, user: bytes | None = None) -> bool:
        """True where the server is known without being named in USER."""
        return self.known(self.route(user, self.server, final=True))

    @property
    def free(self) -> bool:
        """True where the client may name its server."""
        route = self.route(final=True)
        fixed = isinstance(route, Route) and route.servers
        return self._session.client.destination is None and not fixed

    def speaks(self, dialect: Dialect) -> bool:
        """Whether clients may name their server so."""
        return dialect in self._session.rules.dialects

    def secured(self, sni: str) -> None:
        """TLS with the client stands; ``sni`` is the name it asked for."""
        self._sni = sni if HOST.fullmatch(sni) else ""
        if self._sni and self.speaks(Dialect.SNI) and self._given is None:
            self._given = Server(self._sni)

    # -- HOST -------------------------------------------------------------------------------------

    @property
    def hears_host(self) -> bool:
        """True where HOST has a meaning here."""
        return self._session.rules.hosts is not None or self.speaks(Dialect.HOST)

    def host(self, argument: bytes | None, *, late: bool) -> None:
        """HOST: the last one wins; ``late`` is 503, a port inside 501, an unknown name 504."""
        session = self._session
        if not self.hears_host:
            session.refuse(502, "HOST names no server here.")
            return
        text = argument or b""
        server = parse_server(text)
        host = server.host.lower()
        if b":" in text.rpartition(b"]")[2]:
            raise BadArgument("HOST takes no port.")
        if late:
            session.refuse(503, "HOST comes before the login.")
        elif self._sni and host != self._sni:
            session.refuse(504, "HOST and the name in the TLS handshake differ.")
        elif session.rules.hosts is not None and session.rules.hosts(host):
            self._host, self._given = host, session.client.destination
            session.answer(reply(220, "Host accepted."))
        elif self.speaks(Dialect.HOST) and self.free:
            self._host, self._given = host, server
            session.answer(reply(220, "Host accepted."))
        else:
            session.refuse(504, "No such host here.")
