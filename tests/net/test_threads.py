"""What blocks is asked in a thread, a bounded number of questions at a time."""

from __future__ import annotations

import gc
from collections.abc import Callable
from threading import Event, Thread, current_thread
from typing import Any
from unittest import mock

from twisted.internet.defer import CancelledError, Deferred, gatherResults, succeed
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from ftpalg.net.threads import Asking, Busy, Question, Room
from tests.net.pairs import REACTOR


class Asked(TestCase):
    """Questions that take their time; ``gate`` lets the first one end."""

    timeout = 30

    def setUp(self) -> None:
        self.gate = Event()
        self.addCleanup(self.gate.set)
        self.order: list[str] = []
        self.asking = Asking(REACTOR, 1)

    def ask(self, question: Question, peer: str = "192.0.2.1", each: int = 2) -> Deferred[Any]:
        """Where two may wait beside the one that is answered, or so many of each peer."""
        return self.asking.ask(Room(2 if each == 2 else 9, each), peer, question)

    def question(self, name: str) -> Callable[[], str]:
        """One that waits for the gate."""

        def answer() -> str:
            self.gate.wait(20)
            self.order.append(name)
            return name

        return answer

    async def _in_turn(self) -> None:
        asked = [self.ask(self.question(name)) for name in "abc"]
        await deferLater(REACTOR, 0, lambda: None)
        self.assertEqual([one.called for one in asked], [False] * 3)
        self.gate.set()
        self.assertEqual(await gatherResults(asked), ["a", "b", "c"])
        self.assertEqual(self.order, ["a", "b", "c"])

    def test_in_turn(self) -> Deferred[None]:
        """The reactor goes on meanwhile, and the answers come in the order of the questions."""
        return Deferred.fromCoroutine(self._in_turn())

    async def _no_thread(self) -> None:
        with mock.patch.object(Thread, "start", side_effect=RuntimeError("can't start new thread")):
            for _ in range(3):
                await self.assertFailure(self.ask(self.question("a")), Busy)
        self.gate.set()
        self.assertEqual(await self.ask(self.question("b")), "b")

    def test_no_thread(self) -> Deferred[None]:
        """Where the system gives none there is no room, and no place is lost for when it does again."""
        return Deferred.fromCoroutine(self._no_thread())

    async def _apart(self) -> None:
        self.assertIsNot(await self.ask(current_thread), current_thread())

    def test_apart(self) -> Deferred[None]:
        """Not in the reactor's thread."""
        return Deferred.fromCoroutine(self._apart())

    async def _full(self) -> None:
        asked = [self.ask(self.question(name)) for name in "abc"]
        with self.assertRaises(Busy):
            await self.ask(self.question("d"))
        self.gate.set()
        await gatherResults(asked)
        self.assertEqual(await self.ask(self.question("e")), "e")
        self.assertEqual(self.order, ["a", "b", "c", "e"])

    def test_full(self) -> Deferred[None]:
        """One is being answered and two wait: no more, until there is room again."""
        return Deferred.fromCoroutine(self._full())

    async def _given_up(self) -> None:
        first, second, third = (self.ask(self.question(name)) for name in "abc")
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

    async def _shared(self) -> None:
        asked = [self.ask(self.question(name), name[0], 3) for name in ("a1", "a2", "a3", "a4")]
        with self.assertRaises(Busy):
            await self.ask(self.question("a5"), "a", 3)
        asked += [self.ask(self.question(name), name[0], 3) for name in ("b1", "c1", "b2")]
        left = asked.pop(1)
        left.cancel()  # its place is free again
        with self.assertRaises(CancelledError):
            await left
        asked.append(self.ask(self.question("a5"), "a", 3))
        self.gate.set()
        await gatherResults(asked)
        self.assertEqual(self.order, ["a1", "a3", "b1", "c1", "a4", "b2", "a5"])

    def test_shared(self) -> Deferred[None]:
        """No peer has more places than its own, and none waits for all that another has asked."""
        return Deferred.fromCoroutine(self._shared())

    async def _crowd(self) -> None:
        room, peers = Room(64, 8), [f"peer{n}" for n in range(25)]
        asked = [self.asking.ask(room, peers[n % 25], self.question(str(n))) for n in range(500)]
        busy = 0
        for one in asked:
            if one.called:
                with self.assertRaises(Busy):
                    await one
                busy += 1
        self.assertEqual(busy, 500 - 1 - 64)
        self.assertEqual(max(map(len, self.asking._waiting.values())), 3)
        one_peer = [self.asking.ask(Room(999, 8), "other", self.question("x")) for _ in range(500)]
        full = [one for one in one_peer if one.called]
        self.assertEqual(len(full), 500 - 8)
        for one in full:
            with self.assertRaises(Busy):
                await one
        self.gate.set()
        await gatherResults([one for one in (*asked, *one_peer) if not one.called])
        self.assertEqual(len(self.order), 1 + 64 + 8)

    def test_crowd(self) -> Deferred[None]:
        """Of 500 at once one is answered and 64 wait; of one peer's eight, whoever else waits."""
        return Deferred.fromCoroutine(self._crowd())

    async def _several(self) -> None:
        self.asking = Asking(REACTOR, 2)
        running: list[int] = []
        most = []

        def answer() -> None:
            running.append(1)
            most.append(len(running))
            self.gate.wait(20 if len(most) < 2 else 0)
            if len(most) == 2:
                self.gate.set()
            running.pop()

        await gatherResults([self.asking.ask(Room(9, 9), "a", answer) for _ in range(9)])
        self.assertEqual(max(most), 2)

    def test_several(self) -> Deferred[None]:
        """Two are answered at once where two may be, and never three."""
        return Deferred.fromCoroutine(self._several())

    async def _raises(self) -> None:
        def fails() -> Any:
            raise LookupError("no such")

        with self.assertRaises(LookupError):
            await self.ask(fails)
        self.assertEqual(await self.ask(lambda: succeed("late")), "late")

    def test_raises(self) -> Deferred[None]:
        """What the question raises is the answer, and so is what a Deferred of it has."""
        return Deferred.fromCoroutine(self._raises())

    async def _none_left(self) -> None:
        def start(thread: Thread) -> None:
            raise RuntimeError("can't start new thread")

        first = self.ask(self.question("a"))
        second = self.ask(self.question("b"))
        with_none = self.patch(Thread, "start", start)
        self.gate.set()
        self.assertEqual(await first, "a")
        with self.assertRaises(Busy):
            await second
        for _ in range(3):
            with self.assertRaises(Busy):
                await self.ask(self.question("c"))
        with_none.restore()
        self.assertEqual(await self.ask(self.question("d")), "d")

    def test_none_left(self) -> Deferred[None]:
        """Where the system has no thread nobody waits for ever, and a place is free behind that."""
        return Deferred.fromCoroutine(self._none_left())
