"""Python's collector of garbage, behind a start.

A session that is over leaves nothing that holds each other (``tests.life.test_left``), and is gone at once.
So the collector finds next to nothing; what it costs is to look, a third of a microsecond for each object,
and a whole gateway's are half a million.  It looks at few of them at a time (rule 10), and at all of them
where many more have been kept for hours than there were: some of those may be garbage after all.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

YOUNG, MIDDLE, OLD = 10_000, 0, 0
"""More objects that are made than go before it looks at those; every second look is at those that have
outlived one, too, and every third at all: 30,000 objects at the most, some ten milliseconds.  With fewer
at a time it looks so often that a login costs more."""
ALL = 2
"""What the collector calls the last of these looks."""
SELDOM = 3600.0
"""Seconds between two looks at what has been kept."""
MORE = 100_000
"""Objects that are kept beyond those of the last such look before there is another."""


class Keeper:
    """What outlives a look at all is kept: it is not looked at again, but seldom."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looked = clock()
        self._kept = gc.get_freeze_count()

    def __call__(self, phase: str, info: dict[str, Any]) -> None:
        """The collector begins or ends a look."""
        if phase != "stop" or info["generation"] != ALL:
            return
        gc.freeze()
        now = self._clock()
        if now - self._looked < SELDOM:
            return
        kept, self._looked = gc.get_freeze_count(), now
        if kept - self._kept > MORE:
            gc.unfreeze()  # the next look is at these, too
        self._kept = kept


def settle() -> None:
    """What a start has made stays, and what outlives two looks: nobody looks it through again soon."""
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    if not any(isinstance(one, Keeper) for one in gc.callbacks):
        gc.callbacks.append(Keeper())
    gc.enable()
