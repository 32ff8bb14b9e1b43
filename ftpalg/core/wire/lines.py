"""Bytes to lines: framing, limits and Telnet, for both control connections.

Whatever way the bytes were cut into segments, the lines are the same.  Text is never decoded, and a
line is judged as it came: nothing is taken out of the middle of one.  RFC 959 section 5.3 (lines end
with CR LF), RFC 854 and RFC 1123 section 4.1.2.12 (Telnet).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from functools import cache
from typing import Protocol

from ftpalg.core.wire.errors import BadReply, BareByte, LineTooLong, ReplyTooLong

IAC, DONT, DO, WONT, WILL, SB, IP, DM, SE = 255, 254, 253, 252, 251, 250, 244, 242, 240
LONGEST_SUBNEGOTIATION = 256

CRLF, LF = b"\r\n", b"\n"
NUL, NEWLINE, RETURN = b"\0\n\r"
"""Numbers: of bytes Python asks first, by an exception, whether they are one, before it looks for them."""
BLANK = b" \t\r\n"
"""What an empty line may begin with."""


Within = Callable[[bytearray, int], bool]
"""Text of a feed, and where in it the feed begins."""


class Telnet:
    """Takes Telnet commands out of a stream, at the start of a line only, and says what to answer.

    There they stand where real clients send them (IP and DM before ABOR) and real servers negotiate.
    Behind the first byte of a line every byte is text: Windows-1251 and Latin-1 have letters at 0xFA
    to 0xFF, and vsftpd and Pure-FTPd store such names whole.  IAC IAC is text everywhere and goes on
    as two bytes.  ``end`` is what ends a line.

    ``interrupts`` tells where IP or DM was taken out of what ``feed`` returned last.
    """

    __slots__ = ("_end", "_held", "_tail", "interrupts")

    def __init__(self, end: bytes = LF) -> None:
        self._end = end
        self._held = b""
        self._tail = end  # what the text so far ends with: at first, as behind a line
        self.interrupts: Sequence[int] = ()

    @property
    def empty(self) -> bool:
        """True when no part of a Telnet command waits for the rest."""
        return not self._held

    def take(self) -> bytes:
        """Give up what waits."""
        held, self._held = self._held, b""
        return held

    def begin_line(self) -> None:
        """Take what comes next for the start of a line."""
        self._tail = self._end

    def feed(self, data: bytes, within: Within | None = None) -> tuple[bytes, bytes]:
        """Return (text, answers): the stream without Telnet commands, and DONT/WONT to send back.

        ``within`` is asked whether a line that begins behind so much text of this feed is one where
        every byte is text.
        """
        size = len(self._end)
        self.interrupts = ()
        if not self._held and IAC not in data:
            ends = data.endswith(self._end)
            self._tail = self._end if ends else (self._tail + data[-size:])[-size:]
            return data, b""
        before = len(self._tail)
        data = self._tail + self._held + data
        self._held = b""
        text, answers, at = bytearray(), bytearray(), 0
        self.interrupts = interrupts = []
        mark = self._end + bytes((IAC,))
        while (found := data.find(mark, at)) >= 0:
            text += data[at : found + size]
            at = found + size
            if within is not None and within(text, before):
                continue
            while (length := _command_length(data, at)) > 0:
                if data[at + 1] in (IP, DM):
                    interrupts.append(len(text) - before)
                answers += _answer(data, at)
                at += length
            if length < 0:
                self._held = data[at:]
                at = len(data)
        text += data[at:]
        self._tail = bytes(text[-size:])
        return bytes(text[before:]), bytes(answers)


def _command_length(data: bytes, at: int) -> int:
    """Length of the Telnet command at ``at``; 0 where text is, -1 where more must come to tell."""
    if data[at : at + 1] != b"\xff":
        return 0
    if at + 1 >= len(data):
        return -1
    code = data[at + 1]
    if code < SE or code == IAC:
        return 0
    if WILL <= code <= DONT:
        return 3 if at + 2 < len(data) else -1
    if code == SB:
        end = data.find(bytes((IAC, SE)), at + 2, at + LONGEST_SUBNEGOTIATION)
        if end >= 0:
            return end + 2 - at
        return -1 if len(data) - at <= LONGEST_SUBNEGOTIATION else 2
    return 2


def _answer(data: bytes, at: int) -> bytes:
    """What the Telnet command at ``at`` is answered: no option is ever agreed to."""
    code = data[at + 1]
    if code not in (WILL, DO):
        return b""
    return bytes((IAC, DONT if code == WILL else WONT, data[at + 2]))


@cache
def _empty_lines(limit: int, lf_lines: bool) -> re.Pattern[bytes]:
    """What an empty line or several are, where lines have that limit."""
    return re.compile(rb"(?:[ \t]{0,%d}\r{%d,%d}\n)+" % (limit, not lf_lines, limit + 1))


class CommandLines:
    """Lines from a client.  A line ends with CR LF and holds no other CR, LF or NUL.

    CRs right before that LF belong to the end: clients on Windows that write text through text mode
    send CR CR LF.  Empty lines, and those of blanks alone, are no lines.  With ``lf_lines``
    LF alone ends a line as well.

    ``urgent`` is True where Telnet's IP or DM stood in front of the line that ``next`` gave or refused
    last (RFC 959 section 4.1.3); ``begins`` counts the bytes before it.
    """

    __slots__ = (
        "_buffer",
        "_empty_lines",
        "_end",
        "_interrupts",
        "_limit",
        "_read",
        "_skipping",
        "_telnet",
        "begins",
        "urgent",
    )

    def __init__(self, limit: int, *, lf_lines: bool = False) -> None:
        self._buffer = bytearray()
        self._end = LF if lf_lines else CRLF
        self._empty_lines = _empty_lines(limit, lf_lines)
        self._limit = limit
        self._skipping = False
        self._telnet = Telnet(self._end)
        self._read = 0  # bytes that have left the buffer
        self._interrupts: deque[int] | None = None  # where each stood, counted as they are
        self.urgent = False
        self.begins = 0

    def feed(self, data: bytes) -> bytes:
        """Take bytes as they came; return the Telnet answers to send back, mostly empty."""
        text, answers = self._telnet.feed(data)
        begin = self._read + len(self._buffer)
        for place in self._telnet.interrupts:
            if self._interrupts is None:
                self._interrupts = deque()
            if not self._interrupts or self._interrupts[-1] != begin + place:
                self._interrupts.append(begin + place)
        self._buffer += text
        return answers

    def _drop(self, length: int) -> None:
        """Give up the first bytes."""
        del self._buffer[:length]
        self._read += length

    def _interrupted(self) -> bool:
        """True where an interrupt stood at or before the first byte; those are spent then."""
        found = False
        while self._interrupts and self._interrupts[0] <= self._read:
            self._interrupts.popleft()
            found = True
        return found

    def next(self) -> bytes | None:
        """Return the next line without its end, or None when there is no whole one.

        Raise LineTooLong or BareByte once for each line that is refused; the line is then gone.
        """
        if not self._buffer:
            return None
        if self._buffer[0] in BLANK and not self._skipping:
            self._drop(self._empty_length())
        end = self._buffer.find(self._end)
        if end < 0:
            if len(self._buffer) > self._limit + 1:
                self._skipping = True
                self._drop(len(self._buffer) - 1)
            return None
        line = bytes(self._buffer[:end])
        self.begins = self._read
        self.urgent = bool(self._interrupts) and self._interrupted()
        self._drop(end + len(self._end))
        if self._end == LF and line.endswith(b"\r"):
            line = line[:-1]
        if self._skipping or len(line) > self._limit:
            self._skipping = False
            raise LineTooLong(f"Command line longer than {self._limit} bytes.")
        line = line.rstrip(b"\r")
        if NEWLINE in line or RETURN in line or NUL in line:
            raise BareByte("Command line with a bare CR, LF or NUL; lines end with CR LF.")
        return line

    def _empty_length(self) -> int:
        """How many bytes of empty lines the buffer begins with."""
        found = self._empty_lines.match(self._buffer)
        return found.end() if found else 0

    @property
    def empty(self) -> bool:
        """True when nothing waits but empty lines: what STARTTLS demands before it may go on."""
        if not self._telnet.empty or self._skipping:
            return False
        return self._empty_length() == len(self._buffer)

    def take(self) -> bytes:
        """Give up what waits, as it came."""
        waiting = bytes(self._buffer) + self._telnet.take()
        self._drop(len(self._buffer))
        return waiting

    @property
    def ends_bare(self) -> bool:
        """True while the unfinished line ends with LF: its sender may believe it complete."""
        return self._buffer.endswith(b"\n") and self._end not in self._buffer

    def drop_bare(self) -> None:
        """Give up the unfinished line of a sender who ends lines with LF alone; raise BareByte."""
        self._drop(len(self._buffer))
        self._interrupted()
        self._telnet.begin_line()
        self._skipping = False
        raise BareByte("Command line ended by LF alone; lines end with CR LF.")


class Replies(Protocol):
    """What lines become."""

    @property
    def begun(self) -> bytes:
        """The code of the reply that has begun and not ended, or nothing."""


class ReplyLines:
    """Lines from a server.  LF ends a line with or without CR; NUL is left out.

    ``last`` is the line that ``next`` gave or refused last, as it came, and ``begins`` counts the bytes
    before it.  ``replies`` are what the lines given so far have made: within a reply of several lines one
    may begin with any byte (names in STAT, Windows-1251 has letters there).
    """

    __slots__ = (
        "_begun",
        "_limit",
        "_open",
        "_part",
        "_read",
        "_seen",
        "_telnet",
        "_whole",
        "begins",
        "last",
        "replies",
    )

    def __init__(self, limit: int) -> None:
        self._whole: list[bytes] | None = None  # lines with their CR, the next one last
        self._begun = b""
        self._limit = limit
        self._telnet = Telnet()
        self._read = self.begins = 0
        self.last = b""
        self.replies: Replies | None = None
        self._open: bytes | None = None  # the code of the reply that a place in this feed stands in
        self._part = b""
        self._seen = 0

    def _within(self, text: bytearray, begins: int) -> bool:
        if self.replies is None:
            return False
        if self._open is None:
            self._open, self._part, self._seen = self.replies.begun, self._begun, begins
            for line in reversed(self._whole or ()):
                self._open = _open_behind(self._open, line)
        *lines, self._part = (self._part + text[self._seen :]).split(LF)
        self._seen = len(text)
        for line in lines:
            self._open = _open_behind(self._open, line)
        return bool(self._open)

    def feed(self, data: bytes) -> bytes:
        """Take bytes as they came; return the Telnet answers to send back, mostly empty."""
        self._open = None
        text, answers = self._telnet.feed(data, self._within)
        first, *others = text.split(LF)
        self._begun += first
        if others:
            self._whole = [*others[-2::-1], self._begun, *(self._whole or ())]
            self._begun = others[-1]
        return answers

    def next(self) -> bytes | None:
        """Return the next line without its end, or None; raise ReplyTooLong beyond the limit."""
        if not self._whole:
            if len(self._begun) > self._limit + 1:
                self.last, self.begins = self._begun, self._read
                self._read += len(self._begun) + len(LF)
                raise self._too_long()
            return None
        line = self._whole.pop()
        self._whole = self._whole or None
        self.last, self.begins = line, self._read
        self._read += len(line) + len(LF)
        line = line.removesuffix(b"\r")
        if len(line) > self._limit:
            raise self._too_long()
        if RETURN in line:
            line = line.replace(b"\r", b"")
        return line.replace(b"\0", b"") if NUL in line else line

    def _too_long(self) -> BadReply:
        return ReplyTooLong(f"The server sent a reply line longer than {self._limit} bytes.")

    @property
    def waiting(self) -> bool:
        """True while a whole line waits."""
        return self._whole is not None

    @property
    def empty(self) -> bool:
        """True when no byte waits: what STARTTLS demands before it may go on."""
        return not self._whole and not self._begun and self._telnet.empty

    def take(self) -> bytes:
        """Give up what waits, as it came."""
        waiting = LF.join((*reversed(self._whole or ()), self._begun)) + self._telnet.take()
        self._whole = None
        self._begun = b""
        return waiting


def _open_behind(code: bytes, line: bytes) -> bytes:
    """The code of the reply that is open behind a line, where that one was before it; or nothing."""
    line = line.rstrip(b"\r")
    if code:
        return b"" if line == code or line.startswith(code + b" ") else code
    return line[:3] if line[3:4] == b"-" and line[:3].isdigit() else b""
