"""The admin socket's verbs for several workers: each is the workers' to answer, or the supervisor's."""

from __future__ import annotations

from typing import Any, Protocol

from twisted.internet.defer import Deferred

from ftpalg.admin.asking import Answer, Asked, Json, Refusal, Text, Waited
from ftpalg.admin.recording import record
from ftpalg.admin.reload import told
from ftpalg.admin.steered import Told
from ftpalg.admin.verbs import Verb
from ftpalg.admin.web import Does, Site
from ftpalg.core.drained import Kind, Part
from ftpalg.core.news import Reloaded, ReloadFailed
from ftpalg.workers.answering import METRICS, VERB
from ftpalg.workers.merging import MERGED
from ftpalg.workers.summing import summed

NOBODY = "no worker answers; the records worker_lost and worker_ready say what has become of them"
NO_LADDERS = (
    "dialogues of several workers are not followed yet; log.ladder writes them into the log"
)


class Whole(Told, Protocol):
    """The gateway, of which this site tells."""

    def ask(self, topic: str, body: Any = None) -> Deferred[tuple[list[Any], list[str]]]:
        """What workers answer, and a sentence for each that does not."""

    def reload(self) -> Deferred[Reloaded | ReloadFailed] | None:
        """Read the settings again; None where it cannot be done now."""

    def has_drained(self, part: Part, sessions: int, within: float, uid: int | None) -> None:
        """All workers have been told to."""

    def has_undrained(self, part: Part, sessions: int, uid: int | None) -> None:
        """The same, of the end of that."""


class WholeSite(Site):
    """Asks whom it concerns."""

    gateway: Any  # as much of ``Steered`` as the supervisor's own verbs ask for

    def __init__(self, gateway: Whole) -> None:
        super().__init__(gateway)  # type: ignore[arg-type]

    def done(self, one: Verb, does: Does, asked: Asked) -> Answer:
        if one.flows:
            raise Refusal(501, NO_LADDERS)
        if one.name == "reload":
            return self._reload(asked)
        if one.name not in MERGED:
            return does(self.gateway, asked)
        words = [one.name, dict(asked.words), asked.caller.uid, asked.caller.pid]
        found: Deferred[Any] = self.gateway.ask(VERB, words)
        return Waited(found.addCallback(self._merged, one, asked))

    def _reload(self, asked: Asked) -> Answer:
        reloading = self.gateway.reload()
        if reloading is None:
            return told(self.gateway, asked, None)
        return Waited(reloading.addCallback(lambda done: told(self.gateway, asked, done)))

    def _merged(self, found: tuple[list[Any], list[str]], one: Verb, asked: Asked) -> Json:
        """One answer.  Raise Refusal where no worker takes the words, or none answers."""
        said, silent = found
        answers = [each["answer"] for each in said if "answer" in each]
        merged = MERGED[one.name]
        if not answers:
            if merged.result is not None:
                record(self.gateway, asked, one.name, result="refused")
            if not said:
                raise Refusal(503, "; ".join((NOBODY, *silent)))
            raise Refusal(said[0]["status"], said[0]["error"])
        whole = merged.of(asked, answers)
        if merged.result is not None:
            record(self.gateway, asked, one.name, result=merged.result(whole))
        self._remember(one.name, asked, whole)
        return {**whole, "silent": silent} if silent else whole

    def _remember(self, name: str, asked: Asked, whole: Json) -> None:
        if name not in ("drain", "undrain"):
            return
        part = Part(Kind(whole["kind"]), whole["name"])
        uid = asked.caller.uid if asked.caller.uid >= 0 else None
        if name == "drain":
            self.gateway.has_drained(part, whole["sessions"], whole["within"], uid)
        else:
            self.gateway.has_undrained(part, whole["sessions"], uid)


def scraped(gateway: Whole) -> Waited:
    """The metrics of those that answer; the refusal where none does."""

    def made(found: tuple[list[Any], list[str]]) -> Text:
        said, silent = found
        texts = [one["text"] for one in said if "text" in one]
        if not texts:
            why = [one["error"] for one in said if "error" in one]
            raise Refusal(501 if why else 503, why[0] if why else "; ".join((NOBODY, *silent)))
        kind = next(one["kind"] for one in said if "kind" in one)
        return Text(kind, summed(texts))

    return Waited(gateway.ask(METRICS).addCallback(made))
