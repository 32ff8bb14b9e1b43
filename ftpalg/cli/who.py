"""``ftpalg who``: the sessions of a running gateway."""

from __future__ import annotations

import json
import shutil
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TextIO

from ftpalg.cli import DONE, FAILED
from ftpalg.cli.asking import NoAnswer, ask, said_no
from ftpalg.cli.sessions_table import Session, table


def who(words: Namespace) -> int:
    """Print them; 2 for a filter that is none, 1 where nobody answers."""
    if words.names:
        return _names(words)
    try:
        found = ask(words, "who", {"filter": words.filter})
    except NoAnswer as error:
        return said_no("who", error)
    if words.json:
        print(json.dumps(found, indent=1))
    else:
        print(_shown(found["sessions"], sys.stdout))
    return DONE


def _names(words: Namespace) -> int:
    """For the completion of shells, in which no word of ours has a place."""
    try:
        found = ask(words, "names", {})
    except NoAnswer:
        return FAILED
    print("\n".join(found[words.names]))
    return DONE


def _shown(sessions: Sequence[Session], out: TextIO | None) -> str:
    """The table for that output, which Python does not have where it was closed."""
    if out is None:
        return ""
    width = shutil.get_terminal_size().columns if out.isatty() else None
    return encodable(table(sessions, width), out.encoding)


def encodable(text: str, encoding: str | None) -> str:
    """The text as a terminal of that encoding can show it."""
    encoding = encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
