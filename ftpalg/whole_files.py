"""Files that are there whole or not at all: on a disk that is full what stood there stays."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def write(file: Path, content: bytes, mode: int = 0o666) -> None:
    """Make the file anew, so that the mode is the file's whoever had one there before.

    Raise OSError with the file's name.
    """
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(content)
            os.replace(beside, file)
        except OSError:
            with suppress(OSError):
                beside.unlink()
            raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from None
