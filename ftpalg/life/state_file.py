"""A file of the state: read whole or not at all, set aside where it is damaged, and written when it has
changed, soon, by a thread: many rows and a slow disk hold nobody.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Generic, TypeVar

from twisted.internet.interfaces import IDelayedCall

from ftpalg import whole_files
from ftpalg.net.reactors import Timing

MOST_BYTES = 64 * 1024 * 1024
MODE = 0o600
SOON = 5.0
"""Seconds until a change is written, others with it."""
T = TypeVar("T")


class Damaged(Exception):
    """Why it cannot be used: a sentence."""


def read(file: Path) -> bytes | None:
    """What it says; None where there is no file.  Raise Damaged for one that cannot be used."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Damaged(error.strerror or "cannot be opened") from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):  # Python opens no folder: the descriptor would be left
        os.close(descriptor)
        raise Damaged("is no plain file")
    with os.fdopen(descriptor, "rb") as opened:
        if found.st_size > MOST_BYTES:
            raise Damaged("is too long")
        try:
            return opened.read(MOST_BYTES)
        except OSError as error:
            raise Damaged(error.strerror or "cannot be read") from None


def write(file: Path, text: bytes) -> None:
    """Make it anew.  Raise OSError."""
    whole_files.write(file, text, MODE)


def set_aside(file: Path) -> Path:
    """Move it out of the way, over one that was set aside before."""
    aside = file.with_name(f"{file.name}.damaged")
    with suppress(OSError):
        os.replace(file, aside)
    return aside


class Keeping(Generic[T]):
    """``file`` is where; None for nowhere.  ``kept`` gives what there is to keep, ``write`` writes that and
    raises OSError; ``what`` names it in the plural."""

    def __init__(
        self,
        reactor: Timing,
        warned: Callable[[str], None],
        what: str,
        kept: Callable[[], T],
        write: Callable[[Path, T], None],
    ) -> None:
        self.file: Path | None = None
        self._reactor = reactor
        self._warned = warned
        self._what = what
        self._kept = kept
        self._text = write
        self._save: IDelayedCall | None = None
        self._writing = Lock()
        self._made = 0
        self._written = 0
        self._ours = True  # False where another program writes the file

    def taken_up(self, read: Callable[[Path], T]) -> T | None:
        """What was kept.  A file that is damaged is set aside, and told; None for it, and for no file."""
        if self.file is None:
            return None
        try:
            return read(self.file)
        except Damaged as error:
            aside = set_aside(self.file)
            self._warned(
                f"{self.file}: {error}; set aside as {aside.name}, no {self._what} are kept"
            )
            return None

    def changed(self) -> None:
        """Write, soon."""
        if self.file is not None and self._ours and self._save is None:
            self._save = self._reactor.callLater(SOON, self._write_beside)

    def _write_beside(self) -> None:
        self._save = None
        if self.file is not None and self._ours:
            self._made += 1
            words = self.file, self._kept(), self._made
            Thread(target=self._write, args=words, name=self._what, daemon=True).start()

    def write(self) -> None:
        """Write what has changed, now."""
        waited, self._save = self._save, None
        if waited is not None:
            waited.cancel()
        if self.file is not None and self._ours and (waited or self._written < self._made):
            self._made += 1
            self._write(self.file, self._kept(), self._made)

    def hand_on(self) -> None:
        """The next program has the file from now on."""
        self.write()
        self._ours = False

    def _write(self, file: Path, kept: T, number: int) -> None:
        with self._writing:
            if number <= self._written:
                return  # a later one was faster
            try:
                self._text(file, kept)
            except OSError as error:
                self._warn(f"{file}: {self._what} are not kept: {error.strerror}")
            self._written = number

    def _warn(self, text: str) -> None:
        call = getattr(self._reactor, "callFromThread", None)
        if call is None:
            self._warned(text)
        else:
            call(self._warned, text)
