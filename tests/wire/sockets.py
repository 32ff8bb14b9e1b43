"""Blocking sockets for tests: every wait ends by itself, and how a connection ended is told."""

from __future__ import annotations

import select
import socket
import struct
import subprocess
from collections.abc import Callable

from tests.wire.ports import ports

TIMEOUT = 10.0
LONG = 120.0
"""For a peer that only waits until a test is over."""
LINGER_RESET = struct.pack("ii", 1, 0)
BLOCK = bytes(range(256)) * 256  # 64 KiB


class Closed(Exception):
    """The peer ended the connection cleanly where more was expected."""


class Wire:
    """A blocking socket read by lines."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(TIMEOUT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.buffer = b""
        self.situation: Callable[[], str] = str
        """What is to be known where nothing comes."""

    def send(self, data: bytes) -> None:
        """Write all of it."""
        self.sock.sendall(data)

    def line(self) -> bytes:
        """Read one line without its CR LF; Closed at the end."""
        while b"\n" not in self.buffer:
            try:
                data = self.sock.recv(65536)
            except TimeoutError:
                raise TimeoutError(f"no line has come. {self.situation()}") from None
            if not data:
                raise Closed(self.buffer)
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        assert line.endswith(b"\r"), f"line without CR: {line[:80]!r}"
        return line[:-1]

    def hears_nothing(self) -> bool:
        """True where nothing has come, not even an end; Gateway.rests says when all would have."""
        return not self.buffer and untouched(self.sock)

    def silent(self, seconds: float) -> bool:
        """True where nothing, not even an end, comes in that time: for what a timer must not do."""
        if self.buffer:
            return False
        self.sock.settimeout(seconds)
        try:
            self.buffer += self.sock.recv(65536)
        except TimeoutError:
            return True
        except ConnectionError:
            return False
        finally:
            self.sock.settimeout(TIMEOUT)
        return False

    def rest(self) -> bytes:
        """All that comes up to the end, however it ends."""
        found = self.buffer + drained(self.sock)[0]
        self.buffer = b""
        return found

    def close(self) -> None:
        """Close cleanly."""
        self.sock.close()

    def reset(self) -> None:
        """Close with a RST."""
        reset(self.sock)


def untouched(sock: socket.socket) -> bool:
    """True where nothing waits to be read, and nobody to be accepted."""
    return not select.select([sock], [], [], 0)[0]


def reset(sock: socket.socket) -> None:
    """Close a socket with a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
    sock.close()


def drained(sock: socket.socket, timeout: float = TIMEOUT) -> tuple[bytes, str]:
    """Read to the end: the bytes, and "end" or "reset"."""
    sock.settimeout(timeout)
    parts: list[bytes] = []
    while True:
        try:
            data = sock.recv(1 << 20)
        except ConnectionError:
            return b"".join(parts), "reset"
        if not data:
            return b"".join(parts), "end"
        parts.append(data)


def stranger(source: str, port: int, to: str = "127.0.0.1") -> tuple[bytes, str]:
    """What a connection from there that is not wanted reads, and how it ends.

    Whoever resets at once may do so before connect returns: the system says it there.
    """
    try:
        sock = socket.create_connection((to, port), TIMEOUT, (source, 0))
    except ConnectionResetError:
        return b"", "reset"
    with sock:
        return drained(sock)


def exactly(sock: socket.socket, size: int) -> bytes:
    """Read that many bytes, no more."""
    found = bytearray()
    while len(found) < size:
        data = sock.recv(min(size - len(found), 65536))
        assert data, "ended early"
        found += data
    return bytes(found)


def die(*socks: socket.socket) -> None:
    """Let a process that holds these sockets be killed: the kernel closes them all at once."""
    handles = tuple(s.fileno() for s in socks)
    holder = subprocess.Popen(
        ["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=handles
    )
    for sock in socks:
        sock.close()
    holder.kill()
    holder.communicate()


def bound(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """A socket on a free port, or on one that was ours before, that nobody can connect to yet."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    if port:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    else:
        ports().bind(sock, host)
    return sock


def listener(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """The same, listening."""
    sock = bound(host, port)
    sock.listen(20)
    sock.settimeout(TIMEOUT)
    return sock


def port_of(sock: socket.socket) -> int:
    """The local port."""
    return int(sock.getsockname()[1])


def six(host: str, port: int) -> bytes:
    """The argument of PORT."""
    return b"%b,%d,%d" % (host.replace(".", ",").encode(), port >> 8, port & 255)
