"""Processes that are measured (Linux)."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def child(*words: str, folder: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """A process that is ended with the block; with a folder it runs there and has its modules."""
    process = subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)} if folder else None,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def line_with(process: subprocess.Popen[str], pattern: str) -> str:
    """The first group of the first line of output that fits."""
    assert process.stdout is not None
    late = threading.Timer(30, process.kill)
    late.start()
    try:
        for line in process.stdout:
            found = re.search(pattern, line)
            if found:
                return found[1]
    finally:
        late.cancel()
    raise SystemExit("bench: a process did not start")


@contextlib.contextmanager
def drained(process: subprocess.Popen[str]) -> Iterator[None]:
    """Read a process's output away, so that it never waits for us."""
    assert process.stdout is not None
    threading.Thread(target=process.stdout.read, daemon=True).start()
    yield


def cpu(process: subprocess.Popen[str]) -> float:
    """User and system seconds of a process so far."""
    return time.clock_gettime(~process.pid << 3 | 2)  # what clock_getcpuclockid() gives on Linux


def memory(process: subprocess.Popen[str]) -> int:
    """KiB of memory that are the process's share."""
    text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+)", text, re.M)
    return int(found[1]) if found else 0
