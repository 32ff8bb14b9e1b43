"""The next program beside this one: it gets the listening sockets, and says when it is ready.

Until then this one serves on.  One that refuses the settings, ends, or is not ready in time is ended,
and nothing has changed.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence

from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from ftpalg.life.inherited import READY, VARIABLE, Inherited
from ftpalg.life.notify import WATCHDOG_PID
from ftpalg.net.reactors import Reading

SECONDS = 30.0
"""For the next program to be ready."""

LONGEST = 4096
"""Bytes of what it says."""

Done = Callable[[str, int], None]
"""Gets what is wrong, or nothing and the next program's PID."""


@implementer(IReadDescriptor)
class Upgrade:
    """``done`` is called once."""

    def __init__(
        self,
        reactor: Reading,
        words: Sequence[str],
        folder: str,
        descriptors: Mapping[str, int],
        done: Done,
        drained: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self._reactor = reactor
        self._done = done
        self._said = b""
        self._status, theirs = os.pipe()
        handed = Inherited(descriptors, theirs, drained)
        environ = {name: value for name, value in os.environ.items() if name != WATCHDOG_PID}
        try:
            self._child = subprocess.Popen(
                words,
                cwd=folder,
                env={**environ, VARIABLE: str(handed)},
                pass_fds=(*descriptors.values(), theirs),
                stdin=subprocess.DEVNULL,
            )
        except OSError:
            os.close(self._status)
            raise
        finally:
            os.close(theirs)
        os.set_blocking(self._status, False)
        reactor.addReader(self)
        self._late = reactor.callLater(SECONDS, self.cancel, f"it was not ready in {SECONDS:.0f} s")

    def fileno(self) -> int:
        """Where it says how its start went."""
        return self._status

    def logPrefix(self) -> str:
        """For Twisted's log."""
        return "upgrade"

    def doRead(self) -> None:
        """It has said something, or has ended."""
        try:
            piece = os.read(self._status, LONGEST)
        except BlockingIOError:
            return
        self._said += piece
        line, end, _ = self._said.partition(b"\n")
        if piece and not end and len(self._said) < LONGEST:
            return
        text = line.decode("utf-8", "replace")
        if text == READY and end:
            self._end("")
        else:
            self.cancel(text or "it ended before it was ready")

    def connectionLost(self, reason: Failure) -> None:
        """The reactor ends."""
        self.cancel("the gateway stops")

    def cancel(self, why: str) -> None:
        """End the next program; harmless where all is over."""
        if self._status < 0:
            return
        self._child.kill()
        self._child.wait()
        self._end(why)

    def _end(self, why: str) -> None:
        self._reactor.removeReader(self)
        if self._late.active():
            self._late.cancel()
        os.close(self._status)
        self._status = -1
        self._done(why, self._child.pid)
