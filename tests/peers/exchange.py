"""What every client does with every server, and how it is checked on both disks.

A cell has a folder of its own at the server and one at the client.  The client gets the names and
does as they say; ``Exchange.faults`` then compares the disks.  Names are bytes.
"""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.peers.servers import Account

SIZE = 300_000
HALF = 100_000
LATIN1 = b"caf\xe9.bin"
UTF8 = "gr\u00fc\u00df.bin".encode()

DOWNLOADS = (b"big.bin", b"empty.bin", b"with space.bin", UTF8, LATIN1)
MISSING = b"missing.bin"
AFTER = b"after.bin"
RESUMED = b"half.bin"
UPLOADS = (
    b"up.bin",
    b"up-empty.bin",
    b"up space.bin",
    "up-\u00fc.bin".encode(),
    b"up-\xe9.bin",
)
UP_RESUMED = b"up-half.bin"
DELETED, RENAMED, NEW_NAME, MADE = b"old.bin", b"from.bin", b"to.bin", b"made"

_random = random.Random(959)
BODY = _random.randbytes(SIZE)


def _body(name: bytes) -> bytes:
    """The content a name stands for: each its own, so that no mix-up compares equal."""
    return b"" if b"empty" in name else name + BODY[len(name) :]


@dataclass(frozen=True)
class Exchange:
    """One cell: the account, the folder at the server, the folder at the client."""

    account: Account
    name: str
    there: Path
    here: Path

    @classmethod
    def prepare(cls, account: Account, name: str, root: Path, base: Path) -> Exchange:
        """Lay out the files of both sides."""
        there, here = root / name, base / name
        for folder in (there, here):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        made = cls(account, name, there, here)
        for file in (*DOWNLOADS, AFTER, RESUMED, DELETED, RENAMED):
            made.path(there, file).write_bytes(_body(file))
        made.path(there, UP_RESUMED).write_bytes(_body(UP_RESUMED)[:HALF])
        made.path(here, RESUMED).write_bytes(_body(RESUMED)[:HALF])
        for file in (*UPLOADS, UP_RESUMED):
            made.path(here, file).write_bytes(_body(file))
        there.chmod(0o777)  # each server has an unprivileged user of its own
        for each in there.iterdir():
            each.chmod(0o666)
        return made

    @staticmethod
    def path(folder: Path, name: bytes) -> Path:
        """The path of a name of bytes."""
        return folder / os.fsdecode(name)

    def faults(self, said: bytes) -> set[str]:
        """What did not come out as it should; ``said`` holds the listing the client printed."""
        found = set() if all(name in said for name in (b"big.bin", RENAMED)) else {"list"}
        for name in (*DOWNLOADS, AFTER, RESUMED):
            if not self._holds(self.here, name):
                found.add(f"download {name!r}")
        for name in (*UPLOADS, UP_RESUMED):
            if not self._holds(self.there, name):
                found.add(f"upload {name!r}")
        if self.path(self.there, DELETED).exists():
            found.add("delete")
        if self.path(self.there, RENAMED).exists() or not self._holds(
            self.there, NEW_NAME, RENAMED
        ):
            found.add("rename")
        if not self.path(self.there, MADE).is_dir():
            found.add("mkdir")
        left = self.path(self.here, MISSING)
        if left.exists() and left.stat().st_size:
            found.add("missing")
        return found

    def _holds(self, folder: Path, name: bytes, origin: bytes | None = None) -> bool:
        path = self.path(folder, name)
        return path.is_file() and path.read_bytes() == _body(origin or name)
