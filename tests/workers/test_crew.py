"""Each number has a worker, and one that dies has a successor."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.news import GatewayTold, News, WorkerLost, WorkerReady
from ftpalg.workers.channel import Late
from ftpalg.workers.crew import LONGEST, OFTEN, STEADY, Crew
from ftpalg.workers.process import Ready, Stage


class Worker:
    """One that a test has live and die."""

    def __init__(self, number: int, pid: int, began: float) -> None:
        self.number, self.pid, self.began = number, pid, began
        self.stage = Stage.STARTING
        self.facts: Ready | None = Ready("1-2", "3-4", 5, 1)
        self.sessions, self.left = 7, (0, 0)
        self.status: int | None = None
        self.signal = self.why = self.refusal = ""
        self.channel = self
        self.heard: list[str] = []
        self.answer: Deferred[Any] = succeed(number)

    def tell(self, topic: str, body: Any) -> None:
        self.heard.append(topic)

    def ask(self, topic: str, body: Any, within: float) -> Deferred[Any]:
        self.heard.append(topic)
        return self.answer

    def kill(self, why: str) -> None:
        self.why = why


class Company(SynchronousTestCase):
    """Two of them."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.told: list[News] = []
        self.made: list[Worker] = []
        self.said: list[str] = []
        self.dead: list[int] = []
        self.fails = 0
        of: Any = self
        self.crew = Crew(of.clock, of, of, 2)
        self.crew.begin()

    # the owner and its log

    def make(self, number: int) -> Worker:
        if self.fails:
            self.fails -= 1
            raise OSError(11, "no more processes")
        self.made.append(Worker(number, 100 + len(self.made), self.clock.seconds()))
        return self.made[-1]

    def cannot_start(self, sentence: str) -> None:
        self.said.append(sentence)

    def whole(self) -> None:
        self.said.append("whole")

    def came(self, worker: Worker) -> None:
        self.said.append(f"came {worker.number}")

    def died(self, worker: Worker) -> None:
        self.dead.append(worker.number)

    def over(self) -> None:
        self.said.append("over")

    def tell(self, news: News) -> None:
        self.told.append(news)

    def warned(self, text: str) -> None:
        self.tell(GatewayTold(text, warning=True))

    # what happens

    def ready(self, worker: Worker) -> None:
        worker.stage = Stage.SERVING
        which: Any = worker
        self.crew.ready(which)

    def dies(self, worker: Worker, status: int | None = None, signal: str = "SIGSEGV") -> None:
        worker.stage = Stage.GONE
        worker.status, worker.signal = status, signal
        which: Any = worker
        self.crew.gone(which)

    def all_ready(self) -> None:
        for worker in list(self.made):
            self.ready(worker)

    def test_whole(self) -> None:
        """Once all are ready."""
        first, second = self.made
        self.ready(second)
        self.assertEqual(self.said, [])
        self.ready(first)
        self.assertEqual((self.said, self.told), (["whole"], []))

    def test_cannot_start(self) -> None:
        """One that ends before that is why the gateway cannot start, in its own words or in ours."""
        first, second = self.made
        first.refusal = "limits: no"
        self.dies(first, 1, "")
        self.dies(second)
        self.assertEqual(self.said, ["limits: no", "worker 2 cannot start: ended by SIGSEGV"])
        self.assertEqual((self.clock.getDelayedCalls(), self.told), ([], []))

    def test_successor(self) -> None:
        """The first one begins at once, with the same number; it is told who was lost and who came."""
        self.all_ready()
        self.dies(self.made[0])
        self.assertEqual(self.told, [WorkerLost(1, 100, 7, None, "SIGSEGV", "")])
        self.clock.advance(0)
        _, _, third = self.made
        self.ready(third)
        self.assertEqual((third.number, self.told[1:]), (1, [WorkerReady(1, 102, "1-2")]))
        self.assertEqual((self.said, self.dead), (["whole", "came 1"], [1]))

    def test_again_and_again(self) -> None:
        """Each next one waits twice as long, up to a bound; that is told once."""
        self.all_ready()
        waits = []
        for _ in range(12):
            self.dies(self.crew.workers[1])  # type: ignore[arg-type]
            (call,) = self.clock.getDelayedCalls()
            waits.append(round(call.getTime() - self.clock.seconds(), 3))
            self.clock.advance(waits[-1])
        self.assertEqual(waits[:5], [0, 0.1, 0.2, 0.4, 0.8])
        self.assertEqual(waits[-1], LONGEST)
        warned = [one for one in self.told if isinstance(one, GatewayTold)]
        self.assertEqual(len(warned), 1)
        self.assertEqual(self.told.index(warned[0]), OFTEN)
        self.clock.advance(STEADY)
        self.dies(self.crew.workers[1])  # type: ignore[arg-type]
        self.assertEqual(self.clock.getDelayedCalls()[0].getTime(), self.clock.seconds())

    def test_never_serves(self) -> None:
        """Those that cannot start at all are told of for a while only; the next one that serves is told."""
        self.all_ready()
        self.dies(self.made[0])
        for _ in range(12):
            self.clock.advance(LONGEST)
            worker = self.made[-1]
            worker.facts, worker.began = None, self.clock.seconds()
            self.dies(worker, 1, "")
        self.assertEqual(sum(isinstance(one, WorkerLost) for one in self.told), OFTEN)
        self.clock.advance(LONGEST)
        self.ready(self.made[-1])
        self.assertIsInstance(self.told[-1], WorkerReady)

    def test_no_process(self) -> None:
        """A successor that cannot be started is tried again."""
        self.all_ready()
        self.fails = 2
        self.dies(self.made[1])
        self.clock.pump([0, 0.1, 0.2])
        self.assertEqual(self.crew.workers[2].pid, 102)
        texts = [one.text for one in self.told if isinstance(one, GatewayTold)]
        self.assertEqual(texts, ["worker 2 cannot be started: no more processes"] * 2)

    def test_refused_later(self) -> None:
        """A successor that cannot start says why in the record."""
        self.all_ready()
        self.made[0].refusal = "certificate: gone"
        self.dies(self.made[0], 1, "")
        self.assertEqual(self.told, [WorkerLost(1, 100, 7, 1, "", "certificate: gone")])

    def test_leave(self) -> None:
        """Nobody has a successor; one that ends as it should is not lost; then all is over, once."""
        self.all_ready()
        self.dies(self.made[0])
        second = self.made[1]
        self.crew.leave()
        self.clock.advance(LONGEST)
        self.assertEqual(len(self.made), 2)
        self.assertEqual(self.said, ["whole"])
        second.left = (3, 2)
        self.dies(second, 0, "")
        self.assertEqual(self.said, ["whole", "over"])
        self.assertEqual((len(self.told), self.crew.left), (1, (3, 2)))
        self.clock.advance(LONGEST)
        self.assertEqual(self.said, ["whole", "over"])

    def test_leave_while_one_starts(self) -> None:
        """A successor that is not ready is ended, and not told of."""
        self.all_ready()
        self.dies(self.made[0])
        self.clock.advance(0)
        _, second, third = self.made
        third.facts = None
        self.crew.leave()
        self.assertEqual((second.why, third.why), ("", "nobody waits for it any more"))
        self.dies(third)
        self.dies(second, 0, "")
        self.assertEqual((self.said, len(self.told)), (["whole", "over"], 1))

    def test_leave_alone(self) -> None:
        """Where nobody is left it is over soon; one that dies on the way is told of."""
        self.all_ready()
        self.crew.leave()
        for worker in self.made:
            self.dies(worker)
        self.assertEqual((self.said, len(self.told)), (["whole", "over"], 2))

    def test_ask(self) -> None:
        """All that serve are asked; a fault is an answer too."""
        self.all_ready()
        self.made[1].answer = fail(Late("late"))
        (one, two) = self.successResultOf(self.crew.ask("who"))
        self.assertEqual((one[0].number, one[1], two[0].number), (1, 1, 2))
        self.assertIsInstance(two[1], Late)
        self.crew.tell("reopen")
        self.dies(self.made[0])
        self.assertEqual([one.number for one, _ in self.successResultOf(self.crew.ask("x"))], [2])
        self.assertEqual(self.made[1].heard, ["who", "reopen", "x"])
        self.dies(self.made[1])
        self.assertEqual(self.successResultOf(self.crew.ask("x")), [])
