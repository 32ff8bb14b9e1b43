"""Look-ups that clients cause: bounded in all and for each client, and in time.

One may be given up at any time; it stands in the ledger until what it used is free again.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from weakref import WeakSet

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from ftpalg.net.ledger import Ledger, Line, Short
from ftpalg.net.reach.names import MOST, Answered, LookUp, Source, begun, late


class _Wanted:
    """A look-up of a client: it waits for its turn, then runs, then is over."""

    def __init__(self, owner: Lookups, key: str, name: str, answered: Answered) -> None:
        self._owner = owner
        self.key = key
        self.name = name
        self.answered: Answered | None = answered
        self.timer: IDelayedCall | None = None
        self.running: LookUp | None = None

    def cancel(self) -> None:
        self._owner.give_up(self)

    def answer(self, addresses: list[str], fault: str) -> None:
        """It is over, one way or the other."""
        answered, self.answered = self.answered, None
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if answered is not None:
            answered(addresses[:MOST], fault)


class Lookups:
    """Look-ups that clients cause, ``seconds`` for each; ``told`` hears why one has to wait.

    Beyond what the ledger grants they wait, the clients in turn; the wait is part of the seconds.  Those
    of ``before`` go on, and what they have taken is waited for, too.
    """

    def __init__(
        self,
        reactor: IReactorTime,
        source: Source,
        seconds: float,
        ledger: Ledger,
        warned: Callable[[str], None],
        before: Lookups | None = None,
        told: Callable[[Short], object] = lambda short: None,
    ) -> None:
        self._reactor = reactor
        self._source = source
        self._seconds = seconds
        self._ledger = ledger
        self._warned = warned
        self._waiting: OrderedDict[str, deque[_Wanted]] = OrderedDict()
        self._starting = False
        self._told = told
        self._short: Short | None = None  # why the last one that asked was not granted
        self._all: WeakSet[Lookups] = before._all if before else WeakSet()
        self._all.add(self)

    def look_up(self, peer: str, name: str, answered: Answered) -> LookUp:
        """Look up a name for a client at that address."""
        wanted = _Wanted(self, self._ledger.whose(peer), name, answered)
        wanted.timer = self._reactor.callLater(self._seconds, self._late, wanted)
        self._waiting.setdefault(wanted.key, deque()).append(wanted)
        starting = self._starting
        self._go_on()
        waits = wanted.running is None and wanted.answered is not None
        if waits and self._short is not None and not starting:
            self._told(self._short)
        return wanted

    def _go_on(self) -> None:
        """Start what may run; a source may answer at once, and so lead here again."""
        if self._starting:
            return
        self._starting = True
        try:
            while (key := self._next()) is not None:
                self._start(self._of(key))
        finally:
            self._starting = False

    def _next(self) -> str | None:
        """Who has been granted a look-up."""
        for key in self._waiting:
            short = self._short = self._ledger.ask(key, Line.LOOKUPS)
            if short is None:
                return key
            if not short.of_one:
                break
        return None

    def _of(self, key: str) -> _Wanted:
        """Its first; then it is the others' turn."""
        waiting = self._waiting.pop(key)
        wanted = waiting.popleft()
        if waiting:
            self._waiting[key] = waiting
        return wanted

    def _start(self, wanted: _Wanted) -> None:
        def ended() -> None:
            self._ledger.give(wanted.key, Line.LOOKUPS)
            for one in list(self._all):
                one._go_on()

        wanted.running = begun(self._source, wanted.name, wanted.answer, ended, self._warned)

    def _late(self, wanted: _Wanted) -> None:
        wanted.timer = None
        answered = wanted.answered
        queued = wanted.running is None
        self.give_up(wanted)
        if answered is not None:
            answered([], late(wanted.name) + (": too many look-ups at once" if queued else ""))

    def give_up(self, wanted: _Wanted) -> None:
        """Nothing is told of it any more."""
        if wanted.answered is None:
            return
        wanted.answered = None
        wanted.answer([], "")
        if wanted.running is not None:
            wanted.running.cancel()
            return
        waiting = self._waiting[wanted.key]
        waiting.remove(wanted)
        if not waiting:
            del self._waiting[wanted.key]
