"""Where a start that fails says so: one sentence on the terminal, status 1.

A daemonised twistd hands on but exceptions, as a cut repr, and its parent waits for ever where none
comes: it holds the writing end of its own status pipe (Twisted #7745).  So the sentence goes to the
terminal as it was before twistd left it, to the log, and with the status through the pipe; and the
PID file is removed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NoReturn

from twisted.logger import Logger

from ftpalg.config import Settings
from ftpalg.ops.log import LogFault

LONGEST = 98
"""Bytes of a sentence that twistd's parent reads behind the status."""


class Terminal:
    """``options`` are twistd's, nothing for others.  Made before twistd leaves the terminal."""

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        self._twistd = options if options is not None and "nodaemon" in options else None
        leaves = self._twistd is not None and not (
            self._twistd["nodaemon"] or self._twistd.get("debug")
        )
        self._leaves = leaves
        self._stderr = os.dup(2) if leaves else -1

    def check(self, settings: Settings) -> None:
        """A daemonised process has no standard error to be asked for.  Raise LogFault."""
        if self._leaves and settings.log.to == "stderr" and "log.to" in settings.origin.places:
            raise LogFault(
                'log.to = "stderr": a daemonised process has none; leave it out for the log of'
                ' twistd, or write "syslog", "journald" or "file:PATH"'
            )

    def started(self) -> None:
        """All is well: the terminal is let go."""
        if self._stderr >= 0:
            os.close(self._stderr)
            self._stderr = -1

    def refuse(self, sentence: str) -> NoReturn:
        """End the process."""
        if self._twistd is not None:
            Logger(namespace="ftpalg").error("{sentence}", sentence=sentence)
        text = f"ftpalg: {sentence}\n"
        if self._stderr >= 0:
            os.write(self._stderr, text.encode("utf-8", "backslashreplace"))
            self.started()
        else:  # twistd has taken sys.stderr for its log by now
            print(text, end="", file=sys.__stderr__, flush=True)
        if self._twistd is not None:
            self._leave_twistd(self._twistd, sentence)
        raise SystemExit(1)

    def _leave_twistd(self, options: Mapping[str, Any], sentence: str) -> None:
        if options.get("pidfile"):  # first: whoever waits for the pipe may start the next at once
            with suppress(OSError):
                os.unlink(options["pidfile"])
        pipe = options.get("statusPipe")
        if pipe is not None:
            os.write(pipe, b"1 " + sentence.encode("ascii", "backslashreplace")[:LONGEST])
            os.close(pipe)
