"""From ``ftpalg run`` to its line ``ready``: wall seconds and CPU seconds, medians.

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
from time import monotonic

from bench.measure import child, cpu, line_with

WORDS = (sys.executable, "-m", "ftpalg", "run", "--listen", "127.0.0.1:0", "--server", "ftp://h")


def start() -> tuple[float, float]:
    """Wall and CPU seconds of one start."""
    began = monotonic()
    with child(*WORDS) as process:
        line_with(process, r"(ready)")
        return monotonic() - began, cpu(process)


def main() -> None:
    """Measure and tell."""
    words = argparse.ArgumentParser(prog="bench.start", description=__doc__)
    words.add_argument("--runs", type=int, default=10)
    runs = words.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="ftpalg-bench-") as folder:
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        start()
        wall, own = zip(*(start() for _ in range(runs)), strict=True)
    print(f"ready after {statistics.median(wall):.2f} s, CPU {statistics.median(own):.2f} s")
    print(f"at least {min(wall):.2f} s, CPU {min(own):.2f} s, of {runs}")


if __name__ == "__main__":
    main()
