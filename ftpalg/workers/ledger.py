"""The ledger of one worker: what it holds it counts itself, and limits hold for all workers together.

Descriptors are each process's own.  Of memory, which is charged too often to be looked up each time, each
worker has an equal part.  The rest stands on the board.  What lingers at another worker is not reset for one
who asks here: its own are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from sys import maxsize

from ftpalg.net.ledger import Bound, Line, OwnLedger, Short
from ftpalg.net.rates import Event, Rates
from ftpalg.workers.board import ROWS, Board

OF_EACH = frozenset((Line.DESCRIPTORS, Line.MEMORY))
NUMBER = {line: number for number, line in enumerate(Line)}
Slots = dict[str, int]


def text_of(line: Line, key: str) -> str:
    """What stands on the board for what a key holds of a line."""
    return f"{NUMBER[line]} {key}"


class WholeLedger(OwnLedger):
    """``sessions`` is how many there may be in all; what fits into one process bounds that one alone."""

    def __init__(
        self,
        board: Board,
        sessions: int,
        bounds: Mapping[Line, Bound],
        prefix: int = 64,
        seconds: Callable[[], float] = lambda: 0.0,
        pressed: Callable[[Short], object] = lambda short: None,
    ) -> None:
        self.sessions = sessions
        self._board = board
        self._slots: dict[Line, Slots] = {line: {} for line in Line if line not in OF_EACH}
        super().__init__(bounds, prefix, seconds, pressed)
        self._rates = Rates(seconds, Fulls(board, seconds))
        self._alone = Rates(seconds)
        self.spend, self.refund = self._spend, self._refund

    def renew(self, bounds: Mapping[Line, Bound], prefix: int) -> None:
        memory = bounds.get(Line.MEMORY)
        if memory is not None:
            part = Bound(*(most // self._board.workers for most in memory))
            bounds = {**bounds, Line.MEMORY: part}
        super().renew(bounds, prefix)

    # -- what is held -------------------------------------------------------------------------------

    def ask(
        self, key: str, line: Line, amount: int = 1, bound: Bound | None = None
    ) -> Short | None:
        if line in OF_EACH:
            return super().ask(key, line, amount, bound)
        first = short = self._take(key, line, amount, bound)
        while short is not None and self._made_room(key, short):
            short = self._take(key, line, amount, bound)
        if first is not None and short is None:
            self._pressed(first)
        return short

    def _take(self, key: str, line: Line, amount: int, bound: Bound | None) -> Short | None:
        """As ``ask``, and nobody is reset."""
        row, slots, board = self._rows[line], self._slots[line], self._board
        of_one, in_all = bound if bound is not None else row.bound
        fitting = in_all
        if line is Line.SESSIONS:
            in_all = self.sessions
        number, slot = ROWS + NUMBER[line], slots.get(key)
        held, own = row.held, row.held.get(key, 0)
        bounded = of_one != maxsize or in_all != maxsize
        locked = (bounded or slot is None) and board.lock()
        try:
            if slot is None and locked:
                slot = board.keys.made(board.digest(text_of(line, key)))
            if bounded:
                mine = own if slot is None else board.sum(slot)
                if mine + amount > of_one:
                    return Short(line, mine, of_one, of_one=True)
                if row.all + amount > fitting:
                    return Short(line, row.all, fitting, of_one=False)
                everybodys = board.sum(number)
                if everybodys + amount > in_all:
                    return Short(line, everybodys, in_all, of_one=False)
            held[key] = own + amount
            row.all += amount
            board.own[number] = row.all
            if slot is not None:
                slots[key] = slot
                board.own[slot] = own + amount
        finally:
            if locked:
                board.unlock()
        return None

    def _made_room(self, key: str, short: Short) -> bool:
        """Whether one of ours was reset for it: the asker's first, then anybody's."""
        row = self._rows[short.line]
        if self._reset(row, row.oldest.get(key)):
            return True
        return not short.of_one and self._reset(row, row.everybodys)

    def give(self, key: str, line: Line, amount: int = 1) -> None:
        super().give(key, line, amount)
        if line in OF_EACH:
            return
        row, board = self._rows[line], self._board
        board.own[ROWS + NUMBER[line]] = row.all
        own = row.held.get(key, 0)
        slots = self._slots[line]
        slot = slots.get(key) if own else slots.pop(key, None)
        if slot is not None:
            board.own[slot] = own

    def held(self, key: str, line: Line) -> int:
        """By all workers; ``in_all`` and ``holders`` are this one's."""
        own = super().held(key, line)
        if line in OF_EACH:
            return own
        slot = self._slots[line].get(key)
        if slot is None:
            keys = self._board.keys
            slot = keys.found(self._board.digest(text_of(line, key)))
        return own if slot is None else self._board.sum(slot)

    def elsewhere(self, key: str, line: Line) -> int:
        return self.held(key, line) - super().held(key, line)

    def turn(self, key: str) -> int:
        return self._board.turn(key)

    # -- rates --------------------------------------------------------------------------------------

    def _spend(self, event: Event, *bounds: tuple[str, float]) -> str | None:
        with self._board.locked() as locked:
            return (self._rates if locked else self._alone).take(event, *bounds)

    def _refund(self, event: Event, part: float, *bounds: tuple[str, float]) -> None:
        with self._board.locked() as locked:
            (self._rates if locked else self._alone).back(event, part, *bounds)


class Fulls(MutableMapping[tuple[Event, str], float]):
    """When buckets are full again, of all workers.  Under the lock."""

    def __init__(self, board: Board, seconds: Callable[[], float]) -> None:
        self._board = board
        self._seconds = seconds

    def __getitem__(self, one: tuple[Event, str]) -> float:
        row = self._board.buckets.found(self._digest(one))
        if row is None:
            raise KeyError(one)
        return self._board.full[row]

    def __setitem__(self, one: tuple[Event, str], full: float) -> None:
        row = self._board.bucket(self._text(one), self._seconds())
        if row is not None:
            self._board.full[row] = full

    def _digest(self, one: tuple[Event, str]) -> int:
        return self._board.digest(self._text(one))

    @staticmethod
    def _text(one: tuple[Event, str]) -> str:
        event, key = one
        return f"{event.name} {key}"

    def __delitem__(self, one: tuple[Event, str]) -> None:
        """What is full makes room by itself."""

    def __iter__(self) -> Iterator[tuple[Event, str]]:
        return iter(())

    def __len__(self) -> int:
        return 0
