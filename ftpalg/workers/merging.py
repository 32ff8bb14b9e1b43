"""What the answers of all workers are together, verb by verb."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from ftpalg.admin.asking import Asked, Json
from ftpalg.core.facts import What
from ftpalg.core.value import value

Answers = Sequence[Json]
PARTS = {
    What.MEMORY.value,
    What.MEMORY_PER_PEER.value,
    What.DESCRIPTORS.value,
    What.DESCRIPTORS_PER_PEER.value,
}
"""Limits of which each worker has a part of its own: they are added, too."""
TOP = 10
"""Holders of each limit, where it is not said how many."""


def _rows(answers: Answers, name: str) -> Iterable[Any]:
    return chain.from_iterable(answer[name] for answer in answers)


def _who(asked: Asked, answers: Answers) -> Json:
    return {"sessions": sorted(_rows(answers, "sessions"), key=itemgetter("session"))}


def _names(asked: Asked, answers: Answers) -> Json:
    sessions = sorted(_rows(answers, "sessions"))
    return {**answers[0], "sessions": sessions}


def _kick(asked: Asked, answers: Answers) -> Json:
    return {name: sum(one[name] for one in answers) for name in ("kicked", "marked")}


def _errors(asked: Asked, answers: Answers) -> Json:
    """The newest of each server, and of the clients of each listener."""
    found: dict[tuple[str, str], Any] = {}
    for row in sorted(_rows(answers, "errors"), key=itemgetter("time"), reverse=True):
        found.setdefault(
            (row["side"], row["server" if row["side"] == "server" else "listener"]), row
        )
    return {"errors": list(found.values())}


def _standing(asked: Asked, answers: Answers) -> Json:
    return {**answers[0], "sessions": sum(one["sessions"] for one in answers)}


def _drained(asked: Asked, answers: Answers) -> Json:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in _rows(answers, "drained"):
        one = found.setdefault((row["kind"], row["name"]), {**row, "sessions": 0})
        one["sessions"] += row["sessions"]
    return {"drained": list(found.values()), "ready": any(one["ready"] for one in answers)}


def _shares(asked: Asked, answers: Answers) -> Json:
    """Those who hold most over all workers of those who hold most at each."""
    limits: dict[str, dict[str, dict[str, Any]]] = {}
    for row in _rows(answers, "shares"):
        holders = limits.setdefault(row["limit"], {})
        one = holders.get(row["holder"])
        if one is None:
            holders[row["holder"]] = dict(row)
            continue
        one["used"] += row["used"]
        if row["limit"] in PARTS and one["most"] is not None:
            one["most"] += row["most"]
    top = asked.get("top", TOP)
    most = itemgetter("used")
    rows = (sorted(one.values(), key=most, reverse=True)[:top] for one in limits.values())
    return {"shares": list(chain.from_iterable(rows))}


@value
class Merged(NamedTuple):
    """``result`` is what the record of a change says."""

    of: Callable[[Asked, Answers], Json]
    result: Callable[[Json], str] | None = None


def _there(found: Json) -> str:
    return f"{found['sessions']} sessions are there"


MERGED: Mapping[str, Merged] = {
    "who": Merged(_who),
    "names": Merged(_names),
    "kick": Merged(
        _kick,
        lambda found: f"{found['kicked']} ended, {found['marked']} end behind their transfer",
    ),
    "errors": Merged(_errors),
    "drain": Merged(_standing, _there),
    "undrain": Merged(_standing, _there),
    "drained": Merged(_drained),
    "shares": Merged(_shares),
}
"""The verbs that workers answer; of the others the supervisor knows by itself."""
