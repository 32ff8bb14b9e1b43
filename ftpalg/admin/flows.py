"""Lines of JSON to a client that follows what happens, until it goes."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from ftpalg.admin.asking import Flow, Json
from ftpalg.admin.slices import Reader, encoded
from ftpalg.net.reactors import Timing

MOST = 1 << 20
"""Bytes that wait for a client that does not read: it is cut off then, and sees that it was."""


@implementer(IPushProducer)
class Flowing:
    """One such client.  What it does not read at once is kept here, up to the bound."""

    def __init__(self, reactor: Timing, reader: Reader, flow: Flow) -> None:
        self._reactor = reactor
        self._reader = reader
        self._waiting: list[bytes] = []
        self._size = 0
        self._paused = self._over = False
        self._gone: Callable[[], None] | None = None
        self._goes_on = flow.goes_on
        reader.registerProducer(self, True)
        gone = flow.begin(self._write, self._end)
        if self._over:
            gone()  # it has ended in its beginning
        else:
            self._gone = gone

    def _write(self, line: Json) -> bool:
        if not self._over:
            self._send(encoded(line) + b"\n")
        return not self._paused

    def _send(self, data: bytes) -> None:
        if not self._paused:
            self._reader.write(data)
            return
        self._waiting.append(data)
        self._size += len(data)
        if self._size > MOST:
            self._leave()
            self._reader.give_up()

    def _end(self) -> None:
        """That was all."""
        if self._over:
            return
        self._leave()
        for data in self._waiting:
            self._reader.write(data)
        self._reader.unregisterProducer()
        self._reader.finish()

    def _leave(self) -> None:
        self._over = True
        gone, self._gone = self._gone, None
        if gone is not None:
            gone()

    def pauseProducing(self) -> None:
        """The client does not read as fast."""
        self._paused = True

    def resumeProducing(self) -> None:
        """It does again."""
        self._paused = False
        waiting, self._waiting, self._size = self._waiting, [], 0
        for data in waiting:
            self._send(data)
        if not self._paused and not self._over:
            self._goes_on()

    def stopProducing(self) -> None:
        """It has gone."""
        if not self._over:
            self._leave()
