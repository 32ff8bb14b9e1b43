"""What a worker answers to the supervisor's questions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.steered import NoMetrics
from ftpalg.workers.answering import METRICS, VERB, Answering
from tests.admin.cases import Standing, session


class Pages:
    """Has metrics, or says why there are none."""

    def __init__(self) -> None:
        self.why = ""
        self.scraped = 0

    def scrape(self) -> tuple[str, Iterator[bytes]]:
        if self.why:
            raise NoMetrics(self.why)
        self.scraped += 1
        return "text/plain", iter((b"a ", b"", "\u00e9\n".encode()))


class Answered(SynchronousTestCase):
    """Over a gateway of the test's own."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.gateway: Any = Standing(session("one"), session("two", "192.0.2.9"))
        self.gateway.published = Pages()
        self.answering = Answering(self.clock, self.gateway)

    def asked(self, topic: str, body: Any = None) -> Any:
        """The answer, once it is there."""
        done = self.answering.hears[topic](body)
        for _ in range(20):
            self.clock.advance(0)
        return self.successResultOf(done)

    def verb(self, name: str, **words: Any) -> Any:
        """What the verb answers."""
        return self.asked(VERB, [name, words, 7, 8])

    def test_verbs(self) -> None:
        """Those that come in batches, those that take steps, and the others: whole, each."""
        found = self.verb("who", filter=["client=192.0.2.9"])["answer"]["sessions"]
        self.assertEqual([row["session"] for row in found], ["two"])
        self.assertEqual(self.verb("names")["answer"]["sessions"], ["one", "two"])
        self.assertEqual(self.verb("kick", filter=["one"])["answer"], {"kicked": 1, "marked": 0})

    def test_refused(self) -> None:
        """What the verb refuses, in its words, before its steps and in them."""
        found = self.verb("who", filter=["nonsense=1"])
        self.assertEqual((found["status"], "nonsense" in found["error"]), (400, True))
        self.assertEqual(self.verb("kick", filter=["one"], say="")["status"], 400)

    def test_broken(self) -> None:
        """An exception is the asker's to hear of."""
        for body in (["nothing of ours", {}, 0, 0], ["kick", {"filter": 7}, 0, 0]):
            self.failureResultOf(self.answering.hears[VERB](body))

    def test_metrics(self) -> None:
        """Their text, or why there are none; they are counted from when somebody may ask."""
        self.answering.count()
        self.assertEqual(self.gateway.published.scraped, 1)
        self.assertEqual(self.asked(METRICS), {"kind": "text/plain", "text": "a \u00e9\n"})
        self.gateway.published.why = "there are none"
        self.assertEqual(self.asked(METRICS), {"error": "there are none"})
        self.answering.count()
