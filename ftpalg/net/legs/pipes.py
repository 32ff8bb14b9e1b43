"""Pipes that lie ready for the next small file: to make one and to close it costs as much as to move it."""

from __future__ import annotations

import os

KEPT = 4
"""Pipes that lie ready at the most.  Their descriptors are the process's own, and in nobody's share."""

Pipe = tuple[int, int]
"""The end that is read and the one that is written, neither of which blocks."""


def new_pipe() -> Pipe:
    """One as the system makes it.  Raise OSError."""
    return os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)


def close(pipe: Pipe) -> None:
    """Both ends."""
    for end in pipe:
        os.close(end)


class Pipes:
    """Of a gateway.  What is given here is empty, and has the system's size."""

    __slots__ = ("_most", "_ready")

    def __init__(self) -> None:
        self._most = KEPT
        self._ready: list[Pipe] = []

    def take(self) -> Pipe | None:
        """One of them, if there is one."""
        return self._ready.pop() if self._ready else None

    def give(self, pipe: Pipe) -> None:
        """Keep it for the next, or close it where enough lie ready."""
        if len(self._ready) < self._most:
            self._ready.append(pipe)
        else:
            close(pipe)

    def close(self) -> None:
        """None lies ready any more, from now on."""
        self._most = 0
        while self._ready:
            close(self._ready.pop())
