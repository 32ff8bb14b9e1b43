"""The day's book: what each account has moved today, and what transfers under way have been granted of it.

Ask, grant, give back: a transfer takes a piece before it moves it, and what it did not need it gives back,
so transfers at once never have more than there is, together.  Files count when they are complete, bytes
when they have moved, whatever became of the file.

The caller says which day it is (any number that grows).  With a new one all use is forgotten, and what is
granted stays so; a clock that is set back forgets nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ftpalg.core.quotas import Counted
from ftpalg.core.value import value

LEAST = 1 << 16
"""Bytes that are granted at once where there are so many: less would cost too much."""
PART = 8
"""Of what is left no more than this part is granted at once, so that there is some for others."""

Key = tuple[str, Counted]


@value
class Row(NamedTuple):
    """Of an account: how much of what it has used."""

    account: str
    counted: Counted
    used: int


def part_of(left: int, size: int) -> int:
    """How much of so much is granted to who asks for that size."""
    return max(0, min(size, left, max(LEAST, left // PART)))


class Book:
    """Accounts are keys (``core.bans.account_key``).  One that has used nothing leaves nothing behind."""

    def __init__(self, day: int, rows: Iterable[Row] = ()) -> None:
        self.day = day
        self._used: dict[Key, int] = {(one.account, one.counted): one.used for one in rows}
        self._held: dict[Key, int] = {}

    def turn(self, day: int) -> bool:
        """It is that day now; True where it is a new one."""
        new = day > self.day
        if new:
            self._used.clear()
        self.day = day
        return new

    def restore(self, day: int, rows: Iterable[Row]) -> None:
        """What was kept of a day, in addition; of an earlier one nothing counts."""
        for one in rows if day >= self.day else ():
            key = one.account, one.counted
            self._used[key] = self._used.get(key, 0) + one.used

    def grant(self, account: str, counted: Counted, size: int, limit: int) -> int:
        """Take so much, or less, or nothing; ``limit`` is the day's, 0 for none.

        Where much is left all that is asked for is granted, of bytes no more than a part of what is.
        """
        key = account, counted
        held = self._held.get(key, 0)
        if limit:
            size = part_of(limit - self._used.get(key, 0) - held, size)
        if size:
            self._held[key] = held + size
        return size

    def settle(self, account: str, counted: Counted, granted: int, used: int) -> None:
        """So much of what was granted is given back, and so much of it was used."""
        key = account, counted
        held = self._held.get(key, 0) - granted
        if held < 0:
            raise ValueError(f"{granted} {counted.value} of {account} are given back, not held")
        if held:
            self._held[key] = held
        else:
            self._held.pop(key, None)
        if used:
            self._used[key] = self._used.get(key, 0) + used

    def used(self, account: str, counted: Counted) -> int:
        """How much the account has used today."""
        return self._used.get((account, counted), 0)

    def forget(self, account: str) -> bool:
        """Its day begins anew; False where it has used nothing."""
        found = [key for key in self._used if key[0] == account]
        for key in found:
            del self._used[key]
        return bool(found)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What has been used."""
        return tuple(Row(*key, used) for key, used in self._used.items())

    @property
    def held(self) -> Mapping[Key, int]:
        """What transfers under way have been granted."""
        return self._held
