"""Ports that tests listen on: none that the kernel gives to whoever asks for any, each process has its own.

A port that was free a moment ago, or that a server has left, may be anybody's by the time that somebody dials
it: another process's test would answer, and miss the connection that it waited for itself.
"""

from __future__ import annotations

import errno
import socket
from functools import cache

FIRST, RANGES, SIZE = 10000, 22, 1000
"""The first port, how many processes have some, and how many each has."""


class Ports:
    """Those of this process, used in turn."""

    def __init__(self) -> None:
        self.first, self._held = claimed()
        self._used = 0

    def bind(self, sock: socket.socket, host: str) -> None:
        """Bind it to the next one that is free; where none is, to any."""
        for _ in range(SIZE if self._held is not None else 0):
            port = self.first + self._used
            self._used = (self._used + 1) % SIZE
            try:
                sock.bind((host, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                return
        sock.bind((host, 0))


def claimed() -> tuple[int, socket.socket | None]:
    """The first port of a range that no other process has, and what holds it as long as it is open."""
    for at in range(RANGES):
        held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            held.bind(f"\0ftpalg-tests-ports-{at}")
        except OSError:
            held.close()
        else:
            return FIRST + at * SIZE, held
    return FIRST, None


@cache
def ports() -> Ports:
    """This process's, claimed when it first wants one."""
    return Ports()
