"""Signals from the first moment: what comes before the reactor runs is remembered.

Imports the standard library alone, so that ``ftpalg run`` can have it before all else.  The meaning:

- SIGTERM, SIGINT: drain and stop; a second one stops at once;
- SIGHUP: read the settings and certificates again, reopen files;
- SIGUSR1: reopen files;
- SIGUSR2: write the sessions to the log;
- SIGQUIT: write to standard error where each thread is, whatever it does or waits for.

Twisted's own SIGTERM would make the process die by that signal after a clean stop; ours stops the
reactor, so that the status is 0.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import Enum
from types import FrameType


class Order(Enum):
    """What a signal asks for."""

    STOP = "drain and stop"
    RELOAD = "read the settings again"
    REOPEN = "reopen files"
    SHOW = "write the sessions to the log"


ORDERS = {
    name: order
    for name, order in (
        ("SIGTERM", Order.STOP),
        ("SIGINT", Order.STOP),
        ("SIGHUP", Order.RELOAD),
        ("SIGUSR1", Order.REOPEN),
        ("SIGUSR2", Order.SHOW),
    )
    if hasattr(signal, name)
}
"""What each means, as far as this system knows it."""

EARLY = tuple(name for name in ORDERS if name != "SIGUSR1")
"""Those that are taken under twistd from the first moment: it gives SIGUSR1 to its own log file only
where nobody has it yet."""


def show_threads() -> None:
    """SIGQUIT shows the threads, and the process goes on.  It is written at once, below Python, so that
    it tells of a process too that hangs.  Behind a daemonised twistd standard error is /dev/null; where
    it was closed from the beginning, its number may be a client's by now.
    """
    if not hasattr(signal, "SIGQUIT"):
        return
    if sys.__stderr__ is None:
        signal.signal(signal.SIGQUIT, signal.SIG_IGN)
    else:
        faulthandler.register(signal.SIGQUIT, file=2, all_threads=True)


WORKER = "FTPALG_WORKER"
"""The variable of the environment that a worker of several has, for as long as nobody has read it."""


def apart() -> None:
    """A worker gets no orders by signals, whoever sends them to all of a service or a terminal: the process
    above it has them, and says what is to be done."""
    with suppress(OSError):  # somebody has put it into a session of its own
        os.setsid()
    for name in ORDERS:
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    show_threads()


class Signals:
    """Takes them for the one who ``attend``s.  Only the main thread can have signals."""

    def __init__(self) -> None:
        self._came: list[Order] = []
        self._hear: Callable[[Order], None] | None = None
        self._others: dict[int, Callable[[int, FrameType | None], object]] = {}

    def take(self, names: Iterable[str] = tuple(ORDERS)) -> None:
        """From now on these are ours, and nobody else's."""
        if threading.current_thread() is not threading.main_thread():
            return
        for name in names:
            if name in ORDERS:
                signal.signal(getattr(signal, name), self._arrived)
        show_threads()

    def share(self, name: str) -> None:
        """Take this one too, beside whoever has it."""
        if threading.current_thread() is not threading.main_thread() or name not in ORDERS:
            return
        number = getattr(signal, name)
        before = signal.signal(number, self._arrived)
        if callable(before) and before != self._arrived:
            self._others[number] = before

    def attend(self, hear: Callable[[Order], None]) -> None:
        """Hear each order from now on, and at once what came before.

        ``hear`` is called inside the signal's own frame: it may but put it down for later.
        """
        self._hear = hear
        came, self._came = self._came, []
        for order in came:
            hear(order)

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        other = self._others.get(number)
        if other is not None:
            other(number, frame)
        order = ORDERS[signal.Signals(number).name]
        if self._hear is None:
            self._came.append(order)
        else:
            self._hear(order)
