"""Patterns of paths: each part a shell pattern, ``**`` any number of parts; whatever is below fits, too."""

from __future__ import annotations

import re
import unicodedata
from fnmatch import fnmatchcase
from typing import NamedTuple

from ftpalg.core.value import value

ANY = "**"
IGNORED = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Signs that nobody sees (Default_Ignorable_Code_Point): HFS+ leaves them out, and ext4 without case."""
FOREIGN = re.compile(r"\[[^\]]+\]|[^\0-\x7f]+|\?")
"""What may stand for letters beyond ASCII, of so many bytes as an encoding has for them."""
KEPT_APART = re.compile("[\udc80-\udcff]")
"""A byte that is no UTF-8 (PEP 383)."""


@value
class Glob(NamedTuple):
    """A pattern as it was written, with what makes no difference to some servers left out, and for names in
    other encodings than UTF-8, in which its letters beyond ASCII may be any bytes."""

    parts: tuple[str, ...]
    folded: tuple[str, ...]
    loose: tuple[str, ...]

    def touches(self, path: tuple[str, ...], *, above: bool) -> bool:
        """Whether a path, folded, fits at a server that reads it in whatever way; and ``fits``."""
        encoded = any(map(KEPT_APART.search, path))
        return fits(self.loose if encoded else self.folded, path, above=above)


def glob_of(text: str) -> Glob:
    """Read a pattern; it begins with ``/``."""
    parts = tuple(part for part in text.split("/") if part)
    folded = tuple(map(fold, parts))
    return Glob(parts, folded, tuple(FOREIGN.sub("*", part) for part in folded))


def text_of(part: bytes) -> str:
    """A name's part, its bytes that are no UTF-8 kept apart."""
    return part.decode("utf-8", "surrogateescape")


def fold(part: str) -> str:
    """A part as servers may compare it that know no case, no dots at its end, no two ways to write é, and
    nothing that cannot be seen."""
    plain = unicodedata.normalize(
        "NFC", part if part.isascii() else IGNORED.sub("", part)
    ).casefold()
    return unicodedata.normalize("NFC", plain).rstrip(" .") or plain or part


def without_stream(part: str) -> str:
    """A part without what NTFS takes for the name of a stream."""
    name, _, stream = part.partition(":")
    return name if name and stream else part


def fits(glob: tuple[str, ...], path: tuple[str, ...], *, above: bool = False) -> bool:
    """Whether a path, or what it is below, fits; with ``above`` also whether what is below it may.

    Linear in each: of several ``**`` only the last one needs another try.
    """
    at = of = 0
    again: tuple[int, int] | None = None
    while at < len(glob):
        if glob[at] == ANY:
            again = at, of
            at += 1
        elif of < len(path) and fnmatchcase(path[of], glob[at]):
            at, of = at + 1, of + 1
        elif of == len(path) and above:
            return True
        elif again is not None and again[1] < len(path):
            again = again[0], again[1] + 1
            at, of = again[0] + 1, again[1]
        else:
            return above and again is not None
    return True
