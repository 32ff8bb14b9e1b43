"""A port beside the listeners, that no client of FTP comes to: opened, renewed, handed on and closed.

As with the listeners, what is handed on to the next program is read no more and never closed here.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IReactorSocket
from twisted.python.failure import Failure

from ftpalg.config import SettingsError
from ftpalg.endpoints import endpoint_of
from ftpalg.life import faults
from ftpalg.life.faults import CannotStart
from ftpalg.life.listening import IPort


class Beside:
    """The port of the setting ``key``; none while its endpoint is empty."""

    def __init__(self, reactor: IReactorSocket, key: str, factory: IProtocolFactory) -> None:
        self._reactor = reactor
        self._key = key
        self._factory: Any = factory
        self._endpoint = ""
        self.port: IPort | None = None

    def open(self, endpoint: str, inherited: dict[str, int]) -> None:
        """Listen there, on the socket that was handed on if there is one, which is taken from those.
        Raise CannotStart."""
        number = inherited.pop(self._name(endpoint), None)
        self.port = self._adopt(number) if number is not None else None
        if self.port is None and endpoint:
            self.port = self.listen(endpoint)
        self._endpoint = endpoint

    @contextmanager
    def renewed(self, endpoint: str) -> Iterator[None]:
        """Listen there instead, where nothing is raised meanwhile.  Raise CannotStart."""
        with renewed([(self, endpoint)]):
            yield

    @property
    def endpoint(self) -> str:
        """Where it listens, as the settings spell it."""
        return self._endpoint

    @property
    def is_plain(self) -> bool:
        """Whether who comes to its port is ours without anything between: another one could have it."""
        return self.port is not None and self._of(self.port).factory is self._factory

    def take(self, port: IPort, endpoint: str) -> None:
        """Have a port that another one has left: who comes there is ours from now on."""
        before, self._of(port).factory = self._of(port).factory, self._factory
        self._factory.doStart()
        before.doStop()
        self.have(port, endpoint)

    def have(self, port: IPort | None, endpoint: str) -> None:
        """Have one that was opened for us, or none."""
        self.port, self._endpoint = port, endpoint

    @staticmethod
    def _of(port: IPort) -> Any:
        """Twisted's own class, whose factory is no part of an interface."""
        return port

    def listen(self, endpoint: str) -> IPort:
        """A port there, which is not had yet.  Raise CannotStart."""
        ports: list[IListeningPort] = []
        failures: list[Failure] = []
        try:
            listening = endpoint_of(self._reactor, endpoint, self._key).listen(self._factory)
        except SettingsError as error:
            raise CannotStart("; ".join(error.faults)) from None
        listening.addCallbacks(ports.append, failures.append)
        if failures:
            raise faults.listening(failures[0].value, endpoint, self._key)
        if not ports:
            raise CannotStart(f"{self._key} = {endpoint!r}: it does not listen at once.")
        return cast(IPort, ports[0])

    def _adopt(self, number: int) -> IPort | None:
        """The port of a socket that was handed on, or None where it is none."""
        try:
            sock = socket.socket(fileno=number)
        except OSError:
            os.close(number)
            return None
        with sock:  # it is duplicated
            try:
                port = self._reactor.adoptStreamPort(number, sock.family, self._factory)
            except OSError:
                return None
        return cast(IPort, port)

    def _name(self, endpoint: str) -> str:
        return f"{self._key} {endpoint}"

    @property
    def descriptors(self) -> dict[str, int]:
        """What is handed on."""
        return {} if self.port is None else {self._name(self._endpoint): self.port.fileno()}

    def hand_on(self) -> None:
        """The next program accepts there from now on."""
        port, self.port = self.port, None
        if port is not None:
            port.stopReading()

    def close(self) -> list[Deferred[None]]:
        """Nobody listens there any more; a Deferred where that takes a while."""
        port, self.port = self.port, None
        closing = port.stopListening() if port is not None else None
        return [] if closing is None else [closing]


Move = tuple[Beside, str]
"""One, and the endpoint that it is to have."""


@contextmanager
def renewed(moves: Sequence[Move]) -> Iterator[None]:
    """Let each listen there instead, where nothing is raised meanwhile.  Raise CannotStart.

    One that goes where another was gets its port: two may change places.
    """
    moves = [(one, endpoint) for one, endpoint in moves if endpoint != one.endpoint]
    left = {one.endpoint: one for one, _ in moves if one.is_plain}
    taken = {one: left.pop(endpoint) for one, endpoint in moves if endpoint in left}
    opened: dict[Beside, IPort] = {}
    try:
        for one, endpoint in moves:
            if endpoint and one not in taken:
                opened[one] = one.listen(endpoint)
        yield
    except BaseException:
        for port in opened.values():
            port.stopListening()
        raise
    ports = {one: other.port for one, other in taken.items()}
    going = {id(port) for port in ports.values()}
    for one, _ in moves:
        if id(one.port) not in going:
            one.close()
    for one, endpoint in moves:
        taking = ports.get(one)
        if taking is not None:
            one.take(taking, endpoint)
        else:
            one.have(opened.get(one), endpoint)
