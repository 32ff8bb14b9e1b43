"""Lines to a descriptor, whole ones: of one that was cut by a full disk the rest is written first.

Several go in one write, as many as others who write to the same pipe cannot come between (PIPE_BUF,
pipe(7)).
"""

from __future__ import annotations

import os
import select
from collections.abc import Iterator, Sequence
from typing import Self


class Lines:
    """A terminal, a pipe or a socket, which is everybody's."""

    direct = False

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""

    def send(self, texts: Sequence[str]) -> int:
        """A line for each; how many were begun at least, before the first that was not."""
        self._rest = self._written(self._rest)
        taken = 0
        for lines in together(texts):
            if self._rest:
                break
            data = b"".join(lines)
            gone = len(data) - len(self._written(data))
            for line in lines:
                if gone <= 0:
                    return taken
                self._rest = line[gone:]
                gone -= len(line)
                taken += 1
        return taken

    def _written(self, data: bytes) -> bytes:
        """What is left of it where the system takes no more."""
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:  # a FIFO, or what somebody else has made so who has it too
                writable = select.poll()
                writable.register(self._descriptor, select.POLLOUT)
                writable.poll()
            except OSError:
                break
        return data

    def again(self) -> Self:
        """There is nothing to open."""
        return self

    def close(self) -> None:
        """It stays."""


def together(texts: Sequence[str]) -> Iterator[list[bytes]]:
    """Their lines, those in a list that go in one write."""
    lines: list[bytes] = []
    size = 0
    for text in texts:
        line = text.encode("utf-8", "backslashreplace") + b"\n"
        size += len(line)
        if lines and size > select.PIPE_BUF:
            yield lines
            lines, size = [], len(line)
        lines.append(line)
    yield lines


class LinesFile(Lines):
    """A file that others may read who are in its group.  Raise OSError.

    A FIFO without a reader is such an error: opening it would wait for one.
    """

    def __init__(self, path: str) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        super().__init__(os.open(path, flags, 0o640))
        self._path = path

    def again(self) -> Self:
        """It has been moved away."""
        return type(self)(self._path)

    def close(self) -> None:
        os.close(self._descriptor)
