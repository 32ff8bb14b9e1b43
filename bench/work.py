"""What clients do with a gateway while it is measured; each takes the port to connect to."""

from __future__ import annotations

import asyncio
import ftplib
import ssl

BLOCK = bytearray(1 << 20)
USER = PASSWORD = "bench"


def client(port: int, *, tls: bool, user: str = USER) -> ftplib.FTP:
    """A logged-in client; a gateway may want the server in the user's name."""
    made: ftplib.FTP
    if tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        made = ftplib.FTP_TLS(context=context)
    else:
        made = ftplib.FTP()
    made.connect("127.0.0.1", port, timeout=120)
    made.login(user, PASSWORD)
    if isinstance(made, ftplib.FTP_TLS):
        made.prot_p()
    made.voidcmd("TYPE I")
    return made


def retr(port: int, size: int, *, tls: bool, user: str = USER) -> None:
    """Download the file that is named by its size."""
    session = client(port, tls=tls, user=user)
    data = session.transfercmd(f"RETR {size}")
    got = 0
    while count := data.recv_into(BLOCK):
        got += count
    data.close()
    session.voidresp()
    session.quit()
    assert got == size, got


def stor(port: int, size: int, *, tls: bool, user: str = USER) -> None:
    """Upload as much."""
    session = client(port, tls=tls, user=user)
    data = session.transfercmd("STOR up")
    for _ in range(size // len(BLOCK)):
        data.sendall(BLOCK)
    if isinstance(data, ssl.SSLSocket):
        data.unwrap()
    data.close()
    session.voidresp()
    session.quit()


def small(port: int, count: int, *, user: str = USER) -> None:
    """Download a small file so many times, in one session."""
    session = client(port, tls=False, user=user)
    for _ in range(count):
        session.retrbinary("RETR small", lambda data: None)
    session.quit()


async def reply(reader: asyncio.StreamReader) -> bytes:
    """The code of the next reply, which may have several lines."""
    while (line := await reader.readline())[3:4] == b"-" or line[:1] == b" ":
        pass
    return line[:3]


AT_ONCE = 16


async def logins(port: int, count: int, user: str, at_once: int = AT_ONCE) -> None:
    """Connect, log in, quit; so many at once."""

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        codes = [await reply(reader)]
        for line in (f"USER {user}", f"PASS {PASSWORD}", "QUIT"):
            writer.write(line.encode() + b"\r\n")
            codes.append(await reply(reader))
        writer.close()
        assert codes == [b"220", b"331", b"230", b"221"], codes

    async def worker() -> None:
        for _ in range(count // at_once):
            await one()

    await asyncio.gather(*(worker() for _ in range(at_once)))


def log_in(port: int, count: int, *, user: str = USER, at_once: int = AT_ONCE) -> None:
    """The same, in a loop of its own."""
    asyncio.run(logins(port, count, user, at_once))
