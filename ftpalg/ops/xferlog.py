"""Transfers of files as xferlog(5) has them, for programs that have read that for thirty years.

Fourteen words in a line: the name's spaces and what cannot be printed are written as ``_``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ftpalg.core.facts import About, Outcome, TransferOver
from ftpalg.core.wire.commands import Command
from ftpalg.ops.lines import LinesFile
from ftpalg.ops.privacy import Privacy
from ftpalg.ops.record_fields import Value
from ftpalg.ops.settings import LogSettings
from ftpalg.ops.trail import Trail
from ftpalg.ops.writer import Writer

DIRECTIONS = {b"RETR": "o", b"STOR": "i", b"STOU": "i", b"APPE": "i"}
"""The transfers of files; lists are none."""
ANONYMOUS = ("anonymous", "ftp")


def word(text: Value | None) -> str:
    """The text as one word."""
    return "".join(c if c.isprintable() and not c.isspace() else "_" for c in str(text or "*"))


def xferlog_line(
    about: About, trail: Trail, fact: TransferOver, path: str, time: float, privacy: Privacy
) -> str:
    """The line of a transfer, or nothing where it is none of a file."""
    direction = direction_of(fact.command)
    if not direction or fact.outcome is Outcome.REFUSED:
        return ""
    user = trail.user or trail.account
    words = (
        datetime.fromtimestamp(time).strftime("%a %b %e %H:%M:%S %Y"),
        str(max(1, round(fact.seconds))),
        word(privacy.keep("client_ip", about.client.host)),
        str(fact.moved),
        word(privacy.keep("path", path)),
        "a" if trail.type == "A" else "b",
        "_",
        direction,
        "a" if user.lower() in ANONYMOUS else "r",
        word(privacy.keep("user", user)),
        "ftp",
        "0",
        "*",
        "c" if fact.outcome is Outcome.COMPLETE else "i",
    )
    return " ".join(words)


class Xferlog:
    """The file; ``lost`` hears how many lines could not be written.  Raise OSError."""

    def __init__(self, settings: LogSettings, lost: Callable[[int], None]) -> None:
        self.writer = Writer[str](LinesFile(settings.xferlog), lost)
        self._privacy = Privacy(settings)

    def write(self, about: About, trail: Trail, fact: TransferOver, path: str, time: float) -> None:
        """One line for a transfer of a file."""
        line = xferlog_line(about, trail, fact, path, time, self._privacy)
        if line:
            self.writer.write(line)


def direction_of(command: Command) -> str:
    """``o`` for what clients get, ``i`` for what they send, nothing for a list."""
    return DIRECTIONS.get(command.verb, "")
