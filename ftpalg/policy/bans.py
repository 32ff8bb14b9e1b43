"""Scores and bans: pure, the time comes as an argument (seconds since 1970).

A score is a bucket that leaks: each offence adds its weight, and a whole threshold runs out within the
time of observation.  So one wrong password a day never adds up, and little is kept of anybody.
Whoever reaches the threshold is banned, twice as long each time, until no ban has been there for as long as
the longest one is.

Every table is bounded by ``Scheme.most``.  What goes first: the score that was touched longest ago, the ban
that ends first, the network where a right login was longest ago.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from heapq import nsmallest
from math import ceil
from operator import attrgetter
from typing import NamedTuple

from ftpalg.core.bans import Ban, Kind, Offence, Who
from ftpalg.core.value import value

DOUBLINGS = 40
"""Beyond which a ban is the longest there is, whatever it began with."""


@value
class Scheme(NamedTuple):
    """``[bans]``: seconds, and weights of the offences.  A threshold of 0 is never reached."""

    weights: Mapping[Offence, int]
    threshold: int
    account_threshold: int
    observation: float
    time: float
    longest: float
    remember: float
    most: int

    def threshold_of(self, kind: Kind) -> int:
        """What is too much."""
        return self.threshold if kind is Kind.PEER else self.account_threshold


@value
class Score(NamedTuple):
    """``points`` at the second ``at``; so many bans before, the last of which ended at ``ended``."""

    points: float = 0.0
    at: float = 0.0
    times: int = 0
    ended: float = 0.0


class Book:
    """Who has what score, who is banned, and from where each account has logged in rightly."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self._scores: OrderedDict[Who, Score] = OrderedDict()
        self._bans: dict[Who, Ban] = {}
        self._known: OrderedDict[tuple[str, str], float] = OrderedDict()

    # -- offences ---------------------------------------------------------------------------------

    def offend(self, who: Who, offence: Offence, now: float) -> Ban | None:
        """One more offence; the ban that it brings about.  Who is banned already gets no more."""
        scheme = self.scheme
        weight, threshold = scheme.weights[offence], scheme.threshold_of(who.kind)
        if not weight or not threshold or self.of(who, now) is not None:
            return None
        score = self._score(who, now)
        points = self._left(score, threshold, now) + weight
        self._scores[who] = score._replace(points=points, at=now)
        self._scores.move_to_end(who)
        if ceil(points) < threshold:  # the third of three counts, a moment after the second
            _shorten(self._scores, scheme.most)
            return None
        return self._ban(who, scheme.time * 2 ** min(score.times, DOUBLINGS), now, offence)

    def points(self, who: Who, now: float) -> float:
        """The score of somebody."""
        threshold = self.scheme.threshold_of(who.kind)
        return self._left(self._score(who, now), threshold, now) if threshold else 0.0

    def _score(self, who: Who, now: float) -> Score:
        score = self._scores.get(who, Score())
        return score._replace(times=0) if now - score.ended > self.scheme.longest else score

    def _left(self, score: Score, threshold: int, now: float) -> float:
        run_out = max(0.0, now - score.at) * threshold / self.scheme.observation
        return max(0.0, score.points - run_out)

    # -- bans -------------------------------------------------------------------------------------

    def add(self, who: Who, seconds: float, now: float) -> Ban:
        """An operator's; instead of one that is there."""
        return self._ban(who, seconds, now, None)

    def _ban(self, who: Who, seconds: float, now: float, offence: Offence | None) -> Ban:
        if offence is not None:
            seconds = min(seconds, self.scheme.longest)
        times = self._score(who, now).times + 1
        ban = Ban(who, now, now + seconds, times, offence)
        self.restore((ban,))
        return ban

    def restore(self, bans: Iterable[Ban]) -> None:
        """Those that were there before; of somebody who has one already the last holds."""
        for ban in bans:
            self._bans[ban.who] = ban
            self._scores[ban.who] = Score(0.0, ban.since, ban.times, ban.until)
            self._scores.move_to_end(ban.who)
        _shorten(self._scores, self.scheme.most)

    def of(self, who: Who, now: float) -> Ban | None:
        """The ban that holds for somebody."""
        ban = self._bans.get(who)
        if ban is not None and now < ban.since:
            ban = self._bans[who] = _moved(ban, now)
        return ban if ban is not None and now < ban.until else None

    def remove(self, who: Who) -> Ban | None:
        """Take a ban back, and forget the score; None where there was no ban."""
        self._scores.pop(who, None)
        return self._bans.pop(who, None)

    def over(self, now: float) -> list[Ban]:
        """Take out those that have ended."""
        for ban in self._bans.values():
            if now < ban.since:
                self._bans[ban.who] = _moved(ban, now)
        return self._taken([ban for ban in self._bans.values() if ban.until <= now])

    def surplus(self) -> list[Ban]:
        """Take out what is more than there may be: those that end first."""
        more = max(0, len(self._bans) - self.scheme.most)
        return self._taken(nsmallest(more, self._bans.values(), key=attrgetter("until")))

    def _taken(self, bans: list[Ban]) -> list[Ban]:
        for ban in bans:
            del self._bans[ban.who]
        return bans

    @property
    def empty(self) -> bool:
        """Whether nobody is banned."""
        return not self._bans

    @property
    def bans(self) -> tuple[Ban, ...]:
        """All of them, in the order of their time."""
        return tuple(self._bans.values())

    # -- where accounts are at home -----------------------------------------------------------------

    def right(self, account: str, peer: str, now: float) -> bool:
        """An account has logged in from a peer; True where that is worth keeping at once."""
        new = not self.knows(account, peer, now)
        self._known[account, peer] = now
        self._known.move_to_end((account, peer))
        _shorten(self._known, self.scheme.most)
        return new

    def knows(self, account: str, peer: str, now: float) -> bool:
        """Whether it has, and that is not forgotten."""
        at = self.since(account, peer)
        return at is not None and now - at <= self.scheme.remember

    def since(self, account: str, peer: str) -> float | None:
        """When it has done so last, None where nobody knows."""
        return self._known.get((account, peer))

    @property
    def known(self) -> tuple[tuple[str, str, float], ...]:
        """Account, peer, and the second of the last right login; that of longest ago first."""
        return tuple((account, peer, at) for (account, peer), at in self._known.items())


def _moved(ban: Ban, now: float) -> Ban:
    """A ban that begins in time to come: the clock was wrong then, or is now.  It is as long from now on."""
    return ban._replace(since=now, until=now + ban.until - ban.since)


def _shorten(
    table: OrderedDict[Who, Score] | OrderedDict[tuple[str, str], float], most: int
) -> None:
    while len(table) > most:
        table.popitem(last=False)
