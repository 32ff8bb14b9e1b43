"""HTTP/1.1 over the admin socket, as much of it as a gateway speaks there (RFC 9110, RFC 9112).

``http.client`` does this and more; to import it takes half as long again as the rest of ``ftpalg who``, while
which the gateway's answer would wait for a reader.

An answer is as long as its header says, or comes in chunks: one that ends before is never taken for whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

LONGEST = 65536
"""Bytes of a line of a header, or before a chunk."""
MOST = 100
"""Lines of a header."""
OK = 200
DIGITS = {10: b"0123456789", 16: b"0123456789abcdefABCDEF"}


class NotWhole(ValueError):
    """That is no answer, or not all of it."""


def request(method: str, path: str, body: bytes = b"") -> bytes:
    """The bytes of a request; what is in the path is quoted already."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    if method != "GET":
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode("ascii") + body


class Answer:
    """Its ``status``, and what it says.  Making it reads the header.  Raise NotWhole, OSError."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        version, _, rest = _line(file).partition(b" ")
        status = rest[:3]
        if not version.startswith(b"HTTP/1.") or not (len(status) == 3 and status.isdigit()):
            raise NotWhole("it is no HTTP")
        self.status = int(status)
        self._fields = dict(_fields(file))

    def pieces(self) -> Iterator[bytes]:
        """What it says, as it comes; closes the connection.  Raise NotWhole, OSError."""
        with self._file:
            if self._fields.get(b"transfer-encoding", b"").lower() == b"chunked":
                while size := _number(_line(self._file).partition(b";")[0].strip(), 16):
                    yield self._read(size)
                    if _line(self._file):
                        raise NotWhole("a chunk is longer than it says")
            else:
                yield self._read(_number(self._fields.get(b"content-length", b""), 10))

    def whole(self) -> bytes:
        """All of it.  Raise NotWhole, OSError."""
        return b"".join(self.pieces())

    def _read(self, size: int) -> bytes:
        piece = self._file.read(size)
        if len(piece) < size:
            raise NotWhole("it ends in the middle")
        return piece


def _line(file: BinaryIO) -> bytes:
    line = file.readline(LONGEST)
    if not line.endswith(b"\n"):
        raise NotWhole("it ends in the middle of a line")
    return line.rstrip(b"\r\n")


def _fields(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """The fields of the header, their names in lower case."""
    for _ in range(MOST):
        line = _line(file)
        if not line:
            return
        name, _, said = line.partition(b":")
        yield name.lower(), said.strip()
    raise NotWhole("its header is too long")


def _number(digits: bytes, base: int) -> int:
    """Raise NotWhole where it is none: how long that is cannot be told."""
    if not digits or digits.strip(DIGITS[base]):  # int() takes signs, 0x and underscores too
        raise NotWhole("it does not say how long it is")
    return int(digits, base)
