"""The day of every account, of all workers: its numbers and names stand on the board, where everybody counts
under its lock; the supervisor alone has the file.

What a worker that is killed had moved since it last said so is not counted: a chunk of each transfer.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ftpalg.core.quotas import Counted
from ftpalg.life.quotas import Days
from ftpalg.policy.quotas import Book, Row, part_of
from ftpalg.workers.board import COUNTS, NAME, Board

AT = {counted: at for at, counted in enumerate(Counted)}
LENGTH = 2
"""Bytes before a name."""


class WholeBook(Book):
    """One for all.  An account that the board has no room for is counted by each worker for itself."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._rows: dict[str, int] = {}
        self._seen = self.day
        super().__init__(self.day)

    @property
    def day(self) -> int:
        """Which it is."""
        return self._board.day[0]

    @day.setter
    def day(self, day: int) -> None:
        self._board.day[0] = day

    @property
    def changes(self) -> int:
        """Another number each time that something has been used."""
        return self._board.day[1]

    def turn(self, day: int) -> bool:
        if day <= self.day:
            return False
        with self._board.locked():
            if day <= self.day:
                return False
            self._used.clear()
            self._board.begin_day(day)
        return True

    def restore(self, day: int, rows: Iterable[Row]) -> None:
        if day < self.day:
            return
        with self._board.locked() as locked:
            for one in rows:
                row = self._row(one.account, locked)
                if row is not None:
                    self._board.used[row * COUNTS + AT[one.counted]] += one.used

    def grant(self, account: str, counted: Counted, size: int, limit: int) -> int:
        board = self._board
        with board.locked() as locked:
            row = self._row(account, locked)
            if row is None:
                return super().grant(account, counted, size, limit)
            at = row * COUNTS + AT[counted]
            if limit:
                held = sum([column[at] for column in board.held])
                size = part_of(limit - board.used[at] - held, size)
            board.own_held[at] += size
        return size

    def settle(self, account: str, counted: Counted, granted: int, used: int) -> None:
        board = self._board
        with board.locked() as locked:
            row = self._row(account, locked)
            if row is None:
                super().settle(account, counted, granted, used)
                return
            at = row * COUNTS + AT[counted]
            here = min(granted, board.own_held[at])
            if here < granted:  # there was no room for it then
                super().settle(account, counted, granted - here, 0)
            board.own_held[at] -= here
            if used:
                board.used[at] += used
                board.day[1] += 1

    def used(self, account: str, counted: Counted) -> int:
        own = super().used(account, counted)
        row = self._row(account, locked=False)
        return own if row is None else own + self._board.used[row * COUNTS + AT[counted]]

    def forget(self, account: str) -> bool:
        found = super().forget(account)
        row = self._row(account, locked=False)
        if row is None:
            return found
        used, begin = self._board.used, row * COUNTS
        with self._board.locked():
            found = found or any(used[begin : begin + COUNTS])
            used[begin : begin + COUNTS] = memoryview(bytes(8 * COUNTS)).cast("q")
        return found

    @property
    def rows(self) -> tuple[Row, ...]:
        used = self._board.used
        return tuple(
            Row(self._name(row), counted, many)
            for row in self._board.accounts
            for counted, at in AT.items()
            if (many := used[row * COUNTS + at])
        )

    # -- the board ----------------------------------------------------------------------------------

    def _row(self, account: str, locked: bool) -> int | None:
        """Where an account stands; it gets a place where it has none, under the lock."""
        if self._seen != self.day:
            self._seen = self.day
            self._rows.clear()
        row = self._rows.get(account)
        if row is None:
            accounts, digest = self._board.accounts, self._board.digest(account)
            row = accounts.found(digest)
            if row is None and locked:
                row = accounts.made(digest)
                if row is not None:
                    self._write(row, account)
            if row is not None:
                self._rows[account] = row
        return row

    def _write(self, row: int, account: str) -> None:
        name = account.encode("utf-8", "surrogatepass")
        length = len(name).to_bytes(LENGTH, "little")
        self._board.names[row * NAME : row * NAME + LENGTH + len(name)] = length + name

    def _name(self, row: int) -> str:
        begin = row * NAME
        names = self._board.names
        length = int.from_bytes(names[begin : begin + LENGTH], "little")
        return str(names[begin + LENGTH : begin + LENGTH + length], "utf-8", "surrogatepass")


class OwnDays(Days):
    """A worker's."""

    def keep(self, folder: Path | None) -> None:
        """The supervisor does."""
