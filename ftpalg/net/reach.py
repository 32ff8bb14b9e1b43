"""Reaches a server: tries each of them, each of its addresses, each with a timeout.

The socket is ours until it leads to the server, parent and PROXY header included; then it is handed
on.  A connection goes to the very address that was judged, never to the name again.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver
from zope.interface import implementer

from ftpalg.config import Parent
from ftpalg.core.addresses import normal
from ftpalg.core.routes import Server
from ftpalg.net.data import ANY, Address, Descriptor, dial, reset
from ftpalg.net.parents import HttpConnect, Negotiation, Socks5
from ftpalg.net.preface import header
from ftpalg.net.secrets import NoSecret, read_secret

Judge = Callable[[Server, str], str]
"""Why that address of that server may not be dialled, empty where it may; the address is empty where
a parent resolves the name."""

NEGOTIATIONS: dict[str, type[Negotiation]] = {"socks5": Socks5, "http": HttpConnect}


@dataclass(frozen=True, slots=True)
class Way:
    """How sockets towards a server are opened.

    ``source`` is our address or empty; ``transparent`` where it is not this machine's own.
    ``client`` is whom a PROXY header of version ``proxy_protocol`` tells, without a host ourselves;
    0 for no header.
    """

    parent: Parent | None = None
    source: str = ""
    transparent: bool = False
    proxy_protocol: int = 0
    client: tuple[str, int] = ("", 0)

    @property
    def proxied(self) -> bool:
        """True where a parent is told the server in a language of its own."""
        return self.parent is not None and self.parent.url.scheme in NEGOTIATIONS


@implementer(IResolutionReceiver)
class Addresses:
    """Collects what a name resolves to, in the order of the answer."""

    def __init__(self, done: Callable[[list[str]], None]) -> None:
        self._done = done
        self._found: list[str] = []

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:
        pass

    def addressResolved(self, address: IAddress) -> None:
        host = str(getattr(address, "host", ""))
        if host and host not in self._found:
            self._found.append(host)

    def resolutionComplete(self) -> None:
        self._done(self._found)


def resolve(reactor: Any, host: str, done: Callable[[list[str]], None]) -> None:
    """Give ``done`` the addresses of a name, or of an address the address itself."""
    if isIPAddress(host) or isIPv6Address(host):
        done([host])
    else:
        reactor.nameResolver.resolveHostName(Addresses(done), host, 0)


def ends_at(sock: socket.socket, host: str, port: int) -> bool:
    """Whether that is our end of a connection; a closed one has none."""
    try:
        ours = sock.getsockname()
    except OSError:
        return False
    return (normal(ours[0]), ours[1]) == (host, port)


class Passage:
    """One data or control connection on its way: the dial, then the parent's consent.

    ``abort`` gives it up; nothing is called any more.
    """

    def __init__(
        self,
        reactor: Any,
        way: Way,
        server: Server,
        ours: Address,
        theirs: Address,
        opened: Callable[[socket.socket], None],
        failed: Callable[[str], None],
        source_port: int = 0,
    ) -> None:
        self._reactor = reactor
        self._way = way
        self._server = server
        self._opened = opened
        self._failed = failed
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
        try:
            password = _text(read_secret(parent.secret)) if parent.secret else ""
            self._step = NEGOTIATIONS[parent.url.scheme](
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


class Reach:
    """Some servers being tried in order; the first that takes a connection is it.

    ``reached`` gets the socket, the server, and the address that was dialled.  ``failed`` gets every
    reason, and the sentence for the client where what stood against it was a judgement.
    """

    def __init__(
        self,
        reactor: Any,
        way: Way,
        servers: list[Server],
        seconds: float,
        judge: Judge,
        reached: Callable[[socket.socket, Server], None],
        failed: Callable[[str, str], None],
    ) -> None:
        self._reactor = reactor
        self._way = way
        self._servers = servers
        self._seconds = seconds
        self._judge = judge
        self._reached = reached
        self._failed = failed
        self._server = servers[0]
        self._hosts: list[str] = []
        self._port = 0
        self._reasons: list[str] = []
        self._forbidden = ""
        self._passage: Passage | None = None
        self._timer: Any = None
        self._over = False

    def start(self) -> None:
        """Begin; one of the two may be called before this returns."""
        self._next_server()

    def cancel(self) -> None:
        """Give up; nothing is called any more."""
        self._over = True
        self._stop_timer()
        if self._passage is not None:
            self._passage.abort()
            self._passage = None

    def calls_from(self, host: str, port: int) -> bool:
        """Whether that is our end of the connection that is on its way."""
        return self._passage is not None and self._passage.calls_from(host, port)

    # -- which address --------------------------------------------------------------------------

    def _next_server(self) -> None:
        if not self._servers:
            self._over = True
            self._failed("; ".join(self._reasons), self._forbidden)
            return
        self._server = self._servers.pop(0)
        parent = self._way.parent
        target = parent.url.server if parent else self._server
        self._port = target.port
        if parent is not None and not self._may(self._literal(self._server.host)):
            self._next_server()
            return
        resolve(self._reactor, target.host, lambda hosts: self._resolved(target.host, hosts))

    @staticmethod
    def _literal(host: str) -> str:
        return host if isIPAddress(host) or isIPv6Address(host) else ""

    def _may(self, host: str) -> bool:
        forbidden = self._judge(self._server, normal(host) if host else "")
        if forbidden:
            self._forbidden = forbidden
            self._reasons.append(f"{host or self._server.host}: not allowed: {forbidden}")
        return not forbidden

    def _resolved(self, name: str, hosts: list[str]) -> None:
        if self._over:
            return
        if not hosts:
            self._reasons.append(f"no address for {name}")
        self._hosts = hosts
        self._next_host()

    def _next_host(self) -> None:
        while self._hosts:
            if self._sets_out(self._hosts.pop(0)):
                return
        self._next_server()

    def _sets_out(self, host: str) -> bool:
        """Whether the way to an address is begun; if not, why not is among the reasons."""
        if self._way.parent is None and not self._may(host):
            return False
        ours = (self._way.source, 0) if self._way.source else ANY[":" in host]
        if (":" in ours[0]) is not (":" in host):
            self._reasons.append(f"{host}: the source address {ours[0]} is of another family")
            return False
        try:
            self._passage = Passage(
                self._reactor,
                self._way,
                self._server,
                ours,
                _socket_address(host, self._port),
                lambda sock: self._arrived(host, sock),
                lambda reason: self._missed(host, reason),
            )
        except OSError as error:
            self._reasons.append(f"{host}: {error.strerror or error}")
            return False
        self._timer = self._reactor.callLater(self._seconds, self._late, host)
        return True

    # -- how it went ----------------------------------------------------------------------------

    def _late(self, host: str) -> None:
        self._timer = None
        if self._passage is not None:
            self._passage.abort()
        self._missed(host, "no answer within timeouts.connect")

    def _missed(self, host: str, reason: str) -> None:
        self._stop_timer()
        self._passage = None
        self._reasons.append(f"{host}: {reason}")
        self._next_host()

    def _arrived(self, host: str, sock: socket.socket) -> None:
        try:
            self._introduce(sock)
        except OSError:
            sock.close()
            self._missed(host, "the connection broke at once")
            return
        self._stop_timer()
        self._passage = None
        self._over = True
        self._reached(sock, self._server)

    def _introduce(self, sock: socket.socket) -> None:
        """Say whose connection it is, where that is wanted.  Raise OSError where it is broken."""
        theirs, ours = sock.getpeername(), sock.getsockname()
        if self._way.proxy_protocol:
            source = self._way.client if self._way.client[0] else ours[:2]
            sock.send(header(self._way.proxy_protocol, source, theirs[:2]))  # the first bytes fit

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _text(password: bytes) -> str:
    """Raise NoSecret where the parents' protocols, which want UTF-8, cannot take it."""
    try:
        return password.decode()
    except UnicodeDecodeError:
        raise NoSecret("the password must be in UTF-8") from None


def _socket_address(host: str, port: int) -> Address:
    """What connect() takes; the zone of a link-local IPv6 address goes into its scope.

    Raise OSError where there is no such zone.
    """
    name, _, zone = host.partition("%")
    if not zone:
        return (host, port)
    scope = int(zone) if zone.isdigit() else socket.if_nametoindex(zone)
    return (name, port, 0, scope)
