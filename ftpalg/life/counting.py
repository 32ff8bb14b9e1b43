"""What is counted by the day, from the first settings on that count so."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ftpalg.config import Settings
from ftpalg.life.state import folder_of
from ftpalg.net.reactors import Timing

if TYPE_CHECKING:
    from ftpalg.life.quotas import Days


class Counting:
    """``days`` is None as long as no settings have asked for it."""

    def __init__(
        self,
        reactor: Timing,
        warned: Callable[[str], None],
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.days: Days | None = None
        self._reactor = reactor
        self._warned = warned
        self._environ = environ

    def of(self, settings: Settings) -> Days | None:
        """What counts by those settings: the same one, whichever they are."""
        if not settings.counts_days:
            return None
        if self.days is None:
            self.days = self._made()
        return self.days

    def _made(self) -> Days:
        from ftpalg.life.quotas import Days

        return Days(self._reactor, self._warned)

    def take(self, settings: Settings) -> None:
        """Those settings hold from now on."""
        if self.days is not None and settings.counts_days:
            self.days.keep(folder_of(settings, self._environ))

    def write(self) -> None:
        """Write what has changed, now."""
        if self.days is not None:
            self.days.keeping.write()

    def hand_on(self) -> None:
        """The next program counts from now on."""
        if self.days is not None:
            self.days.keeping.hand_on()
