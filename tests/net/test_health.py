"""Checks of servers, over real sockets: the far end of each is played by the test."""

from __future__ import annotations

import socket

from twisted.internet.defer import Deferred

from ftpalg.core.routes import Route, Server, ServerTls
from ftpalg.net.legs.sockets import reset
from ftpalg.net.reach.health import LONGEST, Greeting
from tests.net.healths import CLOSED, GREETING, LATE, HealthCase
from tests.net.pairs import read_some


class Plain(HealthCase):
    """Greetings."""

    def test_before(self) -> None:
        """Nobody is ill before the first check, and one that is never asked stays well."""
        health = self.health()
        self.assertEqual((health.of(self.server), health.of(self.other)), (True, True))

    def test_who_is_asked(self) -> None:
        """Only servers that are one of several; one in two routes is asked once."""
        one, two, three = Server("127.0.0.1", 1), Server("127.0.0.1", 2), Server("127.0.0.1", 3)
        health = self.health(Route((one, two)), Route((two, one)), Route((three,)), Route())
        self.assertEqual(set(health._asking), {one, two})
        health.stop()
        health = self.health(Route((three,)))
        self.assertEqual((health._asking, health._again), ({}, None))

    async def _well(self, pieces: tuple[bytes, ...]) -> None:
        health = self.health()
        health._down.add(self.server)
        far = await self.called()
        for piece in pieces:
            self.assertFalse(health.of(self.server))
            far.send(piece)
            await self.turn()
            await self.turn()
        await self.until(lambda: health.of(self.server))
        words = [("told", f"server {self.server} is back in service")]
        self.assertEqual(self.log.words, words)
        self.assertEqual(read_some(far), b"QUIT\r\n")
        self.assertEqual(read_some(far), b"")
        far.close()
        health.stop()
        await self.ended()

    async def _well_each(self) -> None:
        for pieces in (
            (GREETING,),
            (b"2", b"2", b"0 ready", b"\r", b"\n"),
            (b"220-Welcome to\r\n220 us.\r\n",),
            (b"120 Ready in 1 minute.\r\n",),
            (b"230 No login needed.\r\n",),
            (b"220 " + b"x" * LONGEST,),
        ):
            await self._well(pieces)

    def test_well(self) -> Deferred[None]:
        """A greeting in one piece or many, of one line or more, long or not yet: well, and QUIT."""
        return self.run_it(self._well_each())

    async def _ill(self, greeting: bytes, fault: str) -> None:
        health = self.health()
        far = await self.called()
        far.send(greeting)
        await self.until(lambda: not health.of(self.server))
        words = [("warned", f"server {self.server} is out of service: {fault}")]
        self.assertEqual(self.log.words, words)
        await self.gone(far)
        health.stop()
        await self.ended()

    async def _ill_each(self) -> None:
        for greeting, shown in (
            (b"421 Too busy.\r\n", "'421 Too busy.'"),
            (b"500 \x1b[31mno\xff\r\n220 ready\r\n", r"'500 \x1b[31mno\\xff'"),
            (b"\r\n220 ready\r\n", "''"),
            (b"SSH-2.0-x\r\n", "'SSH-2.0-x'"),
            (b"x" * (LONGEST + 1), repr("x" * 80)),
        ):
            await self._ill(greeting, f"it greets with {shown}")

    def test_bad_greeting(self) -> Deferred[None]:
        """Any other code, and what is no FTP; control characters are not written to the log."""
        return self.run_it(self._ill_each())

    async def _closes_each(self) -> None:
        def cut(far: socket.socket) -> None:
            far.send(b"220 rea")
            far.close()

        def break_off(far: socket.socket) -> None:
            reset(far)
            far.close()

        for do in (socket.socket.close, break_off):
            health = self.health()
            far = await self.called()
            await self.until(lambda: isinstance(health._asking[self.server], Greeting))  # noqa: B023
            do(far)
            await self.until(lambda: self.log.words)
            self.assertFalse(health.of(self.server))
            self.assertIn(CLOSED, self.log.words[0][1])
            health.stop()
        health = self.health()
        cut(await self.called())
        await self.until(lambda: self.log.words)
        self.assertIn(CLOSED, self.log.words[0][1])
        health.stop()
        await self.ended()

    def test_closes(self) -> Deferred[None]:
        """One that closes, or resets, without a whole line."""
        return self.run_it(self._closes_each())

    async def _refused(self) -> None:
        self.port.close()
        health = self.health(every=0.02)
        await self.until(lambda: not health.of(self.server))
        await self.turn(0.1)
        ((level, text),) = self.log.words
        self.assertEqual(level, "warned")
        self.assertRegex(text, r"127\.0\.0\.1: Connection refused")

    def test_refused(self) -> Deferred[None]:
        """A closed port is told once, however often it is asked."""
        return self.run_it(self._refused())

    async def _silent(self) -> None:
        health = self.health(handshake=0.05)
        far = await self.called()
        await self.until(lambda: not health.of(self.server))
        self.assertIn(LATE, self.log.words[0][1])
        await self.gone(far)

    def test_silent(self) -> Deferred[None]:
        """One that takes the connection and says nothing."""
        return self.run_it(self._silent())

    async def _recovers(self) -> None:
        health = self.health(every=0.03)
        (await self.called()).close()
        await self.until(lambda: not health.of(self.server))
        for _ in range(3):
            far = await self.called()
            far.send(GREETING)
            await self.until(lambda far=far: read_some(far))  # type: ignore[misc]
            far.close()
        self.assertTrue(health.of(self.server))
        self.assertEqual([level for level, _ in self.log.words], ["warned", "told"])

    def test_recovers(self) -> Deferred[None]:
        """One that is well again is told once, and asked on."""
        return self.run_it(self._recovers())

    async def _slow(self) -> None:
        health = self.health(every=0.02)
        await self.called()
        await self.turn(0.1)
        self.port.setblocking(False)
        self.assertRaises(BlockingIOError, self.port.accept)
        self.assertTrue(health.of(self.server))

    def test_not_asked_twice(self) -> Deferred[None]:
        """While the answer to one check is out no other is begun."""
        return self.run_it(self._slow())

    async def _hangs(self) -> None:
        health = self.health(drain=0.05)
        far = await self.called()
        far.send(GREETING)
        await self.until(lambda: read_some(far) == b"")
        health.stop()
        self.assertNotEqual(self.left(), [])
        await self.ended()

    def test_never_closes(self) -> Deferred[None]:
        """A server that does not close behind QUIT is not waited for longer than others."""
        return self.run_it(self._hangs())

    async def _header(self) -> None:
        one, two = self.server, Server("127.0.0.1", 1)
        health = self.health(Route((one, two), proxy_protocol=1))
        far = await self.called()
        await self.until(lambda: not health.of(two))
        here = far.getpeername()
        said = f"PROXY TCP4 127.0.0.1 127.0.0.1 {here[1]} {one.port}\r\n".encode()
        came = b""
        while not came:
            came = read_some(far) or b""
            await self.turn()
        self.assertEqual(came, said)

    def test_proxy_header(self) -> Deferred[None]:
        """A server that wants a PROXY header before it greets gets one: it is our own connection."""
        return self.run_it(self._header())


class Stopped(HealthCase):
    """Given up in the middle: nothing is left, nothing is told."""

    async def _each(self) -> None:
        away = Server("127.0.0.1", 1)
        for tls in (None, ServerTls.IMPLICIT):
            for stage in range(4):
                health = self.health(Route((self.server, away), tls=tls))
                if stage:
                    far = await self.called()
                if stage > 1:
                    await self.until(lambda: not health.of(away))  # noqa: B023
                if stage > 2:
                    far.send(b"\x16\x03" if tls else b"220 re")
                    await self.turn()
                health.stop()
                health.stop()
                words = [text for _, text in self.log.words if str(self.server) in text]
                self.assertEqual((health._asking, words), ({}, []))
                await self.ended()
                if stage:
                    await self.gone(far)

    def test_each_stage(self) -> Deferred[None]:
        """While it is resolved or dialled, before its greeting, and within it."""
        return self.run_it(self._each())
