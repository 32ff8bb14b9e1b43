"""A ledger that several workers stand behind, in memory: what AMP or a store of its own would carry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from ftpalg.net.ledger import UNBOUND, Bound, Line, OwnLedger, Short
from ftpalg.net.rates import Rates

Books = dict[Line, dict[str, int]]


class Common:
    """What all workers hold together.  A worker that has not said ``keep`` for ``lease`` seconds holds
    nothing any more."""

    def __init__(self, seconds: Callable[[], float], lease: float) -> None:
        self.seconds = seconds
        self.lease = lease
        self.rates = Rates(seconds)
        self._books: dict[str, Books] = {}
        self._until: dict[str, float] = {}

    def keep(self, worker: str, books: Books) -> None:
        """That worker lives and holds this."""
        self._until[worker] = self.seconds() + self.lease
        self._books[worker] = {line: dict(held) for line, held in books.items()}

    def lives(self, worker: str) -> bool:
        """Whether its lease is not over."""
        return self.seconds() < self._until.get(worker, 0.0)

    def held(self, line: Line) -> Counter[str]:
        """How much each key holds, with all who live."""
        found: Counter[str] = Counter()
        for worker, books in self._books.items():
            if self.lives(worker):
                found.update(books[line])
        return found

    def take(self, worker: str, key: str, line: Line, amount: int, bound: Bound) -> Short | None:
        """So much more of it, or what is short."""
        held = self.held(line)
        for used, limit, of_one in (
            (held[key], bound.of_one, True),
            (held.total(), bound.in_all, False),
        ):
            if used + amount > limit:
                return Short(line, used, limit, of_one)
        mine = self._books[worker][line]
        mine[key] = mine.get(key, 0) + amount
        return None


class Worker(OwnLedger):
    """The ledger of one of them (``ledger.Ledger``): counts are the common ones, what lingers its own."""

    def __init__(
        self, common: Common, name: str, bounds: Mapping[Line, Bound], prefix: int = 64
    ) -> None:
        super().__init__(bounds, prefix)
        self.common, self.name = common, name
        self.lease = common.lease
        self.spend, self.refund = common.rates.take, common.rates.back
        self.keep()

    def keep(self) -> None:
        self.common.keep(self.name, {line: row.held for line, row in self._rows.items()})

    def ask(
        self, key: str, line: Line, amount: int = 1, bound: Bound | None = None
    ) -> Short | None:
        if not self.common.lives(self.name):
            self.keep()
        row = self._rows[line]
        bound = bound or row.bound
        while short := self.common.take(self.name, key, line, amount, bound):
            everybodys = None if short.of_one else row.everybodys
            if not (self._reset(row, row.oldest.get(key)) or self._reset(row, everybodys)):
                return short
        super().ask(key, line, amount, UNBOUND)
        return None

    def give(self, key: str, line: Line, amount: int = 1) -> None:
        super().give(key, line, amount)
        if self.common.lives(self.name):
            self.keep()

    def held(self, key: str, line: Line) -> int:
        return self.common.held(line)[key]

    def in_all(self, line: Line) -> int:
        return self.common.held(line).total()

    def holders(self, line: Line) -> Mapping[str, int]:
        return +self.common.held(line)
