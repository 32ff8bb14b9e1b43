"""Endpoints of settings as endpoints of Twisted.

systemd's sockets stay open under their own numbers for as long as the process lives, and what listens is
a copy: a listener that was taken out of the settings may come back.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, execute
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from zope.interface import implementer

from ftpalg.config import SettingsError
from ftpalg.config.endpoints import FORMS, WRITTEN, Socket, from_systemd, socket_of, systemd_name

FIRST = 3
"""The first descriptor that systemd hands on: sd_listen_fds(3)."""


BEGINNING = Path("/proc/self/environ")
"""The environment that this process was started with."""


@implementer(IStreamServerEndpoint)
class FromSystemd:
    """A socket of systemd's."""

    def __init__(self, reactor: object, descriptor: int, family: int) -> None:
        self.reactor = reactor
        self.descriptor = descriptor
        self.family = family

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """Accept from a copy of the socket."""
        from twisted.internet.endpoints import AdoptedStreamServerEndpoint

        copy = os.dup(self.descriptor)
        endpoint = AdoptedStreamServerEndpoint(self.reactor, copy, self.family)
        listening: Deferred[IListeningPort] = endpoint.listen(protocolFactory)
        return listening


def endpoint_of(reactor: object, text: str, key: str = "listen") -> IStreamServerEndpoint:
    """The endpoint that the setting ``key`` names.  Raise SettingsError where there is none.

    Twisted's own are imported where one is named: they bring its plug-ins and more.
    """
    if WRITTEN.fullmatch(text):
        return Written(reactor, socket_of(text))
    from twisted.internet.endpoints import serverFromString

    name = systemd_name(text)
    if name:
        descriptor = _handed_on(text, name, key)
        try:
            with socket.socket(fileno=os.dup(descriptor)) as found:
                os.set_inheritable(descriptor, False)
                return FromSystemd(reactor, descriptor, found.family)
        except OSError:
            raise _fault(key, text, NO_SOCKET) from None
    try:
        endpoint: IStreamServerEndpoint = serverFromString(reactor, text)
    except Exception:  # each endpoint's parser raises what it likes, in words of Python
        if from_systemd(text):
            raise _fault(key, text, NO_SOCKET) from None
        raise _fault(key, text, f"is no endpoint that Twisted knows; {FORMS}") from None
    return endpoint


@implementer(IStreamServerEndpoint)
class Written:
    """``HOST:PORT``, as people write it."""

    def __init__(self, reactor: Any, where: Socket | None) -> None:
        assert where is not None  # of every written form there is one
        self._reactor = reactor
        self._where = where

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        port, host = self._where.port, self._where.host
        return execute(self._reactor.listenTCP, port, protocolFactory, interface=host)


NO_SOCKET = (
    "systemd gives no such socket to this process; start it by a socket unit that has"
    " FileDescriptorName=NAME"
)


def _handed_on(text: str, name: str, key: str) -> int:
    """The descriptor of systemd's socket of a name."""
    environ = _environ()
    if environ.get("LISTEN_PID") != str(os.getpid()):
        raise _fault(key, text, NO_SOCKET)
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    found = [FIRST + at for at, one in enumerate(names) if one == name]
    if not found:
        raise _fault(key, text, NO_SOCKET)
    if len(found) > 1:
        raise _fault(key, text, f"systemd gives {len(found)} sockets of this name; name each apart")
    return found[0]


def _environ() -> Mapping[str, str]:
    """With what systemd has said: Twisted takes LISTEN_PID away as soon as its endpoints are imported."""
    if "LISTEN_PID" in os.environ:
        return os.environ
    try:
        whole = BEGINNING.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return os.environ
    named = (one.partition("=") for one in whole.split("\0"))
    return {name: value for name, mark, value in named if mark}


def _fault(key: str, text: str, remedy: str) -> SettingsError:
    return SettingsError([f"{key} = {text!r}: {remedy}"])
