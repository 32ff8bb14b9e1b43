"""The lag probe: no turn of a gateway's reactor may take more CPU time than rule 10 has it."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path

from tests.wire import probed

BOUND = 0.05
"""Seconds of a turn (rule 10)."""
MACHINE = 1.0
"""So much slower than the machines that the bound is meant for may this one be: it multiplies the bound."""


class Turns:
    """What the probe in one gateway has seen since it was begun."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "turns"
        self._file.write_bytes(bytes(probed.Places()))
        with self._file.open("r+b") as places:
            self._places = probed.Places.from_buffer(mmap.mmap(places.fileno(), 0))

    def words(self, program: list[str]) -> list[str]:
        """The program, behind the probe."""
        return [sys.executable, "-P", probed.__file__, str(self._file), *program]

    def begin(self) -> None:
        """Look anew."""
        for place in range(len(self._places)):
            self._places[place] = 0.0

    @property
    def longest(self) -> float:
        """Seconds of CPU that the longest turn took, without the collector of garbage."""
        return self._places[probed.TURN]

    @property
    def garbage(self) -> float:
        """Seconds that the collector of garbage took at a time, at the most."""
        return self._places[probed.GARBAGE]

    @property
    def wrong(self) -> str:
        """Where a turn was too long, of what it consisted; or nothing."""
        return self.told if self.longest > BOUND * MACHINE else ""

    @property
    def told(self) -> str:
        """Of the longest turn what was due and what had come, in milliseconds."""
        parts = (
            ("the longest turn", self.longest),
            ("calls that were due", self._places[probed.LATER]),
            ("what had come", self._places[probed.EVENTS]),
            ("garbage at the most", self.garbage),
        )
        return ", ".join(f"{name} {1000 * seconds:.1f} ms" for name, seconds in parts)
