"""Every way to cut a stream of bytes in two, for the tests of codecs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.wire.errors import FtpError


class Codec(Protocol):
    """What turns bytes into lines."""

    def feed(self, data: bytes) -> bytes:
        """Take bytes; return what is to be sent back."""

    def next(self) -> bytes | None:
        """Return a line, if there is a whole one."""


Outcome = tuple[list[bytes | str], bytes]
BYTES = st.lists(
    st.sampled_from(
        [b"\r", b"\n", b"\0", b"\xff", b"\xfa", b"\xf0", b"\xf2", b"\xfd", b"a", b"B "]
    ),
    max_size=24,
).map(b"".join)


def splits(data: bytes) -> Iterator[tuple[bytes, ...]]:
    """The data whole, in two pieces at every point, and byte by byte."""
    yield (data,)
    for at in range(1, len(data)):
        yield data[:at], data[at:]
    yield tuple(data[at : at + 1] for at in range(len(data)))


def read(made: Callable[[], Codec], pieces: tuple[bytes, ...]) -> Outcome:
    """The lines, or the names of the errors in their place, and the answers to Telnet.

    Reading ends where the codec says that the stream is lost: at an error of a server's lines; what
    Telnet answers it got before does not matter then.
    """
    codec, lines, answers = made(), list[bytes | str](), b""
    for piece in pieces:
        answers += codec.feed(piece)
        while True:
            try:
                line = codec.next()
            except FtpError as error:
                lines.append(type(error).__name__)
                if error.code == 421:
                    return lines, b""
                continue
            if line is None:
                break
            lines.append(line)
    return lines, answers


class LinesTest(SynchronousTestCase):
    """A test case that reads the same bytes in every cut."""

    def all_splits(self, made: Callable[[], Codec], data: bytes, *lines: bytes | str) -> None:
        """The lines are these, however the bytes come."""
        for pieces in splits(data):
            self.assertEqual(read(made, pieces)[0], list(lines), pieces)
