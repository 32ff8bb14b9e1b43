"""Two ends of a channel whose wires a test holds in its hands."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from ftpalg.workers.channel import Channel, Hears


class Wire(StringTransport):
    """Keeps what was written until it is carried over."""

    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True


class Ends:
    """``ours`` and ``theirs``; ``lost`` is what each was told at its end."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.lost: list[tuple[str, str]] = []
        self.ours = self._end("ours")
        self.theirs = self._end("theirs")

    def _end(self, name: str) -> Channel:
        hears: Hears = {}
        made = Channel(self.clock, hears, lambda why: self.lost.append((name, why)))
        made.makeConnection(Wire())
        return made

    def carry(self) -> int:
        """Bring what was said to the other side, as long as anything is; how many bytes."""
        whole = 0
        while True:
            moved = 0
            for end, other in ((self.ours, self.theirs), (self.theirs, self.ours)):
                data = end.transport.value()
                end.transport.clear()
                moved += len(data)
                if data:
                    other.dataReceived(data)
            if not moved:
                return whole
            whole += moved

    def asked(self, topic: str, body: Any = None) -> Any:
        """The answer to one of ours; what it fails with is raised."""
        return answer_of(self.ours.ask(topic, body), self)


def answer_of(waiting: Deferred[Any], ends: Ends) -> Any:
    """What it gives once everything was carried over; what it fails with is raised."""
    came: list[Any] = []
    waiting.addBoth(came.append)
    ends.carry()
    (answer,) = came
    if hasattr(answer, "raiseException"):
        answer.raiseException()
    return answer
