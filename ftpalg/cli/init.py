"""``ftpalg config init``: the settings file, every line of it commented out, and what else comes with it.

A file that somebody has edited is never overwritten unawares.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from contextlib import suppress
from pathlib import Path

from ftpalg.cli import DONE, FAILED
from ftpalg.config.shipped import SETTINGS, folder, names, text
from ftpalg.whole_files import write


def init(words: Namespace) -> int:
    """Write it into a folder, which is made if need be; 1 where a file cannot be written or is kept."""
    place = Path(words.folder or ".")
    wanted = names() if words.all else [SETTINGS]
    status = max([_write(place, name, words.force) for name in wanted])
    if status == DONE and not words.all:
        print(f"nftables sets, systemd units and filters: --all writes them too, from {folder()}")
    return status


def _write(place: Path, name: str, force: bool) -> int:
    """One file; what is there and says the same is left as it is."""
    file, shipped = place / name, text(name)
    try:
        if not force and os.path.lexists(file):
            return _kept(file, shipped)
        with suppress(FileExistsError):  # the next sentence says it better
            file.parent.mkdir(parents=True, exist_ok=True)
        write(file, shipped.encode())
    except OSError as error:
        return _refused(f"{error.filename or file}: {error.strerror}")
    print(f"{file}: {_meaning(name, file)}")
    return DONE


def _refused(sentence: str) -> int:
    print(f"ftpalg config init: {sentence}", file=sys.stderr)
    return FAILED


def _kept(file: Path, shipped: str) -> int:
    if not file.exists():
        return _refused(f"{file} is a link that leads nowhere; --force puts a file in its place")
    if file.read_bytes() == shipped.encode():
        print(f"{file}: as it comes with this version already")
        return DONE
    return _refused(
        f"{file} exists already and has been edited, or is another version's; --force overwrites it"
    )


def _meaning(name: str, file: Path) -> str:
    if name == SETTINGS:
        return f"every setting with its default; ftpalg check {file} says what it means"
    return "as it comes"
