"""CPU and memory of a process with all that it has started, while they live and afterwards (Linux).

A family is a session in the sense of setsid(2), by the process that leads it, so that forking twice does not
lead out of it; and the children of its members, in whatever session they are, as ftpalg's workers.  What a
child has used is its parent's once the parent has waited for it; ProFTPD and SuSE's ftp-proxy have a child
for each client.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PARENT, SESSION, CHILDREN = 1, 3, slice(13, 15)
"""Where /proc/PID/stat has them, counted behind the name: ppid, session, cutime and cstime."""
PAUSE, PATIENCE = 0.02, 500


class Failed(SystemExit):
    """What is measured does not do what it is asked for; the text is a sentence, and ends the program."""


def stats(leader: int) -> Iterator[tuple[int, list[str]]]:
    """Each process of the family, with what the kernel says of it."""
    every = dict(everybody())
    family = {process for process, fields in every.items() if int(fields[SESSION]) == leader}
    grown = True
    while grown:
        more = {process for process, fields in every.items() if int(fields[PARENT]) in family}
        grown = not more <= family
        family |= more
    return ((process, every[process]) for process in family)


def everybody() -> Iterator[tuple[int, list[str]]]:
    """Each process there is, with what the kernel says of it."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended, and is its parent's now
        yield int(path.parent.name), text.rpartition(") ")[2].split()


def members(leader: int) -> set[int]:
    """The processes of the family."""
    return {process for process, _ in stats(leader)}


def clock(process: int) -> float:
    """User and system seconds of a process so far, itself."""
    return time.clock_gettime(~process << 3 | 2)  # what clock_getcpuclockid() gives on Linux


def cpu(leader: int) -> float:
    """Seconds of the whole family so far; those of children that have ended are known to two ticks."""
    return sum(
        clock(process) + sum(map(int, fields[CHILDREN])) / TICKS
        for process, fields in stats(leader)
    )


def share(process: int) -> int:
    """KiB of memory that are the process's share; one that has ended has none."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = re.search(r"^Pss:\s+(\d+)", text, re.M)
    return int(found[1]) if found else 0


def memory(leader: int) -> int:
    """The same of the whole family."""
    return sum(map(share, members(leader)))


def settled(leader: subprocess.Popen[str], before: set[int]) -> None:
    """Wait until nobody is left who was not there before.  Raise Failed where somebody stays."""
    for _ in range(PATIENCE):
        if members(leader.pid) <= before:
            return
        try:
            leader.wait(PAUSE)
        except subprocess.TimeoutExpired:
            continue
        raise Failed(f"bench: {leader.args!r} has ended")
    raise Failed(f"bench: children of {leader.args!r} do not end")
