"""Records of workers in the log of twistd, which only the supervisor has: a worker writes them in JSON, a
line each, and here they become records again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ftpalg.ops.outlets import TwistedLog
from ftpalg.ops.record_tables import Level, Record
from ftpalg.ops.settings import LogSettings, Said

LEVELS = {level.word: level for level in Level}


class Relayed:
    """``said`` gives what ``[log]`` says now."""

    def __init__(self, said: Callable[[], Said], warned: Callable[[str], None]) -> None:
        self._said = said
        self._warned = warned

    def line(self, text: bytes) -> None:
        """One line of a worker's standard error; what is no record is told as it is."""
        try:
            record = record_of(json.loads(text))
            TwistedLog(LogSettings.of(self._said()).format).send([record])
        except (AttributeError, ValueError, KeyError, TypeError, RecursionError):
            self._warned(text.decode("utf-8", "replace"))


def record_of(fields: dict[str, Any]) -> Record:
    """The record that such a line was.  Raise AttributeError, ValueError, KeyError, TypeError."""
    own: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()
    }
    when = datetime.fromisoformat(own.pop("time")).replace(tzinfo=UTC)
    return Record(own.pop("event"), when.timestamp(), own, LEVELS[own.pop("level")])
