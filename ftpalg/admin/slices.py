"""Answers that take their time: a piece in each turn of the reactor, as fast as the client reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IPushProducer
from zope.interface import implementer

from ftpalg.admin.asking import Json, Listed
from ftpalg.net.reactors import Timing

PATIENCE = 30.0
"""Seconds that a client may leave what is written to it unread."""


class Reader(Protocol):
    """A client that is being answered."""

    def write(self, data: bytes) -> None:
        """Send it this."""

    def registerProducer(self, producer: object, streaming: bool) -> None: ...

    def unregisterProducer(self) -> None: ...

    def finish(self) -> None:
        """That was all."""

    def give_up(self) -> None:
        """It does not read: be rid of it."""


def encoded(what: Json | Sequence[Json]) -> bytes:
    """JSON in one line."""
    return json.dumps(what, separators=(",", ":")).encode("ascii")


def listed(what: Listed) -> Iterator[bytes]:
    """The text of an object with one array, batch by batch, a line for each: who reads it may begin with
    the first before the last is there.  JSON has no line ends but between its words."""
    yield b'{"%b":[\n' % what.name.encode("ascii")
    between = b""
    for batch in what.batches:
        if batch:
            yield b"%b%b\n" % (between, encoded(batch)[1:-1])
            between = b","
        else:
            yield b""
    yield b"]}\n"


@implementer(IPushProducer)
class Slices:
    """Writes the pieces, one a turn.  ``pieces`` is closed where the client goes before the last."""

    def __init__(self, reactor: Timing, reader: Reader, pieces: Iterator[bytes]) -> None:
        self._reactor = reactor
        self._reader = reader
        self._pieces = pieces
        self._call: IDelayedCall | None = None
        self._late: IDelayedCall | None = None
        reader.registerProducer(self, True)
        self._call = reactor.callLater(0, self._step)

    def _step(self) -> None:
        self._call = None
        piece = next(self._pieces, None)
        if piece is None:
            self._stop()
            self._reader.unregisterProducer()
            self._reader.finish()
            return
        self._call = self._reactor.callLater(0, self._step)
        if piece:
            self._reader.write(piece)  # may pause

    def pauseProducing(self) -> None:
        """The client does not read as fast."""
        self._cancel()
        if self._late is None:
            self._late = self._reactor.callLater(PATIENCE, self._give_up)

    def resumeProducing(self) -> None:
        """It does again."""
        if self._late is not None:
            self._late.cancel()
            self._late = None
            self._call = self._reactor.callLater(0, self._step)

    def stopProducing(self) -> None:
        """It has gone."""
        self._stop()

    def _give_up(self) -> None:
        self._late = None
        self._reader.give_up()

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _stop(self) -> None:
        self._cancel()
        if self._late is not None:
            self._late.cancel()
            self._late = None
        close: Callable[[], None] | None = getattr(self._pieces, "close", None)
        if close is not None:
            close()
