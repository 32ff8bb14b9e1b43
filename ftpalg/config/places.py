"""Where each key of a TOML text stands: tomllib tells values without their places.

The text must be TOML that tomllib has read: nothing is checked here, only found again.  Lines and
columns count from 1, columns in characters.
"""

from __future__ import annotations

import re
import tomllib
from typing import NamedTuple

from ftpalg.core.value import value

Path = tuple[str | int, ...]
"""A key with the keys of its tables before it; the place in a list counts from 0."""

BARE = re.compile(r"[A-Za-z0-9_-]+")
BLANK = re.compile(r"[ \t\r]*")
BETWEEN = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
SCALAR = re.compile(r"[^\s,\]}#]+(?: [0-9][^\s,\]}#]*)?")
"""A number, a switch or a date; a date may have one space before its time."""


@value
class Place(NamedTuple):
    """From ``start`` to ``end`` in the text; ``line`` and ``column`` are the start's."""

    line: int
    column: int
    start: int
    end: int


@value
class Places(NamedTuple):
    """What a text holds, and where: keys (or headers), values, and its comments by their line."""

    keys: dict[Path, Place]
    values: dict[Path, Place]
    comments: dict[int, str]


def places(text: str) -> Places:
    """Find every key, value and comment of a text that is TOML."""
    reader = _Reader(text)
    reader.read()
    return Places(reader.keys, reader.values, reader.comments)


class _Reader:
    """Goes through a text once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._line_start = 0
        self._counted = 0
        self._last: dict[Path, int] = {}  # of each list of tables, the table begun last
        self.keys: dict[Path, Place] = {}
        self.values: dict[Path, Place] = {}
        self.comments: dict[int, str] = {}

    def read(self) -> None:
        table: Path = ()
        while self._skip() < len(self._text):
            start = self._at
            if self._text.startswith("[[", self._at):
                table = self._list_header(start)
            elif self._text.startswith("[", self._at):
                table = self._header(start)
            else:
                self._pair(table)

    def _place(self, start: int) -> Place:
        self._line += self._text.count("\n", self._counted, start)
        self._line_start = self._text.rfind("\n", 0, start) + 1
        self._counted = start
        return Place(self._line, start - self._line_start + 1, start, self._at)

    def _skip(self) -> int:
        """Go to what comes next, and keep the comments on the way."""
        match = BETWEEN.match(self._text, self._at)
        assert match is not None  # it fits the empty text too
        line = self._place(self._at).line
        for piece in match[0].split("\n"):
            if "#" in piece:
                self.comments[line] = piece[piece.index("#") :].rstrip("\r")
            line += 1
        self._at = match.end()
        return self._at

    def _over(self, signs: str) -> None:
        self._blank()
        self._at += len(signs)
        self._blank()

    def _blank(self) -> None:
        match = BLANK.match(self._text, self._at)
        assert match is not None  # it fits the empty text too
        self._at = match.end()

    # -- headers ----------------------------------------------------------------------------------

    def _inside(self, parts: Path) -> Path:
        """The table that a header's words lead to: of a list, the one begun last."""
        found: Path = ()
        for part in parts:
            found += (part,)
            if found in self._last:
                found += (self._last[found],)
        return found

    def _header(self, start: int) -> Path:
        self._over("[")
        parts = self._name()
        self._over("]")
        table = self._inside(parts)
        self._hold(table, self._place(start))
        return table

    def _list_header(self, start: int) -> Path:
        self._over("[[")
        parts = self._name()
        self._over("]]")
        listed = (*self._inside(parts[:-1]), parts[-1])
        self._last[listed] = self._last.get(listed, -1) + 1
        table = (*listed, self._last[listed])
        self._hold(table, self._place(start))
        return table

    def _hold(self, path: Path, place: Place) -> None:
        """A table stands where it is first named, by itself or by what is in it."""
        for length in range(1, len(path) + 1):
            self.keys.setdefault(path[:length], place)

    def _name(self) -> Path:
        parts: list[str] = []
        while True:
            parts.append(self._part())
            self._blank()
            if not self._text.startswith(".", self._at):
                return tuple(parts)
            self._over(".")

    def _part(self) -> str:
        if self._text[self._at] in "\"'":
            start = self._at
            self._string()
            return _plain(self._text[start : self._at])
        match = BARE.match(self._text, self._at)
        assert match is not None  # tomllib has read it
        self._at = match.end()
        return match[0]

    # -- keys and values --------------------------------------------------------------------------

    def _pair(self, table: Path) -> None:
        start = self._at
        path = (*table, *self._name())
        while self._text[self._at - 1] in " \t":
            self._at -= 1
        self._hold(path, self._place(start))
        self._over("=")
        self._value(path)

    def _value(self, path: Path) -> None:
        start = self._at
        here = self._place(start)
        sign = self._text[start]
        if sign in "\"'":
            self._string()
        elif sign == "[":
            self._at += 1
            count = 0
            while self._skip() is not None and self._text[self._at] != "]":
                self._value((*path, count))
                count += 1
                self._skip()
                if self._text[self._at] == ",":
                    self._at += 1
            self._at += 1
        elif sign == "{":
            self._over("{")
            while self._skip() is not None and self._text[self._at] != "}":
                self._pair(path)
                self._skip()
                if self._text[self._at] == ",":
                    self._over(",")
            self._at += 1
        else:
            match = SCALAR.match(self._text, start)
            assert match is not None  # tomllib has read it
            self._at = match.end()
        place = Place(here.line, here.column, start, self._at)
        self.values[path] = place
        self.keys.setdefault(path, place)

    def _string(self) -> None:
        quote = self._text[self._at]
        long = quote * 3
        raw = quote == "'"
        if self._text.startswith(long, self._at):
            self._at += 3
            while not self._text.startswith(long, self._at):
                self._at += 2 if self._text[self._at] == "\\" and not raw else 1
            self._at += 3
            for _ in range(2):  # up to two quotes may stand before the closing three
                self._at += self._text.startswith(quote, self._at)
            return
        self._at += 1
        while self._text[self._at] != quote:
            self._at += 2 if self._text[self._at] == "\\" and not raw else 1
        self._at += 1


def _plain(quoted: str) -> str:
    """What a quoted key says."""
    said: str = tomllib.loads(f"it = {quoted}")["it"]
    return said
