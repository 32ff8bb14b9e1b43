"""Names of sessions: short, unique over restarts, and in the order of their time.

A name is a count of 1/1024 seconds since 1970 in nine signs of Crockford's base 32.  Two sessions of
one moment get two numbers, so a process is ahead of the clock by as much as it has been too fast.
"""

from __future__ import annotations

from collections.abc import Callable

SIGNS = "0123456789abcdefghjkmnpqrstvwxyz"
SHIFTS = range(40, -1, -5)
TICKS = 1024


def session_names(clock: Callable[[], float]) -> Callable[[], str]:
    """A function that returns another name at each call; ``clock`` gives seconds since 1970."""
    last = 0

    def name() -> str:
        nonlocal last
        last = max(last + 1, int(clock() * TICKS))
        return spelled(last)

    return name


def spelled(number: int) -> str:
    """A number in nine signs."""
    return "".join([SIGNS[number >> shift & 31] for shift in SHIFTS])
