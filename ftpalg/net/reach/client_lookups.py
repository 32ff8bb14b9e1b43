"""Look-ups that clients cause: bounded in all and for each client, and in time.

One may be given up at any time; it counts until what it used is free again.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from ftpalg.net.reach.names import MOST, Answered, LookUp, Source, begun, late


def group(peer: str) -> str:
    """Whom a client's address stands for: an IPv6 client has a whole /64."""
    address = ip_address(peer)
    if isinstance(address, IPv6Address):
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return peer


class _Wanted:
    """A look-up of a client: it waits for its turn, then runs, then is over."""

    def __init__(self, owner: Lookups, peer: str, name: str, answered: Answered) -> None:
        self._owner = owner
        self.peer = peer
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
    """Look-ups that clients cause: so many in all and for each client, ``seconds`` for each.

    Beyond that they wait, the clients in turn; the wait is part of the seconds.
    """

    def __init__(
        self,
        reactor: IReactorTime,
        source: Source,
        seconds: float,
        most: int,
        per_peer: int,
        warned: Callable[[str], None],
    ) -> None:
        self._reactor = reactor
        self._source = source
        self._seconds = seconds
        self._most = most
        self._per_peer = per_peer
        self._warned = warned
        self._waiting: OrderedDict[str, deque[_Wanted]] = OrderedDict()
        self.running: Counter[str] = Counter()
        self._starting = False

    def look_up(self, peer: str, name: str, answered: Answered) -> LookUp:
        """Look up a name for a client at that address."""
        wanted = _Wanted(self, group(peer), name, answered)
        wanted.timer = self._reactor.callLater(self._seconds, self._late, wanted)
        self._waiting.setdefault(wanted.peer, deque()).append(wanted)
        self._go_on()
        return wanted

    def _go_on(self) -> None:
        """Start what may run; a source may answer at once, and so lead here again."""
        if self._starting:
            return
        self._starting = True
        try:
            while (peer := self._next()) is not None:
                self._start(self._of(peer))
        finally:
            self._starting = False

    def _next(self) -> str | None:
        if self.running.total() >= self._most:
            return None
        free = (peer for peer in self._waiting if self.running[peer] < self._per_peer)
        return next(free, None)

    def _of(self, peer: str) -> _Wanted:
        """Its first; then it is the others' turn."""
        waiting = self._waiting.pop(peer)
        wanted = waiting.popleft()
        if waiting:
            self._waiting[peer] = waiting
        return wanted

    def _start(self, wanted: _Wanted) -> None:
        self.running[wanted.peer] += 1

        def ended() -> None:
            self.running -= Counter((wanted.peer,))
            self._go_on()

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
        waiting = self._waiting[wanted.peer]
        waiting.remove(wanted)
        if not waiting:
            del self._waiting[wanted.peer]
