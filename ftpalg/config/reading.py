"""The text of a settings file, and what is told where it is no TOML."""

from __future__ import annotations

import re
from pathlib import Path

from ftpalg.config.faults import SECRET, Document, SettingsError, written_out
from ftpalg.config.places import Place, Places

LARGEST = 16 << 20
"""Bytes: a file that has more is none of settings, and some (/dev/zero) have no end."""
WHERE = re.compile(r" ?\(at (?:line (\d+), column (\d+)|end of document)\)$")


def text_of(path: Path) -> str:
    """What the file says.  Raise SettingsError."""
    try:
        with path.open("rb") as file:
            octets = file.read(LARGEST + 1)
    except OSError as error:
        raise SettingsError([f"{path}: cannot be read: {error.strerror}"]) from None
    if len(octets) > LARGEST:
        raise SettingsError([f"{path}: has more than {LARGEST >> 20} MiB, and is no settings file"])
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as error:
        before = octets[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        wrong = f"the byte 0x{octets[error.start]:02x} is no UTF-8"
        raise SettingsError([f"{path}:{line}:{column}: is not TOML: {wrong}"]) from None


def no_toml(name: str, text: str, words: str) -> SettingsError:
    """What tomllib says, with its place before it and the line below.

    Without TOML nobody knows where a password ends: no line is shown where there may be one.
    """
    where = WHERE.search(words)
    said = words[: where.start()] if where else words.partition("; use sys.")[0]
    if where is None:
        return SettingsError([f"{name}: is not TOML: {said}"])
    lines = text.split("\n")
    line, column = map(int, where.groups()) if where[1] else (len(lines), len(lines[-1]) + 1)
    sentence = written_out(f"{name}:{line}:{column}: is not TOML: {said}")
    document = Document(name, text, Places({}, {}, {}))
    spoken = (one for one in lines if not one.lstrip().startswith("#"))
    quoted = (
        () if any(map(SECRET.search, spoken)) else (document.quoted(Place(line, column, 0, 1)),)
    )
    return SettingsError([sentence], "\n".join((sentence, *quoted)))
