"""Servers being reached, as tests want it: dials that end when they say so."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from errno import ECONNREFUSED
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Parent
from ftpalg.config.tables import ParentUrl
from ftpalg.core.routes import Server
from ftpalg.net.legs.sockets import Address
from ftpalg.net.reach import attempt as module
from ftpalg.net.reach import parents
from ftpalg.net.reach.attempt import Way
from ftpalg.net.reach.dead import Dead
from ftpalg.net.reach.failover import Means, Reach, Rules
from tests.net.doubles import Reactor, Resolver

NAME = "ftp.example"
REFUSED = os.strerror(ECONNREFUSED)
SILENT = "no answer within timeouts.connect"
JOINED = b"\x05\x00\x00\x01\xc0\x00\x02\x01\x00\x15"
LO = next((index for index, name in socket.if_nameindex() if name == "lo"), 0)


class Try:
    """A dial that ends as the test says."""

    def __init__(
        self,
        ours: Address,
        theirs: Address,
        opened: Callable[[Any], None],
        failed: Callable[[str], None],
        source_port: int,
        transparent: bool,
    ) -> None:
        self.ours, self.theirs = ours, theirs
        self.opened, self.failed = opened, failed
        self.source_port, self.transparent = source_port, transparent
        self.aborted = 0

    def abort(self) -> None:
        self.aborted += 1


class Asking:
    """A parent being asked, which answers as the test says."""

    def __init__(
        self,
        reactor: Any,
        sock: Any,
        done: Callable[[], None],
        failed: Callable[[str], None],
        host: str,
        port: int,
        **account: str,
    ) -> None:
        self.server = Server(host, port)
        self.done, self.failed = done, failed
        self.aborted = 0

    def abort(self) -> None:
        self.aborted += 1


class Told:
    """What a reach has told, in order."""

    def __init__(self) -> None:
        self.reached: list[tuple[Any, Server]] = []
        self.ways: list[Way] = []
        self.failed: list[tuple[str, str]] = []

    def callbacks(self) -> tuple[Any, Any]:
        """The two that a reach wants."""
        return (
            self._take,
            lambda reason, forbidden: self.failed.append((reason, forbidden)),
        )

    def _take(self, sock: Any, server: Server, way: Way) -> None:
        self.reached.append((sock, server))
        self.ways.append(way)

    @property
    def nothing(self) -> bool:
        """True while neither was called."""
        return not self.reached and not self.failed


def socks(name: str = "office", server: Server | None = None, **more: Any) -> Parent:
    """A SOCKS parent."""
    return Parent(name, ParentUrl("socks5", server or Server("192.0.2.99", 1080)), **more)


class Socket:
    """A connected socket, as far as a reach looks at it."""

    def __init__(self) -> None:
        self.sent = b""
        self.theirs: Address = ("192.0.2.1", 21)
        self.closed = False
        self.broken = False

    def _whole(self) -> None:
        if self.broken:
            raise OSError(107, "Transport endpoint is not connected")

    def getpeername(self) -> Address:
        self._whole()
        return self.theirs

    def getsockname(self) -> Address:
        self._whole()
        return ("192.0.2.254", 40000)

    def send(self, data: bytes) -> int:
        self._whole()
        self.sent += data
        return len(data)

    def close(self) -> None:
        self.closed = True


def means_of(reactor: Any) -> Means:
    """Ten seconds for each address, nothing to look up."""
    return Means(
        reactor, Resolver().look_up, 10.0, 0.3, Dead(reactor), lambda *_: False, lambda _: None
    )


def rules_of() -> Rules:
    """Everything is allowed, every name for parents."""
    return Rules(lambda *_: "", lambda _: "", Resolver().look_up)


class ReachCase(SynchronousTestCase):
    """A clock; every dial is a ``Try``, unless it is to a host in ``impossible``."""

    def setUp(self) -> None:
        self.reactor = Reactor()
        self.attempts: list[Try] = []
        self.judged: list[tuple[Server, str]] = []
        self.forbidden: dict[str, str] = {}
        self.impossible: dict[str, OSError] = {}
        self.told = Told()
        self.resolver, self.parents_resolver = Resolver(), Resolver()
        self.by_name = ""
        self.loop = ""
        self.warnings: list[str] = []
        self.dead = Dead(self.reactor)
        self.own: list[tuple[str, int]] = []
        self.asked: list[Asking] = []
        self.patch(module, "dial", self._dial)
        self.patch(parents, "NEGOTIATIONS", {"socks5": self._ask})

    def _ask(self, *words: Any, **account: Any) -> Asking:
        self.asked.append(Asking(*words, **account))
        return self.asked[-1]

    def _dial(
        self,
        reactor: Any,
        ours: Address,
        theirs: Address,
        opened: Callable[[Any], None],
        failed: Callable[[str], None],
        source_port: int = 0,
        *,
        transparent: bool = False,
    ) -> Try:
        if theirs[0] in self.impossible:
            raise self.impossible[theirs[0]]
        self.attempts.append(Try(ours, theirs, opened, failed, source_port, transparent))
        return self.attempts[-1]

    def judge(self, server: Server, address: str) -> str:
        """What stands against an address, and that it was asked for."""
        self.judged.append((server, address))
        return self.forbidden.get(address, "")

    def reach(self, *servers: Server, way: Way | None = None) -> Reach:
        """Servers being reached, ten seconds for each address."""
        made = Reach(
            Means(
                self.reactor,
                self.parents_resolver.look_up,
                10.0,
                0.3,
                self.dead,
                lambda host, port: (host, port) in self.own,
                self.warnings.append,
            ),
            way or Way(),
            list(servers or (Server(NAME, 2121),)),
            Rules(
                self.judge,
                lambda server: self.by_name,
                self.resolver.look_up,
                lambda address: self.loop,
            ),
            *self.told.callbacks(),
        )
        made.start()
        return made

    @property
    def tried(self) -> list[Address]:
        """Where every attempt went to."""
        return [attempt.theirs for attempt in self.attempts]

    def nothing_left(self) -> None:
        """No timer, nothing watched."""
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.assertEqual(self.reactor.getReaders() + self.reactor.getWriters(), [])
