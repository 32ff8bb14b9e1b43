"""The last lines of a session's two dialogues in one buffer, and what is read from it.

A line stands there as four signs of its second, a letter for its way, its text, and LF, which no line
of FTP holds; three bytes of the time, in base64, come round after 194 days.  A line that was passed on as
it came, in the same second, stands there once.  Of several lines of one reply all but the first have
the letter's capital.

Whoever gives lines gives them without passwords: nothing is hidden here but what a command is known
to hold (``Command.shown``).
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterator
from enum import Enum
from typing import NamedTuple

from ftpalg.core.facts import CommandLine, ReplyLines
from ftpalg.core.value import value
from ftpalg.core.wire.commands import BEFORE_LOGIN, Command
from ftpalg.core.wire.secret_words import WRAPPERS, holds_secret

SIZE = 2048
"""Bytes of a session's buffer at most."""
SECONDS = 1 << 24
"""After so many the signs of the time come again."""
SIGNS = 4
MARK = "…".encode()
"""Stands at the end of a line that is longer than the buffer."""
LF = b"\n"
MOST = SIZE // (SIGNS + len(b"a\n"))
"""Lines that a buffer can hold, be they empty."""
OPEN = frozenset(
    verb for verb in BEFORE_LOGIN if verb not in WRAPPERS and not holds_secret(verb, None)
)
"""Verbs whose argument need not be looked at for a password, which takes its time."""


class Arrow(Enum):
    """The way of a line, in the notation of the tests."""

    CLIENT_SAYS = "C -> P"
    TO_SERVER = "P -> S"
    SERVER_SAYS = "P <- S"
    TO_CLIENT = "C <- P"


@value
class Rung(NamedTuple):
    """One line: its second since 1970, its way, its text as bytes that nobody has made printable."""

    second: int
    arrow: Arrow
    text: bytes


Line = CommandLine | ReplyLines


def arrow_of(line: Line) -> Arrow:
    """Its way."""
    if isinstance(line, CommandLine):
        return Arrow.TO_SERVER if line.sent else Arrow.CLIENT_SAYS
    return Arrow.TO_CLIENT if line.sent else Arrow.SERVER_SAYS


def texts_of(line: Line) -> tuple[bytes, ...]:
    """Its text without the password, or those of a reply that has several lines."""
    return line.reply.lines if isinstance(line, ReplyLines) else (_text(line.command),)


def _text(command: Command) -> bytes:
    verb, argument, _ = command
    if argument is None:
        return verb
    if verb not in OPEN and command.secret:
        return verb + b" ****"
    return b"%b %b" % (verb, argument)


WAYS = (
    (Arrow.CLIENT_SAYS,),
    (Arrow.TO_SERVER,),
    (Arrow.CLIENT_SAYS, Arrow.TO_SERVER),
    (Arrow.SERVER_SAYS,),
    (Arrow.TO_CLIENT,),
    (Arrow.SERVER_SAYS, Arrow.TO_CLIENT),
)
"""The ways of a command and behind them those of a reply: it came, it was sent, both."""
LETTERS = b"abcdef"
"""Theirs."""
REPLY = 3
"""Where those of a reply begin."""


class Head(NamedTuple):
    """What stands before a line of one way and second, and before a reply's further lines."""

    first: bytes
    more: bytes


class LastLines:
    """Keeps lines in buffers; one for all sessions of a gateway.  ``clock`` gives seconds since 1970."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._second = -1
        self._heads: tuple[Head, ...] = ()

    def keep(self, lines: bytearray | None, line: Line) -> bytearray:
        """The buffer, made if there is none, with another line at its end."""
        second = int(self._clock())
        if second != self._second:
            self._tick(second)
        if lines is None:
            lines = bytearray()
        texts: tuple[bytes, ...]
        if isinstance(line, CommandLine):
            at, texts = 0, (_text(line.command),)
        else:
            at, texts = REPLY, line.reply.lines
            if len(texts) > MOST:
                texts = texts[-MOST:]
        first, more = self._heads[at]
        entry = first + more.join(texts) + LF
        if line.sent:
            if lines.endswith(entry) and _begins(lines, entry):
                del lines[-len(entry) :]
                at += 1
            first, more = self._heads[at + 1]
            entry = first + more.join(texts) + LF
        over = len(lines) + len(entry) - SIZE
        if over > 0:
            entry = _fitting(lines, entry, over)
        lines += entry
        return lines

    def _tick(self, second: int) -> None:
        """Another second: what stands before its lines."""
        self._second = second
        time = b2a_base64((second % SECONDS).to_bytes(3, "big"), newline=False)
        self._heads = tuple(
            Head(time + letter, LF + time + letter.upper())
            for letter in (LETTERS[at : at + 1] for at in range(len(WAYS)))
        )


def _begins(lines: bytearray, entry: bytes) -> bool:
    """Whether a line begins where that last entry does: it may be the end of a longer one."""
    return len(lines) == len(entry) or lines.endswith(LF, 0, len(lines) - len(entry))


def _fitting(lines: bytearray, entry: bytes, over: int) -> bytes:
    """The entry as it fits behind the lines, of which the oldest go."""
    if over <= len(lines):
        del lines[: lines.index(LF, over - 1) + 1]
        return entry
    lines.clear()
    rest = entry[entry.index(LF, len(entry) - SIZE - 1) + 1 :]
    if rest:
        return rest
    last = entry.rfind(LF, 0, -1) + 1
    return entry[last : last + SIZE - len(MARK + LF)] + MARK + LF


def rungs(lines: bytes, now: float) -> Iterator[Rung]:
    """What a buffer holds, the oldest line first; ``now`` is a moment near to the last of them."""
    several: list[Rung] = []  # of a reply whose lines were passed on behind the last one
    arrows: tuple[Arrow, ...] = ()
    for entry in lines.split(LF)[:-1]:
        letter = entry[SIGNS : SIGNS + 1]
        if letter.islower():
            yield from _passed_on(several, arrows)
            several = []
        arrows = WAYS[LETTERS.index(letter.lower())]
        several.append(Rung(_second(entry[:SIGNS], now), arrows[0], entry[SIGNS + 1 :]))
    yield from _passed_on(several, arrows)


def _passed_on(several: list[Rung], arrows: tuple[Arrow, ...]) -> Iterator[Rung]:
    """The lines by each of their ways."""
    for arrow in arrows:
        for rung in several:
            yield rung._replace(arrow=arrow)


def _second(signs: bytes, now: float) -> int:
    """The one nearest to that moment which has these signs; a clock may have been set back."""
    ago = int(now) - int.from_bytes(a2b_base64(signs), "big")
    return int(now) - ((ago + SECONDS // 2) % SECONDS - SECONDS // 2)
