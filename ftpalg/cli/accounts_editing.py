"""A file of secrets that is changed: whole or not at all, by one at a time, for the same readers."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic

from ftpalg.net.accounts_file import LARGEST
from ftpalg.net.unreadable import OWNED, because, user

SECONDS, PAUSE = 10.0, 0.05
"""How long another edit is waited for, and between two looks at it."""


class CannotEdit(Exception):
    """One sentence for the person who asked."""


class Edit:
    """``text`` is what stands there, None where the file is not there yet."""

    def __init__(self, file: Path, text: bytes | None) -> None:
        self._file = file
        self.text = text

    def write(self, text: bytes) -> None:
        """Put this in its place, with the mode and the owner that the file has; 0600 for a new one.

        Raise OSError.
        """
        descriptor, name = tempfile.mkstemp(prefix=".accounts-", dir=self._file.parent)
        try:
            with open(descriptor, "wb") as made:
                if self.text is not None:
                    self._as_it_was(made.fileno())
                made.write(text)
                made.flush()
                os.fsync(made.fileno())
            os.replace(name, self._file)
        except BaseException:
            os.unlink(name)
            raise

    def _as_it_was(self, made: int) -> None:
        was, now = os.stat(self._file), os.fstat(made)
        if (was.st_uid, was.st_gid) != (now.st_uid, now.st_gid):
            try:
                os.fchown(made, was.st_uid, was.st_gid)
            except PermissionError:
                raise CannotEdit(
                    f"{self._file}: belongs to another user or group, which would be lost; run this as"
                    " root or as its owner"
                ) from None
        os.fchmod(made, was.st_mode & 0o7777)


@contextmanager
def editing(file: Path) -> Iterator[Edit]:
    """Nobody else edits in that folder meanwhile.  Raise CannotEdit for what the system refuses."""
    try:
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _lock(folder, file.parent)
            yield Edit(file, seen(file))
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise CannotEdit(f"{file}: cannot be changed: {error.strerror}") from None


def may_be_edited(file: Path) -> None:
    """Raise CannotEdit where nothing can come into its folder: nobody types a password for nothing."""
    folder = file.parent
    if not folder.is_dir():
        raise CannotEdit(f"{file}: there is no folder {folder}; make it, or name a file by --file")
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        raise CannotEdit(
            f"{file}: {user()} may not write into {folder}; run this as root or as the folder's owner"
        )


def _lock(folder: int, place: Path) -> None:
    """Whoever may read a folder can lock it, and for ever."""
    end = monotonic() + SECONDS
    while True:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() > end:
                raise CannotEdit(
                    f"{place}: somebody has held a lock on this folder for {SECONDS:.0f} s;"
                    f" fuser -v {place} says who"
                ) from None
            Event().wait(PAUSE)
        else:
            return


def seen(file: Path) -> bytes | None:
    """What stands in a file, None where there is none.  Raise CannotEdit."""
    try:
        if not file.is_file():
            if file.exists():
                raise CannotEdit(f"{file}: is no regular file")
            return None
        with file.open("rb") as opened:
            text = opened.read(LARGEST + 1)
    except OSError as error:
        raise CannotEdit(f"{file}: cannot be read: {because(error, file, OWNED)}") from None
    if len(text) > LARGEST:
        raise CannotEdit(f"{file}: is larger than {LARGEST} bytes")
    return text
