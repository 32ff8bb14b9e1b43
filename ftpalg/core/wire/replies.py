"""FTP replies: parsing what servers send, writing what clients can read.  RFC 959 section 4.2.

Clients disagree about where a multi-line reply ends (curl: any ``ddd `` line; commons-net: any line
that starts with a digit and has no ``-`` fourth), so interior lines are always written with a space
or ``ddd-`` in front.  This also stops reply smuggling through file names (VU#288905).
"""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol

from ftpalg.core.value import value
from ftpalg.core.wire.errors import BadReply, ReplyTooLong

FIRST = re.compile(rb"([1-6][0-9][0-9])(-|(?![0-9]))\s?(.*)", re.DOTALL)
"""A reply's first line.  What is no space behind the code is text: VxWorks says `215UNIX`."""
OTHER = re.compile(rb"[1-6][0-9][0-9] ")
"""What may be the end of a reply that began with another code."""
UNCODED = re.compile(rb"[^0-9\x00-\x08\x0a-\x1a\x1c-\x1f]")
"""How a line of text without a code begins; ESC is for banners in colour."""
UNASKED = re.compile(rb"(?![0-9]{3}(?:[ -]|$))[^\x00-\x08\x0a-\x1a\x1c-\x1f]")
"""The same where nothing has been asked, as before the greeting and in the news behind a 230: `24 hours`
is text, `700 x` an odd code.  Where something has, it may be a broken reply."""
OTHERS = re.compile(
    rb"(?P<SSH>SSH-)|(?P<HTTP>HTTP/)|(?P<IMAP>\* OK)|(?P<POP3>\+OK)|(?P<VNC>RFB )|(?P<rsync>@RSYNCD:)"
)
"""How servers of other protocols greet: text without a code, and then they wait."""
ANNOUNCED = re.compile(rb"\(([0-9]{1,18}) bytes\)")
"""The size of the file in a 150: RFC 959 has none, ProFTPD, vsftpd and wu-ftpd do."""


@value
class Reply(NamedTuple):
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


def announced(message: Reply) -> int:
    """The size that the first reply to a transfer's command tells, 0 where it tells none."""
    found = ANNOUNCED.search(message.text)
    return int(found[1]) if found else 0


def reply(code: int, text: str) -> Reply:
    """Make a reply of our own; several lines where ``text`` holds line feeds."""
    first, *rest = text.split("\n")
    if not rest:
        return Reply(code, (f"{code} {first}".encode(),))
    inner = (f" {line}".encode() for line in rest[:-1])
    return Reply(code, (f"{code}-{first}".encode(), *inner, f"{code} {rest[-1]}".encode()))


@value
class Interior(NamedTuple):
    """A line of a preliminary reply that has not ended yet, as it goes to the wire, without CR LF.

    The first of a reply is ``ddd-text``; a Reply with the last line alone follows the others.
    """

    code: int
    line: bytes

    def __bytes__(self) -> bytes:
        return self.line + b"\r\n"


class Asker(Protocol):
    """Who knows what is awaited."""

    @property
    def skips_text(self) -> bool:
        """Whether text without a code may be passed over."""

    @property
    def asks_nothing(self) -> bool:
        """Whether no reply is awaited."""

    @property
    def passes_lines(self) -> bool:
        """Whether the lines of a preliminary reply may be given out before it is whole."""


