"""Asks what blocks, like crypt: in a thread, one question after the other, a bounded number of them.

The thread lives as long as there are questions, and touches nothing but the question; it is a daemon,
so that none holds the process back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Thread

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure

Question = Callable[[], object]


class Busy(Exception):
    """Too many questions wait."""


class Asking:
    """``most`` is how many may wait beside the one that is being answered."""

    def __init__(self, reactor: IReactorFromThreads, most: int) -> None:
        self._reactor = reactor
        self._most = most
        self._waiting: deque[tuple[Deferred[object], Question]] = deque()
        self._answering = False

    def ask(self, question: Question) -> Deferred[object]:
        """The answer, or what the question raised; Busy at once where there is no room.

        One that is cancelled before its turn is never asked.
        """
        if self._answering and len(self._waiting) >= self._most:
            return fail(Busy())
        asked: Deferred[object] = Deferred(self._forget)
        self._waiting.append((asked, question))
        if not self._answering:
            self._next()
        return asked

    def _forget(self, asked: Deferred[object]) -> None:
        self._waiting = deque(one for one in self._waiting if one[0] is not asked)

    def _next(self) -> None:
        self._answering = bool(self._waiting)
        if self._answering:
            asked, question = self._waiting.popleft()
            Thread(target=self._answer, args=(asked, question), name="checker", daemon=True).start()

    def _answer(self, asked: Deferred[object], question: Question) -> None:
        """In the thread."""
        try:
            answer = question()
        except Exception:
            answer = Failure()
        self._reactor.callFromThread(self._answered, asked, answer)

    def _answered(self, asked: Deferred[object], answer: object) -> None:
        self._next()
        if not asked.called:  # nobody has given it up
            succeed(None).addCallback(lambda _: answer).chainDeferred(asked)
