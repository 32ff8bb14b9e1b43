"""What one turn of the reactor does, bounded; one queue of who goes on in the next (rule 10).

Each connection's own work is bounded by lines and bytes, and so is each transfer's.  Of a thousand
connections that are ready at once, though, the last would wait for all others, and so would whoever comes
next.  So their work is timed together, whoever they are; once a turn has had enough, what else is ready is
put off: first come, first served, before anything newer.

Nobody is told by the reactor that a turn begins, and to ask for a call in each costs more than is gained.
What is counted goes on over several turns, until enough has come together to ask for that call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ftpalg.net.reactors import Timing

TURN = 0.015
"""Seconds that sessions work in a turn.  Whatever begins within them is brought to its end, which takes ten
milliseconds at the most; what Twisted itself does comes on top."""


class Turns:
    """One of a gateway's.  ``over``: this turn has had enough; what is ready now is to be put off.

    Whoever has worked adds the seconds of ``now`` to ``spent``, and where that is more than ``TURN`` calls
    ``enough``: a login has twenty such works, and each call counts.  Less than nothing is enough, too: then
    somebody has set the machine's clock.
    """

    __slots__ = ("_asked", "_reactor", "_waiting", "now", "over", "spent")

    def __init__(self, reactor: Timing) -> None:
        self._reactor = reactor
        self._waiting: deque[Callable[[], object]] = deque()
        self.spent = 0.0
        self._asked = False
        self.over = False
        self.now = reactor.seconds

    @property
    def busy(self) -> bool:
        """Whether something waits that has come before what comes now."""
        return bool(self._waiting)

    def enough(self) -> None:
        """Whoever is ready now waits for the next turn."""
        self.over = True
        self._ask()

    def put_off(self, call: Callable[[], object]) -> None:
        """Call it in the next turn, or in the first that comes to it; it tells what it has spent, and what it
        raises is Twisted's to log."""
        self._waiting.append(call)
        self._ask()

    def _ask(self) -> None:
        if not self._asked:
            self._asked = True
            self._reactor.callLater(0, self._begin)

    def _begin(self) -> None:
        """A turn begins.  What is put off from now on waits for another one."""
        self._asked = self.over = False
        self.spent = 0.0
        waiting = self._waiting
        try:
            for _ in range(len(waiting)):
                waiting.popleft()()
                if self.over:
                    break
        finally:
            if waiting:
                self._ask()


class Later:
    """A call that waits in such a queue, and may be taken back (as an IDelayedCall may)."""

    __slots__ = ("_call", "_turns")

    def __init__(self, turns: Turns, call: Callable[[], object]) -> None:
        self._turns = turns
        self._call: Callable[[], object] | None = call
        turns.put_off(self)

    def __call__(self) -> None:
        call, self._call = self._call, None
        if call is None:
            return
        turns = self._turns
        began = turns.now()
        call()
        turns.spent += turns.now() - began
        if not 0.0 <= turns.spent <= TURN:
            turns.enough()

    def cancel(self) -> None:
        """It is not to be called."""
        self._call = None
