"""Who can read a file that holds secrets, and files whose readers somebody else has decided on.

systemd's credentials and the secrets that container runtimes mount come with a mode of their own that
nobody here can change: who gets into the service or the container reads them, and nobody else.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

MOUNTED = Path("/run/secrets")
"""Where container runtimes mount secrets."""
IN_MEMORY = ("tmpfs", "ramfs")
"""File systems of secrets that are mounted elsewhere, for reading only."""
MOUNTS = Path("/proc/self/mountinfo")


def open_mode(file: Path, mode: int) -> str:
    """The mode of a file that its group or others may read or write; "" for a closed one."""
    if not mode & (stat.S_IRWXG | stat.S_IRWXO) or is_given(file):
        return ""
    return f"{stat.S_IMODE(mode):04o}"


def is_given(file: Path) -> bool:
    """Whether it is a credential of systemd's, or a mounted secret."""
    place = Path(os.path.realpath(file))
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    roots = [MOUNTED, *([Path(credentials)] if credentials else [])]
    roots += _read_only_in_memory(_lines(MOUNTS))
    return any(place.is_relative_to(os.path.realpath(root)) for root in roots)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return []


def _read_only_in_memory(mounts: Iterable[str]) -> Iterator[Path]:
    """Of lines of mountinfo (proc(5)): ``ID PARENT DEVICE ROOT POINT OPTIONS [MORE] - TYPE ...``."""
    for line in mounts:
        here, _, there = line.partition(" - ")
        words, kind = here.split(" "), there.partition(" ")[0]
        if len(words) > 5 and kind in IN_MEMORY and "ro" in words[5].split(","):
            point = words[4].encode("utf-8", "surrogateescape")
            if b"\\" in point:  # a space is \040
                point = point.decode("unicode_escape").encode("latin-1")
            yield Path(os.fsdecode(point))
