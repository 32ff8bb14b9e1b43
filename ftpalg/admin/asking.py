"""What a verb is asked and what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred

from ftpalg.core.value import value

Json = Mapping[str, Any]


@value
class Caller(NamedTuple):
    """The process at the other end, as the kernel tells it (SO_PEERCRED)."""

    uid: int = -1
    pid: int = 0


@value
class Asked(NamedTuple):
    """The words by their names, checked against the table; those that were left out are not there."""

    words: Mapping[str, Any]
    caller: Caller = Caller()

    def get(self, name: str, default: Any = None) -> Any:
        """A word, or what holds without it."""
        return self.words.get(name, default)


class Refusal(Exception):
    """A verb's "no": a status of HTTP and a sentence; with 405 the methods that are taken."""

    def __init__(self, status: int, sentence: str, allow: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.allow = allow


def not_taken(methods: Collection[str]) -> Refusal:
    """The refusal of a method; where GET is taken, so is HEAD."""
    allow = sorted({*methods, *(("HEAD",) if "GET" in methods else ())})
    return Refusal(405, f"it takes {' and '.join(allow)} alone", allow)


@value
class Listed(NamedTuple):
    """``{"NAME": [...]}``, whose items come in batches, a batch in each turn of the reactor."""

    name: str
    batches: Iterator[Sequence[Json]]


@value
class Worked(NamedTuple):
    """Work in steps, one in each turn of the reactor; what it returns is the answer."""

    steps: Generator[None, None, Json]


Write = Callable[[Json], bool]
"""Writes a line; False where the client does not read: what is written before it does waits, bounded."""


@value
class Flow(NamedTuple):
    """Lines of JSON as they come, until the client goes.

    ``begin`` is called once with what writes a line, and with what ends the flow; it returns what is
    called when the client has gone, or the flow was ended.  ``goes_on`` is called when a client that
    did not read does again.
    """

    begin: Callable[[Write, Callable[[], None]], Callable[[], None]]
    goes_on: Callable[[], None] = lambda: None


@value
class Text(NamedTuple):
    """Something else than JSON, of that ``kind`` (a media type), a piece in each turn of the reactor."""

    kind: str
    pieces: Iterator[bytes]
    status: int = 200


@value
class Waited(NamedTuple):
    """One of the others, which comes later; what it fails with is as if the verb had raised it."""

    answer: Deferred[Any]


Answer = Json | Listed | Worked | Flow | Text | Waited
