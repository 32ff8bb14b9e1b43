"""Ports that wait for a data connection, over real loopback sockets."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock

from ftpalg.net.legs import data_port
from ftpalg.net.legs.data_port import PAUSE, TRIES, Listener, listen
from ftpalg.net.legs.sockets import Address
from tests.net.pairs import REACTOR, SocketCase, listener

HERE: Address = ("127.0.0.1", 0)
OTHER = "127.0.0.2"


def loopback_has(host: str) -> bool:
    """Whether a socket can be bound to that address."""
    with socket.socket() as sock:
        try:
            sock.bind((host, 0))
        except OSError:
            return False
    return True


class Listening(SocketCase):
    """A data port for one connection of one peer."""

    def listen(self, *ports: int) -> Listener:
        """A data port for 127.0.0.1; ``opened`` and ``intruders`` keep what it tells."""
        self.opened: list[socket.socket] = []
        self.intruders: list[str] = []
        made = listen(
            REACTOR, HERE, HERE[0], ports or (0,), self.opened.append, self.intruders.append
        )
        self.addCleanup(made.abort)
        return made

    def caller(self, port: int, host: str = "127.0.0.1") -> socket.socket:
        """A connection to the port, from that address."""
        return self.kept(socket.create_connection(("127.0.0.1", port), 1, (host, 0)))

    async def _foreign(self) -> None:
        port = self.listen()
        stranger = self.caller(port.port, OTHER)
        await self.until(lambda: self.intruders)
        self.assertEqual((self.intruders, self.opened), ([OTHER], []))
        self.assertRaises(ConnectionResetError, stranger.recv, 1)
        self.assertIn(port, REACTOR.getReaders())
        friend = self.caller(port.port)
        await self.until(lambda: self.opened)
        (sock,) = self.opened
        self.kept(sock)
        self.assertEqual(sock.getpeername(), friend.getsockname())
        self.assertFalse(sock.getblocking())
        self.unwatched(port)
        self.assertEqual(port.fileno(), -1)

    def test_foreign_peer(self) -> Deferred[None]:
        """Another address is reset and told; the right one is served, and then nobody else."""
        return Deferred.fromCoroutine(self._foreign())

    async def _crowd(self) -> None:
        port = self.listen()
        for _ in range(3):
            self.caller(port.port, OTHER)
        self.caller(port.port)
        self.caller(port.port, OTHER)
        await self.until(lambda: self.opened)
        self.kept(self.opened[0])
        self.assertEqual((self.intruders, len(self.opened)), ([OTHER] * 3, 1))

    def test_crowd(self) -> Deferred[None]:
        """The right peer is found behind strangers, in one wake-up."""
        return Deferred.fromCoroutine(self._crowd())

    async def _trusted(self) -> None:
        opened: list[socket.socket] = []
        strangers: list[str] = []
        port = listen(
            REACTOR,
            HERE,
            HERE[0],
            (0,),
            opened.append,
            strangers.append,
            trusts=lambda host: host == OTHER,
        )
        self.addCleanup(port.abort)
        self.caller(port.port, "127.0.0.3")
        await self.until(lambda: strangers)
        friend = self.caller(port.port, OTHER)
        await self.until(lambda: opened)
        self.kept(opened[0])
        self.assertEqual(opened[0].getpeername(), friend.getsockname())
        self.assertEqual(strangers, ["127.0.0.3"])

    def test_trusted(self) -> Deferred[None]:
        """Who is trusted beside the peer is served, and nobody else."""
        return Deferred.fromCoroutine(self._trusted())

    if not loopback_has(OTHER):
        test_trusted.skip = "no 127.0.0.2 here"  # type: ignore[attr-defined]
        test_foreign_peer.skip = "no 127.0.0.2 here"  # type: ignore[attr-defined]
        test_crowd.skip = "no 127.0.0.2 here"  # type: ignore[attr-defined]

    def test_next_port(self) -> None:
        """A port that is taken is passed over."""
        with listener() as taken:
            number = taken.getsockname()[1]
            self.assertNotEqual(self.listen(number, 0).port, number)

    def test_no_port(self) -> None:
        """Where none is free the reason is raised; where there is none to try, too."""
        with listener() as taken:
            error = self.assertRaises(OSError, self.listen, taken.getsockname()[1])
            self.assertEqual(error.errno, errno.EADDRINUSE)
        nothing = self.assertRaises(
            OSError, listen, REACTOR, HERE, HERE[0], (), self.fail, self.fail
        )
        self.assertEqual(str(nothing), "no port is free")

    def test_hopeless(self) -> None:
        """An address that is not ours any more is not tried on every port of the range."""
        tried: list[int] = []

        def ports() -> Iterator[int]:
            for port in (0, 0, 0):
                tried.append(port)
                yield port

        gone: Address = ("192.0.2.77", 0)
        error = self.assertRaises(
            OSError, listen, REACTOR, gone, HERE[0], ports(), self.fail, self.fail
        )
        self.assertEqual((error.errno, tried), (errno.EADDRNOTAVAIL, [0]))

    def test_tries(self) -> None:
        """Of a range that is all taken so many ports are tried, and no more."""
        tried: list[int] = []
        with listener() as taken:

            def ports() -> Iterator[int]:
                while len(tried) < 10 * TRIES:
                    tried.append(taken.getsockname()[1])
                    yield tried[-1]

            error = self.assertRaises(
                OSError, listen, REACTOR, HERE, HERE[0], ports(), self.fail, self.fail
            )
        self.assertEqual((error.errno, len(tried)), (errno.EADDRINUSE, TRIES))

    def test_one_socket(self) -> None:
        """One socket is bound again and again; another only where somebody came to listen since."""
        made: list[socket.socket] = []
        late = [True, False]

        class Sock(socket.socket):
            def listen(self, backlog: int = 0) -> None:
                if late.pop(0):
                    raise OSError(errno.EADDRINUSE, "somebody listens")
                super().listen(backlog)

        def new_socket(address: Address) -> socket.socket:
            made.append(Sock())
            return made[-1]

        self.patch(data_port, "new_socket", new_socket)
        with listener() as taken:
            number = taken.getsockname()[1]
            found = self.listen(number, number, 0, number, 0)
        self.assertEqual([sock.fileno() for sock in made], [-1, found.fileno()])
        self.assertEqual(found.port, made[1].getsockname()[1])

    def test_unpaced(self) -> None:
        """What it accepts has it from the port: no pacing for a peer of this host."""
        peers: list[str] = []
        self.patch(data_port, "unpaced", lambda sock, peer: peers.append(peer))
        self.listen()
        self.assertEqual(peers, [HERE[0]])

    def test_abort(self) -> None:
        """An aborted port is closed; twice is no harm."""
        port = self.listen()
        port.abort()
        port.abort()
        self.unwatched(port)
        self.assertEqual(port.fileno(), -1)


class Refusing(socket.socket):
    """Cannot accept for these reasons, one after another; then it can."""

    reasons: list[int]
    asked = 0

    def accept(self) -> tuple[socket.socket, Any]:
        self.asked += 1
        if self.reasons:
            raise OSError(self.reasons[0], os.strerror(self.reasons.pop(0)))
        return super().accept()


class Accepting(SocketCase):
    """A caller whom the system cannot give us at once."""

    def listen(self, *reasons: int) -> Listener:
        """A port whose socket has reasons not to accept; ``clock`` is its reactor."""
        self.clock = MemoryReactorClock()
        self.opened: list[socket.socket] = []
        made = listen(self.clock, HERE, HERE[0], (0,), self.opened.append, self.fail)
        self.addCleanup(made.abort)
        self.refusing = Refusing(fileno=made.socket.detach())
        self.refusing.setblocking(False)
        self.refusing.reasons = list(reasons)
        made.socket = self.refusing
        self.caller = self.kept(socket.create_connection(("127.0.0.1", made.port), 1))
        return made

    def test_no_descriptor(self) -> None:
        """Whatever the system lacks is not asked for again in every turn, and nobody is lost."""
        for lack in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EPERM):
            port = self.listen(lack, lack)
            for turn in (1, 2):
                self.assertEqual(self.clock.getReaders(), [port], lack)
                port.doRead()
                self.assertEqual((self.clock.getReaders(), self.refusing.asked), ([], turn), lack)
                self.clock.advance(PAUSE)
            port.doRead()
            (sock,) = self.opened
            self.assertEqual(self.kept(sock).getpeername(), self.caller.getsockname())
            self.assertEqual((self.clock.getReaders(), self.clock.getDelayedCalls()), ([], []))

    def test_aborted_callers(self) -> None:
        """A caller who is gone again is passed over at once."""
        port = self.listen(errno.ECONNABORTED, errno.ECONNABORTED)
        port.doRead()
        self.kept(self.opened[0])

    def test_closed_meanwhile(self) -> None:
        """A port that is given up in that pause is not watched again."""
        port = self.listen(errno.EMFILE)
        port.doRead()
        port.abort()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(PAUSE)
        self.assertEqual(self.clock.getReaders(), [])

    def test_owner_fails(self) -> None:
        """A caller whom nobody can take is reset: nothing ends cleanly that was not relayed."""
        port = self.listen()
        port._opened = cast(Any, lambda sock: 1 / 0)
        self.assertRaises(ZeroDivisionError, port.doRead)
        self.assertRaises(ConnectionResetError, self.caller.recv, 1)
        self.assertEqual((port.fileno(), self.clock.getReaders()), (-1, []))
