"""Sessions that are logged in, and a gateway in this process whose parts can be looked at."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from ftpalg.config import load
from ftpalg.life.service import GatewayService
from ftpalg.net.control.connection import Connection
from ftpalg.ops import records
from ftpalg.ops.log import SessionLog
from ftpalg.ops.settings import LogSettings
from tests.net.pairs import REACTOR, SocketCase, listener, read_some

DIALOGUE = (
    ("", "220 A server.", "220"),
    ("USER anna", "331 Password?", "331"),
    ("PASS secret", "230 Logged in.", "230"),
    ("TYPE I", "200 Type I.", "200"),
)
"""What the client says, what the server answers, and its code."""


class SessionCase(SocketCase):
    """A gateway before one server, in this process."""

    timeout = 60.0

    def setUp(self) -> None:
        self.patch(records, "LATELY", 2)  # more of them idle than have a record now and then
        self.port = self.kept(listener())
        self.port.setblocking(False)
        file, log_file = Path(self.mktemp()), Path(self.mktemp())
        where = self.port.getsockname()[1]
        file.write_text(
            f'listen = ["tcp:0:interface=127.0.0.1"]\nserver = "ftp://127.0.0.1:{where}"\n',
            "utf-8",
        )
        log = SessionLog(LogSettings(to=f"file:{log_file}"), hosted=False)
        self.addCleanup(log.close)
        self.service = GatewayService(REACTOR, load(file, {}), log)
        self.service.privilegedStartService()
        (gate,) = self.service.ports
        self.address = ("127.0.0.1", gate.getHost().port)  # type: ignore[attr-defined]
        self.addCleanup(self.closed, gate)

    async def closed(self, gate: Any) -> None:
        """Nobody is there any more."""
        await gate.stopListening()
        self.service.gateway.close()
        await self.until(lambda: not self.connections())

    def connections(self) -> list[Connection]:
        """Those of the sessions."""
        return [one for one in REACTOR.getReaders() if isinstance(one, Connection)]

    async def session(self) -> tuple[socket.socket, socket.socket]:
        """One that is logged in: its client's socket and its server's."""
        client = self.kept(socket.socket())
        client.connect(self.address)
        client.setblocking(False)
        accepted: list[socket.socket] = []

        def came() -> bool:
            try:
                accepted.append(self.kept(self.port.accept()[0]))
            except BlockingIOError:
                return False
            return True

        await self.until(came)
        (server,) = accepted
        server.setblocking(False)
        for word, answer, code in DIALOGUE:
            if word:
                client.send(word.encode() + b"\r\n")
                await self.line(server, word)
            server.send(answer.encode() + b"\r\n")
            await self.line(client, code)
        return client, server

    async def line(self, sock: socket.socket, begins: str) -> None:
        """Hear one."""
        said = await self.said(sock)
        self.assertTrue(said.startswith(begins.encode()), said)

    async def said(self, sock: socket.socket) -> bytes:
        """Whole lines."""
        got = bytearray()

        def whole() -> bool:
            got.extend(read_some(sock) or b"")
            return got.endswith(b"\r\n")

        await self.until(whole)
        return bytes(got)

    @property
    def drivers(self) -> list[Any]:
        """The sessions."""
        return list(self.service.gateway.shared.sessions.open.values())
