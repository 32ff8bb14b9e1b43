"""File descriptors: how many the limits ask for, how many there may be, and what fits.

Measured: an idle session has 2, one with a transfer 4 more (two control connections, two data sockets, a
pipe's two ends); the process itself some dozens, with listeners, data ports that wait, and lookups.  What
is really taken the ledger counts: a transfer for which there is none is refused, and no session ends.
"""

from __future__ import annotations

import resource
from typing import NamedTuple

from ftpalg.config import Limits
from ftpalg.core.value import value

SESSION, TRANSFER, BASE = 2, 4, 64
KEPT = 12
"""One of so many is kept for transfers, however many sessions rest."""


@value
class Descriptors(NamedTuple):
    """``allowed`` to this process, whose limits are so many sessions and transfers at once."""

    allowed: int
    sessions: int
    transfers: int

    @property
    def needed(self) -> int:
        """By as many as the limits say."""
        return BASE + SESSION * self.sessions + TRANSFER * self.transfers

    @property
    def fitting(self) -> int:
        """So many sessions may come.  One at least."""
        kept = min(TRANSFER * self.transfers, self.allowed // KEPT)
        return max(1, min(self.sessions, (self.allowed - BASE - kept) // SESSION))

    @property
    def moving(self) -> int:
        """So many of them can have a transfer at once."""
        left = self.allowed - BASE - SESSION * self.fitting
        return max(0, min(self.transfers, left // TRANSFER))

    @property
    def warning(self) -> str:
        """What does not fit, with the numbers, or nothing."""
        if self.needed <= self.allowed:
            return ""
        return (
            f"limits.sessions = {self.sessions}, {self.transfers} with a transfer, needs {self.needed}"
            f" file descriptors, {self.allowed} are allowed: {self.fitting} sessions fit,"
            f" {self.moving} with a transfer; raise the limit (LimitNOFILE= in a unit, ulimit -n) or"
            " lower limits.sessions or limits.transfers"
        )


def descriptors(limits: Limits, allowed: int) -> Descriptors:
    """What these limits need of that many."""
    return Descriptors(allowed, limits.sessions, min(limits.sessions, limits.transfers))


def raised() -> int:
    """How many this process may have, after its soft limit was raised to the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return _number(hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):  # macOS: beyond OPEN_MAX
        return _number(soft)
    return _number(hard)


def _number(limit: int) -> int:
    return 1 << 30 if limit == resource.RLIM_INFINITY else limit
