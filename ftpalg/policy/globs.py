"""Patterns of paths: each part a shell pattern, ``**`` any number of parts; whatever is below fits, too."""

from __future__ import annotations

import unicodedata
from fnmatch import fnmatchcase
from typing import NamedTuple

from ftpalg.core.value import value

ANY = "**"


@value
class Glob(NamedTuple):
    """A pattern as it was written, and with what makes no difference to some servers left out."""

    parts: tuple[str, ...]
    folded: tuple[str, ...]


def glob_of(text: str) -> Glob:
    """Read a pattern; it begins with ``/``."""
    parts = tuple(part for part in text.split("/") if part)
    return Glob(parts, tuple(map(fold, parts)))


def text_of(part: bytes) -> str:
    """A name's part, its bytes that are no UTF-8 kept apart."""
    return part.decode("utf-8", "surrogateescape")


def fold(part: str) -> str:
    """A part as servers may compare it that know no case, no dots at its end, no two ways to write é."""
    plain = unicodedata.normalize("NFC", part).casefold()
    return unicodedata.normalize("NFC", plain).rstrip(" .") or plain


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
