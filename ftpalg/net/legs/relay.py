"""Moves the bytes of one transfer from its source to its sink.  The hot path.

It reads only when everything read before has been written, so what it holds is bounded by one
pipe or one buffer, and a source that has ended has been relayed whole.  A wake-up moves a bounded
amount, so that one fast transfer does not starve the other sessions.
"""

from __future__ import annotations

import errno
import fcntl
import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall

from ftpalg.net.ledger import Grant, Line
from ftpalg.net.legs.sockets import DataSocket
from ftpalg.net.legs.tls import RECORD
from ftpalg.net.reactors import Reactor

Hold = Callable[[Line, int, float], Grant | None]
"""Asks for so much of a line; of no more than that part of what there is, where it can be done without."""


class Quota(Protocol):
    """How much the transfer may move."""

    def room(self, most: int) -> int:
        """How many bytes may be read now, so many at the most and one at the least; asked when what was
        read before has been written."""

    def took(self, size: int) -> bool:
        """So many were read; False where that is more than may be moved: none of them is written."""


CHUNK = 1 << 20
"""Bytes asked for at a time; also the size of the pipe."""

SMALL = 1 << 15
"""Bytes of a file for which a pipe serves as the system makes it."""

ROUNDS = 8
"""Chunks moved per wake-up at the most."""


class Relay(ABC):
    """The order of moving; subclasses say with what.

    Of ``ended``, ``source_failed``, ``sink_failed`` and ``over`` exactly one is called, once, unless the
    relay is stopped first: the last where the source has more than its ``quota`` lets go.  ``moved``
    counts the bytes handed to the sink, and ``granted`` is what it has of the ledger for moving them.
    """

    quota: Quota | None = None
    over: Callable[[], None]
    """Goes with ``quota``."""

    def __init__(
        self,
        reactor: Reactor,
        source: DataSocket,
        sink: DataSocket,
        ended: Callable[[], None],
        source_failed: Callable[[str], None],
        sink_failed: Callable[[str], None],
    ) -> None:
        self.moved = 0
        self._reactor = reactor
        self._source = source
        self._sink = sink
        self._ended = ended
        self._source_failed = source_failed
        self._sink_failed = sink_failed
        self._stall: IDelayedCall | None = None
        self._again: IDelayedCall | None = None
        self._seen = 0
        self._stopped = False
        self.granted: Grant | None = None

    def start(self, stalled: float) -> None:
        """Begin.  ``stalled`` is the seconds without a byte after which the slower leg has failed."""
        source, sink = self._source, self._sink
        source.on_ready(self._pull, self._pull)
        sink.on_ready(self._look, self._resume)
        self._stall = self._reactor.callLater(stalled, self._check, stalled)
        if not self._holds:
            self._reactor.addReader(source)
        self._reactor.addReader(sink)
        self._go_on()

    def give_time(self) -> None:
        """Count the seconds without a byte anew."""
        self._seen = -1

    def stop(self) -> None:
        """Let go of both legs; neither is closed.  Later ones may watch their sockets by then: twice
        changes nothing."""
        if self._stopped:
            return
        self._stopped = True
        for call in (self._stall, self._again):
            if call is not None and call.active():
                call.cancel()
        self._rest(self._source)
        self._rest(self._sink)
        if self.granted is not None:
            self.granted.back()

    def _rest(self, leg: DataSocket) -> None:
        # who can still call is the reactor: of a leg that it found ready both ways in this turn it
        # writes behind reading, whatever reading led to; nobody has taken the leg further, so it fails
        leg.on_ready(leg.abort, leg.abort)
        if leg.fileno() >= 0:
            self._reactor.removeReader(leg)
            self._reactor.removeWriter(leg)

    @abstractmethod
    def _fill(self) -> int:
        """Read a chunk; its size, 0 at the clean end."""

    @abstractmethod
    def _drain(self) -> int:
        """Write from the chunk what fits; how much is left.  Raise BlockingIOError to wait."""

    def _pull(self) -> None:
        if self._holds:
            return  # the sink has not taken the last chunk yet; it calls for more itself
        for _ in range(ROUNDS):
            try:
                size = self._fill()
            except BlockingIOError:
                return
            except OSError as error:
                self._stop_for(self._source_failed, error)
                return
            if not size:
                self.stop()
                self._ended()
                return
            if self.quota is not None and not self.quota.took(size):
                self.stop()
                self.over()
                return
            if not self._push():
                return
        self._go_on()

    def _room(self, most: int) -> int:
        """How many bytes to read, of so many."""
        return most if self.quota is None else self.quota.room(most)

    def _go_on(self) -> None:
        """What TLS has taken from the socket already is not announced again by the reactor."""
        if self._source.waiting and not (self._again and self._again.active()):
            self._again = self._reactor.callLater(0, self._pull)

    def _push(self) -> bool:
        """Write what is held; False where the sink cannot take it now, or broke."""
        try:
            while self._drain():
                pass
        except BlockingIOError:
            self._reactor.removeReader(self._source)
            self._reactor.addWriter(self._sink)
            return False
        except OSError as error:
            self._stop_for(self._sink_failed, error)
            return False
        return True

    def _resume(self) -> None:
        if self._push():
            self._reactor.removeWriter(self._sink)
            self._reactor.addReader(self._source)
            self._go_on()

    def _look(self) -> None:
        """The sink's peer stirs: a reset is told at once, not when the next byte is written."""
        try:
            if not self._sink.look():
                self._reactor.removeReader(self._sink)
        except BlockingIOError:
            return
        except OSError as error:
            self._stop_for(self._sink_failed, error)

    def _stop_for(self, failed: Callable[[str], None], error: OSError) -> None:
        self.stop()
        failed(error.strerror or str(error))

    @property
    @abstractmethod
    def _holds(self) -> bool:
        """Whether a chunk waits."""

    def _check(self, stalled: float) -> None:
        if self.moved != self._seen:
            self._seen = self.moved
            self._stall = self._reactor.callLater(stalled, self._check, stalled)
            return
        failed = self._sink_failed if self._holds else self._source_failed
        self.stop()
        failed(f"no data moved for {stalled:g} seconds")


