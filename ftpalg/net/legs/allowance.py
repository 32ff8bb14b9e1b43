"""What one transfer may move: it asks every limit that holds for it, the narrowest first."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol


class Turn(Protocol):
    """A place in a limit's queue."""

    def cancel(self) -> None:
        """Leave it; nothing was taken."""


class Limit(Protocol):
    """Something that lets so many bytes go in a second, to all who ask in turn.

    Who asks may be told later: a limit that is shared with other processes can be asked alike.
    """

    users: int
    """Transfers that ask it."""

    @property
    def piece(self) -> int:
        """Bytes to ask for at a time where many share it, so that all have their turn soon."""

    @property
    def most(self) -> int:
        """Bytes that can be asked for at a time."""

    def take(self, size: int) -> int:
        """How many of those bytes may go now; 0 where it is not one's turn."""

    def wait(self, size: int, granted: Callable[[], None]) -> Turn:
        """A place in the queue: ``granted`` is called, once, when so many may go."""

    def give_back(self, size: int) -> None:
        """So many of them have not gone."""

    def hold(self) -> None:
        """Who has had his turn here waits for a wider limit from now on."""

    def release(self) -> None:
        """Not any more."""


class Allowance:
    """Of one transfer.  ``enter`` calls what is the transfer's, so that what it raises is nobody else's.

    What a narrow limit has granted stays granted while a wider one is waited for: everybody comes
    to his turn.  A limit may so be passed for a moment, by a piece of each transfer that waits.
    """

    __slots__ = ("_enter", "_granted", "_held", "_limits", "_turn")

    def __init__(self, limits: tuple[Limit, ...], enter: Callable[..., None]) -> None:
        self._limits = limits
        self._enter = enter
        self._granted: Callable[[int], None] | None = None
        self._held = (0, 0)
        self._turn: Turn | None = None
        for limit in limits:
            limit.users += 1

    def ask(self, granted: Callable[[int], None]) -> int:
        """How many bytes may go now; 0 where ``granted`` is told later.

        The widest limit says how many are a turn.  Narrow ones let as many go at once as they can, or
        else who has a narrow one would get little of the wide one's turns beside those who have none.
        """
        self._granted = granted
        widest = self._limits[-1]
        return self._from(0, min(widest.piece, *(limit.most for limit in self._limits)))

    def _from(self, first: int, size: int) -> int:
        for at in range(first, len(self._limits)):
            limit = self._limits[at]
            taken = limit.take(size)
            if not taken:
                self._turn = limit.wait(size, partial(self._come, at, size))
                self._held = (at, size)
                for earlier in self._limits[:at]:
                    earlier.hold()
                return 0
            for earlier in self._limits[:at] if taken < size else ():
                earlier.give_back(size - taken)
            size = taken
        return size

    def _come(self, at: int, size: int) -> None:
        """The turn has come at that limit: on to the next."""
        self._turn = None
        for earlier in self._limits[:at]:
            earlier.release()
        size = self._from(at + 1, size)
        if size and self._granted is not None:
            self._enter(self._granted, size)

    def give_back(self, size: int) -> None:
        """So many have not gone."""
        for limit in self._limits:
            limit.give_back(size)

    def stop(self) -> None:
        """The transfer is over; twice changes nothing."""
        turn, self._turn = self._turn, None
        limits, self._limits = self._limits, ()
        if turn is not None:
            turn.cancel()
            at, size = self._held
            for limit in limits[:at]:
                limit.release()
                limit.give_back(size)
        for limit in limits:
            limit.users -= 1
