"""A worker's answers to what the supervisor is asked by operators (``workers.steering``).

It does what the verb does in a gateway of one process, step by step, and says all of it at once.  What it
would record of that is the supervisor's to record.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ftpalg.admin.asking import Asked, Caller, Json, Listed, Refusal, Worked
from ftpalg.admin.steered import NoMetrics, Steered
from ftpalg.admin.verbs import verb
from ftpalg.admin.web import function_of
from ftpalg.net.reactors import Timing

VERB, METRICS = "verb", "metrics"
"""The topics."""


class Answering:
    """``steered`` is the worker's gateway, as verbs see it."""

    def __init__(self, reactor: Timing, steered: Steered) -> None:
        self._reactor = reactor
        self._steered = steered
        self.hears: dict[str, Callable[[Any], Any]] = {VERB: self._verb, METRICS: self._metrics}

    def count(self) -> None:
        """Metrics are counted from now on, where there can be any."""
        try:
            self._steered.published.scrape()
        except NoMetrics:
            pass  # who asks is told why

    def _verb(self, body: Any) -> Deferred[Json]:
        """``{"answer": ...}``, or the status and the sentence of a refusal."""
        name, words, uid, pid = body
        asked = Asked(words, Caller(uid, pid))

        def refused(reason: Failure) -> Json:
            reason.trap(Refusal)
            refusal: Any = reason.value
            return {"status": refusal.status, "error": refusal.sentence}

        done = stepped(self._reactor, self._steps(name, asked))
        return done.addCallbacks(lambda answer: {"answer": answer}, refused)

    def _steps(self, name: str, asked: Asked) -> Generator[None, None, Json]:
        answer: Any = function_of(verb(name))(self._steered, asked)
        if isinstance(answer, Worked):
            return (yield from answer.steps)
        if isinstance(answer, Listed):
            rows: list[Json] = []
            for batch in answer.batches:
                rows.extend(batch)
                yield
            return {answer.name: rows}
        found: Json = answer
        return found

    def _metrics(self, body: Any) -> Deferred[Json]:
        """``{"kind": ..., "text": ...}``, or why there are none."""
        try:
            scraped: Any = self._steered.published.scrape()
        except NoMetrics as error:
            sentence = str(error)
            return stepped(self._reactor, iter_of({"error": sentence}))
        kind, pieces = scraped
        return stepped(self._reactor, _written(kind, pieces))


def iter_of(answer: Json) -> Generator[None, None, Json]:
    """No step at all."""
    return answer
    yield


def _written(kind: str, pieces: Iterator[bytes]) -> Generator[None, None, Json]:
    text = bytearray()
    for piece in pieces:
        text += piece
        yield
    return {"kind": kind, "text": text.decode("utf-8")}


def stepped(reactor: Timing, steps: Generator[None, None, Json]) -> Deferred[Json]:
    """What they return, a step in each turn of the reactor."""
    done: Deferred[Json] = Deferred()

    def step() -> None:
        try:
            next(steps)
        except StopIteration as over:
            done.callback(over.value)
        except Exception:
            done.errback()
        else:
            reactor.callLater(0, step)

    step()
    return done
