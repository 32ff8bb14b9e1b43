"""The file of bans: what of them outlives the gateway.

JSON, ``{"version": 1, "bans": [...], "known": [...]}``.  It is read whole or not at all: one that is
damaged, that is no plain file, or that holds what cannot be, is set aside as ``bans.json.damaged``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple

from ftpalg.core.bans import LONGEST, Ban, Kind, Offence, Who
from ftpalg.core.value import value
from ftpalg.life import state_file
from ftpalg.life.state_file import Damaged

NAME = "bans.json"
VERSION = 1
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
        return kept_of(said)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Damaged("is no list of bans") from None


def kept_of(said: Mapping[str, Any]) -> Kept:
    """The same, of what JSON says.  Raise ValueError, KeyError, TypeError, AttributeError."""
    return Kept(tuple(map(_ban, said["bans"])), tuple(map(_known, said["known"])))


def text_of(kept: Kept) -> bytes:
    """What the file says then."""
    return json.dumps({"version": VERSION, **body_of(kept)}).encode() + b"\n"


def body_of(kept: Kept) -> dict[str, Any]:
    """For JSON."""
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
    return {"bans": bans, "known": kept.known}


def write(file: Path, kept: Kept) -> None:
    """Make the file anew.  Raise OSError."""
    state_file.write(file, text_of(kept))


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
