"""FTP replies: parsing what servers send, writing what clients can read.  RFC 959 section 4.2.

Clients disagree about where a multi-line reply ends (curl: any ``ddd `` line; commons-net: any line
that starts with a digit and has no ``-`` fourth), so interior lines are always written with a space
or ``ddd-`` in front.  This also stops reply smuggling through file names (VU#288905).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ftpalg.core.errors import BadReply, ReplyTooLong

FIRST = re.compile(rb"([1-6][0-9][0-9])(?:([^0-9])(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply: its code and its lines as they go to the wire, without CR LF."""

    code: int
    lines: tuple[bytes, ...]

    def __bytes__(self) -> bytes:
        if len(self.lines) == 1:
            return self.lines[0] + b"\r\n"
        return b"\r\n".join(self.lines) + b"\r\n"

    @property
    def preliminary(self) -> bool:
        """1xx: another reply to the same command follows."""
        return self.code < 200

    @property
    def positive(self) -> bool:
        """2xx: the command has been carried out."""
        return 200 <= self.code < 300

    @property
    def text(self) -> bytes:
        """The text of the first line, behind its code."""
        return self.lines[0][4:]

    def recoded(self, code: int) -> Reply:
        """The same text under another code, for where the server's code would mislead the client."""
        old, new = b"%d" % self.code, b"%d" % code
        return Reply(code, tuple(new + s[3:] if s.startswith(old) else s for s in self.lines))

    def texts_replaced(self, lines: tuple[bytes, ...]) -> Reply:
        """The same reply with other lines."""
        return Reply(self.code, lines)


def reply(code: int, text: str) -> Reply:
    """Make a reply of our own; several lines where ``text`` holds line feeds."""
    first, *rest = text.split("\n")
    if not rest:
        return Reply(code, (f"{code} {first}".encode(),))
    inner = (f" {line}".encode() for line in rest[:-1])
    return Reply(code, (f"{code}-{first}".encode(), *inner, f"{code} {rest[-1]}".encode()))


class ReplyParser:
    """Lines to replies.  Bounded in bytes and in lines; ``size`` is ``limits.reply-size``."""

    __slots__ = ("_cost", "_lines", "_size")

    LINE_COST = 32  # bytes counted for a line beyond its text, so that empty lines are not free

    def __init__(self, size: int) -> None:
        self._size = size
        self._lines: list[bytes] = []
        self._cost = 0

    def feed(self, line: bytes) -> Reply | None:
        """Take one line; return the reply it completes, if it does.

        Raise BadReply where a reply should begin and does not.  A blank line there is ignored:
        some servers send one behind a reply.
        """
        if not self._lines:
            if not line.strip():
                return None
            match = FIRST.fullmatch(line)
            if match is None:
                raise BadReply("The server sent a line that is not an FTP reply.")
            if match[2] != b"-":
                return Reply(int(match[1]), (match[1] + b" " + (match[3] or b""),))
            self._lines.append(line)
            self._cost = len(line)
            return None
        code = self._lines[0][:3]
        if line.startswith(code) and line[3:4] in (b" ", b""):
            lines = (*self._lines, line if len(line) > 3 else line + b" ")
            self._lines = []
            return Reply(int(code), lines)
        self._cost += len(line) + self.LINE_COST
        if self._cost > self._size:
            raise ReplyTooLong(f"The server sent a reply larger than {self._size} bytes.")
        self._lines.append(_interior(code, line))
        return None

    @property
    def empty(self) -> bool:
        """True between two replies."""
        return not self._lines


def _interior(code: bytes, line: bytes) -> bytes:
    if line.startswith((b" ", code + b"-")):
        return line
    return b" " + line if line else code + b"-"
