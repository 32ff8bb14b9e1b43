"""What relays tell in tests."""

from __future__ import annotations

from typing import Any


class Told:
    """What a relay has told, in order."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def callbacks(self) -> tuple[Any, Any, Any]:
        """The three that a relay wants."""
        return (
            lambda: self.words.append("ended"),
            lambda reason: self.words.append(f"source: {reason}"),
            lambda reason: self.words.append(f"sink: {reason}"),
        )
