"""Connected loopback sockets, and the reactor that watches them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from time import thread_time
from typing import Any

from twisted.internet import reactor as installed  # noqa: TID251  (real sockets need a real one)
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from tests.wire.turns import BOUND, MACHINE

REACTOR: Any = installed
SMALL = 1 << 18
"""Kernel buffers of this size fill early; smaller than a loopback segment they would be slow."""
TURN = 0.001
PATIENCE = 5.0


def listener(host: str = "127.0.0.1", *, small: bool = False) -> socket.socket:
    """A socket that listens on a free port."""
    made = socket.socket()
    if small:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    made.bind((host, 0))
    made.listen(5)
    return made


def pair(*, small: bool = False) -> tuple[socket.socket, socket.socket]:
    """Both ends of one connection, neither blocking; the second has a small receive buffer."""
    with listener(small=small) as port:
        near = socket.socket()
        if small:
            near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
        near.connect(port.getsockname())
        far, _ = port.accept()
    near.setblocking(False)
    far.setblocking(False)
    return near, far


def send_some(sock: socket.socket, data: bytes | memoryview) -> int:
    """How much the socket took."""
    try:
        return sock.send(data)
    except BlockingIOError:
        return 0


def read_some(sock: socket.socket, size: int = 1 << 17) -> bytes | None:
    """What is there, empty at the end, None where nothing has come yet."""
    try:
        return sock.recv(size)
    except BlockingIOError:
        return None


class Turns:
    """How long the reactor is at what has come to descriptors (rule 10); the test's own steps are calls."""

    def __init__(self, reactor: Any) -> None:
        self._iterate = reactor.doIteration
        self.longest = 0.0

    def do_iteration(self, delay: float | None) -> None:
        """One turn, in seconds of this thread's CPU."""
        began = thread_time()
        self._iterate(delay)
        self.longest = max(self.longest, thread_time() - began)


class SocketCase(TestCase):
    """A test over real sockets, all of which are closed behind it."""

    timeout = PATIENCE

    def setUp(self) -> None:
        super().setUp()
        self.turns = Turns(REACTOR)
        self.patch(REACTOR, "doIteration", self.turns.do_iteration)
        self.addCleanup(self._was_quick)

    def _was_quick(self) -> None:
        self.assertLessEqual(self.turns.longest, BOUND * MACHINE)

    def kept(self, sock: socket.socket) -> socket.socket:
        """The same socket, closed when the test is over."""
        self.addCleanup(sock.close)
        return sock

    def pair(self, *, small: bool = False) -> tuple[socket.socket, socket.socket]:
        """Both ends of one connection, closed when the test is over."""
        near, far = pair(small=small)
        return self.kept(near), self.kept(far)

    def turn(self, seconds: float = TURN) -> Deferred[None]:
        """Let the reactor work for a moment."""
        return deferLater(REACTOR, seconds, lambda: None)

    async def until(self, true: Callable[[], object]) -> None:
        """Let the reactor work until that is so; the test's timeout bounds the wait."""
        while not true():
            await self.turn()

    def unwatched(self, *descriptors: Any) -> None:
        """The reactor watches none of these."""
        watched = {*REACTOR.getReaders(), *REACTOR.getWriters()}
        self.assertEqual([d for d in descriptors if d in watched], [])
