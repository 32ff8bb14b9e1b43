"""A reactor of a test's own: real sockets, and a time that passes only when the test says so."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.selectreactor import SelectReactor
from twisted.python.failure import Failure

from ftpalg.net.legs.dialling import Dialer

MOMENT = 0.005
"""Seconds of the gateway's time that pass in a turn in which nothing happens."""
PATIENCE = 10.0
"""Seconds of ours in which what is expected has to come, on a busy machine too."""
CALM = 4
"""Turns without an event behind which nothing more comes."""


class Loop(SelectReactor):
    """Turns when it is told to.  Data connections that the gateway dials stand when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.dialled: dict[int, Any] = {}
        self.stirs = 0
        super().__init__()

    def seconds(self) -> float:
        return self.now

    def addWriter(self, writer: Any) -> None:
        dialer = getattr(writer, "descriptor", writer)
        if isinstance(dialer, Dialer):
            self.dialled[dialer.socket.getpeername()[1]] = writer
        else:
            super().addWriter(writer)

    def removeWriter(self, writer: Any) -> None:
        kept = {port: held for port, held in self.dialled.items() if held != writer}
        self.dialled = kept
        super().removeWriter(writer)

    def stands(self, port: int) -> None:
        """The connection that was dialled to that port stands, or has failed."""
        super().addWriter(self.dialled.pop(port))

    def _doReadOrWrite(self, *args: Any) -> None:
        self.stirs += 1
        super()._doReadOrWrite(*args)

    def turn(self, wait: float = 0.0) -> bool:
        """Whether anything has happened in it."""
        before = self.stirs
        self.runUntilCurrent()
        self.doIteration(wait)
        if self.stirs == before:
            self.now += MOMENT
        return self.stirs != before

    def until(self, ready: Callable[[], object]) -> bool:
        """Turn until that is so; False where it is not for ``PATIENCE`` seconds."""
        deadline = monotonic() + PATIENCE
        while not ready():
            if not self.turn() and not ready():
                self.turn(0.001)
                if monotonic() > deadline:
                    return False
        return True

    def calm(self) -> None:
        """Turn until nothing happens any more."""
        still = 0
        while still < CALM:
            still = 0 if self.turn() else still + 1

    def end(self) -> None:
        """Close what the reactor itself holds."""
        internal = list(self._internalReaders)
        for descriptor in (*self.removeAll(), *internal):
            descriptor.connectionLost(Failure(ConnectionDone()))
        for call in self.getDelayedCalls():
            call.cancel()
