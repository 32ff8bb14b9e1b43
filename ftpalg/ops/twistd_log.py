"""The log of twistd, written as twistd itself would write it, for a third of the cost.

Twisted works out the time zone and the date for each line anew, and takes apart a text that is ready.
Here a second is written out once, and what records say is put behind it as it is.  Everybody else's
events are Twisted's own to write.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import IO, Any

from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import (
    FileLogObserver,
    ILogObserver,
    LogEvent,
    formatEventAsClassicLogText,
    formatTime,
)
from twisted.python.components import Componentized
from twisted.python.logfile import LogFile

READY = "log_ready"
"""The key of an event's text that needs no format."""
FILE = "twistd.log"
"""twistd's own, of a daemon."""


def line_of(event: LogEvent) -> str | None:
    """The event in one line; further ones of its text are indented.  None where there is no text."""
    text = event.get(READY)
    if text is None:
        return formatEventAsClassicLogText(event, formatTime=_time)
    if "\n" in text:
        text = text.replace("\n", "\n\t")
    return f"{_time(event['log_time'])} [{event['log_system']}] {text}\n"


def _time(when: float | None) -> str:
    """Of an event that has no time there is a dash."""
    return formatTime(None) if when is None else _second(int(when))


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    """Many events are of one second."""
    return formatTime(float(seconds))


def take_over(
    application: Componentized, options: Mapping[str, Any], reactor: IReactorFromThreads
) -> None:
    """Write the log that ``options`` ask twistd for.  Another observer's, and syslog, stay as they are."""
    said, foreground = options.get("logfile") or "", options.get("nodaemon")
    if options.get("logger") or options.get("syslog"):
        return
    if application.getComponent(ILogObserver) is not None or (said == "-" and not foreground):
        return
    shown = foreground and said in ("", "-")
    out = sys.stdout if shown else _file(said or FILE, reactor)
    application.setComponent(ILogObserver, FileLogObserver(out, line_of))


def _file(path: str, reactor: IReactorFromThreads) -> IO[Any]:
    """SIGUSR1 rotates it, unless somebody else has that signal."""
    file: Any = LogFile.fromFullPath(path)
    if hasattr(signal, "SIGUSR1") and not signal.getsignal(signal.SIGUSR1):
        signal.signal(signal.SIGUSR1, lambda *_: reactor.callFromThread(file.rotate))
    made: IO[Any] = file
    return made
