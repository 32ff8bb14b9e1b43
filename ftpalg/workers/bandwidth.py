"""Limits of bandwidth that workers share: each has a part of the rate, which is looked at a few times a
second.

What each says of itself stands on the board: how many transfers it has, and what it can use where that is
less than its part.  Who uses less leaves the rest to those whose transfers wait, so much to each transfer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from twisted.internet.interfaces import IDelayedCall

from ftpalg.core.value import value
from ftpalg.net.bandwidth import Bandwidth, Key
from ftpalg.net.bucket import Bucket
from ftpalg.net.reactors import Timing
from ftpalg.workers.board import Board

OFTEN = 0.2
"""Seconds between two looks."""
ALL = 1 << 50
"""What is said by who can use whatever he gets."""
NEARLY, MORE = 0.8, 1.25
"""Who uses so much of his part is as if his transfers waited; others may have so much more than they use."""


@value
class Claim(NamedTuple):
    """A worker's: so many transfers, which can use so many bytes a second."""

    users: int
    size: float


def part_of(rate: float, own: Claim, others: list[Claim]) -> float:
    """How much of a rate is one's own, from 0 to 1."""
    left, users = rate, own.users + sum(one.users for one in others)
    for one in sorted([own, *others], key=lambda one: one.size / one.users):
        if one.size >= left * one.users / users:
            break  # so can those behind it
        if one is own:
            break  # it may have more than it has used: as much as each
        left -= one.size
        users -= one.users
    return left * own.users / users / rate


def texts(key: Key) -> tuple[str, str]:
    """What stands on the board for the two numbers of a claim."""
    of, name, source = key
    place = f"{of.value} {name} {source.value}"
    return f"users {place}", f"size {place}"


class Parts:
    """``begin`` each time that settings may have brought limits; it ends where they have none."""

    def __init__(self, reactor: Timing, board: Board, now: Callable[[], Bandwidth | None]) -> None:
        self._reactor = reactor
        self._board = board
        self._now = now
        self._rows: dict[str, int] = {}
        self._spent: dict[Key, int] = {}
        self._at = 0.0
        self._call: IDelayedCall | None = None

    def begin(self) -> None:
        """Look from now on; harmless where it does."""
        if self._call is None and self._now() is not None:
            self._at = self._reactor.seconds()
            self._call = self._reactor.callLater(OFTEN, self._look)

    def stop(self) -> None:
        """The gateway ends."""
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _look(self) -> None:
        self._call = None
        bandwidth, now = self._now(), self._reactor.seconds()
        seconds = max(now - self._at, 0.001)
        spent, self._spent = self._spent, {}
        before, self._rows = self._rows, {}
        for key, bucket in bandwidth.common if bandwidth is not None else ():
            self._rows |= {text: before.pop(text) for text in texts(key) if text in before}
            own = self._claim(key, bucket, bucket.spent - spent.get(key, bucket.spent), seconds)
            others = self._told(key, own if bucket.users else None)
            if bucket.whole:
                bucket.share(part_of(bucket.whole, own, others))
        for row in before.values():  # of limits that were let go
            self._board.own[row] = 0
        self.begin()

    def _claim(self, key: Key, bucket: Bucket, spent: int, seconds: float) -> Claim:
        """What is ours; as if there were a transfer where there is none: it may begin any moment."""
        self._spent[key] = bucket.spent
        used = spent / seconds
        if bucket.users and not bucket.waits and used < NEARLY * bucket.rate:
            return Claim(bucket.users, max(1.0, MORE * used))
        return Claim(max(1, bucket.users), ALL)

    def _told(self, key: Key, own: Claim | None) -> list[Claim]:
        """Tell ours, nothing where there is none; what the others have told."""
        said = own or (0, 0)
        users, size = (self._put(*one) for one in zip(texts(key), said, strict=True))
        if users is None or size is None:
            return []
        columns = [one for one in self._board.columns if one is not self._board.own]
        return [Claim(one[users], one[size]) for one in columns if one[users] and one[size]]

    def _put(self, text: str, number: float) -> int | None:
        """Write it; where it stands."""
        row, board = self._rows.get(text), self._board
        if row is None:
            keys, digest = board.keys, board.digest(text)
            if not number:
                return keys.found(digest)
            with board.locked() as locked:
                row = keys.made(digest) if locked else None
                if row is None:
                    return None
                board.own[row] = int(number)
            self._rows[text] = row
        board.own[row] = int(number)
        if not number:
            del self._rows[text]
        return row
