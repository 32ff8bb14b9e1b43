"""Tells when certificates end: each step before the end once, and each day what does not hold.

It goes by the wall clock, which may be set: a day has passed too where the clock was set back by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from ftpalg.core.certificates import CertificateDue
from ftpalg.net.recorder import Recorder
from ftpalg.net.tls.validity import DAY, Dated, Problem

MOST = 3
"""Certificates of one file that are told one by one: bundles of authorities have hundreds."""

Step = tuple[Problem, timedelta]


class Expiry:
    """Knows what it has told of certificates, by setting, file and whose they are."""

    def __init__(self, log: Recorder) -> None:
        self._log = log
        self._told: dict[tuple[str, str, str], tuple[Step, datetime]] = {}

    def look(self, dated: Iterable[Dated], now: datetime) -> None:
        """Tell what is to be told now of those in use."""
        files: dict[tuple[str, str], list[CertificateDue]] = {}
        for one in dated:
            due = self._fresh(one, now)
            if due is not None:
                files.setdefault((due.setting, due.file), []).append(due)
        for found in files.values():
            for due in few(found):
                self._log.tell(due)

    def _fresh(self, one: Dated, now: datetime) -> CertificateDue | None:
        """What is due of it and has not been told, or not for a day where it does not hold."""
        name = one.setting, str(one.file), one.what
        step, last = one.step(now), self._told.get(name)
        if step is None:
            self._told.pop(name, None)
            return None
        if last is not None and not _again(*last, step, now):
            self._told[name] = step, last[1]
            return None
        self._told[name] = step, now
        return one.due(now)


def _again(last: Step, at: datetime, step: Step, now: datetime) -> bool:
    """True where a step is told though another was told then."""
    if step[0].grave:
        return step[0] is not last[0] or a_day_lies_between(at, now)
    return last[0].grave or step[1] < last[1]


def a_day_lies_between(one: datetime, other: datetime) -> bool:
    """True where that is so in either direction."""
    return abs(other - one) >= DAY


def few(found: list[CertificateDue]) -> list[CertificateDue]:
    """The first of a file's, the gravest before others, and how many more there are."""
    found = sorted(found, key=lambda due: (not due.grave, due.not_after))
    more = len(found) - MOST
    if more <= 0:
        return found
    first = found[MOST]
    words = f"{first.setting}: {first.file}: {more} more of its certificates have expired or are about to"
    return [*found[:MOST], first._replace(sentence=words)]
