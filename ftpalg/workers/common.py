"""What the supervisor keeps for all workers: what they count together, and what one of them has learned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ftpalg.config import Settings
from ftpalg.life.observers import Observers
from ftpalg.life.reactor import IWhole
from ftpalg.net.reach.traits import Remembered
from ftpalg.workers.banning import KeptBans, Tell
from ftpalg.workers.board import Board
from ftpalg.workers.counting import KeptCounting
from ftpalg.workers.learned import TOPIC, Learned
from ftpalg.workers.process import Worker


class Common:
    """``tell`` tells all workers that serve; ``hears`` is what workers say.

    ``bans`` and ``counting.days`` are what operators see and order, as ``admin.steered`` has it.
    """

    def __init__(self, reactor: IWhole, log: Observers, settings: Settings, tell: Tell) -> None:
        self.board = Board.made(settings.workers)
        self.bans = KeptBans(reactor, log, settings, self.board, tell)
        self.counting = KeptCounting(reactor, log.warned, self.board)
        self._settings = settings
        self._known = Remembered(reactor, settings.data.remember)
        self._learned = Learned(self._known, tell)
        heard = {**self.bans.hears, **self._learned.hears}
        self.hears: dict[str, Callable[[Worker, Any], Any]] = {
            "common": lambda worker, body: self._all,
            **{topic: _from_any(hear) for topic, hear in heard.items()},
        }

    @property
    def _all(self) -> dict[str, Any]:
        """For a worker that begins."""
        return {"bans": self.bans.kept, TOPIC: self._learned.rows}

    def start(self) -> None:
        """Take up what was kept."""
        self.bans.start()
        self.counting.take(self._settings)

    def renewed(self, settings: Settings) -> None:
        """New settings hold."""
        self.bans.renewed(settings)
        self.counting.take(settings)

    def died(self, worker: int) -> None:
        """What it held is free."""
        self.board.forget(worker)

    def write(self) -> None:
        """The next program reads what accounts have used."""
        self.counting.write()

    def hand_on(self) -> None:
        """The next program has the files from now on."""
        self.bans.hand_on()
        self.counting.hand_on()

    def stop(self) -> None:
        """The gateway ends."""
        self.bans.stop()
        self.counting.stop()


def _from_any(hear: Callable[[Any], Any]) -> Callable[[Worker, Any], Any]:
    return lambda worker, body: hear(body)
