"""What tells that a file changed: its content, its rights, or which one a link leads to."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def stamps(files: Iterable[Path]) -> tuple[object, ...]:
    """What changes with a file: its content, its rights (a key that may be read now), or which one a
    link leads to."""
    found: list[object] = []
    for file in files:
        try:
            status = os.stat(file)
        except OSError:
            found.append(None)
        else:
            found.append((status.st_mtime_ns, status.st_ctime_ns, status.st_dev, status.st_ino))
    return tuple(found)
