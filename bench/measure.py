"""Processes that are measured (Linux)."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from bench import family


@contextlib.contextmanager
def child(*words: str, folder: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """A process that is ended with the block, and all that it has started with it.

    With a folder it runs there and has its modules.
    """
    process = subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)} if folder else None,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        there = family.members(process.pid)  # one with a session of its own is not found later
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for left in (there | family.members(process.pid)) - {process.pid}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(left, signal.SIGKILL)


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
    return family.clock(process.pid)


def memory(process: subprocess.Popen[str]) -> int:
    """KiB of memory that are the process's share."""
    return family.share(process.pid)
