"""Why a file cannot be read, with what this process would need: half of all renewals end here."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

SHARED = "read it (chgrp, chmod g+r)"
"""How a process gets a file that its group may read."""
OWNED = "own it (chown)"
"""And one that nobody but its owner may."""


def because(error: OSError, file: Path, way: str = SHARED) -> str:
    """The system's words; where a right is missing whose it is, on which file or folder."""
    words = error.strerror or "it cannot"
    if not isinstance(error, PermissionError):
        return words
    real = Path(os.path.realpath(file))
    for folder in reversed(real.parents):
        if not os.access(folder, os.X_OK, effective_ids=True):
            return f"{words}; let {user()} enter {folder} (chgrp, chmod g+x)"
    return f"{words}; let {user()} {way}"


def user() -> str:
    """Whom this process acts for, by name where there is one."""
    number = os.geteuid()
    try:
        return f"user {pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"user {number}"