class ReplyParser:
    """Lines to replies.  Each is bounded in bytes and in lines, and what stands between them too.

    ``size`` is ``limits.reply-size`` and ``lines`` ``limits.reply-lines``; ``uncoded_size`` and
    ``uncoded_lines`` bound the lines between two replies.  ``streams`` may be set at any time: the
    lines of preliminary replies that begin then are given out as they come (z/OS waits for a data
    set with a 125 whose lines come every fifteen seconds), unless ``asker``
    wants them whole.  While ``asker`` skips text, what has no
    code between two replies is left out (banners before the 220 and behind the 230); never
    while an answer is awaited that must not be mistaken, like the one to AUTH.  While it asks
    nothing, such text may begin with a number too.  ``passed_over`` is the first line that was left
    out so, or nothing.
    """

    __slots__ = (
        "_between",
        "_between_size",
        "_code",
        "_cost",
        "_doubted",
        "_greeted",
        "_kept",
        "_lines",
        "_other",
        "_size",
        "_streamed",
        "_taken",
        "_uncoded_lines",
        "_uncoded_size",
        "asker",
        "passed_over",
        "streams",
    )

    LINE_COST = 32  # bytes counted for a line beyond its text, so that empty lines are not free

    def __init__(
        self,
        size: int,
        lines: int = 20_000,
        *,
        uncoded_size: int = 65536,
        uncoded_lines: int = 100,
    ) -> None:
        self._size, self._lines = size, lines
        self._uncoded_size, self._uncoded_lines = uncoded_size, uncoded_lines
        self._code = b""  # of the reply that has begun
        self._kept: list[bytes] | None = None  # lines, where there is more than one
        self._cost = self._taken = 0
        self._between_size = self._between = 0
        self._other = b""  # the last line, where it has another code
        self._doubted = b""  # the code of a reply that was ended by the caller
        self._streamed = self._greeted = False
        self.streams = False
        self.asker: Asker | None = None
        self.passed_over = b""

    def feed(self, line: bytes) -> Reply | Interior | None:
        """Take one line; return the reply it completes, if it does, or itself where lines stream.

        Raise BadReply where a reply should begin and does not, and ReplyTooLong beyond a bound.  A
        blank line between two replies is ignored: some servers send one behind a reply.
        """
        code, said, sign = self._code, line[:3], line[3:4]
        if self._doubted and said == self._doubted and not sign.isdigit():
            raise BadReply("The server went on with a reply that had seemed to be over.")
        if not code:
            return self._begin(line)
        self._other = b""
        if said != code or sign != b"-":
            if said == code and sign in (b" ", b""):
                return self._end(line if sign else line + b" ")
            if sign == b" " and OTHER.match(line):
                self._other = line
            if line[:1] != b" ":
                line = b" " + line if line else code + b"-"
        return self._keep(line)

    def _begin(self, line: bytes) -> Reply | Interior | None:
        match = FIRST.fullmatch(line)
        if match is None:
            self._pass_over(line)
            return None
        self._between_size = self._between = 0
        self._greeted = True
        code, dash, text = match.groups()
        if not dash:
            return Reply(int(code), (code + b" " + text,))
        self._code = code
        self._streamed = self.streams and code.startswith(b"1") and self._passes_lines
        self._cost = self._taken = 0
        self._kept = []
        return self._keep(line)

    @property
    def _passes_lines(self) -> bool:
        return self.asker is None or self.asker.passes_lines

    def _pass_over(self, line: bytes) -> None:
        asker = self.asker
        unasked = asker is not None and asker.asks_nothing
        text = (UNCODED if self._greeted and not unasked else UNASKED).match(line)
        skips = text and asker is not None and asker.skips_text
        if line.strip() and (self._doubted or not skips):
            raise BadReply("The server sent a line that is not an FTP reply.")
        other = None if self._greeted else OTHERS.match(line)
        if other:
            raise BadReply(f"The server speaks {other.lastgroup}, not FTP.")
        self.passed_over = self.passed_over or line.strip()
        self._between += 1
        self._between_size += len(line)
        if self._between > self._uncoded_lines:
            most = f"{self._uncoded_lines} lines"
        elif self._between_size > self._uncoded_size:
            most = f"{self._uncoded_size} bytes"
        else:
            return
        raise ReplyTooLong(f"The server sent more than {most} without a reply code.")

    def _keep(self, line: bytes) -> Interior | None:
        self._taken += 1
        self._cost += len(line) + self.LINE_COST
        if self._cost > self._size:
            raise ReplyTooLong(f"The server sent a reply larger than {self._size} bytes.")
        if self._taken > self._lines:
            raise ReplyTooLong(f"The server sent a reply of more than {self._lines} lines.")
        if self._streamed:
            return Interior(int(self._code), line)
        assert self._kept is not None, "a reply has begun"
        self._kept.append(line)
        return None

    def _end(self, last: bytes) -> Reply:
        ended = Reply(int(self._code), (*(self._kept or ()), last))
        self._code = self._other = b""
        self._kept = None
        return ended

    @property
    def other_end(self) -> Reply | None:
        """The reply that would be whole if its last line, which has another code, were its end.

        glFTPd ends `553-` with `150 Opening`, and then says nothing until it is asked again.  None
        where the last line cannot be an end.  The reply has the code of that line; of lines that
        streamed it holds none.
        """
        if not self._other or self._kept is None:
            return None
        code = int(self._other[:3])
        begun = Reply(int(self._code), tuple(self._kept[:-1]))
        return Reply(code, (*begun.recoded(code).lines, self._other))

    def ended_before(self, line: bytes) -> bool:
        """Whether the reply has ended, with a 1xx in it, before that line of a third code.

        glFTPd again: `553-`, `150 Opening`, and a small file's `226` at once behind it.
        """
        if not self._other.startswith(b"1") or line[:3] in (self._code, self._other[:3]):
            return False
        return OTHER.match(line) is not None

    def end_here(self) -> tuple[Reply, ...]:
        """End the reply at its last line, which has another code: return ``other_end``.

        Where its lines streamed, the end of what the client has read stands before it.  From now on
        any line with the first code is a BadReply, and text without a code too, until ``in_step``.
        Without ``other_end`` nothing is ended.
        """
        ended = self.other_end
        if ended is None:
            return ()
        self._doubted = self._code
        begun = self._end(self._code + b" ")
        return (begun, ended) if self._streamed else (ended,)

    @property
    def doubted(self) -> int:
        """The code of the first line of the reply ended by ``end_here``, or 0."""
        return int(self._doubted or b"0")

    def in_step(self) -> None:
        """The reply ended by ``end_here`` was over: the server has answered what was asked since."""
        self._doubted = b""

    @property
    def begun(self) -> bytes:
        """The code of the reply that has begun and not ended, or nothing."""
        return self._code

    @property
    def held(self) -> int:
        """Bytes of the reply that has begun, as ``size`` counts them; none where its lines stream."""
        return self._cost if self._kept else 0

    @property
    def empty(self) -> bool:
        """True between two replies."""
        return not self._code
