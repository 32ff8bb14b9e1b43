"""What all workers count together: memory that they share, numbers only, made by the supervisor.

What is held stands in columns: each worker writes its own, and reads all.  Nobody else writes it but the
supervisor, once that worker is dead: so a dead one's share is free.  A row is one key's (``Rows``); which
one that is is agreed under a lock, and so is what is granted: the sum of a row never passes its limit.

The lock is one of the kernel's, which is free again when its holder dies.  It is held for microseconds; where
somebody was stopped at that moment nobody waits longer than ``LONGEST``, and then for ``LATER`` seconds not
at all: who cannot have it goes by what it knows itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, lockf
from hashlib import blake2b
from mmap import mmap
from time import monotonic

ROWS, WIDTH = 1 << 17, 64
"""Rows of a table, and of each of its parts, which a key's digest chooses."""
LINES = 64
"""Rows behind them whose key is their number: what all keys hold of a line."""
TURNS = 1 << 12
"""Counters of turns; two that share one skip turns of each other."""
ACCOUNTS = 1 << 16
"""Accounts that are counted by the day."""
COUNTS = 4
"""Numbers of each."""
NAME = 512
"""Bytes of its name: 128 signs of UTF-8, its length before them."""
SECRET = 16
LONGEST = 0.02
"""Seconds that the lock is waited for."""
LATER = 1.0
"""Seconds after which it is waited for again."""

HOLD, FREE = LOCK_EX | LOCK_NB, LOCK_UN


class Board:
    """``worker`` counts from 1; the supervisor is 0, and holds nothing."""

    def __init__(self, descriptor: int, workers: int, worker: int = 0) -> None:
        self.descriptor = descriptor
        self.workers = workers
        self._memory = memory = mmap(descriptor, _size(workers))
        self._tried = 0.0
        whole, at = memoryview(memory), SECRET
        self._secret = bytes(whole[:SECRET])

        def part(many: int) -> memoryview:
            nonlocal at
            begin, at = at, at + 8 * many
            return whole[begin:at]

        self.keys = Rows(part(ROWS).cast("Q"), self.is_free)
        self.columns = [part(ROWS + LINES).cast("q") for _ in range(workers)]
        self.own = self.columns[worker - 1]
        self.buckets = Rows(part(ROWS).cast("Q"), self._is_full)
        self.full = part(ROWS).cast("d")
        self._now = 0.0
        self.turns = part(TURNS).cast("q")
        self.day = part(2).cast("q")
        self.accounts = Rows(part(ACCOUNTS).cast("Q"), lambda row: False)
        self.used = part(ACCOUNTS * COUNTS).cast("q")
        self.held = [part(ACCOUNTS * COUNTS).cast("q") for _ in range(workers)]
        self.own_held = self.held[worker - 1]
        self.names = whole[at : at + ACCOUNTS * NAME]

    @classmethod
    def made(cls, workers: int) -> Board:
        """A new one."""
        descriptor = os.memfd_create("ftpalg-board")
        os.ftruncate(descriptor, _size(workers))
        os.pwrite(descriptor, os.urandom(SECRET), 0)
        return cls(descriptor, workers)

    def digest(self, text: str) -> int:
        """What stands for a key: strangers choose some, and cannot know which are alike."""
        made = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=self._secret)
        return int.from_bytes(made.digest(), "little") or 1

    # -- the lock -----------------------------------------------------------------------------------

    def lock(self) -> bool:
        """Have it until ``unlock``; False where it cannot be had in time."""
        try:
            lockf(self.descriptor, HOLD)
        except OSError:
            return self._lock_soon()
        return True

    def unlock(self) -> None:
        """Others may."""
        lockf(self.descriptor, FREE)

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """The same for a while."""
        has = self.lock()
        try:
            yield has
        finally:
            if has:
                self.unlock()

    def _lock_soon(self) -> bool:
        now = monotonic()
        if now < self._tried:
            return False
        while monotonic() < now + LONGEST:
            os.sched_yield()
            try:
                lockf(self.descriptor, HOLD)
            except OSError:
                continue
            return True
        self._tried = monotonic() + LATER
        return False

    # -- what is held -------------------------------------------------------------------------------

    def sum(self, row: int) -> int:
        """What all workers hold."""
        return sum([column[row] for column in self.columns])

    def is_free(self, row: int) -> bool:
        """Whether nobody holds anything."""
        return not self.sum(row)

    def turn(self, text: str) -> int:
        """How often that has had its turn."""
        at = self.digest(text) % TURNS
        with self.locked():
            turn = self.turns[at]
            self.turns[at] = turn + 1
        return turn

    def forget(self, worker: int) -> None:
        """It is dead: what it held is free."""
        for column in (self.columns[worker - 1], self.held[worker - 1]):
            column[:] = memoryview(bytes(column.nbytes)).cast("q")

    def begin_day(self, day: int) -> None:
        """Nobody has used anything; who has no transfer under way needs no place.  Under the lock.

        Whoever knows a place forgets it with the day.
        """
        self.used[:] = memoryview(bytes(self.used.nbytes)).cast("q")
        self.accounts.clear(
            lambda at: not any(any(one[at * COUNTS : (at + 1) * COUNTS]) for one in self.held)
        )
        self.day[0] = day

    # -- rates --------------------------------------------------------------------------------------

    def bucket(self, text: str, now: float) -> int | None:
        """The row of a bucket; those that are full by ``now`` may make room."""
        self._now = now
        return self.buckets.made(self.digest(text))

    def _is_full(self, row: int) -> bool:
        return self.full[row] <= self._now


class Rows:
    """Which key has which row.  ``is_free``: whether that row's key needs none any more."""

    def __init__(self, digests: memoryview, is_free: Callable[[int], bool]) -> None:
        self._digests = digests
        self._parts = len(digests) // WIDTH
        self._is_free = is_free

    def found(self, digest: int) -> int | None:
        """The row that a key has."""
        begin = digest % self._parts * WIDTH
        part = self._digests[begin : begin + WIDTH].tolist()
        return begin + part.index(digest) if digest in part else None

    def made(self, digest: int) -> int | None:
        """The same, a new one where it has none; None where there is no room.  Under the lock."""
        begin = digest % self._parts * WIDTH
        part = self._digests[begin : begin + WIDTH].tolist()
        if digest in part:
            return begin + part.index(digest)
        if 0 not in part:
            for row in range(begin, begin + WIDTH):
                if self._is_free(row):
                    self._digests[row] = 0
            part = self._digests[begin : begin + WIDTH].tolist()
            if 0 not in part:
                return None
        row = begin + part.index(0)
        self._digests[row] = digest
        return row

    def clear(self, is_free: Callable[[int], bool]) -> None:
        """Take out those that are.  Under the lock."""
        for row in self:
            if is_free(row):
                self._digests[row] = 0

    def __iter__(self) -> Iterator[int]:
        """Those that there are."""
        return (row for row, digest in enumerate(self._digests.tolist()) if digest)


def _size(workers: int) -> int:
    numbers = ROWS + workers * (ROWS + LINES) + 2 * ROWS + TURNS + 2
    numbers += ACCOUNTS * (1 + COUNTS * (1 + workers))
    return SECRET + 8 * numbers + ACCOUNTS * NAME
