"""A server that has files and takes some, for hundreds of sessions at once, and what their clients do."""

from __future__ import annotations

import asyncio
import threading

from tests.wire.crowd import CrowdClient
from tests.wire.sockets import TIMEOUT


class FilingServer:
    """Every file has ``size`` bytes; ``stored`` are the sizes of those that came whole.  Data that does not
    end cleanly is 426."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.stored: list[int] = []
        self.begun = 0
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        made = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._session, "127.0.0.1", 0, backlog=1000), self._loop
        ).result(TIMEOUT)
        self.port = int(made.sockets[0].getsockname()[1])

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port: asyncio.Server | None = None
        came: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        answers = {b"USER": b"331 Password.", b"PASS": b"230 In.", b"QUIT": b"221 Bye."}
        try:
            writer.write(b"220 Files.\r\n")
            while line := await reader.readline():
                verb = line.split()[0].upper()
                if verb == b"EPSV":
                    if port is not None:
                        port.close()
                    port = await asyncio.start_server(
                        lambda r, w: came.put_nowait((r, w)), "127.0.0.1", 0
                    )
                    number = port.sockets[0].getsockname()[1]
                    writer.write(b"229 Passive (|||%d|)\r\n" % number)
                elif verb in (b"RETR", b"STOR"):
                    self.begun += 1
                    writer.write(b"150 Go on.\r\n")
                    good = await self._move(verb, *await came.get())
                    writer.write(b"226 Done.\r\n" if good else b"426 Broken.\r\n")
                else:
                    writer.write(answers.get(verb, b"200 Fine.") + b"\r\n")
        except ConnectionError:
            pass
        finally:
            if port is not None:
                port.close()
            writer.close()

    async def _move(
        self, verb: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        try:
            if verb == b"RETR":
                writer.write(bytes(self.size))
                await writer.drain()
            else:
                self.stored.append(len(await reader.read()))
            writer.close()
            await writer.wait_closed()
        except ConnectionError:
            return False
        return True


async def admitted(client: CrowdClient, account: bytes = b"gus") -> None:
    """In, at the gateway and at the server."""
    for user in (account, b"joe"):
        said = await client.ask(b"USER " + user)
        assert said.startswith(b"331"), said
        said = await client.ask(b"PASS Gate-w0rd")
        assert said.startswith(b"230"), said


async def moved(client: CrowdClient, host: str, store: int | None = None) -> tuple[bytes, int, str]:
    """A file that is got, or stored with so many bytes: the last reply, the bytes, and how they ended."""
    said = await client.ask(b"EPSV")
    port = int(said.split(b"|||")[1].split(b"|")[0])
    reader, writer = await asyncio.open_connection(host, port, local_addr=client.address)
    said = await client.ask(b"RETR file" if store is None else b"STOR file")
    size, how = 0, "end"
    if said.startswith(b"150"):
        try:
            if store is None:
                while piece := await asyncio.wait_for(reader.read(65536), TIMEOUT):
                    size += len(piece)
            else:
                writer.write(bytes(store))
                await writer.drain()
                size = store
        except ConnectionError:
            how = "reset"
        writer.close()
        said = await client.reply()
    writer.transport.abort()
    return said, size, how
