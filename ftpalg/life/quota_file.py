"""The file of quotas: what accounts have used today.

JSON, ``{"version": 1, "day": "2026-11-27", "accounts": {"joe": {"upload-bytes": 512, ...}}}``; the day is the
gateway's own, from midnight to midnight.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from ftpalg.core.bans import LONGEST
from ftpalg.core.quotas import Counted
from ftpalg.core.value import value
from ftpalg.life import state_file
from ftpalg.life.state_file import Damaged
from ftpalg.policy.quotas import Row

NAME = "quotas.json"
VERSION = 1
MOST = 1 << 63
"""More than can have been used."""
COUNTED = {one.value: one for one in Counted}


@value
class Kept(NamedTuple):
    """What is in it: the day (``date.toordinal``), and who has used what."""

    day: int = 1
    rows: tuple[Row, ...] = ()


def read(file: Path) -> Kept:
    """What is kept there; nothing where there is no file.  Raise Damaged."""
    text = state_file.read(file)
    return Kept() if text is None else parsed(text)


def parsed(text: bytes) -> Kept:
    """What such a file says.  Raise Damaged."""
    try:
        said = json.loads(text)
        if said["version"] != VERSION:
            raise Damaged(f"is not of version {VERSION}")
        return Kept(date.fromisoformat(said["day"]).toordinal(), tuple(_rows(said["accounts"])))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Damaged("does not tell what accounts have used") from None


def text_of(kept: Kept) -> bytes:
    """What the file says then."""
    accounts: dict[str, dict[str, int]] = {}
    for row in kept.rows:
        accounts.setdefault(row.account, {})[row.counted.value] = row.used
    day = date.fromordinal(kept.day).isoformat()
    return json.dumps({"version": VERSION, "day": day, "accounts": accounts}).encode() + b"\n"


def write(file: Path, kept: Kept) -> None:
    """Make the file anew.  Raise OSError."""
    state_file.write(file, text_of(kept))


def _rows(said: Any) -> Iterator[Row]:
    for account, counts in said.items():
        if not account or len(account) > LONGEST or not account.isprintable():
            raise ValueError
        for word, used in counts.items():
            if type(used) is not int or not 0 <= used < MOST:
                raise ValueError
            yield Row(account, COUNTED[word], used)
