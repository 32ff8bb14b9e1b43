"""What clients do with a gateway while it is measured; each takes the port to connect to."""

from __future__ import annotations

import asyncio
import ftplib
import socket
import ssl
from typing import Any

BLOCK = bytearray(1 << 20)
USER = PASSWORD = "bench"


class Implicit(ftplib.FTP_TLS):
    """TLS from the first byte, on data connections too, and no word of it: the server behind has none."""

    def connect(self, host: str = "", port: int = 0, timeout: float = 120, *_: Any) -> str:
        """Shake hands before the greeting is read."""
        self.host, self.port, self.timeout = host, port, timeout
        raw = socket.create_connection((host, port), timeout)
        self.af = raw.family
        self.sock = self.context.wrap_socket(raw, server_hostname=host)
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()
        return self.welcome

    def prot_p(self) -> str:
        """Nobody is told."""
        self._prot_p = True
        return ""


def trusting() -> ssl.SSLContext:
    """Clients that verify nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def client(
    port: int, *, tls: bool, user: str = USER, by: type[ftplib.FTP_TLS] = ftplib.FTP_TLS
) -> ftplib.FTP:
    """A logged-in client; a gateway may want the server in the user's name."""
    made = by(context=trusting()) if tls else ftplib.FTP()
    made.connect("127.0.0.1", port, timeout=120)
    made.login(user, PASSWORD)
    if isinstance(made, ftplib.FTP_TLS):
        made.prot_p()
    made.voidcmd("TYPE I")
    return made


def retr(port: int, size: int, *, tls: bool, **way: Any) -> None:
    """Download the file that is named by its size."""
    session = client(port, tls=tls, **way)
    data = session.transfercmd(f"RETR {size}")
    got = 0
    while count := data.recv_into(BLOCK):
        got += count
    data.close()
    session.voidresp()
    session.quit()
    assert got == size, got


def stor(port: int, size: int, *, tls: bool, **way: Any) -> None:
    """Upload as much."""
    session = client(port, tls=tls, **way)
    data = session.transfercmd("STOR up")
    for _ in range(size // len(BLOCK)):
        data.sendall(BLOCK)
    ended(data)
    session.voidresp()
    session.quit()


def ended(data: socket.socket) -> None:
    """The end of an upload, under TLS too."""
    if isinstance(data, ssl.SSLSocket):
        data.unwrap()
    data.close()


def small(port: int, count: int, *, tls: bool = False, **way: Any) -> None:
    """Download a small file so many times, in one session."""
    session = client(port, tls=tls, **way)
    for _ in range(count):
        session.retrbinary("RETR small", lambda data: None)
    session.quit()


async def reply(reader: asyncio.StreamReader) -> bytes:
    """The code of the next reply, which may have several lines."""
    while (line := await reader.readline())[3:4] == b"-" or line[:1] == b" ":
        pass
    return line[:3]


AT_ONCE = 16
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def greeted(port: int, *, tls: bool, by: type[ftplib.FTP_TLS]) -> Ends:
    """A connection that may log in: TLS has begun, where it is wanted."""
    context = trusting() if tls else None
    first = context if by is Implicit else None
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=first)
    codes = [await reply(reader)]
    if context is not None and first is None:
        writer.write(b"AUTH TLS\r\n")
        codes.append(await reply(reader))
        await writer.start_tls(context)
    assert codes in ([b"220"], [b"220", b"234"]), codes
    return reader, writer


async def logins(
    port: int,
    count: int,
    *,
    tls: bool = False,
    user: str = USER,
    at_once: int = AT_ONCE,
    by: type[ftplib.FTP_TLS] = ftplib.FTP_TLS,
) -> None:
    """Connect, log in, quit; so many at once."""

    async def one() -> None:
        reader, writer = await greeted(port, tls=tls, by=by)
        codes = []
        for line in (f"USER {user}", f"PASS {PASSWORD}", "QUIT"):
            writer.write(line.encode() + b"\r\n")
            codes.append(await reply(reader))
        writer.close()
        assert codes == [b"331", b"230", b"221"], codes

    async def worker() -> None:
        for _ in range(count // at_once):
            await one()

    await asyncio.gather(*(worker() for _ in range(at_once)))


def log_in(port: int, count: int, **way: Any) -> None:
    """The same, in a loop of its own."""
    asyncio.run(logins(port, count, **way))
