"""Names of sessions: short, unique over restarts, and in the order of their time.

A name is a count of 1/1024 seconds since 1970 in nine signs of Crockford's base 32.  Two sessions of
one moment get two numbers, so a process is ahead of the clock by as much as it has been too fast.
Of several processes that are one gateway each has every so-many-th number.
"""

from __future__ import annotations

from collections.abc import Callable

SIGNS = "0123456789abcdefghjkmnpqrstvwxyz"
SHIFTS = range(40, -1, -5)
TICKS = 1024


def session_names(
    clock: Callable[[], float], worker: int = 1, workers: int = 1
) -> Callable[[], str]:
    """A function that returns another name at each call; ``clock`` gives seconds since 1970.

    No other ``worker``, of 1 to ``workers``, has that name.
    """
    last = worker - 1

    def name() -> str:
        nonlocal last
        now = int(clock() * TICKS)
        last = max(last + workers, now - (now - last) % workers)
        return spelled(last)

    return name


def spelled(number: int) -> str:
    """A number in nine signs."""
    return "".join([SIGNS[number >> shift & 31] for shift in SHIFTS])
