"""The process itself, by the names that Prometheus' clients have in common; Linux tells them.

prometheus-client lists every descriptor to count them, which takes ten milliseconds with 5,000 sessions;
a newer kernel tells their number, and of an older one they are counted in steps.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ftpalg.core.value import value

PROC = Path("/proc")
AT_ONCE = 1000
"""Descriptors that are counted in one step, by a kernel before 6.2."""


@value
class Number(NamedTuple):
    """A metric of one sample."""

    name: str
    kind: str
    meaning: str
    number: float


def process(proc: Path = PROC) -> Iterator[list[Number]]:
    """What can be known, in steps: each gives some of it, or nothing yet."""
    yield _times(proc)
    used = 0
    try:
        used = os.stat(proc / "self" / "fd").st_size
        if not used:
            with os.scandir(proc / "self" / "fd") as entries:
                for used, _ in enumerate(entries, 1):
                    if used % AT_ONCE == 0:
                        yield []
    except OSError:
        return
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    most = float("inf") if limit == resource.RLIM_INFINITY else limit
    yield [
        Number("process_open_fds", "gauge", "Number of open file descriptors.", used),
        Number("process_max_fds", "gauge", "Maximum number of open file descriptors.", most),
    ]


def _times(proc: Path) -> list[Number]:
    """Of /proc/self/stat (proc_pid_stat(5)), whose words behind the name count from 3."""
    try:
        words = (proc / "self" / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
        booted = (proc / "stat").read_text("ascii", "replace").partition("btime ")[2].split()[0]
        user, system, start, virtual, pages = (int(words[at - 3]) for at in (14, 15, 22, 23, 24))
        began = int(booted) + start / TICKS
    except (OSError, IndexError, ValueError):
        return []
    return [
        Number(
            "process_cpu_seconds_total",
            "counter",
            "Total user and system CPU time spent in seconds.",
            (user + system) / TICKS,
        ),
        Number(
            "process_start_time_seconds",
            "gauge",
            "Start time of the process since unix epoch in seconds.",
            began,
        ),
        Number("process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.", virtual),
        Number(
            "process_resident_memory_bytes",
            "gauge",
            "Resident memory size in bytes.",
            pages * resource.getpagesize(),
        ),
    ]


TICKS = os.sysconf("SC_CLK_TCK")
