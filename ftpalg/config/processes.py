"""How many processes serve: a number, or as many as there are cores."""

from __future__ import annotations

import os
from typing import Any

from ftpalg.config.checks import schema

MOST = 1024


@schema(anyOf=[{"type": "integer", "minimum": 1, "maximum": MOST}, {"enum": ["cores"]}])
def processes(value: Any) -> int:
    """So many; "cores" stands for as many as there are for this process."""
    if value == "cores":
        return min(cores(), MOST)
    if type(value) is not int or not 1 <= value <= MOST:
        raise ValueError(f'must be a whole number from 1 to {MOST}, or "cores"')
    return value


def cores() -> int:
    """On how many the system lets this process run."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1
