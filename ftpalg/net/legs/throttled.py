"""Relays that ask before each chunk how much may go.

Until it may they do not read, so that the source's TCP holds its peer back.  That wait is ours: the
seconds after which a leg has failed stand still meanwhile, and only then, so that a peer that really
stalls is found as late as ever.  The sink is watched all the while.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

from ftpalg.net.legs.allowance import Allowance
from ftpalg.net.legs.between import between
from ftpalg.net.legs.relay import CopyRelay, Hold, Relay, SpliceRelay
from ftpalg.net.legs.sockets import DataSocket
from ftpalg.net.legs.tls import RECORD
from ftpalg.net.reactors import Reactor

PIPE = 1 << 16
"""Bytes of a piece for which a pipe serves as the system makes it."""


class Throttled(Relay):
    """``allowance`` is the transfer's own.

    What was granted and not used is kept for the next chunk: a source that wakes the relay and gives
    nothing does not wait for another turn, which would hide that it stalls.  A source under TLS gives
    whole records: what one is too long is owed to the next pieces.
    """

    allowance: Allowance
    _credit = 0
    _left: float | None = None
    """Seconds of ``stalled`` that were left when the wait began; None where none is."""

    def start(self, stalled: float) -> None:
        self._stalled = stalled
        super().start(stalled)

    def _take(self, most: int) -> int:
        """Read so many bytes at the most, but for a record's rest; how many, 0 at the clean end."""
        raise NotImplementedError

    def _fill(self) -> int:
        while self._credit <= 0:
            granted = self.allowance.ask(self._granted)
            if not granted:
                self._wait()
                raise BlockingIOError
            self._credit += granted
        size = self._take(self._room(self._credit))
        self._credit -= size
        return size

    def _pull(self) -> None:
        if self._left is None:
            super()._pull()

    def _wait(self) -> None:
        assert self._stall is not None, "the relay runs"
        self._reactor.removeReader(self._source)
        self._left = self._stall.getTime() - self._reactor.seconds()
        self._stall.cancel()

    def _granted(self, size: int) -> None:
        assert self._left is not None, "it waits for this"
        self._credit += size
        self._stall = self._reactor.callLater(max(self._left, 0), self._check, self._stalled)
        self._left = None
        self._reactor.addReader(self._source)
        self._pull()

    def stop(self) -> None:
        super().stop()
        if self._credit > 0:
            self.allowance.give_back(self._credit)
            self._credit = 0
        self.allowance.stop()


class ThrottledSplice(Throttled, SpliceRelay):
    """In pieces through the pipe."""

    def _take(self, most: int) -> int:
        if most > PIPE and not self._large:
            self._enlarge()
        self._pending = os.splice(self._source.fileno(), self._in, most, flags=self.FLAGS)
        return self._pending


class ThrottledCopy(Throttled, CopyRelay):
    """In pieces through a buffer of a piece's size, which it has only while something is there."""

    def _take(self, most: int) -> int:
        size = min(most if self._source.plain else max(most, RECORD), self.SIZE)
        if len(self._buffer) < size:
            size = self._make(size)
        try:
            got = self._source.receive_into(self._buffer[:size])
        except BlockingIOError:
            self._let_go()
            raise
        self._held = self._buffer[:got]
        return got

    def _make(self, size: int) -> int:
        """A buffer of that size, or of a record's.  Raise OSError where there is no memory for that."""
        for room in (size, min(size, RECORD)):
            if self._may_hold(room):
                self._buffer = memoryview(bytearray(room))
                return room
        raise OSError(errno.ENOMEM, "too much waits for your address")

    def _let_go(self) -> None:
        self._buffer = memoryview(b"")
        if self.granted is not None:
            self.granted.to(0)

    def _wait(self) -> None:
        super()._wait()
        self._let_go()


def throttled(
    allowance: Allowance,
    reactor: Reactor,
    source: DataSocket,
    sink: DataSocket,
    ended: Callable[[], None],
    source_failed: Callable[[str], None],
    sink_failed: Callable[[str], None],
    *,
    splice: bool = True,
    hold: Hold | None = None,
) -> Relay:
    """As ``between``, within that allowance."""
    arguments = reactor, source, sink, ended, source_failed, sink_failed
    made = between(*arguments, splice=splice, hold=hold, kinds=(ThrottledSplice, ThrottledCopy))
    assert isinstance(made, Throttled), "as asked for"
    made.allowance = allowance
    return made
