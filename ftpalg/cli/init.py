"""``ftpalg config init``: the settings file, every line of it commented out."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from ftpalg.cli import DONE, FAILED
from ftpalg.config.comments import shipped
from ftpalg.whole_files import write

NAME = "ftpalg.toml"


def init(words: Namespace) -> int:
    """Write it into a folder, which is made if need be; 1 where it cannot be written or is there."""
    file = Path(words.folder or ".") / NAME
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists() and not words.force:
            said = f"{file} exists already; --force overwrites it"
            print(f"ftpalg config init: {said}", file=sys.stderr)
            return FAILED
        write(file, shipped().encode())
    except OSError as error:
        print(f"ftpalg config init: {file}: {error.strerror}", file=sys.stderr)
        return FAILED
    print(f"{file}: every setting with its default; ftpalg check {file} says what it means")
    return DONE
