"""What Twisted itself logs, in the same form as our records: its warnings, errors and tracebacks.

What it says below a warning ("Starting factory") is of no use to an administrator.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.logger import ILogObserver, LogEvent, LogLevel, eventAsText
from zope.interface import implementer

WORTH = (LogLevel.warn, LogLevel.error, LogLevel.critical)


@implementer(ILogObserver)
class Overheard:
    """Gives ``warned`` each such event as one text, with its traceback if it has one."""

    def __init__(self, warned: Callable[[str], None]) -> None:
        self._warned = warned

    def __call__(self, event: LogEvent) -> None:
        if event.get("log_level") in WORTH:
            text = eventAsText(event, includeTimestamp=False, includeSystem=False)
            self._warned(text.strip())
