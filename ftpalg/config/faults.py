"""What is wrong with settings, and how it is told: a sentence with its place, as compilers do.

A sentence reads "KEY = VALUE: what is wrong; remedy".  No password that stands in a URL is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile
from typing import NamedTuple

from ftpalg.config.places import Path, Place, Places
from ftpalg.core.value import value

KEY = re.compile(r"([a-z0-9-]+(?:\[\d+\])?(?:\.[a-z0-9-]+(?:\[\d+\])?)*)(?: =.*?)?: ")
"""The key that a sentence begins with."""


@value
class Fault(NamedTuple):
    """One sentence, and the key whose place it is told with.

    ``needs`` are the other keys that it speaks of: where one of them is itself at fault, nothing can
    be said.  ``whole`` points at the key (or header) instead of its value.
    """

    path: Path
    sentence: str
    needs: tuple[str, ...] = ()
    whole: bool = False


@value
class Warning(NamedTuple):
    """What is right and suspicious: the same, with the name of its kind."""

    path: Path
    sentence: str
    needs: tuple[str, ...] = ()
    whole: bool = False
    id: str = ""


Finding = Fault | Warning


def fault(key: str, words: str, *needs: str) -> Fault:
    """A fault of a dotted key, told as "KEY: words"."""
    return Fault(path_of(key), f"{key}: {words}", needs)


def fault_of(sentence: str) -> Fault:
    """A sentence that was made elsewhere; its key stands first."""
    match = KEY.match(sentence)
    return Fault(path_of(match[1]) if match else (), veiled(sentence))


class SettingsError(Exception):
    """What is wrong with the settings: one sentence for each fault, in ``faults``.

    ``report`` has the same with the line of the file quoted under each, and a mark under the place.
    """

    def __init__(self, faults: list[str], report: str = "") -> None:
        super().__init__("\n".join(faults))
        self.faults = faults
        self.report = report or str(self)


def path_of(dotted: str) -> Path:
    """``routes[0].server`` as a path."""
    found: list[str | int] = []
    for part in dotted.split("."):
        name, *indexes = part.replace("]", "").split("[")
        found += [name, *map(int, indexes)]
    return tuple(found)


def dotted(path: Path) -> str:
    """A path as ``routes[0].server``."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).removeprefix(".")


def touch(one: Path, other: Path) -> bool:
    """True where one path is the other, or leads to it."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def independent(found: Iterable[Fault], first: Iterable[Fault]) -> list[Fault]:
    """Those that speak of nothing that is at fault already."""
    wrong = [path for one in first for path in _spoken_of(one)]
    return [
        one
        for one in found
        if not any(touch(path, other) for path in wrong for other in _spoken_of(one))
    ]


def _spoken_of(one: Fault) -> list[Path]:
    return [path for path in (one.path, *map(path_of, filter(None, one.needs))) if path]


def shown(value: object) -> str:
    """A value in a sentence: cut where it would fill the screen."""
    text = str(value).lower() if isinstance(value, bool) else veiled(repr(value))
    return text if len(text) <= 60 else text[:57] + "..."


def veiled(text: str) -> str:
    """Without the password that somebody wrote into a URL, where it does not belong."""
    return re.sub(r"(://[^\s\"':@/]*:)[^\s\"']*@", r"\1...@", text)


@value
class Document(NamedTuple):
    """A settings file: its name, its text and the places in it."""

    name: str
    text: str
    places: Places

    def place(self, path: Path, *, whole: bool = False) -> Place | None:
        """Where a key is, or the nearest table around it; a value's own place unless ``whole``."""
        for length in range(len(path), 0, -1):
            near = path[:length]
            if not whole and length == len(path) and near in self.places.values:
                return self.places.values[near]
            if near in self.places.keys:
                return self.places.keys[near]
        return None

    def comments_at(self, line: int) -> list[str]:
        """The comments on a line and on the lines of comments right above it."""
        lines = self.text.split("\n")
        above = takewhile(lambda at: lines[at - 1].lstrip().startswith("#"), range(line - 1, 0, -1))
        found = (self.places.comments.get(at, "") for at in (line, *above))
        return [comment for comment in found if comment]

    def quoted(self, place: Place) -> str:
        """The line of a place, and marks under it."""
        line = self.text.split("\n")[place.line - 1].rstrip("\r")
        begin = place.column - 1
        width = max(1, min(place.end - place.start, len(line) - begin))
        under = re.sub(r"[^\t]", " ", line[:begin]) + "^" * width
        number = f"{place.line:>6}"
        return f"{number} | {printed(veiled(line))}\n{' ' * len(number)} | {under}"


def printed(line: str) -> str:
    """A line without what a terminal would obey."""
    return "".join(sign if sign.isprintable() or sign == "\t" else "?" for sign in line)


def written_out(sentence: str) -> str:
    """A sentence of one line, which says what a terminal would obey."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in sentence)


SECRET = re.compile(r"\bauth\b|^accounts\b|memory:|password", re.IGNORECASE)
"""Keys whose lines may hold a password: they are not quoted."""


def told(one: Finding, document: Document | None, origin: str) -> tuple[str, str]:
    """A fault with its place: the sentence, and the line with its mark or nothing."""
    place = document.place(one.path, whole=one.whole) if document is not None else None
    if document is None or place is None:
        return written_out(f"{origin}: {one.sentence}"), ""
    sentence = written_out(f"{document.name}:{place.line}:{place.column}: {one.sentence}")
    secret = SECRET.search(dotted(one.path)) or SECRET.search(
        document.text.split("\n")[place.line - 1]
    )
    return sentence, "" if secret else document.quoted(place)


def error_of(told_faults: list[tuple[str, str]]) -> SettingsError:
    """The exception for faults as ``told`` gives them."""
    report = "\n".join(line for pair in told_faults for line in pair if line)
    return SettingsError([sentence for sentence, _ in told_faults], report)
