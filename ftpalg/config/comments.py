"""The shipped settings file, and what its comments say of each setting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from ftpalg.config.shipped import SETTINGS, text

SECTION = re.compile(r"\[([a-z-]+)\]")
TABLES = re.compile(r"# \[\[([a-z.-]+)\]\]")
ASSIGNED = re.compile(r"# ([a-z][a-z0-9-]*) = (.+)")


def shipped() -> str:
    """The text of the file."""
    return text(SETTINGS)


@cache
def comments() -> dict[str, str]:
    """Each setting by its dotted key, a key of a table as ``routes.server``, and its sentences.

    Settings that stand together have them together.  Sections and lists of tables are among them.
    """
    found: dict[str, str] = {}
    section = ""
    for block in shipped().split("\n\n"):
        lines = block.strip().splitlines()
        heading = SECTION.fullmatch(lines[0]) if lines else None
        if heading:
            section, lines = heading[1], lines[1:]
            found[section] = _text(line for line in lines if not ASSIGNED.fullmatch(line))
        _read(lines, section, found)
    return found


def _read(lines: list[str], section: str, found: dict[str, str]) -> None:
    """One paragraph: sentences, then settings; one of a table, parts of both."""
    table = ""
    said: list[str] = []
    fresh = True
    for line in lines:
        if tables := TABLES.fullmatch(line):
            table = tables[1]
            found[table], said = _text(said), []
        elif assigned := ASSIGNED.fullmatch(line):
            key = f"{table or section}.{assigned[1]}".lstrip(".")
            found[key] = _text(said)
            fresh = False
        elif line == "#" or not fresh:
            said, fresh = [line] if line != "#" else [], True
        else:
            said.append(line)


def _text(lines: list[str] | Iterator[str]) -> str:
    words = " ".join(line.removeprefix("#").strip() for line in lines)
    return re.sub(r"  +", " ", words).strip()
