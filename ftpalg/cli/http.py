"""HTTP over the admin socket: a request's bytes, and the answer as the standard library reads it.

The library is imported once the request is on its way: that takes as long as much of the gateway's work.
"""

from __future__ import annotations

from collections.abc import Iterator
from socket import socket

PIECE = 1 << 16
"""Bytes that are read at once."""
OK = 200


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

    def __init__(self, sock: socket) -> None:
        from http.client import HTTPException, HTTPResponse

        self._response = HTTPResponse(sock)
        self._broken = HTTPException
        try:
            self._response.begin()
        except (HTTPException, ValueError):
            raise NotWhole("it is no HTTP") from None
        self.status = self._response.status
        if self._response.length is None and not self._response.chunked:
            raise NotWhole("it does not say how long it is")

    def pieces(self) -> Iterator[bytes]:
        """What it says, as it comes; closes the connection.  Raise NotWhole, OSError."""
        with self._response as response:
            try:
                while piece := response.read1(PIECE):
                    yield piece
            except (self._broken, ValueError):
                raise NotWhole("it ends in the middle") from None
            if response.length:
                raise NotWhole("it ends in the middle")

    def whole(self) -> bytes:
        """All of it.  Raise NotWhole, OSError."""
        return b"".join(self.pieces())
