"""A signal wakes the reactor, whenever it comes and whichever thread the system interrupts for it.

Python notes a signal, and does what we want of it once the main thread runs Python again.  Where that is
about to wait for its sockets, or another thread was interrupted, this is with the next thing that happens;
on a gateway at rest nothing does, and the order would be lost.  So Python writes a byte into a pipe
where it notes one.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.net.reactors import Reading


@implementer(IReadDescriptor)
class Waking:
    """The end of the pipe that the reactor reads.  Both are there until the process is not: a signal
    may come to its very end."""

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        return self._number

    def logPrefix(self) -> str:
        return "signals"

    def doRead(self) -> None:
        """The orders themselves are with ``Signals``."""
        with suppress(BlockingIOError):
            os.read(self._number, 4096)

    def connectionLost(self, reason: Failure) -> None:
        """The reactor stops."""


def wake(reactor: Reading) -> None:
    """From now on each signal that is ours wakes it; for a reactor that has no signals of its own."""
    ends = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(ends[1], warn_on_full_buffer=False)
    reactor.addReader(Waking(ends[0]))
