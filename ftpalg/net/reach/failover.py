"""Reaches a server: tries each of them, and each of its addresses, the next before the last has failed.

The socket is ours until it leads to the server, parent and PROXY header included; then it is handed
on.  A connection goes to the very address that was judged, through a parent too, never to the name
again; only where the rules let a parent know a name, and for servers of the settings, it is told the
name.  Of several attempts one connection is left (RFC 8305).
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import NamedTuple

from twisted.internet.interfaces import IDelayedCall

from ftpalg.core.routes import Server
from ftpalg.core.value import value
from ftpalg.core.wire.addresses import normal
from ftpalg.core.wire.proxy_header import header
from ftpalg.net.ledger import Grant, Short
from ftpalg.net.legs.sockets import ANY, Address
from ftpalg.net.reach.attempt import Asked, Attempt, Way, asked, spelled_once
from ftpalg.net.reach.dead import Dead
from ftpalg.net.reach.names import MOST, LookUp, Resolve, is_address
from ftpalg.net.reactors import Reactor

Reached = Callable[[socket.socket, Server, Way], None]
"""Told the connected socket, whose it is, and the way that led there."""
Failed = Callable[[str, str], None]
"""Told every reason, and the sentence for the client where what stood against it was a judgement."""


def anybody(server: Server) -> str:
    """Nothing stands against one more."""
    return ""


@value
class Rules(NamedTuple):
    """What a reach must obey.

    ``judge``: why that address of that server may not be dialled, empty where it may; the address is
    empty where a parent is told the name.  ``by_name``: why a parent may not be told the name of that
    server, empty where it may.  ``resolve`` looks up the servers' names.  ``loops``: why an address, a
    parent's too, would lead back; that is for the log only.  ``takes``: why a server has
    no room for one more, empty where it has; from then on there is one more.  ``crowded`` hears of
    descriptors that are not granted.
    """

    judge: Callable[[Server, str], str]
    by_name: Callable[[Server], str]
    resolve: Resolve
    loops: Callable[[str], str] = lambda address: ""
    takes: Callable[[Server], str] = anybody
    crowded: Callable[[Short], object] = lambda short: None


@value
class Means(NamedTuple):
    """What every reach works with.

    ``resolve`` looks up the parents' names.  ``connect`` are the seconds for each address, ``stagger``
    those until the next one is tried as well.  ``is_own`` knows our own listeners.
    """

    reactor: Reactor
    resolve: Resolve
    connect: float
    stagger: float
    dead: Dead
    is_own: Callable[[str, int], bool]
    warned: Callable[[str], None]


@value
class Target(NamedTuple):
    """Whom to dial, and what a parent there is asked for."""

    host: str
    port: int
    asked: str = ""


class Reach:
    """Some servers being tried in order; the first that takes a connection is it.

    One of ``reached`` and ``failed`` is called, once.  ``tried`` has each address that was in vain, with
    why, and how long it took.
    """

    def __init__(
        self,
        means: Means,
        way: Way,
        servers: list[Server],
        rules: Rules,
        reached: Reached,
        failed: Failed,
        held: Grant | None = None,
    ) -> None:
        self._means = means
        self._way = way
        self._servers = servers
        self._rules = rules
        self._reached = reached
        self._failed = failed
        self._server = servers[0]
        self._looking: LookUp | None = None
        self._targets: list[Target] = []
        self.tried: list[str] = []
        self._under_way: dict[Target, tuple[Attempt, IDelayedCall, float]] = {}
        self._missing: list[tuple[Target, str]] = []
        self._reasons: list[str] = []
        self._forbidden = ""
        self._stagger: IDelayedCall | None = None
        self._over = False
        self._held = held

    def start(self) -> None:
        """Begin; one of the two may be called before this returns."""
        self._next_server()

    def cancel(self) -> None:
        """Give up; nothing is called any more."""
        self._over = True
        if self._looking is not None:
            self._looking.cancel()
        self._stop()

    def calls_from(self, host: str, port: int) -> bool:
        """Whether that is our end of a connection that is on its way."""
        return any(attempt.calls_from(host, port) for attempt, *_ in self._under_way.values())

    # -- which address --------------------------------------------------------------------------

    def _next_server(self) -> None:
        if not self._servers:
            self._over = True
            self._failed("; ".join(self._reasons), self._forbidden)
            return
        self._server = self._servers.pop(0)
        self._missing.clear()
        full = self._rules.takes(self._server)
        if full:
            self._forbidden = full
            self._reasons.append(f"{self._server}: its sessions are as many as the limits allow")
            self._next_server()
            return
        host = self._server.host
        how = asked(self._way, host, lambda: self._rules.by_name(self._server))
        if how is Asked.DIALLED:
            self._look_up(host, self._rules.resolve, self._found)
        elif how is Asked.RESOLVED:
            self._look_up(host, self._rules.resolve, self._resolved)
        else:
            self._ask_for([normal(host) if how is Asked.ADDRESS else host])

    def _look_up(self, host: str, resolve: Resolve, then: Callable[[list[str]], None]) -> None:
        if is_address(host):
            then([host])
            return
        done = False

        def answered(hosts: list[str], fault: str) -> None:
            nonlocal done
            done, self._looking = True, None
            if self._over:
                return
            if fault:
                self._reasons.append(fault)
            then(hosts)

        looking = resolve(host, answered)
        if not done:
            self._looking = looking

    def _found(self, hosts: list[str]) -> None:
        """What to dial where nobody stands between."""
        self._try([Target(host, self._server.port) for host in hosts])

    def _resolved(self, hosts: list[str]) -> None:
        """What a parent is asked for, where it is not told the name."""
        if not hosts:
            self._forbidden = self._rules.by_name(self._server)
        self._ask_for(spelled_once(hosts))

    def _ask_for(self, names: list[str]) -> None:
        """Ask the parent for one of these, judged before anything is dialled."""
        parent = self._way.parent
        assert parent is not None
        allowed = [name for name in names if self._may(name if is_address(name) else "")]
        known = self._way.preferred(allowed)
        if not known:
            self._next_server()
            return
        server = parent.url.server

        def found(hosts: list[str]) -> None:
            self._try([Target(host, server.port, name) for name in known for host in hosts])

        self._look_up(server.host, self._means.resolve, found)

    def _may(self, host: str) -> bool:
        forbidden = self._rules.judge(self._server, normal(host) if host else "")
        if forbidden:
            self._forbidden = forbidden
            self._reasons.append(f"{host or self._server.host}: not allowed: {forbidden}")
        return not forbidden

    # -- attempts -------------------------------------------------------------------------------

    def _try(self, targets: list[Target]) -> None:
        self._targets = self._means.dead.last(list(dict.fromkeys(targets))[:MOST])
        self._go_on()

    def _go_on(self) -> None:
        """Begin the next attempt, or turn to the next server behind the last one's failure."""
        self._forget_stagger()
        while self._targets:
            if self._sets_out(self._targets.pop(0)):
                if self._targets:
                    seconds = self._means.stagger
                    self._stagger = self._means.reactor.callLater(seconds, self._next_too)
                return
        if not self._under_way:
            self._next_server()

    def _next_too(self) -> None:
        self._stagger = None
        self._go_on()

    def _sets_out(self, target: Target) -> bool:
        """Whether the way to an address is begun; if not, why not is among the reasons."""
        host = target.host
        if self._way.parent is None:
            if not self._may(host):
                return False
        elif self._means.is_own(normal(host), target.port):
            self._reasons.append(f"parent {self._way.parent.name} is this gateway itself")
            return False
        loop = self._rules.loops(normal(host))
        if loop:
            self._reasons.append(f"{host}: {loop}")
            return False
        hindered = self._way.hindered(host)
        if hindered:
            self._reasons.append(f"{host}: {hindered}")
            return False
        if not self._count(len(self._under_way) + 1):
            self._reasons.append(f"{host}: too many descriptors are in use")
            return False
        ours = (self._way.source, 0) if self._way.source else ANY[":" in host]
        try:
            attempt = Attempt(
                self._means.reactor,
                self._way,
                Server(target.asked, self._server.port) if target.asked else self._server,
                ours,
                _socket_address(host, target.port),
                lambda sock: self._arrived(target, sock),
                lambda reason: self._missed(target, reason),
                stands=lambda: self._stands(target),
            )
        except OSError as error:
            self._count(len(self._under_way))
            why = error.strerror or str(error)
            self._reasons.append(f"{host}: {why}")
            self.tried.append(f"{Server(host, target.port)} {why} (0 ms)")
            return False
        timer = self._means.reactor.callLater(self._means.connect, self._late, target)
        self._under_way[target] = attempt, timer, self._means.reactor.seconds()
        return True

    def _stands(self, target: Target) -> None:
        """A parent has taken the connection: it is asked alone, the others wait for its answer."""
        self._forget_stagger()
        self._missing += self._overtaken(target)
        others = [other for other in self._under_way if other != target]
        for other in others:
            self._abort(other)
        self._targets[:0] = others

    def _overtaken(self, target: Target) -> list[tuple[Target, str]]:
        """Those that began before it and have not answered."""
        begun = list(self._under_way)
        return [(other, "no answer yet") for other in begun[: begun.index(target)]]

    # -- how it went ----------------------------------------------------------------------------

    def _late(self, target: Target) -> None:
        self._under_way[target][0].abort()
        self._missed(target, "no answer within timeouts.connect")

    def _missed(self, target: Target, reason: str) -> None:
        took = (self._means.reactor.seconds() - self._forget(target)) * 1000
        self.tried.append(f"{Server(target.host, target.port)} {reason} ({took:.0f} ms)")
        self._missing.append((target, reason))
        self._reasons.append(f"{target.host}: {reason}")
        self._go_on()

    def _arrived(self, target: Target, sock: socket.socket) -> None:
        try:
            self._introduce(sock)
        except OSError:
            sock.close()
            self._missed(target, "the connection broke at once")
            return
        missing = self._missing
        if len(self._under_way) > 1:
            missing = missing + self._overtaken(target)
        self._forget(target)
        self._over = True
        self._stop()
        if missing:
            self._remember([one for one in missing if one[0] != target])
        server = self._way.led_to(self._server, target.asked)
        way = self._way._replace(asked=target.asked) if target.asked else self._way
        self._reached(sock, server, way)

    def _remember(self, missing: list[tuple[Target, str]]) -> None:
        """Another one was reached: these are tried last for a while."""
        for target, reason in missing:
            if self._means.dead.add(target):
                self._means.warned(
                    f"{target.host}, an address of {self._server}: {reason}; it is tried last for a minute"
                )

    def _introduce(self, sock: socket.socket) -> None:
        """Say whose connection it is, where that is wanted.  Raise OSError where it is broken."""
        theirs = sock.getpeername()
        if self._way.proxy_protocol:
            source = self._way.client if self._way.client[0] else sock.getsockname()[:2]
            sock.send(header(self._way.proxy_protocol, source, theirs[:2]))  # the first bytes fit

    # -- what is under way ------------------------------------------------------------------------

    def _stop(self) -> None:
        self._forget_stagger()
        for target in list(self._under_way):
            self._abort(target)

    def _abort(self, target: Target) -> None:
        self._under_way[target][0].abort()
        self._forget(target)

    def _forget(self, target: Target) -> float:
        """The second at which it began."""
        _, timer, began = self._under_way.pop(target)
        if timer.active():
            timer.cancel()
        self._count(len(self._under_way))
        return began

    def _count(self, sockets: int) -> bool:
        """So many are open from now on; the first one is granted for as long as this lasts."""
        held, most = self._held, sockets or 1
        if held is None or held.amount == most:
            return True
        short = held.to(most)
        if short is not None:
            self._rules.crowded(short)
        return short is None

    def _forget_stagger(self) -> None:
        if self._stagger is not None:
            self._stagger.cancel()
            self._stagger = None


def _socket_address(host: str, port: int) -> Address:
    """What connect() takes; the zone of a link-local IPv6 address goes into its scope.

    Raise OSError where there is no such zone.
    """
    name, _, zone = host.partition("%")
    if not zone:
        return (host, port)
    scope = int(zone) if zone.isdigit() else socket.if_nametoindex(zone)
    return (name, port, 0, scope)
