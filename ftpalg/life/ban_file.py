"""The file of bans: what of them outlives the gateway.

JSON, ``{"version": 1, "bans": [...], "known": [...]}``.  It is read whole or not at all: one that is
damaged, that is no plain file, or that holds what cannot be, is set aside as ``bans.json.damaged``.
"""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple

from ftpalg import whole_files
from ftpalg.core.bans import LONGEST, Ban, Kind, Offence, Who
from ftpalg.core.value import value

NAME = "bans.json"
VERSION = 1
MOST_BYTES = 64 * 1024 * 1024
MODE = 0o600
LAST = 1e11
"""The last second that a ban may have: beyond the year 5000 there is no date for a record."""
OFFENCES = {one.word: one for one in Offence}
KINDS = {one.value: one for one in Kind}

Known = tuple[str, str, float]


@value
class Kept(NamedTuple):
    """What is in it: bans, and account, peer and second of right logins."""

    bans: tuple[Ban, ...] = ()
    known: tuple[Known, ...] = ()


class Damaged(Exception):
    """Why it cannot be used: a sentence."""


def read(file: Path) -> Kept:
    """What is kept there; nothing where there is no file.  Raise Damaged."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return Kept()
    except OSError as error:
        raise Damaged(error.strerror or "cannot be opened") from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):  # Python opens no folder: the descriptor would be left
        os.close(descriptor)
        raise Damaged("is no plain file")
    with os.fdopen(descriptor, "rb") as opened:
        if found.st_size > MOST_BYTES:
            raise Damaged("is too long")
        try:
            text = opened.read(MOST_BYTES)
        except OSError as error:
            raise Damaged(error.strerror or "cannot be read") from None
    return parsed(text)


def parsed(text: bytes) -> Kept:
    """What such a file says.  Raise Damaged."""
    try:
        said = json.loads(text)
        if said["version"] != VERSION:
            raise Damaged(f"is not of version {VERSION}")
        return Kept(tuple(map(_ban, said["bans"])), tuple(map(_known, said["known"])))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Damaged("is no list of bans") from None


def text_of(kept: Kept) -> bytes:
    """What the file says then."""
    bans = [
        {
            "kind": ban.who.kind.value,
            "name": ban.who.name,
            "since": ban.since,
            "until": ban.until,
            "times": ban.times,
            "offence": None if ban.offence is None else ban.offence.word,
        }
        for ban in kept.bans
    ]
    return json.dumps({"version": VERSION, "bans": bans, "known": kept.known}).encode() + b"\n"


def write(file: Path, kept: Kept) -> None:
    """Make the file anew.  Raise OSError."""
    whole_files.write(file, text_of(kept), MODE)


def set_aside(file: Path) -> Path:
    """Move it out of the way, over one that was set aside before."""
    aside = file.with_name(f"{file.name}.damaged")
    with suppress(OSError):
        os.replace(file, aside)
    return aside


def _ban(said: Mapping[str, Any]) -> Ban:
    kind, offence, times = KINDS[said["kind"]], said["offence"], said["times"]
    since, until = _second(said["since"]), _second(said["until"])
    if type(times) is not int or not 0 < times < 2**31 or until < since:
        raise ValueError
    name = _peer(said["name"]) if kind is Kind.PEER else _account(said["name"])
    return Ban(Who(kind, name), since, until, times, OFFENCES[offence] if offence else None)


def _known(said: Sequence[Any]) -> Known:
    account, peer, at = said
    return _account(account), _peer(peer), _second(at)


def _second(said: Any) -> float:
    if type(said) not in (int, float) or not math.isfinite(said) or not 0 <= said < LAST:
        raise ValueError
    return float(said)


def _peer(said: Any) -> str:
    if not isinstance(said, str):
        raise ValueError
    ip_network(said)
    return said


def _account(said: Any) -> str:
    if not isinstance(said, str) or not said or len(said) > LONGEST or not said.isprintable():
        raise ValueError
    return said
