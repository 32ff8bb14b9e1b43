"""Which data port to try next.  Random, so that none can be foretold (RFC 2577 section 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from secrets import randbelow


def candidates(
    first: int, last: int, excluded: frozenset[int], choose: Callable[[int], int] = randbelow
) -> Iterator[int]:
    """Every port from ``first`` to ``last`` that is not excluded, once, from a random start on.

    A stride that shares no factor with the range's size visits each port once in an order that
    the port before does not tell.
    """
    size = last - first + 1
    start = choose(size)
    if first + start not in excluded:
        yield first + start  # mostly it is free
    stride = choose(size) | 1
    while not _coprime(stride, size):
        stride += 2
    for turn in range(1, size):
        port = first + (start + turn * stride) % size
        if port not in excluded:
            yield port


def _coprime(a: int, b: int) -> bool:
    while b:
        a, b = b, a % b
    return a == 1
