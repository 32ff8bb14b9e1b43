"""A program with a probe in its reactor: ``python -P probed.py FILE PROGRAM [words]``.

FILE holds ``Places`` for whoever has started it (``tests.wire.turns``).  What a turn takes is CPU
time of its thread, and not time of the clock: on a busy machine a turn waits for its processor, which no
peer has brought about.  Imports of first use are had before, and what the collector of garbage takes is
told apart: it falls to whichever turn comes then.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import mmap
import pkgutil
import runpy
import sys
from importlib import import_module
from time import thread_time
from typing import Any

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.main import installReactor

TURN, GARBAGE, LATER, EVENTS, TURNS, FOUND = range(6)
"""What stands where: the longest turn's seconds, the collector's longest, of that turn what was due by time
and what came to descriptors, how many there were, and how many objects the collector has found."""
Places = ctypes.c_double * 6


class Probed(EPollReactor):
    """It notes how long each of its turns takes: the calls that are due, then whatever has come."""

    def __init__(self, places: ctypes.Array[ctypes.c_double]) -> None:
        self._places = places
        self._last = self._collecting = self._garbage = 0.0
        super().__init__()
        gc.callbacks.append(self._collects)

    def _collects(self, phase: str, info: dict[str, Any]) -> None:
        now = thread_time()
        if phase == "start":
            self._collecting = now
            return
        took = now - self._collecting
        self._garbage += took
        self._places[GARBAGE] = max(self._places[GARBAGE], took)
        self._places[FOUND] += info["collected"]

    def doIteration(self, delay: float | None) -> None:
        """The second half of a turn."""
        due = thread_time() - self._garbage
        super().doIteration(delay)
        ended, places = thread_time() - self._garbage, self._places
        took = ended - self._last
        if took > places[TURN] and self._last and self.running:  # neither the start's nor the end's
            places[TURN], places[LATER], places[EVENTS] = took, due - self._last, ended - due
        places[TURNS] += 1
        self._last = ended


def _imported() -> None:
    """Everything that a gateway may import at its first use."""
    import ftpalg

    for module in pkgutil.walk_packages(ftpalg.__path__, "ftpalg."):
        if not module.name.endswith("__main__"):
            with contextlib.suppress(ImportError):  # an extra that is not installed
                import_module(module.name)


def main() -> None:
    """Become that program."""
    file, *sys.argv = sys.argv[1:]
    with open(file, "r+b") as places:
        installReactor(Probed(Places.from_buffer(mmap.mmap(places.fileno(), 0))))
    _imported()
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
