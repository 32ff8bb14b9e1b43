"""What blocks is asked in a thread, a bounded number of questions at a time."""

from __future__ import annotations

import gc
from collections.abc import Callable
from threading import Event, current_thread
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, gatherResults, succeed
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from ftpalg.net.threads import Asking, Busy
from tests.net.pairs import REACTOR


class Asked(TestCase):
    """Questions that take their time; ``gate`` lets the first one end."""

    timeout = 30

    def setUp(self) -> None:
        self.gate = Event()
        self.addCleanup(self.gate.set)
        self.order: list[str] = []
        self.asking = Asking(REACTOR, 2)

    def question(self, name: str) -> Callable[[], str]:
        """One that waits for the gate."""

        def answer() -> str:
            self.gate.wait(20)
            self.order.append(name)
            return name

        return answer

    async def _in_turn(self) -> None:
        asked = [self.asking.ask(self.question(name)) for name in "abc"]
        await deferLater(REACTOR, 0, lambda: None)
        self.assertEqual([one.called for one in asked], [False] * 3)
        self.gate.set()
        self.assertEqual(await gatherResults(asked), ["a", "b", "c"])
        self.assertEqual(self.order, ["a", "b", "c"])

    def test_in_turn(self) -> Deferred[None]:
        """The reactor goes on meanwhile, and the answers come in the order of the questions."""
        return Deferred.fromCoroutine(self._in_turn())

    async def _apart(self) -> None:
        self.assertIsNot(await self.asking.ask(current_thread), current_thread())

    def test_apart(self) -> Deferred[None]:
        """Not in the reactor's thread."""
        return Deferred.fromCoroutine(self._apart())

    async def _full(self) -> None:
        asked = [self.asking.ask(self.question(name)) for name in "abc"]
        with self.assertRaises(Busy):
            await self.asking.ask(self.question("d"))
        self.gate.set()
        await gatherResults(asked)
        self.assertEqual(await self.asking.ask(self.question("e")), "e")
        self.assertEqual(self.order, ["a", "b", "c", "e"])

    def test_full(self) -> Deferred[None]:
        """One is being answered and two wait: no more, until there is room again."""
        return Deferred.fromCoroutine(self._full())

    async def _given_up(self) -> None:
        first, second, third = (self.asking.ask(self.question(name)) for name in "abc")
        for one in (first, second):
            one.cancel()
            with self.assertRaises(CancelledError):
                await one
        self.gate.set()
        self.assertEqual((await third, self.order), ("c", ["a", "c"]))
        del first, second, one  # each holds what its answer would have come by
        gc.collect()  # an answer that nobody could be given is told now, and fails this

    def test_given_up(self) -> Deferred[None]:
        """One that waits and is given up is never asked; the answer to one in its turn is dropped."""
        return Deferred.fromCoroutine(self._given_up())

    async def _raises(self) -> None:
        def fails() -> Any:
            raise LookupError("no such")

        with self.assertRaises(LookupError):
            await self.asking.ask(fails)
        self.assertEqual(await self.asking.ask(lambda: succeed("late")), "late")

    def test_raises(self) -> Deferred[None]:
        """What the question raises is the answer, and so is what a Deferred of it has."""
        return Deferred.fromCoroutine(self._raises())
