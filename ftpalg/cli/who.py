"""``ftpalg who``: the sessions of a running gateway."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from ftpalg.cli import DONE, FAILED
from ftpalg.cli.asking import NoAnswer, ask, items, said_no


def who(words: Namespace) -> int:
    """Print them; 2 for a filter that is none, 1 where nobody answers."""
    if words.names:
        return _names(words)
    try:
        found = items(words, "who", "sessions", {"filter": words.filter})
        print(_json(found) if words.json else _shown(found, sys.stdout))
    except NoAnswer as error:
        return said_no("who", error)
    return DONE


def _json(sessions: Iterable[Mapping[str, Any]]) -> str:
    """As json.dumps writes it with an indent of 1, which it does in Python and not in C."""
    from json import JSONEncoder

    encode = JSONEncoder(separators=(",\n   ", ": ")).encode  # no object or array is in a session's
    found = ",\n".join(f"  {{\n   {encode(one)[1:-1]}\n  }}" for one in sessions)
    return f'{{\n "sessions": [\n{found}\n ]\n}}' if found else '{\n "sessions": []\n}'


def _names(words: Namespace) -> int:
    """For the completion of shells, in which no word of ours has a place."""
    try:
        found = ask(words, "names", {})
    except NoAnswer:
        return FAILED
    print("\n".join(found[words.names]))
    return DONE


def _shown(sessions: Iterable[Mapping[str, Any]], out: TextIO | None) -> str:
    """The table for that output, which Python does not have where it was closed."""
    if out is None:
        return ""
    from ftpalg.cli.sessions_table import table  # the gateway has been asked, and works meanwhile

    return encodable(table(sessions, _width(out)), out.encoding)


def _width(out: TextIO) -> int | None:
    """A terminal's; of other outputs none."""
    if not out.isatty():
        return None
    from shutil import get_terminal_size

    return get_terminal_size().columns


def encodable(text: str, encoding: str | None) -> str:
    """The text as a terminal of that encoding can show it."""
    encoding = encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
