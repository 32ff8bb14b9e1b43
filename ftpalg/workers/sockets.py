"""The listening sockets of several workers: one for each listener and worker, all of them the supervisor's.

The kernel spreads connections over the sockets of one port (SO_REUSEPORT).  A worker that dies leaves its
own with the supervisor, and what waits in its backlog is accepted by the next one.  The first socket is bound
as a gateway of one process binds it, so that a port that somebody else has is a fault as ever; it joins the
others by that option only then.  A socket that cannot have siblings, systemd's or a file's, is shared by all.

What is here never accepts, and is never shut down: others have it too.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress

from twisted.internet.interfaces import IReactorSocket
from twisted.internet.protocol import ServerFactory
from twisted.python.failure import Failure

from ftpalg.config import Intercept, Listener
from ftpalg.config.endpoints import from_systemd
from ftpalg.endpoints import endpoint_of
from ftpalg.life import faults
from ftpalg.life.faults import CannotStart
from ftpalg.life.listening import IPort, named, numbered, taken_from
from ftpalg.net.legs.sockets import make_transparent

BACKLOG = 50
"""As Twisted has it."""


class Sockets:
    """``standing`` by the listener's name; ``inherited`` is what the program before this one had."""

    def __init__(
        self, reactor: IReactorSocket, workers: int, inherited: Mapping[str, int] = {}
    ) -> None:
        self._reactor = reactor
        self._workers = workers
        self.inherited = dict(inherited)
        self.standing: dict[str, list[socket.socket]] = {}

    def check(self, listeners: Iterable[Listener]) -> None:
        """Raise SettingsError where an endpoint is none."""
        for name, listener in named(listeners).items():
            if name not in self.inherited and name not in self.standing:
                endpoint_of(self._reactor, listener.endpoint)

    def open(self, listeners: Iterable[Listener]) -> list[str]:
        """Have those that do not stand yet; their names.  Raise CannotStart, and none of them stands then."""
        opened: list[str] = []
        try:
            for name, listener in named(listeners).items():
                if name not in self.standing:
                    self.standing[name] = self._made(name, listener)
                    opened.append(name)
        except CannotStart:
            self._close(opened)
            raise
        return opened

    @contextmanager
    def renewed(self, listeners: Iterable[Listener]) -> Iterator[list[str]]:
        """Have these and no others where nothing is raised meanwhile; gives the names of those that are new.
        Raise CannotStart."""
        wanted = named(listeners)
        opened = self.open(wanted.values())
        try:
            yield opened
        except BaseException:
            self._close(opened)
            raise
        self._close([name for name in self.standing if name not in wanted])

    def of(self, worker: int, names: Iterable[str] | None = None) -> dict[str, int]:
        """The descriptors of ``worker``, counted from 1, by their names there; of those listeners, or all."""
        return {
            numbered(name, at): sock.fileno()
            for name in (self.standing if names is None else names)
            for at, sock in enumerate(self._share(self.standing[name], worker))
        }

    def _share(self, sockets: list[socket.socket], worker: int) -> list[socket.socket]:
        if len(sockets) < self._workers:
            return [sockets[(worker - 1) % len(sockets)]]
        return sockets[worker - 1 :: self._workers]

    @property
    def descriptors(self) -> dict[str, int]:
        """What is handed on to the next program."""
        return {
            numbered(name, at): sock.fileno()
            for name, sockets in self.standing.items()
            for at, sock in enumerate(sockets)
        }

    @property
    def addresses(self) -> list[str]:
        """Where clients are awaited."""
        return [_address(name, sockets[0]) for name, sockets in self.standing.items()]

    def forget_inherited(self) -> None:
        """What was handed on and is not in the settings any more."""
        for number in self.inherited.values():
            os.close(number)
        self.inherited.clear()

    def close(self) -> None:
        """Nothing is accepted any more, once the workers have closed theirs."""
        self._close(list(self.standing))

    def _close(self, names: Iterable[str]) -> None:
        for name in names:
            for sock in self.standing.pop(name, ()):  # it may have been closed meanwhile
                sock.close()

    # -- how they are made ------------------------------------------------------------------------

    def _made(self, name: str, listener: Listener) -> list[socket.socket]:
        found = [socket.socket(fileno=number) for number in taken_from(self.inherited, name)]
        if not found:
            found = [self._listen(listener)]
            if listener.intercept is Intercept.TPROXY:
                try:
                    make_transparent(found[0])
                except OSError as error:
                    found[0].close()
                    raise faults.transparent(error, listener.endpoint) from None
        first = found[0]
        if first.family in (socket.AF_INET, socket.AF_INET6) and not from_systemd(
            listener.endpoint
        ):
            siblings = range(self._workers - len(found))
            with suppress(OSError):  # then there are as many as there are: fewer are shared
                first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                found += [_sibling(first, listener) for _ in siblings]
        return found

    def _listen(self, listener: Listener) -> socket.socket:
        """The socket of a port of Twisted's, which accepts nobody.  Raise CannotStart."""
        ports: list[IPort] = []
        failures: list[Failure] = []
        listening = endpoint_of(self._reactor, listener.endpoint).listen(ServerFactory())
        listening.addCallbacks(ports.append, failures.append)
        if failures:
            raise faults.listening(failures[0].value, listener.endpoint)
        if not ports:
            raise CannotStart(f"cannot listen on {listener.endpoint}: it does not listen at once.")
        port = ports[0]
        port.stopReading()
        found: socket.socket = port.socket
        return found


def _sibling(first: socket.socket, listener: Listener) -> socket.socket:
    """Another socket on the same port.  Raise OSError."""
    made = socket.socket(first.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if first.family == socket.AF_INET6:
            only = first.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
        if listener.intercept is Intercept.TPROXY:
            make_transparent(made)
        made.bind(first.getsockname())
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    return made


def _address(name: str, sock: socket.socket) -> str:
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return name
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
