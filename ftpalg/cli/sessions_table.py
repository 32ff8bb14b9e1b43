"""Sessions as a table that fits a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def table(sessions: Sequence[Mapping[str, Any]]) -> str:
    """The table."""
    return "\n".join(f"{one['session']} {one['client_ip']} {one['state']}" for one in sessions)
