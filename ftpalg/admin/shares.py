"""``GET /shares``: who uses what up, and how much of each limit is left."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nlargest
from operator import itemgetter
from sys import maxsize

from ftpalg.admin.asking import Asked, Json, Listed
from ftpalg.admin.steered import Steered
from ftpalg.config import Settings
from ftpalg.net.guesses import ACCOUNT
from ftpalg.net.ledger import Line
from ftpalg.net.shares import WHAT

TOP = 10
"""Of the holders of each limit, where nobody says how many."""
FAILURES = "failures-per-peer", "failures-per-account"
"""Limits of ``[accounts]``."""
FAULTS = "faults"
"""What is counted and has no limit."""


def shares(gateway: Steered, asked: Asked) -> Listed:
    """A row for each limit of all, and for those who hold most of each limit of one: the most first."""
    return Listed("shares", _batches(gateway, asked.get("top", TOP)))


def _batches(gateway: Steered, top: int) -> Iterator[list[Json]]:
    """Those of one line in one turn of the reactor."""
    ledger, own = gateway.ledger, _own(gateway.settings)
    for (line, of_one), what in WHAT.items():
        of_peer, in_all = ledger.bound(line)
        if not of_one:
            yield [_row(what.value, "", ledger.in_all(line), in_all)]
            continue
        yield [
            _row(what.value, key, used, own.get((line, key), of_peer))
            for key, used in nlargest(top, ledger.holders(line).items(), key=itemgetter(1))
        ]
    yield from _failures(gateway, top)


def _failures(gateway: Steered, top: int) -> Iterator[list[Json]]:
    """Wrong logins that are not forgotten."""
    said = gateway.settings.accounts
    held = gateway.ledger.holders(Line.FAILURES).items()
    for what, most in zip(
        FAILURES, (said.failures_per_peer, said.failures_per_account), strict=True
    ):
        fitting = [one for one in held if one[0].startswith(ACCOUNT) is (what == FAILURES[1])]
        yield [
            _row(what, key.removeprefix(ACCOUNT), used, most)
            for key, used in nlargest(top, fitting, key=itemgetter(1))
        ]
    faults = gateway.ledger.holders(Line.FAULTS).items()
    yield [
        _row(FAULTS, key, used, maxsize) for key, used in nlargest(top, faults, key=itemgetter(1))
    ]


def _own(settings: Settings) -> dict[tuple[Line, str], int]:
    """What a listener, and a route, says of itself."""
    found = {
        (Line.OF_LISTENER, one.endpoint): one.limits.sessions for one in settings.all_listeners
    }
    for at, rule in enumerate(settings.routes):
        found[Line.OF_ROUTE, f"routes[{at}]"] = rule.limits.sessions
        found[Line.TRANSFERS_OF_ROUTE, f"routes[{at}]"] = rule.limits.transfers
    return {key: most for key, most in found.items() if most}


def _row(what: str, holder: str, used: int, limit: int) -> Json:
    return {
        "limit": what,
        "holder": holder,
        "used": used,
        "most": None if limit == maxsize else limit,
    }
