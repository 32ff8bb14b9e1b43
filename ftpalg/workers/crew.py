"""The workers: each number has one, and one that dies has a successor.

The first successor begins at once.  Where one dies again and again as soon as it has begun, the next
waits, twice as long each time; that is told once.
"""

from __future__ import annotations

from typing import Any, Protocol

from twisted.internet.defer import Deferred, DeferredList, succeed
from twisted.internet.interfaces import IDelayedCall

from ftpalg.core.news import WorkerLost, WorkerReady
from ftpalg.life.observers import Observers
from ftpalg.life.reactor import IWhole
from ftpalg.workers.channel import SECONDS, ChannelFault
from ftpalg.workers.process import Stage, Worker

STEADY = 10.0
"""Seconds after which a worker's death has nothing to do with its start."""
FIRST, LONGEST = 0.1, 30.0
"""Seconds until the next successor, from the second death in a row on."""
OFTEN = 5
"""Deaths in a row that are told of."""


class Owner(Protocol):
    """Whose workers they are."""

    def make(self, number: int) -> Worker:
        """Start one.  Raise OSError."""

    def cannot_start(self, sentence: str) -> None:
        """One has ended before all of the first ones were ready."""

    def whole(self) -> None:
        """All of the first ones are ready."""

    def came(self, worker: Worker) -> None:
        """A successor is ready."""

    def died(self, worker: Worker) -> None:
        """It has ended, whoever it was."""

    def over(self) -> None:
        """None is left, and none comes any more."""

    def line(self, text: bytes) -> None:
        """A line of a worker's standard error, where that is read."""


class Crew:
    """``workers`` by number: those that there are now."""

    def __init__(self, reactor: IWhole, owner: Owner, log: Observers, size: int) -> None:
        self.workers: dict[int, Worker] = {}
        self.size = size
        self.is_whole = False
        self.left = (0, 0)
        """The sessions and transfers that still ran in those that have ended by themselves."""
        self._reactor = reactor
        self._owner = owner
        self._log = log
        self._leaving = False
        self._deaths = dict.fromkeys(range(1, size + 1), 0)
        self._waiting: dict[int, IDelayedCall] = {}

    @property
    def serving(self) -> list[Worker]:
        """Those that are ready, by number."""
        found = sorted(self.workers.items())
        return [worker for _, worker in found if worker.stage is Stage.SERVING]

    def begin(self) -> None:
        """Start the first ones.  Raise OSError."""
        for number in range(1, self.size + 1):
            self.workers[number] = self._owner.make(number)

    def leave(self) -> None:
        """Nobody who ends from now on has a successor, and who is not ready is ended.  ``over`` is called,
        soon where nobody is left."""
        self._leaving = True
        for worker in list(self.workers.values()):
            if worker.stage is Stage.STARTING:
                worker.kill("nobody waits for it any more")
        for call in self._waiting.values():
            call.cancel()
        self._waiting.clear()
        self._reactor.callLater(0, self._whether_over)

    def kill(self, why: str) -> None:
        """End them all, now."""
        for worker in list(self.workers.values()):
            worker.kill(why)

    # -- what is said to all ----------------------------------------------------------------------

    def tell(self, topic: str, body: Any = None) -> None:
        """Tell those that serve."""
        for worker in self.serving:
            worker.channel.tell(topic, body)

    def ask(
        self, topic: str, body: Any = None, within: float = SECONDS
    ) -> Deferred[list[tuple[Worker, Any]]]:
        """The answers of those that serve, by number; for one that has none a ChannelFault."""
        asked = self.serving
        if not asked:
            return succeed([])

        def answer_of(worker: Worker) -> Deferred[Any]:
            def failed(reason: Any) -> ChannelFault:
                fault: ChannelFault = reason.value
                reason.trap(ChannelFault)
                return fault

            return worker.channel.ask(topic, body, within).addErrback(failed)

        whole = DeferredList([answer_of(worker) for worker in asked])
        return whole.addCallback(
            lambda answers: [(one, answer) for one, (_, answer) in zip(asked, answers, strict=True)]
        )

    # -- what becomes of them ---------------------------------------------------------------------

    def ready(self, worker: Worker) -> None:
        """It serves."""
        if self.is_whole:
            ports = worker.facts.client_ports if worker.facts is not None else ""
            self._log.tell(WorkerReady(worker.number, worker.pid, ports))
            self._owner.came(worker)
        elif len(self.serving) == self.size:
            self.is_whole = True
            self._owner.whole()

    def gone(self, worker: Worker) -> None:
        """It has ended."""
        if self.workers.get(worker.number) is worker:
            del self.workers[worker.number]
        self._owner.died(worker)
        self.left = (self.left[0] + worker.left[0], self.left[1] + worker.left[1])
        if not self.is_whole and not self._leaving:
            self._owner.cannot_start(worker.refusal or _sentence(worker))
            return
        if self._is_worth_telling(worker):
            self._log.tell(
                WorkerLost(
                    *(worker.number, worker.pid, worker.sessions, worker.status, worker.signal),
                    worker.refusal or worker.why,
                )
            )
        if self._leaving:
            self._whether_over()
        else:
            self._succeed_later(worker)

    def _is_worth_telling(self, worker: Worker) -> bool:
        """One that had sessions; one that has never served as long as that is news."""
        if worker.facts is not None:
            return not self._leaving or worker.status != 0
        return not self._leaving and self._deaths[worker.number] < OFTEN

    def _succeed_later(self, worker: Worker) -> None:
        number = worker.number
        if self._reactor.seconds() - worker.began >= STEADY:
            self._deaths[number] = 0
        deaths = self._deaths[number]
        self._deaths[number] = deaths + 1
        delay = min(FIRST * 2 ** (deaths - 1), LONGEST) if deaths else 0
        if deaths + 1 == OFTEN:
            self._log.warned(
                f"worker {number} dies again and again, as soon as it begins: each successor waits twice"
                f" as long as the last one, {LONGEST:.0f} s at most, and is told of once it serves"
            )
        self._waiting[number] = self._reactor.callLater(delay, self._succeed, worker)

    def _succeed(self, last: Worker) -> None:
        del self._waiting[last.number]
        try:
            self.workers[last.number] = self._owner.make(last.number)
        except OSError as error:
            self._log.warned(f"worker {last.number} cannot be started: {error.strerror}")
            last.began = self._reactor.seconds()
            self._succeed_later(last)

    def _whether_over(self) -> None:
        if self._leaving and not self.workers:
            self._leaving = False
            self._owner.over()

    def line(self, text: bytes) -> None:
        """A line of a worker's standard error."""
        self._owner.line(text)


def _sentence(worker: Worker) -> str:
    how = worker.why or (
        f"ended by {worker.signal}" if worker.signal else f"status {worker.status}"
    )
    return f"worker {worker.number} cannot start: {how}"
