"""Files that are there whole or not at all: on a disk that is full what stood there stays."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex


def write(file: Path, content: bytes, mode: int = 0o666) -> None:
    """Make one file anew; its mode is its own, whoever had one there before.

    Raise OSError with the file's name.
    """
    write_all([(file, content, mode)])


def write_all(files: Iterable[tuple[Path, bytes, int]]) -> None:
    """The same of several, each with its content and mode: none is put in its place before all are
    made.  No link is followed."""
    made: list[tuple[Path, Path]] = []
    try:
        for file, content, mode in files:
            beside = file.with_name(f".{file.name}.{token_hex(8)}")
            try:
                descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
                made.append((beside, file))
                with os.fdopen(descriptor, "wb") as opened:
                    opened.write(content)
            except OSError as error:
                raise OSError(error.errno, error.strerror, str(file)) from None
        while made:
            beside, file = made[0]
            try:
                os.replace(beside, file)
            except OSError as error:
                raise OSError(error.errno, error.strerror, str(file)) from None
            del made[0]
    finally:
        for beside, _ in made:
            with suppress(OSError):
                beside.unlink()
