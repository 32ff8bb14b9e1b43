"""One attempt to open a connection to a server: the dial, and the parent's consent where there is one."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from ftpalg.config import Parent
from ftpalg.core.events import Link
from ftpalg.core.routes import Route, Server
from ftpalg.core.value import value
from ftpalg.core.wire.addresses import normal
from ftpalg.net.legs.dialling import dial
from ftpalg.net.legs.sockets import Address, Descriptor, reset
from ftpalg.net.reach.names import is_address
from ftpalg.net.reactors import Reactor
from ftpalg.net.stored_passwords import NoSecret, read_secret

if TYPE_CHECKING:
    from ftpalg.net.reach.parents import Negotiation

NEGOTIATED = ("socks5", "http")
"""Parents that are asked in a language of their own."""


def negotiations() -> Mapping[str, type[Negotiation]]:
    """Those languages; a gateway without such parents starts the sooner without their libraries."""
    from ftpalg.net.reach.parents import NEGOTIATIONS

    return NEGOTIATIONS


@value
class Way(NamedTuple):
    """How sockets towards a server are opened.

    ``source`` is our address or empty; ``transparent`` where it is not this machine's own.
    ``asked`` is what a parent was asked for in the server's stead: its judged address, or its name.
    ``client`` is whom a PROXY header of version ``proxy_protocol`` tells, without a host ourselves;
    0 for no header.
    """

    parent: Parent | None = None
    source: str = ""
    transparent: bool = False
    proxy_protocol: int = 0
    client: tuple[str, int] = ("", 0)
    asked: str = ""

    @property
    def proxied(self) -> bool:
        """True where a parent is told the server in a language of its own."""
        return self.parent is not None and self.parent.url.scheme in NEGOTIATED

    def led_to(self, server: Server, asked: str) -> Server:
        """Who a connection leads to: an FTP parent is told what was ``asked``, USER user@server."""
        return Server(asked, server.port) if asked and not self.proxied else server

    def preferred(self, asked: list[str]) -> list[str]:
        """What a parent is asked for, in this order: old FTP proxies know no IPv6 address."""
        return asked if self.proxied else sorted(asked, key=lambda name: ":" in name)

    def hindered(self, host: str) -> str:
        """Why that address cannot be dialled this way, or nothing."""
        if self.source and (":" in self.source) is not (":" in host):
            return f"the source address {self.source} is of another family"
        return ""

    def certified(self, server: Server) -> Server:
        """Whose certificate is shown to us: an FTP parent speaks TLS itself."""
        return self.parent.url.server if self.parent and not self.proxied else server


DIRECT = Way()


def way_of(route: Route, parent: Parent | None, client: Link | None) -> Way:
    """How sockets towards the servers of a route are opened, for a client or for ourselves."""
    keeps = route.source == "client"
    source = "" if keeps else route.source
    if not (parent or route.source or route.proxy_protocol):
        return DIRECT
    if client is None:
        return Way(parent, source, proxy_protocol=route.proxy_protocol)
    return Way(
        parent,
        client.peer if keeps else source,
        transparent=keeps,
        proxy_protocol=route.proxy_protocol,
        client=(client.peer, client.peer_port),
    )


class Asked(Enum):
    """What is asked for a server, of whom."""

    DIALLED = "we look it up, and dial it"
    ADDRESS = "the parent is asked for the address that it is named by"
    RESOLVED = "we look it up, and the parent is asked for what was found"
    NAME = "the parent is told the name"


def spelled_once(hosts: Iterable[str]) -> list[str]:
    """Addresses as a parent is asked for them, each once."""
    return list(dict.fromkeys(map(normal, hosts)))


def asked(way: Way, host: str, by_name: Callable[[], str]) -> Asked:
    """How a server is reached; ``by_name`` is why a parent may not be told its name, or nothing."""
    if way.parent is None:
        return Asked.DIALLED
    if is_address(host):
        return Asked.ADDRESS
    return Asked.RESOLVED if by_name() else Asked.NAME


def ends_at(sock: socket.socket, host: str, port: int) -> bool:
    """Whether that is our end of a connection; a closed one has none."""
    try:
        ours = sock.getsockname()
    except OSError:
        return False
    return (normal(ours[0]), ours[1]) == (host, port)


class Attempt:
    """One data or control connection on its way: the dial, then the parent's consent.

    ``stands`` is called when a parent has taken the connection and is going to be asked.  ``abort``
    gives it up; nothing is called any more.
    """

    def __init__(
        self,
        reactor: Reactor,
        way: Way,
        server: Server,
        ours: Address,
        theirs: Address,
        opened: Callable[[socket.socket], None],
        failed: Callable[[str], None],
        source_port: int = 0,
        stands: Callable[[], None] = lambda: None,
    ) -> None:
        self._reactor = reactor
        self._way = way
        self._server = server
        self._opened = opened
        self._failed = failed
        self._stands = stands
        self._step: Descriptor = dial(
            reactor,
            ours,
            theirs,
            self._dialled if way.proxied else opened,
            failed,
            source_port,
            transparent=way.transparent,
        )

    def abort(self) -> None:
        self._step.abort()

    def calls_from(self, host: str, port: int) -> bool:
        """Whether that is our end of the connection."""
        return ends_at(self._step.socket, host, port)

    def _dialled(self, sock: socket.socket) -> None:
        parent, server = self._way.parent, self._server
        assert parent is not None
        self._stands()
        try:
            password = _text(read_secret(parent.secret)) if parent.secret else ""
            self._step = negotiations()[parent.url.scheme](
                self._reactor,
                sock,
                lambda: self._opened(sock),
                self._failed,
                server.host,
                server.port,
                user=parent.user,
                password=password,
            )
        except (NoSecret, ValueError) as error:
            reset(sock)
            sock.close()
            self._failed(f"parent {parent.name}: {error}")


def _text(password: bytes) -> str:
    """Raise NoSecret where the parents' protocols, which want UTF-8, cannot take it."""
    try:
        return password.decode()
    except UnicodeDecodeError:
        raise NoSecret("the password must be in UTF-8") from None
