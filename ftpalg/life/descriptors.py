"""File descriptors: how many the limits ask for, how many there may be, and what fits.

Measured: an idle session has 2, one with a transfer 6 (two control connections, two data sockets, a
pipe's two ends); the process itself some dozens, with listeners, data ports that wait, and lookups.
"""

from __future__ import annotations

import resource
from typing import NamedTuple

from ftpalg.config import Limits
from ftpalg.core.value import value

EACH = 6
BASE = 64


@value
class Descriptors(NamedTuple):
    """``needed`` by all sessions with a transfer each, ``allowed`` to this process."""

    needed: int
    allowed: int
    sessions: int

    @property
    def fitting(self) -> int:
        """So many sessions may come: each can have its transfer then.  One at least."""
        return max(1, min(self.sessions, (self.allowed - BASE) // EACH))

    @property
    def warning(self) -> str:
        """What does not fit, with the numbers, or nothing."""
        if self.needed <= self.allowed:
            return ""
        return (
            f"limits.sessions = {self.sessions} needs {self.needed} file descriptors, {self.allowed}"
            f" are allowed: {self.fitting} sessions fit; raise the limit (LimitNOFILE= in a unit,"
            " ulimit -n) or lower limits.sessions"
        )


def descriptors(limits: Limits, allowed: int) -> Descriptors:
    """What these limits need of that many."""
    return Descriptors(BASE + EACH * limits.sessions, allowed, limits.sessions)


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
