"""What a session that is over leaves to the collector of garbage: nothing, whatever way it ended."""

from __future__ import annotations

import gc
import re
import socket
from collections import Counter
from collections.abc import Awaitable, Callable

from tests.life.resting import SessionCase
from tests.net.pairs import read_some

Both = tuple[socket.socket, socket.socket]
"""A session's client and its server."""


class Left(SessionCase):
    """Some sessions are over, and the collector looks."""

    async def ends(self, how: Callable[[Both], Awaitable[None]]) -> None:
        """By that nothing is left but what the first ones are remembered by."""
        await self.ended([await self.session()], how)
        kept = [await self.session() for _ in range(3)]
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        self.addCleanup(gc.set_debug, gc.get_debug())
        await self.ended(kept, how)
        del kept
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found = Counter(type(thing).__qualname__ for thing in gc.garbage)
        gc.garbage.clear()
        self.assertEqual(found, Counter())

    async def ended(self, sessions: list[Both], how: Callable[[Both], Awaitable[None]]) -> None:
        """All of them."""
        for both in sessions:
            await how(both)
            for sock in both:
                sock.close()
        await self.until(lambda: not self.drivers and not self.connections())
        await self.turn(0.01)

    async def transfer(self, both: Both) -> tuple[socket.socket, socket.socket]:
        """A download has begun: the client's data connection and the server's."""
        client, server = both
        port = self.kept(socket.create_server(("127.0.0.1", 0)))
        port.setblocking(False)
        client.send(b"PASV\r\n")
        await self.line(server, "EPSV")
        server.send(b"229 Extended (|||%d|)\r\n" % port.getsockname()[1])
        said = await self.said(client)
        high, low = map(int, re.findall(rb"\d+", said)[-2:])
        data = self.kept(socket.create_connection(("127.0.0.1", high * 256 + low)))
        data.setblocking(False)
        client.send(b"RETR file\r\n")
        await self.line(server, "RETR")
        came: list[socket.socket] = []

        def accepted() -> bool:
            try:
                came.append(self.kept(port.accept()[0]))
            except BlockingIOError:
                return False
            return True

        await self.until(accepted)
        server.send(b"150 Here.\r\n")
        await self.line(client, "150")
        came[0].send(b"x" * 1000)
        await self.until(lambda: bool(read_some(data)))
        return data, came[0]

    async def test_quit(self) -> None:
        """Both have said goodbye."""

        async def leaves(both: Both) -> None:
            client, server = both
            client.send(b"QUIT\r\n")
            await self.line(server, "QUIT")
            server.send(b"221 Bye.\r\n")
            await self.line(client, "221")

        await self.ends(leaves)

    async def test_lost(self) -> None:
        """Both are gone."""

        async def lost(both: Both) -> None:
            """Whoever calls closes both."""

        await self.ends(lost)

    async def test_ended(self) -> None:
        """By us."""

        async def ended(both: Both) -> None:
            for driver in self.drivers:
                driver.end("Out.")

        await self.ends(ended)

    async def test_download(self) -> None:
        """Behind a whole file."""

        async def whole(both: Both) -> None:
            client, server = both
            data, source = await self.transfer(both)
            source.close()
            await self.until(lambda: read_some(data) == b"")
            data.close()
            server.send(b"226 Done.\r\n")
            await self.line(client, "226")

        await self.ends(whole)

    async def test_cut(self) -> None:
        """In the middle of one."""

        async def cut(both: Both) -> None:
            for sock in await self.transfer(both):
                sock.close()

        await self.ends(cut)
