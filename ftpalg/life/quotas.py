"""The day of every account, kept over restarts (``net.quotas.Day``).

A day begins at midnight by the clock of the machine, in its time zone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from ftpalg.core.bans import account_key
from ftpalg.core.quotas import Counted
from ftpalg.life import quota_file
from ftpalg.life.quota_file import NAME, Kept
from ftpalg.life.state_file import Keeping
from ftpalg.net.reactors import Timing
from ftpalg.policy.quotas import Book, Row

NOWHERE = (
    "state is not set: what accounts have used today is forgotten with each restart"
    " (limits.*-per-day); name a folder there"
)


class Days:
    """``warned`` tells an operator what should not stay so; ``book`` is one that others have, too."""

    def __init__(
        self, reactor: Timing, warned: Callable[[str], None], book: Book | None = None
    ) -> None:
        self._reactor = reactor
        self._warned = warned
        self._book = book if book is not None else Book(self._today)
        self.keeping = Keeping(
            reactor,
            warned,
            "quotas",
            lambda: Kept(self._book.day, self._book.rows),
            quota_file.write,
        )
        self._begun = False

    @property
    def _today(self) -> int:
        return date.fromtimestamp(self._reactor.seconds()).toordinal()

    def keep(self, folder: Path | None) -> None:
        """Keep it there; what was kept is taken up once."""
        self.keeping.file = folder / NAME if folder is not None else None
        if self._begun:
            self.keeping.changed()
            return
        self._begun = True
        if folder is None:
            self._warned(NOWHERE)
        kept = self.keeping.taken_up(quota_file.read)
        if kept is not None:
            self._book.turn(self._today)
            self._book.restore(kept.day, kept.rows)

    # -- what the net asks (``net.quotas.Day``) -----------------------------------------------------

    def grant(self, account: str, counted: Counted, size: int, limit: int) -> int:
        self._book.turn(self._today)
        return self._book.grant(account, counted, size, limit)

    def settle(self, account: str, counted: Counted, granted: int, used: int) -> None:
        self._book.turn(self._today)
        self._book.settle(account, counted, granted, used)
        if used:
            self.keeping.changed()

    def used(self, account: str, counted: Counted) -> int:
        self._book.turn(self._today)
        return self._book.used(account, counted)

    # -- operators --------------------------------------------------------------------------------

    @property
    def rows(self) -> tuple[Row, ...]:
        """What has been used today."""
        self._book.turn(self._today)
        return self._book.rows

    def reset(self, account: str) -> bool:
        """Its day begins anew; False where it has used nothing."""
        found = self._book.forget(account_key(account))
        if found:
            self.keeping.changed()
        return found
