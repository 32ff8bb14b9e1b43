"""The client's and the server's ends of real connections, read without waiting."""

from __future__ import annotations

import socket
import struct

RESET = struct.pack("ii", 1, 0)


def listener(host: str) -> socket.socket:
    """A port of a peer."""
    made = socket.socket()
    made.bind((host, 0))
    made.listen(5)
    return made


def connected(source: str, address: tuple[str, int]) -> socket.socket:
    """A connection from there."""
    made = socket.socket()
    made.bind((source, 0))
    made.connect(address)
    return made


class End:
    """One end: what has come, and how it has ended (``end``, ``reset`` or nothing yet)."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.came = b""
        self.over = ""

    def look(self) -> None:
        """Read what is there."""
        while not self.over:
            try:
                data = self.sock.recv(65536)
            except BlockingIOError:
                return
            except OSError:
                self.over = "reset"
                return
            self.came += data
            if not data:
                self.over = "end"

    @property
    def holds_line(self) -> bool:
        """Whether a whole line can be taken."""
        self.look()
        return b"\r\n" in self.came

    def line(self) -> bytes:
        """Take it."""
        line, _, self.came = self.came.partition(b"\r\n")
        return line

    def ended(self) -> str:
        """How it has ended."""
        self.look()
        return self.over

    def send(self, data: bytes, flags: int = 0) -> None:
        """Send it, if somebody still listens."""
        try:
            self.sock.send(data, flags)
        except OSError:
            self.over = self.over or "reset"

    def finish(self) -> None:
        """Send nothing more."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.over = self.over or "reset"

    def break_(self) -> None:
        """Reset it."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.sock.close()
        self.over = "ours"

    def close(self) -> None:
        """Close it."""
        self.sock.close()
        self.over = "ours"
