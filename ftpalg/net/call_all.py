"""Several things that are all to be done, whatever becomes of one of them."""

from __future__ import annotations

from collections.abc import Callable


def call_all(first: Callable[[], object], *others: Callable[[], object]) -> None:
    """Call each; of what they raise the last comes out, with the others as its context."""
    try:
        first()
    finally:
        if others:
            call_all(*others)
