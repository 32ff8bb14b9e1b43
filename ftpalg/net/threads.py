"""Asks what takes its time, like crypt and scrypt: in threads, a bounded number of questions at a time.

A thread lives for one question and touches nothing but that; it is a daemon, so that none holds the
process back.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Thread
from typing import NamedTuple

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure

from ftpalg.core.value import value

Question = Callable[[], object]


class Busy(Exception):
    """Too many questions wait."""


@value
class Room(NamedTuple):
    """How many questions may wait beside those that are being answered: of all peers, and of one."""

    waiting: int
    per_peer: int


class Asking:
    """Answers so many ``at_once``; of those that wait, each peer's first in turn."""

    def __init__(self, reactor: IReactorFromThreads, at_once: int) -> None:
        self._reactor = reactor
        self._at_once = at_once
        self._answering = 0
        self._waiting: OrderedDict[str, deque[tuple[Deferred[object], Question]]] = OrderedDict()

    def ask(self, room: Room, peer: str, question: Question) -> Deferred[object]:
        """The answer, or what the question raised; Busy at once where there is no room.

        One that is cancelled before its turn is never asked, and leaves its place.
        """
        if self._answering >= self._at_once:
            waiting = sum(map(len, self._waiting.values()))
            if waiting >= room.waiting or len(self._waiting.get(peer, ())) >= room.per_peer:
                return fail(Busy())
        asked: Deferred[object] = Deferred(lambda one: self._forget(peer, one))
        self._waiting.setdefault(peer, deque()).append((asked, question))
        self._go_on()
        return asked

    def _forget(self, peer: str, asked: Deferred[object]) -> None:
        left = deque(one for one in self._waiting.get(peer, ()) if one[0] is not asked)
        if left:
            self._waiting[peer] = left
        else:
            self._waiting.pop(peer, None)

    def _go_on(self) -> None:
        while self._waiting and self._answering < self._at_once:
            self._answering += 1
            peer, waiting = self._waiting.popitem(last=False)
            asked, question = waiting.popleft()
            if waiting:  # it is the others' turn
                self._waiting[peer] = waiting
            thread = Thread(
                target=self._answer, args=(asked, question), name="checker", daemon=True
            )
            try:
                thread.start()
            except RuntimeError:  # the process may have no more: TasksMax=, ulimit -u
                self._answering -= 1
                asked.errback(Busy())

    def _answer(self, asked: Deferred[object], question: Question) -> None:
        """In the thread."""
        try:
            answer = question()
        except Exception:
            answer = Failure()
        self._reactor.callFromThread(self._answered, asked, answer)

    def _answered(self, asked: Deferred[object], answer: object) -> None:
        self._answering -= 1
        self._go_on()
        if not asked.called:  # nobody has given it up
            succeed(None).addCallback(lambda _: answer).chainDeferred(asked)
