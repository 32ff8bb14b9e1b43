"""Python's collector of garbage, behind a start."""

from __future__ import annotations

import gc

YOUNG = 10_000
"""Objects that are made before it looks for garbage among them: some milliseconds' work.  A session leaves
about sixty that hold each other; with Python's own 700 that look took three hundredths of a login."""


def settle() -> None:
    """What a start has made stays: nobody looks it through again."""
    gc.freeze()
    gc.set_threshold(YOUNG)
    gc.enable()
