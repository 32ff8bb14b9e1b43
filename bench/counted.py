"""Runs a program so that the functions it calls can be counted: ``python counted.py PROGRAM ARGUMENT…``.

SIGNAL begins, and the next one ends and prints ``called N M``: functions of Python, and of C, that the main
thread has called in between.  It is run by its path, so that the program finds its own modules.
"""

from __future__ import annotations

import runpy
import signal
import sys
from collections import Counter
from types import FrameType

SIGNAL = signal.SIGRTMIN
seen: Counter[str] = Counter()


def see(frame: FrameType, event: str, what: object) -> None:
    """One call, or its return."""
    seen[event] += 1


def signalled(number: int, frame: FrameType | None) -> None:
    """Begin, or end and tell."""
    if sys.getprofile() is None:
        seen.clear()
        sys.setprofile(see)
    else:
        sys.setprofile(None)
        print("called", seen["call"], seen["c_call"], file=sys.__stdout__, flush=True)


if __name__ == "__main__":
    signal.signal(SIGNAL, signalled)
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
