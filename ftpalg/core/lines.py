"""Bytes to lines: framing, limits and Telnet, for both control connections.

Whatever way the bytes were cut into segments, the lines are the same.  Text is never decoded.
RFC 959 section 5.3 (lines end with CR LF), RFC 854 and RFC 1123 section 4.1.2.12 (Telnet).
"""

from __future__ import annotations

from ftpalg.core.errors import BadReply, BareByte, LineTooLong, ReplyTooLong

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
LONGEST_SUBNEGOTIATION = 256


class Telnet:
    """Takes Telnet commands out of a stream and says what to answer.

    IAC IAC stays as it is: it stands for one byte 0xFF of a file name and goes on so.  A lone 0xFF
    before a byte that is no Telnet command stays too: clients with Latin-1 names do not double it.
    """

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    @property
    def empty(self) -> bool:
        """True when no part of a Telnet command waits for the rest."""
        return not self._held

    def take(self) -> bytes:
        """Give up what waits."""
        held, self._held = self._held, b""
        return held

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return (text, answers): the stream without Telnet commands, and DONT/WONT to send back."""
        if not self._held and IAC not in data:
            return data, b""
        data = self._held + data
        self._held = b""
        text, answers, at = bytearray(), bytearray(), 0
        while (found := data.find(IAC, at)) >= 0:
            text += data[at:found]
            size = _command_size(data, found)
            if size == 0:
                self._held = data[found:]
                return bytes(text), bytes(answers)
            code = data[found + 1]
            if code == IAC:
                text += data[found : found + 2]
            elif size == 1:
                text.append(IAC)
            elif code == WILL:
                answers += bytes((IAC, DONT, data[found + 2]))
            elif code == DO:
                answers += bytes((IAC, WONT, data[found + 2]))
            at = found + size
        text += data[at:]
        return bytes(text), bytes(answers)


def _command_size(data: bytes, at: int) -> int:
    """Length of the Telnet command at ``at``; 1 where 0xFF is only a byte, 0 where more is needed."""
    if at + 1 >= len(data):
        return 0
    code = data[at + 1]
    if code < SE:
        return 1
    if WILL <= code <= DONT:
        return 3 if at + 2 < len(data) else 0
    if code == SB:
        end = data.find(bytes((IAC, SE)), at + 2, at + LONGEST_SUBNEGOTIATION)
        if end >= 0:
            return end + 2 - at
        return 0 if len(data) - at <= LONGEST_SUBNEGOTIATION else 2
    return 2


class CommandLines:
    """Lines from a client.  A line ends with CR LF and holds no other CR, LF or NUL."""

    __slots__ = ("_buffer", "_limit", "_skipping", "_telnet")

    def __init__(self, limit: int) -> None:
        self._buffer = bytearray()
        self._limit = limit
        self._skipping = False
        self._telnet = Telnet()

    def feed(self, data: bytes) -> bytes:
        """Take bytes as they came; return the Telnet answers to send back, mostly empty."""
        text, answers = self._telnet.feed(data)
        self._buffer += text
        return answers

    def next(self) -> bytes | None:
        """Return the next line without its end, or None when there is no whole one.

        Raise LineTooLong or BareByte once for each line that is refused; the line is then gone.
        """
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > self._limit + 1:
                self._skipping = True
                del self._buffer[:-1]
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        if self._skipping or len(line) > self._limit:
            self._skipping = False
            raise LineTooLong(f"Command line longer than {self._limit} bytes.")
        if b"\n" in line or b"\r" in line or b"\0" in line:
            raise BareByte("Command line with a bare CR, LF or NUL; lines end with CR LF.")
        return line

    @property
    def empty(self) -> bool:
        """True when no byte waits: what STARTTLS demands before it may go on."""
        return not self._buffer and self._telnet.empty

    def take(self) -> bytes:
        """Give up what waits, as it came."""
        waiting = bytes(self._buffer) + self._telnet.take()
        self._buffer.clear()
        return waiting

    @property
    def ends_bare(self) -> bool:
        """True while the unfinished line ends with LF: its sender may believe it complete."""
        return self._buffer.endswith(b"\n") and b"\r\n" not in self._buffer

    def drop_bare(self) -> None:
        """Give up the unfinished line of a sender who ends lines with LF alone; raise BareByte."""
        self._buffer.clear()
        self._skipping = False
        raise BareByte("Command line ended by LF alone; lines end with CR LF.")


class ReplyLines:
    """Lines from a server.  LF ends a line with or without CR; NUL is left out."""

    __slots__ = ("_buffer", "_limit", "_scanned", "_telnet")

    def __init__(self, limit: int) -> None:
        self._buffer = bytearray()
        self._limit = limit
        self._scanned = 0
        self._telnet = Telnet()

    def feed(self, data: bytes) -> bytes:
        """Take bytes as they came; return the Telnet answers to send back, mostly empty."""
        text, answers = self._telnet.feed(data)
        self._buffer += text
        return answers

    def next(self) -> bytes | None:
        """Return the next line without its end, or None; raise ReplyTooLong beyond the limit."""
        end = self._buffer.find(b"\n", self._scanned)
        if end < 0:
            self._scanned = len(self._buffer)
            if self._scanned > self._limit + 1:
                raise self._too_long()
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._scanned = 0
        if line.endswith(b"\r"):
            line = line[:-1]
        if len(line) > self._limit:
            raise self._too_long()
        if b"\r" in line:
            line = line.replace(b"\r", b"")
        return line.replace(b"\0", b"") if b"\0" in line else line

    def _too_long(self) -> BadReply:
        return ReplyTooLong(f"The server sent a reply line longer than {self._limit} bytes.")

    @property
    def empty(self) -> bool:
        """True when no byte waits: what STARTTLS demands before it may go on."""
        return not self._buffer and self._telnet.empty

    def take(self) -> bytes:
        """Give up what waits, as it came."""
        waiting = bytes(self._buffer) + self._telnet.take()
        self._buffer.clear()
        return waiting
