"""Whose turn it is to come in, where somebody comes faster than the gateway takes him.

A session costs more at its begin than all that was before it, and whoever connects again and again would
have nearly all of the reactor's time.  So of one peer's clients the first one comes in at once and each
further one behind a pause; meanwhile they wait in a line, and are not read.  While other peers come, too, the
pause is six times as long as the reactor was late, which is half a turn as a rule: one turn in three or four
has somebody out of a line, the others are for those who are in.  A peer that is alone has all of its time.

Peers are keys of the ledger.  A line has an end, beyond which who comes is closed without a word.
"""

from __future__ import annotations

from collections import OrderedDict
from math import inf
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall

from ftpalg.net.reactors import Timing

LEAST, SHARE, MOST = 0.001, 6, 0.1
"""Seconds of a pause at the least, how much longer than the delay it is among others, and at the most."""
OTHERS = 1.0
"""Seconds for which another peer that has come counts."""
LONGEST = 2048
"""Clients in a line: more than come at once without meaning harm."""
ALONE, SKIPPED = 8, 4
"""Clients that one turn of the reactor takes out of a line: where nobody else comes, and of those that are
gone."""
NEVER = -inf
"""The second of what has not been."""
SWEEP = 1024
"""Lines that are kept before those that are over are dropped."""


class Waiting(Protocol):
    """A client that waits for its turn."""

    def go_in(self) -> bool:
        """It is; False where the client has gone meanwhile.  Raises nothing."""


class Queue:
    """Those of one peer, of which the next one may come in at the second ``due``."""

    __slots__ = ("due", "waiting")

    def __init__(self) -> None:
        self.due = 0.0
        self.waiting: OrderedDict[Waiting, None] = OrderedDict()

    def is_due(self, now: float) -> bool:
        """Whether it may; the clock may have been set back."""
        return not now < self.due <= now + MOST


class Arrivals:
    """The lines of this process."""

    def __init__(self, clock: Timing) -> None:
        self._clock = clock
        self._lines: OrderedDict[str, Queue] = OrderedDict()
        self._last = self._other = ""  # the peers that came last, two different ones
        self._last_at = self._other_at = NEVER
        self._late = 0.0
        self._call: IDelayedCall | None = None
        self._sweep_at = SWEEP

    def __len__(self) -> int:
        return len(self._lines)

    def is_full(self, key: str) -> bool:
        """Whether nobody more of that peer may wait."""
        line = self._lines.get(key)
        return line is not None and len(line.waiting) >= LONGEST

    def may_enter(self, key: str, who: Waiting) -> bool:
        """Whether a client of that peer may come in now; else it waits, and is called."""
        now = self._clock.seconds()
        if key != self._last:
            self._other, self._other_at = self._last, self._last_at
            self._last = key
        self._last_at = now
        line = self._lines.get(key)
        if line is None:
            if len(self._lines) > self._sweep_at:
                self._sweep(now)
            line = self._lines[key] = Queue()
        if not line.waiting and line.is_due(now):
            line.due = now + self._pause(key, now)
            return True
        line.waiting[who] = None
        if self._call is None:
            self._look_at(line.due)
        return False

    def hurry(self, key: str) -> bool:
        """Have the next one of a peer come in now, since there is no room to wait; False where none waits."""
        line = self._lines.get(key)
        if line is None or not line.waiting:
            return False
        line.waiting.popitem(last=False)[0].go_in()
        return True

    def leave(self, key: str, who: Waiting) -> None:
        """It does not wait any more; harmless where it does not."""
        line = self._lines.get(key)
        if line is not None:
            line.waiting.pop(who, None)

    def stop(self) -> None:
        """Nobody comes in any more."""
        if self._call is not None:
            self._call.cancel()
            self._call = None
        self._lines.clear()

    def _others(self, key: str, now: float) -> bool:
        """Whether another peer comes as well."""
        return (self._other != key and abs(now - self._other_at) < OTHERS) or (
            self._last != key and abs(now - self._last_at) < OTHERS
        )

    def _pause(self, key: str, now: float) -> float:
        """Until the next one of that peer."""
        late = SHARE * self._late
        if late <= LEAST or not self._others(key, now):
            return LEAST
        return min(late, MOST)

    def _look_at(self, due: float) -> None:
        now = self._clock.seconds()
        wait = min(max(due - now, 0.0), MOST)
        self._call = self._clock.callLater(wait, self._serve, now + wait)

    def _serve(self, due: float) -> None:
        """Let in the next ones, of each line in its turn."""
        self._call = None
        now = self._clock.seconds()
        self._late = (self._late + max(now - due, 0.0)) / 2
        waiting = [(key, line) for key, line in self._lines.items() if line.waiting]
        for key, line in waiting:
            if line.is_due(now):
                self._lines.move_to_end(key)
                others = self._others(key, now)
                self._let_in(line, 1 if others else ALONE)
                line.due = now + self._pause(key, now)
                if others:
                    break
        left = [line.due for _, line in waiting if line.waiting]
        if left and self._call is None:
            self._look_at(min(left))

    def _let_in(self, line: Queue, size: int) -> None:
        skipped = 0
        while line.waiting and size and skipped < SKIPPED:
            if line.waiting.popitem(last=False)[0].go_in():
                size -= 1
            else:
                skipped += 1

    def _sweep(self, now: float) -> None:
        """Drop the lines of those who come no more."""
        kept = [
            (key, line) for key, line in self._lines.items() if line.waiting or not line.is_due(now)
        ]
        self._lines = OrderedDict(kept)
        self._sweep_at = max(SWEEP, 2 * len(kept))
