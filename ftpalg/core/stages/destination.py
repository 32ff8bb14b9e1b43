"""Whither a session goes, as far as it is known without USER.

An intercepted destination, the name in the TLS handshake (SNI), HOST (RFC 7151), and the server of
SITE, OPEN or ``account@server``; then what the table of routes makes of them.
"""

from __future__ import annotations

from typing import NamedTuple

from ftpalg.core.desk import Desk
from ftpalg.core.routes import Facts, Route, Server, Undecided
from ftpalg.core.stage import Stage
from ftpalg.core.value import value
from ftpalg.core.wire.errors import BadArgument
from ftpalg.core.wire.printing import printable
from ftpalg.core.wire.replies import reply
from ftpalg.core.wire.user_at_host import HOST, Dialect, parse_server


@value
class Known(NamedTuple):
    """``given`` is the server of the packets, of SNI or of HOST, ``opened`` that of SITE, OPEN or
    ``account@server``; ``host`` and ``sni`` are the names themselves.  ``waits`` is True where rules
    that are only tried may have something to say once USER has come."""

    given: Server | None = None
    opened: Server | None = None
    host: str = ""
    sni: str = ""
    waits: bool = False


NOTHING = Known()


class Destination(Stage):
    """``state`` is what is known."""

    __slots__ = ()

    state: Known

    def __init__(self, desk: Desk) -> None:
        given = desk.client.destination
        super().__init__(desk, Known(given) if given else NOTHING)

    @property
    def server(self) -> Server | None:
        """The server that is known without being named in USER."""
        return self.state.opened or self.state.given

    def facts(
        self,
        user: bytes | None = None,
        server: Server | None = None,
        *,
        final: bool = False,
        named: Server | None = None,
    ) -> Facts:
        """What is known, and what USER may have said; ``named`` is the server that the client has named
        in words."""
        desk = self.desk
        return Facts(
            client=desk.client.peer,
            account=desk.account,
            sni=self.state.sni,
            host=self.state.host,
            user=printable(user or b""),
            destination=server or self.server,
            named=named or self.state.opened,
            final=final,
        )

    def route(
        self,
        user: bytes | None = None,
        server: Server | None = None,
        *,
        final: bool = False,
        named: Server | None = None,
    ) -> Route | Undecided:
        """The way, by those facts."""
        return self.desk.rules.route(self.facts(user, server, final=final, named=named))

    def settled(self, facts: Facts, route: Route) -> None:
        """A session goes that way by those facts: what rules that are only tried say to it.

        Where they said nothing before USER has come, they are asked again with it.
        """
        tried = self.desk.rules.tried
        if tried is None:
            return
        told = tried(facts, route)
        self.state = self.state._replace(waits=told is None and not facts.final)
        if told is not None:
            self.desk.observe(told)

    def named(self, user: bytes | None, route: Route) -> None:
        """USER has come to a session that goes that way already."""
        tried = self.desk.rules.tried
        if tried is None or not self.state.waits:
            return
        told = tried(self.facts(user, final=True), route)
        if told is not None:
            self.state = self.state._replace(waits=False)
            self.desk.observe(told)

    def leads_somewhere(self, route: Route | Undecided) -> bool:
        """True where no word of the client is needed to tell the server."""
        return isinstance(route, Route) and (bool(route.servers) or self.server is not None)

    def known(self, user: bytes | None = None) -> bool:
        """True where the server is known without being named in USER."""
        return self.leads_somewhere(self.route(user, self.server, final=True))

    @property
    def free(self) -> bool:
        """True where the client may name its server."""
        route = self.route(final=True)
        fixed = isinstance(route, Route) and route.servers
        return self.desk.client.destination is None and not fixed

    def speaks(self, dialect: Dialect) -> bool:
        """Whether clients may name their server so."""
        return dialect in self.desk.rules.dialects

    def open(self, server: Server | None) -> None:
        """The server of SITE, OPEN or ``account@server``; None forgets it."""
        self.state = self.state._replace(opened=server)

    def forget(self) -> None:
        """TLS with the client begins: HOST, SITE and OPEN were said in clear."""
        self.state = Known(given=self.desk.client.destination, waits=self.state.waits)

    def secured(self, sni: str) -> None:
        """TLS with the client stands; ``sni`` is the name it asked for."""
        name = sni if HOST.fullmatch(sni) else ""
        self.state = self.state._replace(sni=name)
        if name and self.speaks(Dialect.SNI) and self.state.given is None:
            self.state = self.state._replace(given=Server(name))

    # -- HOST -------------------------------------------------------------------------------------

    @property
    def hears_host(self) -> bool:
        """True where HOST has a meaning here."""
        return self.desk.rules.hosts is not None or self.speaks(Dialect.HOST)

    def host(self, argument: bytes | None, *, late: bool) -> None:
        """HOST: the last one wins; ``late`` is 503, a port inside 501, an unknown name 504.

        Raise BadArgument where it cannot be read.
        """
        desk = self.desk
        if not self.hears_host:
            desk.refuse(502, "HOST names no server here.")
            return
        text = argument or b""
        server = parse_server(text)
        host = server.host.lower()
        if b":" in text.rpartition(b"]")[2]:
            raise BadArgument("HOST takes no port.")
        if late:
            desk.refuse(503, "HOST comes before the login.")
        elif self.state.sni and host != self.state.sni:
            desk.refuse(504, "HOST and the name in the TLS handshake differ.")
        elif desk.rules.hosts is not None and desk.rules.hosts(host):
            self.state = self.state._replace(host=host, given=desk.client.destination)
            desk.answer(reply(220, "Host accepted."))
        elif self.speaks(Dialect.HOST) and self.free:
            self.state = self.state._replace(host=host, given=server)
            desk.answer(reply(220, "Host accepted."))
        else:
            desk.refuse(504, "No such host here.")
