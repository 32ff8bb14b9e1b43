"""What is counted by the day: by workers, and by the supervisor, who keeps it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from twisted.internet.interfaces import IDelayedCall

from ftpalg.config import Settings
from ftpalg.life.counting import Counting
from ftpalg.net.reactors import Timing
from ftpalg.workers.board import Board

if TYPE_CHECKING:
    from ftpalg.life.quotas import Days
    from ftpalg.workers.days import WholeBook

OFTEN = 1.0
"""Seconds between two looks at whether there is something to keep."""


class OwnCounting(Counting):
    """A worker's."""

    def __init__(self, reactor: Timing, warned: Callable[[str], None], board: Board) -> None:
        super().__init__(reactor, warned, {})
        self._board = board

    def _made(self) -> Days:
        from ftpalg.workers.days import OwnDays, WholeBook

        return OwnDays(self._reactor, self._warned, WholeBook(self._board))


class KeptCounting(Counting):
    """The supervisor's."""

    def __init__(self, reactor: Timing, warned: Callable[[str], None], board: Board) -> None:
        super().__init__(reactor, warned)
        self._board = board
        self._call: IDelayedCall | None = None
        self._book: WholeBook | None = None
        self._kept = 0

    def _made(self) -> Days:
        from ftpalg.life.quotas import Days
        from ftpalg.workers.days import WholeBook

        self._book = WholeBook(self._board)
        self._look()
        return Days(self._reactor, self._warned, self._book)

    def take(self, settings: Settings) -> None:
        """These hold from now on."""
        self.of(settings)
        super().take(settings)

    def write(self) -> None:
        """What workers have counted, too."""
        self._look_now()
        super().write()

    def hand_on(self) -> None:
        """The next program counts from now on."""
        self._look_now()
        super().hand_on()

    def stop(self) -> None:
        """The gateway ends."""
        self.write()
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _look(self) -> None:
        self._look_now()
        self._call = self._reactor.callLater(OFTEN, self._look)

    def _look_now(self) -> None:
        if self._book is not None and self.days is not None and self._kept != self._book.changes:
            self._kept = self._book.changes
            self.days.keeping.changed()
