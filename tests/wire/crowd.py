"""A server for hundreds of sessions at once, and as many clients that all begin together."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tests.wire.sockets import TIMEOUT

R = TypeVar("R")
ATTEMPTS = 500
BACKLOG = 40
"""So many connect at a time."""


class CrowdServer:
    """Lets everybody in; a RETR is answered with 150 and then nothing, until the session ends.

    ``most`` is how many sessions it has had at once, ``retrieved`` how many RETR it has seen, ``said`` how
    many of each verb.  With ``slow`` a PASS is answered once ``hurry`` has been called.
    """

    def __init__(self, *, slow: bool = False) -> None:
        self.open = self.most = self.retrieved = 0
        self.said: Counter[bytes] = Counter()
        self._fast = asyncio.Event()
        if not slow:
            self._fast.set()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        made = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._session, "127.0.0.1", 0, backlog=1000), self._loop
        ).result(TIMEOUT)
        self.port = int(made.sockets[0].getsockname()[1])

    def hurry(self) -> None:
        """Answer those that wait, and all that come."""
        self._loop.call_soon_threadsafe(self._fast.set)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.most = max(self.most, self.open)
        data: list[asyncio.Server] = []
        try:
            writer.write(b"220 Crowd.\r\n")
            while line := await reader.readline():
                verb = line.split()[0].upper()
                self.said[verb] += 1
                if verb == b"PASS":
                    await self._fast.wait()
                if verb == b"EPSV":
                    data.append(await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0))
                    port = data[-1].sockets[0].getsockname()[1]
                    writer.write(b"229 Passive (|||%d|)\r\n" % port)
                elif verb == b"RETR":
                    self.retrieved += 1
                    writer.write(b"150 Soon.\r\n")
                else:
                    answers = {b"USER": b"331 Password.", b"PASS": b"230 In.", b"QUIT": b"221 Bye."}
                    writer.write(answers.get(verb, b"200 Fine.") + b"\r\n")
        except ConnectionError:
            pass
        finally:
            self.open -= 1
            for one in data:
                one.close()
            writer.close()


class CrowdClient:
    """One of many, whose ``greeting`` has been read; a reply is empty where the connection has ended."""

    source, at = "", 0
    """Its address, and its number."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.greeting = b""

    @property
    def address(self) -> tuple[str, int]:
        """Where it comes from, with any port."""
        return self._writer.get_extra_info("sockname")[0], 0

    async def reply(self) -> bytes:
        """The next line, empty at the end."""
        try:
            return (await asyncio.wait_for(self._reader.readline(), TIMEOUT)).strip()
        except ConnectionError:
            return b""

    async def ask(self, line: bytes) -> bytes:
        """Say something; what is answered."""
        self._writer.write(line + b"\r\n")
        return await self.reply()

    async def enter(self, user: bytes = b"joe", password: bytes = b"secret") -> bytes:
        """Log in as far as it goes: the last reply."""
        said = self.greeting
        for line in (b"USER " + user, b"PASS " + password):
            if not said.startswith((b"220", b"331")):
                return said
            said = await self.ask(line)
        return said

    def demand(self, line: bytes, times: int) -> None:
        """Say it so often, and read nothing from now on."""
        transport = self._writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        transport.pause_reading()
        self._writer.write((line + b"\r\n") * times)

    def close(self) -> None:
        """Reset it."""
        self._writer.transport.abort()


def crowd(
    address: tuple[str, int],
    source: str | tuple[str, ...],
    act: Callable[[CrowdClient], Awaitable[R]],
    attempts: int = ATTEMPTS,
    *,
    head: Callable[[int], bytes] = lambda at: b"",
) -> Counter[R]:
    """So many clients at once, of several addresses in turn; what each has come to.

    All stay until all have come to something.  ``head`` is what one says before anything else.
    """
    sources = (source,) if isinstance(source, str) else source
    queue = asyncio.Semaphore(BACKLOG)

    async def one(at: int) -> tuple[CrowdClient, R]:
        async with (
            queue
        ):  # more than a listener's backlog would lose their SYN, and wait for seconds
            came_from = (sources[at % len(sources)], 0)
            reader, writer = await asyncio.open_connection(*address, local_addr=came_from)
            writer.write(head(at))
            client = CrowdClient(reader, writer)
            client.source, client.at = came_from[0], at
            client.greeting = await client.reply()
        return client, await act(client)

    async def all_of_them() -> Counter[R]:
        found = await asyncio.gather(*map(one, range(attempts)))
        for client, _ in found:
            client.close()
        return Counter(result for _, result in found)

    return asyncio.run(all_of_them())
