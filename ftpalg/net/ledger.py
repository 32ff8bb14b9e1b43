"""What each peer holds of what there is: asked for, granted, given back.

A peer is an IPv4 address, or the network that an IPv6 one lies in: a site has at least a /64 to itself.
What is granted is charged until the resource is free again, and not until the session ends.  What lingers
(drains, waits, handshakes that say nothing) is charged like the rest; where a share is used up it is
reset, oldest first, before anything is refused.

What is charged lies under the key of ``whose``, which whoever holds it keeps: settings may change what is
one peer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from itertools import count
from math import inf
from sys import maxsize
from typing import NamedTuple, Protocol

from ftpalg.core.keys import Key, at_hand
from ftpalg.core.routes import Server
from ftpalg.core.value import value
from ftpalg.core.wire.addresses import plain_name
from ftpalg.net.rates import Event, Rates


class Line(Key):
    """A line of the ledger: what is counted, in what unit."""

    SESSIONS = "sessions that are open"
    DESCRIPTORS = "file descriptors, of whatever kind"
    MEMORY = "bytes that wait: replies, commands, what stalled transfers hold"
    LOOKUPS = "look-ups of names that have not ended"
    HANDSHAKES = "TLS handshakes that are not done"
    PASSIVE_LISTENERS = "data ports that wait for somebody"
    TRANSFERS = "transfers, from their command to its last reply"
    OF_LISTENER = "sessions that came to a listener, by its endpoint"
    OF_ACCOUNT = "sessions of an account at the gateway, by its name"
    OF_ROUTE = "sessions that go a route, by its name"
    OF_SERVER = "sessions that have a server or are reaching it, by its name and port"
    TRANSFERS_OF_ACCOUNT = "transfers of an account at the gateway"
    TRANSFERS_OF_ROUTE = "transfers of sessions that go a route"
    RETURNING = "sessions that go back to where they came from, and are not logged in there yet"
    FAILURES = "wrong passwords for accounts at the gateway that are not forgotten yet"
    ASKED = "of them, passwords that are looked at, and may be right"
    FAULTS = "logins that servers refused, no FTP and broken TLS, not forgotten yet"

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        self.word = self.name.lower()


LINE = at_hand(Line)


@value
class Bound(NamedTuple):
    """How much of a line one key may hold, and all keys together."""

    of_one: int = maxsize
    in_all: int = maxsize


UNBOUND = Bound()


@value
class Short(NamedTuple):
    """Why something is not granted: so much of the line is held, of so much there is.

    ``of_one``: it is the asker's share that is used up, and not all there is.
    """

    line: Line
    used: int
    limit: int
    of_one: bool


class Lingering(Protocol):
    """What holds something for a peer that nobody needs any more, or that has shown nothing yet."""

    def shed(self) -> None:
        """Reset it: what it holds is given back before this returns."""


class Ledger(Protocol):
    """What everybody asks who uses something up that several sessions share: the one way to every count
    and every rate.  What a session has for itself (its lines, its queue, its commands a second) it counts
    itself, for it is in one process.

    An answer is there at once.  What is granted is leased: it ends by ``give``, and by itself ``lease``
    seconds after the last ``keep``, so that of a process that died nothing stays charged.  The ledger of
    a single process ends with it, and its lease never.  One of several processes may ask the others each
    time, or answer out of what they have leased to it.
    """

    @property
    def lease(self) -> float:
        """Seconds for which what is granted stays granted without ``keep``; inf: for ever."""

    def keep(self) -> None:
        """This process lives, and holds what it holds.  What has lapsed meanwhile is charged again, be it
        beyond what there may be: who holds it is not ended for that, only nobody else begins."""

    def whose(self, peer: str) -> str:
        """The key of a peer, by an address in normal spelling."""

    def ask(
        self, key: str, line: Line, amount: int = 1, bound: Bound | None = None
    ) -> Short | None:
        """Take so much; None where it is granted, else nothing has changed.

        ``bound`` is for this time instead of the line's own.
        """

    def give(self, key: str, line: Line, amount: int = 1) -> None:
        """Give so much of what was granted back, once: ``Grant`` sees to that itself.

        Raise ValueError for more than is held.
        """

    def linger(self, who: Lingering, key: str, *lines: Line) -> None:
        """It may be reset where one of these lines is used up, as the youngest of all."""

    def settle(self, who: Lingering) -> None:
        """It lingers no more; harmless where it does not."""

    @property
    def lingering(self) -> int:
        """How many linger here."""

    def held(self, key: str, line: Line) -> int:
        """How much a key holds."""

    def in_all(self, line: Line) -> int:
        """How much all keys hold."""

    def bound(self, line: Line) -> Bound:
        """How much they may."""

    def holders(self, line: Line) -> Mapping[str, int]:
        """Every key that holds something of a line, and how much."""

    def spend(self, event: Event, *bounds: tuple[str, float]) -> str | None:
        """It happens once: take a token of each bucket, or of none (``rates.Rates.take``)."""

    def refund(self, event: Event, part: float, *bounds: tuple[str, float]) -> None:
        """It was cheaper than that: that part of each token is given back."""

    def elsewhere(self, key: str, line: Line) -> int:
        """How much of it a key holds in other processes."""

    def turn(self, key: str) -> int:
        """How often that key has had its turn before."""

    def renew(self, bounds: Mapping[Line, Bound], prefix: int) -> None:
        """From now on these hold, and this is what is one peer; what is held already stays."""


@lru_cache(4096)
def network_of(peer: str, prefix: int) -> str:
    """The network of an IPv6 address; other addresses are their own key."""
    address = ip_address(peer)
    if not isinstance(address, IPv6Address):
        return peer
    free = 128 - prefix
    return f"{IPv6Address(int(address) >> free << free)}/{prefix}"


@lru_cache(1024)
def key_of(server: Server) -> str:
    """The key of a server, the same string each time."""
    return str(Server(plain_name(server.host), server.port))


@lru_cache(1024)
def key_of_all(servers: tuple[Server, ...]) -> str:
    """That of several, which take turns."""
    return " ".join(map(str, servers))


class Grant:
    """What was granted, to be given back by ``back``; what is given back twice changes nothing."""

    __slots__ = ("amount", "key", "ledger", "line")

    def __init__(self, ledger: Ledger, key: str, line: Line, amount: int = 0) -> None:
        """``amount`` has been granted by the ledger already."""
        self.ledger = ledger
        self.key = key
        self.line = line
        self.amount = amount

    def to(self, amount: int) -> Short | None:
        """Hold so much from now on; None where that is granted, as less always is."""
        more = amount - self.amount
        if more > 0:
            short = self.ledger.ask(self.key, self.line, more)
            if short is not None:
                return short
        elif more < 0:
            self.ledger.give(self.key, self.line, -more)
        self.amount = amount
        return None

    def linger(self, who: Lingering) -> None:
        """From now on ``who`` holds it, and lingers."""
        self.ledger.linger(who, self.key, self.line)

    def settle(self, who: Lingering) -> None:
        """It is over: give all of it back."""
        self.ledger.settle(who)
        self.back()

    def back(self) -> None:
        """Give all of it back."""
        amount, self.amount = self.amount, 0
        if amount:
            self.ledger.give(self.key, self.line, amount)


class Row:
    """One line: what each key holds, and all; its bound; and who lingers with it, of each key and of all,
    the oldest first."""

    __slots__ = ("all", "bound", "everybodys", "held", "in_all", "of_one", "oldest")

    def __init__(self) -> None:
        self.held: dict[str, int] = {}
        self.all = 0
        self.oldest: dict[str, dict[Lingering, None]] = {}
        self.everybodys: dict[Lingering, None] = {}
        self.limit(UNBOUND)

    def limit(self, bound: Bound) -> None:
        """From now on that is its bound."""
        self.bound = bound
        self.of_one, self.in_all = bound


class OwnLedger:
    """The ledger of one process (``Ledger``); a key that holds nothing leaves nothing behind.

    ``seconds`` is the clock of the rates, which may jump.  ``pressed`` is told of what was used up and could
    be granted only because something that lingered was reset.
    """

    lease = inf

    def __init__(
        self,
        bounds: Mapping[Line, Bound],
        prefix: int = 64,
        seconds: Callable[[], float] = lambda: 0.0,
        pressed: Callable[[Short], object] = lambda short: None,
    ) -> None:
        self._pressed = pressed
        self._rows = {line: Row() for line in Line}
        self.renew(bounds, prefix)
        rates = Rates(seconds)
        self.spend, self.refund = rates.take, rates.back
        self._where: dict[Lingering, tuple[str, tuple[Line, ...]]] = {}
        self._turns: defaultdict[str, Iterator[int]] = defaultdict(count)

    def keep(self) -> None:
        """Nothing lapses (``Ledger``)."""

    def renew(self, bounds: Mapping[Line, Bound], prefix: int) -> None:
        for line, row in self._rows.items():
            row.limit(bounds.get(line, UNBOUND))
        self._prefix = prefix

    def whose(self, peer: str) -> str:
        return network_of(peer, self._prefix) if ":" in peer else peer

    # -- what is held -------------------------------------------------------------------------------

    def ask(
        self, key: str, line: Line, amount: int = 1, bound: Bound | None = None
    ) -> Short | None:
        row = self._rows[line]
        held, of_one, in_all = row.held, row.of_one, row.in_all
        if bound is not None:
            of_one, in_all = bound
        mine, everybodys = held.get(key, 0) + amount, row.all + amount
        if mine > of_one or everybodys > in_all:
            short = self._short(key, line, amount, Bound(of_one, in_all))
            if short is not None:
                return short
            mine, everybodys = held.get(key, 0) + amount, row.all + amount
        held[key] = mine
        row.all = everybodys
        return None

    def give(self, key: str, line: Line, amount: int = 1) -> None:
        row = self._rows[line]
        held = row.held
        mine = held.get(key, 0)
        if mine > amount:
            held[key] = mine - amount
        elif mine == amount:
            held.pop(key, None)  # where nothing is held, nothing is given back
        else:
            raise ValueError(f"{amount} {line.word} of {key} are given back, {mine} are held")
        row.all -= amount

    def held(self, key: str, line: Line) -> int:
        return self._rows[line].held.get(key, 0)

    def in_all(self, line: Line) -> int:
        return self._rows[line].all

    def bound(self, line: Line) -> Bound:
        return self._rows[line].bound

    def holders(self, line: Line) -> Mapping[str, int]:
        return self._rows[line].held

    def elsewhere(self, key: str, line: Line) -> int:
        return 0

    def turn(self, key: str) -> int:
        return next(self._turns[key])

    # -- what lingers -------------------------------------------------------------------------------

    def linger(self, who: Lingering, key: str, *lines: Line) -> None:
        if who in self._where:
            self.settle(who)
        self._where[who] = key, lines
        for line in lines:
            row = self._rows[line]
            row.everybodys[who] = None
            oldest = row.oldest
            if key in oldest:
                oldest[key][who] = None
            else:
                oldest[key] = {who: None}

    def settle(self, who: Lingering) -> None:
        where = self._where.pop(who, None)
        if where is None:
            return
        key, lines = where
        for line in lines:
            row = self._rows[line]
            del row.everybodys[who]
            oldest = row.oldest
            if len(oldest[key]) == 1:
                del oldest[key]
            else:
                del oldest[key][who]

    @property
    def lingering(self) -> int:
        return len(self._where)

    def _short(self, key: str, line: Line, amount: int, bound: Bound) -> Short | None:
        """Make room: the asker's own first, then anybody's; what is missing where that is not enough."""
        row, short = self._rows[line], None
        while (used := row.held.get(key, 0)) + amount > bound.of_one:
            short = Short(line, used, bound.of_one, of_one=True)
            if not self._reset(row, row.oldest.get(key)):
                return short
        while (used := row.all) + amount > bound.in_all:
            short = Short(line, used, bound.in_all, of_one=False)
            if not (self._reset(row, row.oldest.get(key)) or self._reset(row, row.everybodys)):
                return short
        if short is not None:
            self._pressed(short)
        return None

    def _reset(self, row: Row, lingering: dict[Lingering, None] | None) -> bool:
        """Reset the oldest of these; False where there is none, or it gave nothing back."""
        if not lingering:
            return False
        who = next(iter(lingering))
        before = row.all
        self.settle(who)
        who.shed()
        return row.all < before
