"""Crowds of connections, the server behind them, and a gateway with few descriptors."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import socket
import sys
import threading
from collections.abc import Coroutine, Iterable
from time import monotonic
from typing import Any

from tests.wire.gateways import Gateway
from tests.wire.sockets import TIMEOUT

NARROW = (
    "import os, resource as r, sys; r.setrlimit(r.RLIMIT_NOFILE, (1024, 1024));"
    " os.execv(sys.argv[1], sys.argv[1:])"
)
"""Give a program the usual number of descriptors, which it cannot raise."""
LONG = b"214-Help\r\n" + 4096 * (b" " + 249 * b"x" + b"\r\n") + b"214 End\r\n"
"""A reply of a MiB."""


class Narrow(Gateway):
    """A gateway with 1,024 descriptors."""

    def _command(self) -> list[str]:
        return [sys.executable, "-c", NARROW, *super()._command()]


class Site:
    """A server for hundreds of sessions, in a thread: files are ``empty``, or ``endless``; HELP is long.

    ``port`` is where it listens, ``long`` what HELP is answered with.
    """

    def __init__(self) -> None:
        self.long = LONG
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024))
        self.port: int = server.sockets[0].getsockname()[1]

    def _do(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(TIMEOUT)

    def close(self) -> None:
        """Drop everything."""

        async def end() -> None:
            mine = asyncio.current_task()
            tasks = [task for task in asyncio.all_tasks() if task is not mine]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self._do(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(TIMEOUT)
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with (
            contextlib.suppress(ConnectionError, asyncio.CancelledError, ValueError),  # a long line
            contextlib.closing(writer),
        ):
            await self._talk(reader, writer)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

        async def came(_: asyncio.StreamReader, leg: asyncio.StreamWriter) -> None:
            data.put_nowait(leg)

        said = {"USER": b"331 Go on.", "PASS": b"230 Fine.", "QUIT": b"221 Bye."}
        writer.write(b"220 Ready.\r\n")
        port: asyncio.Server | None = None
        while line := await reader.readline():
            verb, _, name = line.decode("ascii", "replace").strip().partition(" ")
            if verb == "EPSV":
                port = await asyncio.start_server(came, "127.0.0.1", 0)
                number = port.sockets[0].getsockname()[1]
                writer.write(b"229 Extended (|||%d|)\r\n" % number)
            elif verb == "RETR" and port is not None:
                writer.write(b"150 Here.\r\n")
                leg = await data.get()
                port.close()
                await _send(leg, name)
                writer.write(b"226 Done.\r\n")
            else:
                word = said.get(verb, b"200 Fine.") + b"\r\n"
                writer.write(self.long if verb == "HELP" else word)
            await writer.drain()
            if verb == "QUIT":
                return


async def _send(leg: asyncio.StreamWriter, name: str) -> None:
    with contextlib.suppress(ConnectionError), contextlib.closing(leg):
        while name == "endless":
            leg.write(bytes(1 << 16))
            await leg.drain()


class Crowd:
    """Connections from one address, opened all at once and kept; ``said`` is what each has heard."""

    def __init__(self, address: tuple[str, int], source: str, size: int) -> None:
        self._selector = selectors.DefaultSelector()
        self.said: dict[socket.socket, bytes] = {}
        self.over: set[socket.socket] = set()
        """Those that were closed or reset."""
        for _ in range(size):
            sock = socket.socket()
            sock.setblocking(False)
            sock.bind((source, 0))
            sock.connect_ex(address)
            self.said[sock] = b""
            self._selector.register(sock, selectors.EVENT_READ)

    def hear(self, enough: Any) -> bool:
        """Read what comes until that is so; False where it never is."""
        end = monotonic() + TIMEOUT
        while not enough(self):
            if monotonic() > end:
                return False
            for key, _ in self._selector.select(0.05):
                self._read(key.fileobj)
        return True

    def glance(self) -> None:
        """Read what is there."""
        for key, _ in self._selector.select(0):
            self._read(key.fileobj)

    def _read(self, sock: Any) -> None:
        try:
            data = sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.said[sock] += data
        if not data:
            self.over.add(sock)
            self._selector.unregister(sock)

    def count(self, beginning: bytes) -> int:
        """How many have heard that first."""
        return sum(said.startswith(beginning) for said in self.said.values())

    @property
    def answered(self) -> bool:
        """Whether each has heard something, or was closed."""
        return all(said or sock in self.over for sock, said in self.said.items())

    def say(self, words: bytes, to: Iterable[socket.socket] | None = None) -> None:
        """Each says that."""
        for sock in self.said if to is None else to:
            with contextlib.suppress(OSError):
                sock.send(words)

    def close(self) -> None:
        """Close all of them."""
        self._selector.close()
        for sock in self.said:
            sock.close()
