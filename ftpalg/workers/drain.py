"""All workers drain: each by itself, bounded by its own clock, and by ours where it has none any more."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from ftpalg.life.draining import EXTENSION
from ftpalg.life.notify import Notify
from ftpalg.net.reactors import Timing
from ftpalg.workers.crew import Crew
from ftpalg.workers.process import Worker

STEP = 1.0
"""Seconds between two words to systemd."""
MARGIN = 10.0
"""Seconds behind ``timeouts.stop`` for a worker to have ended by itself."""


class Drain:
    """Begins with its ``order``."""

    def __init__(self, reactor: Timing, crew: Crew, notify: Notify, seconds: float) -> None:
        self._reactor = reactor
        self._crew = crew
        self._notify = notify
        self._ends = reactor.seconds() + seconds + MARGIN
        self._call: IDelayedCall | None = None

    def order(self, topic: str) -> Deferred[tuple[int, int]]:
        """Have all drain; how many sessions and transfers there were."""
        self._step()

        def count(answers: list[tuple[Worker, Any]]) -> tuple[int, int]:
            found = [body for _, body in answers if isinstance(body, list)]
            return sum(one[0] for one in found), sum(one[1] for one in found)

        return self._crew.ask(topic).addCallback(count)

    def stop(self) -> None:
        """It is over."""
        if self._call is not None and self._call.active():
            self._call.cancel()

    def _step(self) -> None:
        workers = self._crew.workers.values()
        left = self._ends - self._reactor.seconds()
        if left <= 0:
            self._crew.kill("it has not ended in time (timeouts.stop)")
            return
        sessions = sum(worker.sessions for worker in workers)
        transfers = sum(worker.transfers for worker in workers)
        self._notify.say(
            f"STATUS=draining, {sessions} sessions, {transfers} transfers, {left:.0f} s",
            f"EXTEND_TIMEOUT_USEC={EXTENSION}",
        )
        self._call = self._reactor.callLater(min(STEP, left), self._step)
