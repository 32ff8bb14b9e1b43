"""What a client does with a server in one session, as steps; and how it is checked on both disks.

A telling is one story told by one client: it has a folder of its own at the server and one at the
client.  ``Telling.faults`` compares the disks afterwards.
"""

from __future__ import annotations

import random
import re
import shutil
from dataclasses import dataclass
from enum import Enum
from itertools import count
from pathlib import Path
from typing import ClassVar

from tests.peers.servers import Account

SIZE = 300_000
HALF = 100_000
LARGE = 64 << 20
"""More than all the buffers on the way hold: whoever gives up after HALF gives up half way."""
PARTS = 24
"""How often the body stands in a file that is fetched in parts; aria2 splits nothing below 1 MiB."""
BODY = random.Random(3659).randbytes(SIZE)
REFUSAL = re.compile(
    rb"(?i)\b550\b|no such|failed to open|not found|does ?n[o']t exist|cannot open|can't open"
)
WAITED = re.compile(rb"(?i)timed out|timeout - reconnecting")
"""What clients say when they waited in vain; they may go on and reach their end all the same."""
KILLED = b"\n-- killed: took too long --\n"


class Verb(Enum):
    """What is done with one name; the value is how the programs are told."""

    LIST = "list"
    FETCH = "fetch"
    STORE = "store"
    MISS = "miss"  # a download of what is not there
    ABANDON = "abandon"  # a download given up after HALF
    RESUME = "resume"  # a download of which HALF is there
    CONTINUE = "continue"  # an upload of which HALF is there
    SPLIT = "split"  # a download in parts over several sessions, each given up where the next began


@dataclass(frozen=True)
class Step:
    """A verb and a name."""

    verb: Verb
    name: str


def _steps(verb: Verb, *names: str) -> tuple[Step, ...]:
    return tuple(Step(verb, name) for name in names)


STORIES: dict[str, tuple[Step, ...]] = {
    "fetched": (
        *_steps(Verb.LIST, "plain.bin"),
        *_steps(Verb.FETCH, "plain.bin", "empty.bin", "with space.bin"),
    ),
    "stored": _steps(Verb.STORE, "up.bin", "up-empty.bin", "up space.bin", "last.bin"),
    "missing": (*_steps(Verb.MISS, "missing.bin"), *_steps(Verb.FETCH, "after.bin")),
    "abandoned": (*_steps(Verb.ABANDON, "large.bin"), *_steps(Verb.FETCH, "after.bin")),
    "resumed": (*_steps(Verb.RESUME, "half.bin"), *_steps(Verb.FETCH, "after.bin")),
    "continued": (*_steps(Verb.CONTINUE, "half.bin"), *_steps(Verb.STORE, "after.bin")),
    "split": _steps(Verb.SPLIT, "parts.bin"),
    "many": _steps(Verb.FETCH, *(f"many-{n:02}.bin" for n in range(25))),
}


@dataclass(frozen=True)
class Telling:
    """A story with its account and its two folders, whose last parts are one name."""

    steps: tuple[Step, ...]
    account: Account
    there: Path
    here: Path
    tls: bool = False
    active: bool = False

    numbers: ClassVar[count[int]] = count()

    @classmethod
    def prepare(
        cls, story: str, account: Account, root: Path, base: Path, *, tls: bool, active: bool
    ) -> Telling:
        """Lay out the files of both sides in folders that are new."""
        name = f"{story}-{next(cls.numbers)}"
        made = cls(STORIES[story], account, root / name, base / name, tls, active)
        for folder in (made.there, made.here):
            folder.mkdir()
        for step in made.steps:
            there, here = made.there / step.name, made.here / step.name
            body = cls.body(step.name)
            match step.verb:
                case Verb.LIST | Verb.FETCH | Verb.SPLIT:
                    there.write_bytes(body)
                case Verb.STORE:
                    here.write_bytes(body)
                case Verb.ABANDON:
                    with there.open("wb") as file:
                        file.truncate(LARGE)
                case Verb.RESUME:
                    there.write_bytes(body)
                    here.write_bytes(body[:HALF])
                case Verb.CONTINUE:
                    here.write_bytes(body)
                    there.write_bytes(body[:HALF])
        made.there.chmod(0o777)  # each server has an unprivileged user of its own
        for each in made.there.iterdir():
            each.chmod(0o666)
        return made

    @staticmethod
    def body(name: str) -> bytes:
        """The content a name stands for: each its own, so that no mix-up compares equal."""
        body = BODY * PARTS if "parts" in name else b"" if "empty" in name else BODY
        return name.encode()[: len(body)] + body[len(name) :]

    @property
    def folder(self) -> str:
        """The name of both folders."""
        return self.there.name

    def faults(self, said: bytes) -> set[str]:
        """What did not come out as it should; ``said`` is all that the client printed."""
        found = {"it hangs"} if said.endswith(KILLED) else set()
        if WAITED.search(said):
            found.add("it waits in vain")
        for step in self.steps:
            if not self._done(step, said):
                found.add(f"{step.verb.value} {step.name}")
        return found

    def _done(self, step: Step, said: bytes) -> bool:
        match step.verb:
            case Verb.LIST:
                return step.name.encode() in said
            case Verb.FETCH | Verb.RESUME | Verb.SPLIT:
                return self._holds(self.here / step.name)
            case Verb.STORE | Verb.CONTINUE:
                return self._holds(self.there / step.name)
            case Verb.MISS:
                left = self.here / step.name
                return not (left.exists() and left.stat().st_size) and bool(REFUSAL.search(said))
            case Verb.ABANDON:
                left = self.here / step.name
                return not (left.exists() and left.stat().st_size == LARGE)

    def _holds(self, path: Path) -> bool:
        return path.is_file() and path.read_bytes() == self.body(path.name)

    def clear(self) -> None:
        """Remove both folders."""
        for folder in (self.there, self.here):
            shutil.rmtree(folder, ignore_errors=True)
