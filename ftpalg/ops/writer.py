"""Writes in a thread of its own: nobody waits for a pipe whose reader rests, or for a slow disk.

What cannot be written is lost and counted; behind the next that can be it is told how much was.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Generic, Protocol, Self, TypeVar

MOST = 10_000
"""How much may wait to be written."""
MANY = 100
"""How much is written in one go: for each the thread gives the reactor's way and has to wait for it."""
PAUSE = 0.1
"""Seconds between two looks at what has come: each one wakes the thread, and costs.  What comes first
does not wait."""
SECONDS = 1.0
"""How long the end of the process waits for what is not written yet."""

T = TypeVar("T")
Taken = TypeVar("Taken", contravariant=True)


class Sink(Protocol[Taken]):
    """Takes what comes, in its order."""

    direct: bool
    """True where that may happen in the reactor's thread, and never waits."""

    def send(self, things: Sequence[Taken]) -> int:
        """Write them; how many, before the first where that was not possible."""

    def again(self) -> Self:
        """The same opened anew: the file may have been moved away.  Raise OSError."""

    def close(self) -> None:
        """Nothing is written any more."""


class Writer(Generic[T]):
    """``notice`` makes what tells that so many were lost, or tells it elsewhere."""

    def __init__(self, sink: Sink[T], notice: Callable[[int], T | None]) -> None:
        self._sink = sink
        self._notice = notice
        self._tasks = SimpleQueue[tuple[Sink[T], T, int] | Callable[[], object] | None]()
        self._thread: Thread | None = None
        self._lock = Lock()
        self._hurry = Event()
        self._crowded_out = 0
        self._lost = 0
        """The thread's own count."""

    def write(self, thing: T) -> None:
        """Write it, or lose it."""
        if self._sink.direct:
            self._sink.send((thing,))
        elif self._tasks.qsize() >= MOST:
            self._crowded_out += 1
        else:
            self._tasks.put((self._sink, thing, self._crowded_out))
            self._crowded_out = 0
            self._have_thread()

    def reopen(self) -> None:
        """Open the sink anew.  Raise OSError; the old one then serves on."""
        self.take(self._sink.again())

    def take(self, sink: Sink[T]) -> None:
        """What comes from now on goes there."""
        old, self._sink = self._sink, sink
        if old is not sink:
            self._order(old.close)

    def flush(self) -> None:
        """Wait until all is written that came so far, but not for ever."""
        if self._thread is not None:
            written = Event()
            self._order(written.set)
            self._hurry.set()
            written.wait(SECONDS)
            self._hurry.clear()

    def close(self) -> None:
        """Nothing is written any more, but what came before."""
        if self._thread is None:
            self._sink.close()
            return
        self._order(self._sink.close)
        self._tasks.put(None)
        atexit.unregister(self.flush)

    def _order(self, task: Callable[[], object]) -> None:
        self._tasks.put(task)
        self._have_thread()

    def _have_thread(self) -> None:
        if self._thread is not None and self._thread.is_alive():  # it is not behind a fork
            return
        with self._lock:
            if self._thread is None:
                atexit.register(self.flush)
            elif self._thread.is_alive():
                return
            self._thread = Thread(target=self._work, name="log", daemon=True)
            with suppress(RuntimeError):  # the system has none left: the next order tries again
                self._thread.start()

    # -- in the thread ----------------------------------------------------------------------------

    def _work(self) -> None:
        to, things = self._sink, list[T]()
        while (task := self._tasks.get()) is not None:
            if callable(task):
                self._send(to, things)
                task()
            else:
                sink, thing, crowded_out = task
                if sink is not to or crowded_out or len(things) == MANY:
                    self._send(to, things)
                    to = sink
                    self._lost += crowded_out
                things.append(thing)
            if self._tasks.empty():
                self._send(to, things)
                self._hurry.wait(PAUSE)

    def _send(self, sink: Sink[T], things: list[T]) -> None:
        """Write all of the list, or lose it: it is empty then."""
        while things:
            some = things[:1] if self._lost else things
            try:
                taken = sink.send(some)
            except Exception:
                self._lost += len(things)
                raise
            if taken and self._lost:
                notice = self._notice(self._lost)
                if notice is None or sink.send((notice,)):
                    self._lost = 0
            self._lost += taken < len(some)
            del things[: min(taken + 1, len(some))]
