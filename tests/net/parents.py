"""Parents that a test plays."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock

from ftpalg.net.legs.sockets import reset
from ftpalg.net.reach.parents import Negotiation
from tests.core.splits import splits
from tests.net.pairs import REACTOR, pair, read_some
from tests.net.test_leading_bytes import PrefaceCase

USER, PASSWORD = "us:er", "pässword"
GREETING = b"220 ready\r\n"
DONE = "done"
OFFER, OFFER_ACCOUNT = b"\x05\x01\x00", b"\x05\x02\x00\x02"
NO_AUTH, WANT_ACCOUNT = b"\x05\x00", b"\x05\x02"
ACCOUNT = b"\x01\x05us:er\x09p\xc3\xa4ssword"
ASK_NAME = b"\x05\x01\x00\x03\x0bftp.example\x00\x15"
JOINED = b"\x05\x00\x00\x01\xc0\x00\x02\x01\x00\x15"
ASK_HTTP = b"CONNECT ftp.example:21 HTTP/1.1\r\nHost: ftp.example:21\r\n\r\n"
OK = b"HTTP/1.1 200 Connection established\r\n\r\n"
Script = Sequence[tuple[bytes, bytes]]
"""What the parent gets, and what it then answers."""


class Stingy(socket.socket):
    """Takes one byte of whatever is sent, every second time none."""

    full = False

    def send(self, data: bytes, *flags: int) -> int:  # type: ignore[override]
        self.full = not self.full
        if self.full:
            raise BlockingIOError
        return super().send(data[:1], *flags)


class ParentCase(PrefaceCase):
    """``told`` keeps DONE or the sentence."""

    kind: type[Negotiation]

    def negotiate(
        self, sock: socket.socket, host: str = "ftp.example", port: int = 21, *account: str
    ) -> Negotiation:
        """One that asks for that server."""
        made = self.kind(
            REACTOR,
            sock,
            lambda: self.told.append(DONE),
            lambda reason: self.told.append(reason),
            host,
            port,
            *account,
        )
        self.addCleanup(made.close)
        return made

    async def got(self, far: socket.socket, wanted: bytes) -> None:
        """The parent gets that and nothing else."""
        had = b""
        while len(had) < len(wanted):
            had += read_some(far) or b""
            await self.turn()
        self.assertEqual(had + (read_some(far) or b""), wanted)

    async def play(self, near: socket.socket, far: socket.socket, script: Script) -> None:
        """The conversation as it is written down."""
        for wanted, answer in script:
            await self.got(far, wanted)
            await self.arrive(near, far, answer)

    async def _joined(self, script: Script, *server: object) -> None:
        *before, (wanted, answer) = script
        for *pieces, last in splits(answer):
            near, far = self.pair()
            made = self.negotiate(near, *server)  # type: ignore[arg-type]
            await self.play(near, far, before)
            await self.got(far, wanted)
            await self.arrive(near, far, *pieces, last + GREETING)
            await self.until(lambda: self.told)
            self.assertEqual(self.told, [DONE])
            self.unwatched(made)
            self.assertEqual(near.recv(100), GREETING)
            self.assertIsNone(read_some(far))
            self.told.clear()
            near.close()
            far.close()

    def joined(self, script: Script, *server: object) -> Deferred[None]:
        """It succeeds, the last answer cut at every point and with the server's greeting glued to it."""
        return Deferred.fromCoroutine(self._joined(script, *server))

    async def _told(self, sentence: str, scripts: Sequence[Script], account: Sequence[str]) -> None:
        for script in scripts:
            near, far = self.pair()
            made = self.negotiate(near, "ftp.example", 21, *account)
            await self.play(near, far, script)
            await self.until(lambda: self.told)
            self.assertEqual(self.told, [sentence], script)
            self.unwatched(made)
            self.assertEqual(near.fileno(), -1)
            self.told.clear()

    def refused(
        self, sentence: str, *scripts: Script, account: Sequence[str] = ()
    ) -> Deferred[None]:
        """Each script fails with that sentence, and the socket is closed."""
        for secret in (USER, PASSWORD):
            self.assertNotIn(secret, sentence)
        return Deferred.fromCoroutine(self._told(sentence, scripts, account))

    async def _cut_short(
        self, script: Script, end: Callable[[socket.socket], None], sentence: str
    ) -> None:
        for count in range(1, len(script) + 1):
            *before, (wanted, answer) = script[:count]
            for size in range(len(answer)):
                near, far = self.pair()
                made = self.negotiate(near, "ftp.example", 21, USER.replace(":", ""), PASSWORD)
                await self.play(near, far, before)
                await self.got(far, wanted)
                await self.arrive(near, far, answer[:size], b"")
                end(far)
                await self.until(lambda: self.told)
                self.assertEqual(self.told, [sentence])
                self.unwatched(made)
                self.assertEqual(near.fileno(), -1)
                self.told.clear()

    def cut_short(self, script: Script) -> Deferred[None]:
        """The parent closes in every place of its answers."""
        sentence = f"{self.kind.party} closed the connection too soon"
        return Deferred.fromCoroutine(self._cut_short(script, socket.socket.close, sentence))

    def cut_by_reset(self, script: Script) -> Deferred[None]:
        """The parent resets in every place of its answers."""

        def end(far: socket.socket) -> None:
            reset(far)
            far.close()

        sentence = f"{self.kind.party}: Connection reset by peer"
        return Deferred.fromCoroutine(self._cut_short(script, end, sentence))

    async def _reset_at_once(self) -> None:
        near, far = self.pair()
        reset(far)
        far.close()
        made = self.negotiate(near)
        await self.until(lambda: self.told)
        self.assertEqual(self.told, [f"{self.kind.party}: Connection reset by peer"])
        self.unwatched(made)
        self.assertEqual(near.fileno(), -1)

    def unsendable(self, *server: object) -> None:
        """It is a ValueError before anything is sent, and the socket stays as it was."""
        near, far = self.pair()
        error = self.assertRaises(ValueError, self.negotiate, near, *server)
        self.assertNotIn(PASSWORD, repr(error))
        self.assertIsNone(read_some(far))
        self.assertNotEqual(near.fileno(), -1)
        self.assertNotIn(near.fileno(), [one.fileno() for one in REACTOR.getWriters()])

    async def _idle(self, *pieces: tuple[bytes, bytes]) -> None:
        for wanted, answer in pieces:
            near, far = self.pair()
            made = self.negotiate(near)
            await self.got(far, wanted)
            await self.arrive(near, far, answer, b"")
            await self.quiet(made)
            made.close()
            self.unwatched(made)
            self.assertEqual((self.told, near.fileno()), ([], -1))

    def stingy(self, near: socket.socket) -> socket.socket:
        """The same connection, sending a byte at a time."""
        made = Stingy(fileno=near.detach())
        made.setblocking(False)
        return self.kept(made)

    async def _stingy(self, script: Script) -> None:
        near, far = self.pair()
        stingy = self.stingy(near)
        self.negotiate(stingy)
        await self.play(stingy, far, script)
        await self.until(lambda: self.told)
        self.assertEqual(self.told, [DONE])


def answers_to(kind: type[Negotiation], data: bytes) -> list[str]:
    """What is told of a parent that sends this, whatever it is asked, and closes."""
    told: list[str] = []
    near, far = pair()
    with near, far:
        made = kind(
            MemoryReactorClock(), near, lambda: told.append(DONE), told.append, "ftp.example", 21
        )
        far.sendall(data)
        far.shutdown(socket.SHUT_WR)
        for _ in range(8):
            made.doWrite()
            if not told:
                made.doRead()
            if told:
                break
    return told
