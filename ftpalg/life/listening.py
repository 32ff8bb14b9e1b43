"""The listeners of the gateway: opened, inherited, renewed, closed, handed on.

A listener is known by its endpoint, the second of the same by its number too.  Twisted shuts down the
sockets it has opened when it closes their ports, and with them those of a program that they were handed
on to: what is handed on is never closed here, it is only read no more.

A listener may have several sockets, one for each worker of the program before this one (SO_REUSEPORT): they
are ``NAME``, ``NAME #2``, ``NAME #3``.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import cast

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort, IReactorSocket, IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import Attribute

from ftpalg.config import Intercept, Listener
from ftpalg.endpoints import endpoint_of
from ftpalg.life import faults
from ftpalg.life.faults import CannotStart
from ftpalg.net.control.attached import accept_from
from ftpalg.net.control.client import ClientFactory
from ftpalg.net.legs.sockets import make_transparent
from ftpalg.net.own_addresses import Own

Make = Callable[[Listener], ClientFactory]


class IPort(IListeningPort, IReadDescriptor):
    """What Twisted's ports are to us."""

    socket = Attribute("The one that listens.")

    def stopReading() -> None:
        """Accept nobody any more."""


class Opened:
    """A listener that stands; ``more`` are its further sockets."""

    def __init__(
        self, listener: Listener, factory: ClientFactory, port: IPort, more: Sequence[IPort] = ()
    ) -> None:
        self.listener = listener
        self.factory = factory
        self.port = port
        self.ports = (port, *more)

    @property
    def address(self) -> tuple[str, int] | None:
        """Where it really listens; None for what has no such address."""
        host = self.port.getHost()
        return (host.host, host.port) if isinstance(host, IPv4Address | IPv6Address) else None

    def __str__(self) -> str:
        if self.address is None:
            return self.listener.endpoint
        host, port = self.address
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def named(listeners: Iterable[Listener]) -> dict[str, Listener]:
    """Each by its endpoint; of several with the same the later ones by its number too."""
    found: dict[str, Listener] = {}
    for listener in listeners:
        name, number = listener.endpoint, 1
        while name in found:
            number += 1
            name = f"{listener.endpoint} ({number})"
        found[name] = listener
    return found


class Listeners:
    """``standing`` by name, in the order of the settings; ``inherited`` are those that nobody has taken."""

    def __init__(
        self, reactor: IReactorSocket, own: Own, inherited: Mapping[str, int] = {}
    ) -> None:
        self._reactor = reactor
        self._own = own
        self.inherited = dict(inherited)
        self.standing: dict[str, Opened] = {}

    def check(self, listeners: Iterable[Listener]) -> None:
        """Raise SettingsError where an endpoint is none."""
        for name, listener in named(listeners).items():
            if name not in self.inherited and name not in self.standing:
                endpoint_of(self._reactor, listener.endpoint)

    def open(self, listeners: Iterable[Listener], make: Make) -> None:
        """Open those that do not stand yet.  Raise CannotStart, and none of them stands then."""
        opened: list[str] = []
        try:
            for name, listener in named(listeners).items():
                if name not in self.standing:
                    self._open(name, listener, make(listener))
                    opened.append(name)
        except CannotStart:
            for name in opened:
                self.close(name)
            raise

    def _open(self, name: str, listener: Listener, factory: ClientFactory) -> None:
        numbers = list(taken_from(self.inherited, name))
        ports = [port for number in numbers if (port := self._adopt(number, factory)) is not None]
        port, *more = ports or [self._listen(listener, factory)]
        opened = self.standing[name] = Opened(listener, factory, port, more)
        for one in opened.ports:
            accept_from(one, factory)
        if opened.address is not None:
            self._own.add(*opened.address)

    def _adopt(self, number: int, factory: ClientFactory) -> IPort | None:
        """The port of a socket that was handed on, or None where it is none."""
        try:
            with socket.socket(fileno=os.dup(number)) as sock:
                port = self._reactor.adoptStreamPort(sock.fileno(), sock.family, factory)
        except OSError:
            return None
        finally:
            os.close(number)
        return cast(IPort, port)

    def _listen(self, listener: Listener, factory: ClientFactory) -> IPort:
        ports: list[IListeningPort] = []
        failures: list[Failure] = []
        listening = endpoint_of(self._reactor, listener.endpoint).listen(factory)
        listening.addCallbacks(ports.append, failures.append)
        if failures:
            raise faults.listening(failures[0].value, listener.endpoint)
        if not ports:
            raise CannotStart(f"cannot listen on {listener.endpoint}: it does not listen at once.")
        port = cast(IPort, ports[0])
        if listener.intercept is Intercept.TPROXY:
            try:
                self._make_transparent(port, listener)
            except CannotStart:
                port.stopListening()
                raise
        return port

    def renew(self, listeners: Sequence[Listener], make: Make) -> None:
        """Have these and no others.  Those that stand already stay as they are, for new clients with
        new rules.  Raise CannotStart, and nothing has changed then.
        """
        wanted = named(listeners)
        for name, listener in wanted.items():
            standing = self.standing.get(name)
            if standing and listener.intercept is Intercept.TPROXY:
                self._make_transparent(standing.port, listener)
        self.open(listeners, make)
        for name in self.standing.keys() - wanted.keys():
            self.close(name)
        for name, listener in wanted.items():
            standing = self.standing[name]
            standing.listener = listener
            standing.factory.renew_from(make(listener))

    def _make_transparent(self, port: IPort, listener: Listener) -> None:
        try:
            make_transparent(port.socket)
        except OSError as error:
            raise faults.transparent(error, listener.endpoint) from None

    def forget_inherited(self) -> None:
        """What was handed on and is not in the settings any more."""
        for number in self.inherited.values():
            os.close(number)
        self.inherited.clear()

    def close(self, name: str) -> list[Deferred[None]]:
        """Close one; Deferreds where that takes a while."""
        opened = self.standing.pop(name)
        if opened.address is not None:
            self._own.discard(*opened.address)
        closing = [one.stopListening() for one in opened.ports]
        return [one for one in closing if one is not None]

    def close_all(self) -> list[Deferred[None]]:
        """Close every one; Deferreds where that takes a while."""
        return [one for name in list(self.standing) for one in self.close(name)]

    @property
    def descriptors(self) -> dict[str, int]:
        """What is handed on: the sockets, by endpoint."""
        return {
            numbered(name, at): port.fileno()
            for name, one in self.standing.items()
            for at, port in enumerate(one.ports)
        }

    def hand_on(self) -> None:
        """Another program accepts there from now on."""
        for opened in self.standing.values():
            for port in opened.ports:
                port.stopReading()
        self.standing.clear()


def numbered(name: str, at: int) -> str:
    """What the socket in that place, counted from 0, of a listener is called."""
    return f"{name} #{at + 1}" if at else name


def taken_from(sockets: MutableMapping[str, int], name: str) -> Iterator[int]:
    """Those of a listener, which are taken out."""
    at = 0
    while numbered(name, at) in sockets:
        yield sockets.pop(numbered(name, at))
        at += 1
