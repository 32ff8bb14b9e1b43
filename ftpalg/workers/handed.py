"""What a worker is handed on as it starts: one variable of the environment, and a file without a name.

The variable names descriptors: the channel, the file, the board, the sockets of the listeners.  The file has
what the supervisor has read (``Snapshot``): a worker that comes later has the same settings as the others,
whatever is on the disk by then.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, NamedTuple

from ftpalg.config import Loaded, examine
from ftpalg.core.value import value
from ftpalg.life.signals import WORKER

VARIABLE = WORKER


@value
class Snapshot(NamedTuple):
    """Settings as they were read: the file with its ``text``, the command line's words; ``epoch`` counts
    them."""

    file: str
    text: str | None
    overrides: Mapping[str, Any]
    epoch: int

    @classmethod
    def of(cls, loaded: Loaded, epoch: int) -> Snapshot:
        """What was read, which had a file or none."""
        document = loaded.document
        if document is None:
            return cls("", None, loaded.overrides, epoch)
        return cls(document.name, document.text, loaded.overrides, epoch)

    def read(self) -> Loaded:
        """The same again, with what is wrong by now."""
        path = Path(self.file) if self.text is not None else None
        return examine(path, self.overrides, os.environ, self.text)

    @property
    def body(self) -> list[Any]:
        """For JSON."""
        return [self.file, self.text, dict(self.overrides), self.epoch]


@value
class Handed(NamedTuple):
    """``listeners`` are descriptors by name, as ``life.inherited`` has them; ``drained`` the kinds and names
    of what takes no new sessions; ``lines`` whether the supervisor reads records from standard error."""

    channel: int
    snapshot: int
    board: int
    listeners: Mapping[str, int]
    worker: int
    workers: int
    drained: tuple[tuple[str, str], ...] = ()
    lines: bool = False

    def __str__(self) -> str:
        return json.dumps([*self[:3], dict(self.listeners), *self[4:]])


def handed(environ: MutableMapping[str, str] = os.environ) -> Handed | None:
    """What a worker was handed on; None for a process that is none, or where the variable is of somebody
    else's making.  It is gone then."""
    try:
        channel, snapshot, board, listeners, worker, workers, drained, lines = json.loads(
            environ.pop(VARIABLE, "")
        )
        pairs = tuple((str(kind), str(name)) for kind, name in drained)
        for number in (channel, snapshot, board, *listeners.values()):
            os.set_inheritable(number, False)
    except (AttributeError, OSError, OverflowError, RecursionError, TypeError, ValueError):
        return None
    return Handed(channel, snapshot, board, listeners, worker, workers, pairs, bool(lines))


def written(snapshot: Snapshot) -> int:
    """The descriptor of a file that has it, and no name."""
    descriptor = os.memfd_create("ftpalg-settings")
    with open(descriptor, "w", encoding="ascii", closefd=False) as file:
        json.dump(snapshot.body, file)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def read_from(descriptor: int) -> Snapshot:
    """What is in such a file, which is closed."""
    with open(descriptor, encoding="ascii") as file:
        return Snapshot(*json.load(file))
