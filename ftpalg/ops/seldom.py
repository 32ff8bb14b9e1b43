"""What may happen a thousand times a second is told once a minute, with how often it was."""

from __future__ import annotations

from collections import OrderedDict

MINUTE = 60.0
MOST = 1024
"""Things that are counted; the one longest untold is forgotten first."""


class Seldom:
    """Counts things by their name."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def count(self, name: str, now: float) -> int:
        """How many to tell of now, this one among them; 0 where it is too early."""
        at, since = self._told.get(name, (-MINUTE, 0))
        if now - at < MINUTE:
            self._told[name] = (at, since + 1)
            return 0
        self._told[name] = (now, 0)
        self._told.move_to_end(name)
        if len(self._told) > MOST:
            self._told.popitem(last=False)
        return since + 1
