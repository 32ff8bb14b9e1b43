"""From the start of a program to its line ``ready``: wall and CPU seconds, least, median and most.

    python -m bench.start [--runs N]

On a machine that does much beside it the CPU seconds are the honest figure.  Python's compiled files
are made by the first start, which does not count.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from bench.measure import child, cpu, line_with

WORDS = ("--listen", "127.0.0.1:0", "--server", "ftp://h")
TWISTD = str(Path(sys.executable).with_name("twistd"))
WAYS = {
    "ftpalg run": (sys.executable, "-m", "ftpalg", "run", *WORDS),
    "twistd -n ftpalg": (TWISTD, "-n", "--pidfile=", "ftpalg", *WORDS),
}


def start(words: tuple[str, ...]) -> tuple[float, float]:
    """Wall and CPU seconds of one start."""
    began = monotonic()
    with child(*words) as process:
        line_with(process, r"(ready)")
        return monotonic() - began, cpu(process)


def shown(values: Sequence[float]) -> str:
    """Least, median and most."""
    return " / ".join(f"{f(values):.2f}" for f in (min, statistics.median, max)) + " s"


def main() -> None:
    """Measure and tell."""
    words = argparse.ArgumentParser(prog="bench.start", description=__doc__)
    words.add_argument("--runs", type=int, default=10)
    runs = words.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="ftpalg-bench-") as folder:
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        for way, program in WAYS.items():
            start(program)
            wall, own = zip(*(start(program) for _ in range(runs)), strict=True)
            print(f"{way:18} wall {shown(wall)}, CPU {shown(own)}, of {runs}", flush=True)


if __name__ == "__main__":
    main()