class SpliceRelay(Relay):
    """Linux, both legs plain: through a pipe in the kernel, no byte enters Python."""

    FLAGS = getattr(os, "SPLICE_F_MOVE", 0) | getattr(os, "SPLICE_F_NONBLOCK", 0)

    def __init__(
        self,
        reactor: Reactor,
        source: DataSocket,
        sink: DataSocket,
        ended: Callable[[], None],
        source_failed: Callable[[str], None],
        sink_failed: Callable[[str], None],
    ) -> None:
        """Raise OSError where no pipe can be had; nothing is left behind."""
        super().__init__(reactor, source, sink, ended, source_failed, sink_failed)
        self._out, self._in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._pending = 0
        self._large = False

    def _enlarge(self) -> None:
        """A small file needs no large pipe, which costs as much to make as to move the file."""
        self._large = True
        try:
            fcntl.fcntl(self._in, fcntl.F_SETPIPE_SZ, CHUNK)
        except OSError:
            pass  # this user's share of pipe memory is used up: the default size serves

    def _fill(self) -> int:
        if not self._large and self.moved >= SMALL:
            self._enlarge()
        self._pending = os.splice(
            self._source.fileno(), self._in, self._room(CHUNK), flags=self.FLAGS
        )
        return self._pending

    def _drain(self) -> int:
        sent = os.splice(self._out, self._sink.fileno(), self._pending, flags=self.FLAGS)
        self.moved += sent
        self._pending -= sent
        return self._pending

    @property
    def _holds(self) -> bool:
        return self._pending > 0

    def stop(self) -> None:
        super().stop()
        if self._in >= 0:
            os.close(self._in)
            os.close(self._out)
            self._in = self._out = -1


class CopyRelay(Relay):
    """Everywhere, and for legs under TLS: through one buffer.

    It is large at first, since the kernel's receive window grows with what is read at a time and
    stays small behind small reads.  It becomes small in a lull, and large again when the transfer has
    shown that it is fast: a thousand transfers that stall hold little.  ``hold`` grants either; large ones
    take no more than LARGE of a share, so that many transfers still have theirs.
    """

    SMALL = 1 << 16
    SIZE = 1 << 19

    FULL = SMALL - (1 << 14)
    """A chunk of more than that has filled the small buffer: a TLS record may not fit any more."""

    SHOWN = 4
    """Such chunks, one after another, show that a transfer is fast."""

    LARGE = 0.25

    LULL = 2.0
    """Seconds in which a fast transfer moves CHUNK."""

    def __init__(
        self,
        reactor: Reactor,
        source: DataSocket,
        sink: DataSocket,
        ended: Callable[[], None],
        source_failed: Callable[[str], None],
        sink_failed: Callable[[str], None],
    ) -> None:
        super().__init__(reactor, source, sink, ended, source_failed, sink_failed)
        self._buffer = self._held = memoryview(b"")
        self._shown = self.SHOWN
        self._lull: IDelayedCall | None = None
        self.hold: Hold | None = None
        # a leg under TLS holds as much again, in OpenSSL or sealed
        self._copies = 1 + (not source.plain) + (not sink.plain)

    def _may_hold(self, size: int) -> bool:
        """Whether its buffer may have that size."""
        if self.hold is None:
            return True
        amount, large = size * self._copies, size == self.SIZE
        if self.granted is not None and self.granted.amount >= amount:
            self.granted.to(amount)
            return True
        more = self.hold(Line.MEMORY, amount, self.LARGE if large else 0.0)
        if more is None:
            return False
        if self.granted is not None:
            self.granted.back()
        self.granted = more
        return True

    def _have_buffer(self) -> None:
        """A large one, or a small one.  Raise OSError where there is not even memory for that."""
        if self._may_hold(self.SIZE):
            self._buffer = memoryview(bytearray(self.SIZE))
            self._lull = self._reactor.callLater(self.LULL, self._slow, self.moved)
            return
        self._shown = 0
        if not self._buffer:
            if not self._may_hold(self.SMALL):
                raise OSError(errno.ENOMEM, "too much waits for your address")
            self._buffer = memoryview(bytearray(self.SMALL))

    def _fill(self) -> int:
        if self._shown == self.SHOWN and self._lull is None:
            self._have_buffer()
        room = self._room(len(self._buffer))
        least = 1 if self._source.plain else RECORD
        size = self._source.receive_into(self._buffer[: max(room, least)])
        self._held = self._buffer[:size]
        if self._lull is None:
            self._shown = self._shown + 1 if size > self.FULL else 0
        return size

    def _slow(self, before: int) -> None:
        if self.moved - before >= CHUNK:
            self._lull = self._reactor.callLater(self.LULL, self._slow, self.moved)
            return
        self._lull, self._shown = None, 0
        self._held = memoryview(bytes(self._held))
        self._buffer = memoryview(bytearray(self.SMALL))
        self._may_hold(self.SMALL)

    def _drain(self) -> int:
        sent = self._sink.send(self._held)
        self.moved += sent
        self._held = self._held[sent:]
        return len(self._held)

    @property
    def _holds(self) -> bool:
        return len(self._held) > 0

    def stop(self) -> None:
        super().stop()
        if self._lull is not None and self._lull.active():
            self._lull.cancel()
