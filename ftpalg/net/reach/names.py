"""Look-ups of names: what they are to those who ask and to those who answer.

Names that clients say (``lookups``) and names that the settings hold (``known``) are looked up apart,
so that nobody's dead names stop the administrator's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.python.failure import Failure

MOST = 8
"""Addresses of a name that are used: nobody needs more, and each may cost a dial."""

Answered = Callable[[list[str], str], None]
"""Told the addresses of a name, or none and why in one sentence."""


class LookUp(Protocol):
    """One that is under way."""

    def cancel(self) -> None:
        """Give it up; no answer is told any more.  Harmless once it was."""


class Source(Protocol):
    """Where answers come from."""

    def begin(self, name: str, answered: Answered, ended: Callable[[], None]) -> LookUp:
        """Look up a name.  ``ended`` is called once, when all that it took is free again; both may
        be called before this returns."""


class _Nothing:
    """A look-up that never was."""

    def cancel(self) -> None:
        """Nothing to give up."""


def begun(
    source: Source,
    name: str,
    answered: Answered,
    ended: Callable[[], None],
    warned: Callable[[str], None],
) -> LookUp:
    """A look-up that has begun; where the source raises instead, that is its answer and its end.

    Who looks up counts and waits for others too, and must be able to go on.
    """
    try:
        return source.begin(name, answered, ended)
    except Exception:
        warned(f"an exception ends a look-up of {name!r}:\n{Failure().getTraceback()}")
        answered([], f"{name} could not be looked up")
        ended()
        return _Nothing()


Resolve = Callable[[str, Answered], LookUp]
"""Looks up a name, within the bounds of whoever it is for."""


@lru_cache(1024)
def is_address(host: str) -> bool:
    """Whether that is an address, which needs no look-up."""
    return isIPAddress(host) or isIPv6Address(host)


def unknown(name: str) -> str:
    """The sentence about a name without addresses."""
    return f"no address for {name}"


def late(name: str) -> str:
    """The sentence about a name of which nothing was heard in time."""
    return f"no answer about {name} within timeouts.resolve"
