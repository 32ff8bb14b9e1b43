"""What comes before a connection's own bytes: read to its last byte and no further."""

from __future__ import annotations

import fcntl
import re
import socket
import struct
import termios
from typing import Any

from twisted.internet.defer import Deferred

from ftpalg.net.leading_bytes import Preface
from tests.net.pairs import REACTOR, SocketCase


def unread(sock: socket.socket) -> int:
    """How many bytes wait in the kernel."""
    (size,) = struct.unpack("i", fcntl.ioctl(sock, termios.FIONREAD, bytes(4)))
    return int(size)


class PrefaceCase(SocketCase):
    """``told`` keeps what a preface calls."""

    def setUp(self) -> None:
        super().setUp()
        self.told: list[Any] = []

    def pair(self, *, small: bool = False) -> tuple[socket.socket, socket.socket]:
        near, far = super().pair(small=small)
        far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return near, far

    async def arrive(self, near: socket.socket, far: socket.socket, *pieces: bytes) -> None:
        """Send the pieces, each when all before it was taken: nothing is left to wake the reactor."""
        for piece in pieces:
            while unread(near) and not self.told:
                await self.turn(0)
            far.sendall(piece)

    async def quiet(self, preface: Preface) -> None:
        """It is not woken while nothing comes; a wake-up for nothing does no harm."""
        preface.doRead()
        woken: list[object] = []
        self.patch(preface, "doRead", lambda: woken.append(preface))
        for _ in range(5):
            await self.turn()
        self.assertEqual(woken, [])


class Words(Preface):
    """A preface of three bytes and a line of at most five."""

    def __init__(self, sock: socket.socket, told: list[Any]) -> None:
        super().__init__(REACTOR, sock, told.append)
        self._told = told
        self._expect(3, self._begun)
        REACTOR.addReader(self)

    def _begun(self, start: bytes) -> None:
        self._told.append(start)
        self._expect(5, self._ended, re.compile(rb"\n"))

    def _ended(self, line: bytes) -> None:
        self.cancel()
        self._told.append(line)


class Exact(PrefaceCase):
    """Bytes by number, or to an end."""

    def words(self) -> tuple[socket.socket, Words, socket.socket]:
        """A preface, and both ends of its connection."""
        near, far = self.pair()
        made = Words(near, self.told)
        self.addCleanup(made.cancel)
        return near, made, far

    async def _taken(self, sent: bytes, told: list[bytes], behind: bytes) -> None:
        near, words, far = self.words()
        far.sendall(sent)
        await self.until(lambda: len(self.told) == 2)
        await self.turn()
        self.assertEqual(self.told, told)
        self.unwatched(words)
        self.assertEqual(near.recv(100) if behind else b"", behind)
        self.told.clear()

    async def _each(self) -> None:
        await self._taken(b"abcd\nrest", [b"abc", b"d\n"], b"rest")
        await self._taken(b"abcdefghij", [b"abc", b"defgh"], b"ij")
        await self._taken(b"abc\n", [b"abc", b"\n"], b"")

    def test_no_further(self) -> Deferred[None]:
        """What stands behind stays in the kernel, with an end or without one in reach."""
        return Deferred.fromCoroutine(self._each())

    async def _ends(self) -> None:
        _, words, far = self.words()
        await self.arrive(words.socket, far, b"ab")
        far.close()
        await self.until(lambda: self.told)
        self.assertEqual(self.told, ["the peer closed the connection too soon"])
        self.unwatched(words)
        self.assertNotEqual(words.socket.fileno(), -1)

    def test_ends_too_soon(self) -> Deferred[None]:
        """An end in the middle is a failure; the socket is the caller's still."""
        return Deferred.fromCoroutine(self._ends())

    def test_given_up(self) -> None:
        """The caller's own reason is told, and nothing is watched any more."""
        _, words, _ = self.words()
        words.give_up("enough")
        self.assertEqual(self.told, ["enough"])
        self.unwatched(words)
