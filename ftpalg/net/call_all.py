"""Several things that are all to be done, whatever becomes of one of them."""

from __future__ import annotations

from collections.abc import Callable


def call_all(*calls: Callable[[], object]) -> None:
    """Call each; of what they raise the last comes out, with the others as its context."""
    others = iter(calls)
    for call in others:
        try:
            call()
        except BaseException:
            call_all(*others)
            raise
