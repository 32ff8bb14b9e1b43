"""A port beside the listeners, that no client of FTP comes to: opened, renewed, handed on and closed.

As with the listeners, what is handed on to the next program is read no more and never closed here.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
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
            self.port = self._listen(endpoint)
        self._endpoint = endpoint

    @contextmanager
    def renewed(self, endpoint: str) -> Iterator[None]:
        """Listen there instead, where nothing is raised meanwhile.  Raise CannotStart."""
        if endpoint == self._endpoint:
            yield
            return
        port = self._listen(endpoint) if endpoint else None
        try:
            yield
        except BaseException:
            if port is not None:
                port.stopListening()
            raise
        self.close()
        self.port, self._endpoint = port, endpoint

    def _listen(self, endpoint: str) -> IPort:
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
