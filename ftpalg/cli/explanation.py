"""An explanation on a terminal, and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from ftpalg.config.faults import written_out
from ftpalg.explain.steps import Explanation, Kind, Limit, Outcome, Step, Verdict

WOULD = {
    Outcome.TAKEN: "shadow: would have been taken",
    Outcome.PASSED: "shadow: would have been passed over",
    Outcome.NOT_REACHED: "shadow: would not have been reached",
    Outcome.DEPENDS: "shadow: cannot be judged",
}
LONGEST = 400
"""Characters of a line: words of a client may be long."""


def text(found: Explanation, client: str) -> str:
    """Lines for people, their place in front, as compilers have it."""
    return "\n".join(_bounded(written_out(line)) for line in _lines(found, client))


def _bounded(line: str) -> str:
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _lines(found: Explanation, client: str) -> Iterator[str]:
    yield f"client {client}, listener {found.listener} ({found.place})"
    yield from (f"note: {note}" for note in found.notes)
    yield from (f"    {arrow}  {said}" for arrow, said in found.said)
    for (table, about), steps in groupby(found.steps, lambda one: (one.table, one.about)):
        yield f"{table}{f', {about}' if about else ''}:"
        yield from (f"  {_step(one)}" for one in steps)
    if found.limits:
        yield "limits:"
        yield from (f"  {_limit(one)}" for one in found.limits)
    yield _verdict(found.verdict)


def _limit(one: Limit) -> str:
    place = f"{one.place}: " if one.place else ""
    return f"{place}{one.rule}: {one.value}, {one.whose}"


def _step(one: Step) -> str:
    outcome = WOULD[one.outcome] if one.shadow else one.outcome.value
    place = f"{one.place}: " if one.place else ""
    return f"{place}{one.rule}: {outcome}{f': {one.why}' if one.why else ''}"


def _verdict(one: Verdict) -> str:
    if one.kind in (Kind.GOES, Kind.DEPENDS):
        head = "goes" if one.kind is Kind.GOES else "may go"
        return f"{head} to {', '.join(_way(one))}"
    place = f"{one.place}: " if one.place else ""
    code = f"{one.code} " if one.code else "without a word: "
    said = f"{code}{one.sentence}"
    if one.kind is Kind.NOWHERE:
        return f"goes nowhere: no server is named ({said})"
    return f"refused by {place}{one.rule}: {said}"


def _way(one: Verdict) -> Iterator[str]:
    yield one.name + (f" ({one.address})" if one.address and one.address not in one.name else "")
    if one.others:
        yield f"or {' or '.join(one.others)}"
    if one.account:
        yield f"account {one.account}"
    if one.user:
        yield f"as {one.user}"
    yield one.tls
    yield f"data mode {one.mode}"
    yield f"through parent {one.parent}" if one.parent else "no parent"
    yield f"by {one.route}" if one.route else "by the general settings"
    if one.unless:
        yield one.unless


def flat(found: Explanation, client: str) -> str:
    """One JSON object, in ASCII."""
    verdict: dict[str, Any] = {**found.verdict._asdict(), "kind": found.verdict.kind.value}
    verdict["others"] = list(found.verdict.others)
    steps = [{**one._asdict(), "outcome": one.outcome.value} for one in found.steps]
    said = [f"{arrow}  {words}" for arrow, words in found.said]
    return json.dumps(
        {
            "client": client,
            "listener": found.listener,
            "place": found.place,
            "notes": list(found.notes),
            "said": said,
            "steps": steps,
            "limits": [{**one._asdict(), "scope": one.scope.value} for one in found.limits],
            "verdict": verdict,
        }
    )
