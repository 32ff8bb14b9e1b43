"""What a transfer may move: the quotas of the settings that hold for it, and its share of its account's day.

A quota of a route holds instead of the general one, a listener's beside them; what an account has used
today is one number, by whatever way it was moved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from ftpalg.config import Settings
from ftpalg.config.section import Section
from ftpalg.core.bans import account_key
from ftpalg.core.events import Side
from ftpalg.core.facts import OverQuota
from ftpalg.core.quotas import Counted, Quota, source_of
from ftpalg.core.value import value
from ftpalg.core.wire.commands import Command

FIRST = 1 << 16
"""Bytes of its day that a transfer takes before it begins: many files have no more."""
USED_UP, HELD = 552, 450
"""552, "exceeded storage allocation", is what RFC 959 has for a quota, and what ProFTPD and Pure-FTPd say.
RFC 1123 4.1.2.11 wants a 4yz only where the same may succeed a few hours later: that is so where others
only hold what is left.  To a quota that is used up clients would knock again all day."""

WAYS = {Side.CLIENT: "upload", Side.SERVER: "download"}


class Day(Protocol):
    """What counts by the account and the day: ``life`` brings it.  Accounts are keys."""

    def grant(self, account: str, counted: Counted, size: int, limit: int) -> int:
        """Take so much, or less, or nothing."""

    def settle(self, account: str, counted: Counted, granted: int, used: int) -> None:
        """So much of what was granted is given back, and so much of it was used."""

    def used(self, account: str, counted: Counted) -> int:
        """How much the account has used today."""


@value
class Held(NamedTuple):
    """A quota that holds: its limit, and the key of the setting that says so."""

    limit: int
    key: str


Holding = Mapping[Quota, Held]


def holding(settings: Settings, listener: str, route: str) -> Holding:
    """The quotas of sessions that came there and go that route, by its name; the lower ones, of two."""
    routes = {f"routes[{at}]": one.limits for at, one in enumerate(settings.routes)}
    listeners = [
        (at, one.limits) for at, one in enumerate(settings.listeners) if one.endpoint == listener
    ]
    general = of_table(settings.limits, "limits")
    of_route = of_table(routes[route], f"{route}.limits") if route in routes else {}
    found = {**general, **of_route}
    for at, limits in listeners:
        for quota, held in of_table(limits, f"listeners[{at}].limits").items():
            if quota not in found or held.limit < found[quota].limit:
                found[quota] = held
    return found


def of_table(limits: Section, table: str) -> dict[Quota, Held]:
    """The quotas that are set in one table of limits, whose key that is."""
    values = {quota: getattr(limits, quota.word.replace("-", "_")) for quota in Quota}
    return {quota: Held(limit, f"{table}.{quota.word}") for quota, limit in values.items() if limit}


class Quotas:
    """Those of the settings; ``day`` is None where nothing is counted by the day."""

    def __init__(self, settings: Settings, day: Day | None) -> None:
        self._settings = settings
        self._day = day
        self._found: dict[tuple[str, str], Holding] = {}

    def of(self, listener: str, route: str) -> Holding:
        """Those that hold there."""
        where = listener, route
        if where not in self._found:
            self._found[where] = holding(self._settings, listener, route)
        return self._found[where]

    def allot(
        self,
        command: Command,
        account: str,
        listener: str,
        route: str,
        observe: Callable[[OverQuota], None],
    ) -> Allotment | None:
        """What that transfer may move; None where nothing bounds or counts it."""
        source, day = source_of(command), self._day if account else None
        if source is None:
            return None
        found = {
            quota: held
            for quota, held in self.of(listener, route).items()
            if quota.source is source and (quota.counted is None or day is not None)
        }
        if not found and day is None:
            return None
        places = {quota: self._place(held) for quota, held in found.items()}
        return Allotment(command, source, found, places, day, account_key(account), observe)

    def _place(self, held: Held) -> str:
        return f"{self._settings.origin.of(held.key)} = {held.limit}"


class Allotment:
    """Of one transfer: its file and its bytes, asked for, granted, given back.

    ``room`` and ``took`` frame each chunk that is read (``legs.relay.Quota``); everything read before has
    been moved by then.
    """

    __slots__ = (
        "_bytes", "_cap", "_command", "_day", "_files", "_found", "_key", "_left", "_observe", "_places",
        "_settled", "_source", "_taken", "sentence",
    )  # fmt: skip

    def __init__(
        self,
        command: Command,
        source: Side,
        found: Holding,
        places: Mapping[Quota, str],
        day: Day | None,
        key: str,
        observe: Callable[[OverQuota], None],
    ) -> None:
        self._command = command
        self._source = source
        self._found = found
        self._places = places
        self._day = day
        self._key = key
        self._observe = observe
        self._cap, self._bytes, self._files = (q for q in Quota if q.source is source)
        self._left = 0  # of what the day has granted and nobody has read
        self._taken = 0  # all that was read
        self._settled = 0  # of it, what the day's book knows
        self.sentence = ""

    # -- before it begins -------------------------------------------------------------------------

    def begin(self) -> tuple[str, int]:
        """Take a file and the first bytes; the sentence and the code where that cannot be, else nothing."""
        if self._day is None:
            return "", 0
        if not self._grant(self._files, 1):
            refused = self._refused(self._files, broken=False)
            self._day = None
            return refused
        self._left = self._grant(self._bytes, FIRST)
        if not self._left:
            return self._refused(self._bytes, broken=False)
        return "", 0

    def end(self, moved: int, *, complete: bool) -> None:
        """It is over: so much has moved.  A second time changes nothing."""
        if self._day is None:
            return
        self._give(self._bytes, self._left + self._taken - self._settled, moved - self._settled)
        self._give(self._files, 1, int(complete))
        self._day = None

    # -- while it moves (``legs.relay.Quota``) ------------------------------------------------------

    def room(self, most: int) -> int:
        """How many bytes may be read now: so many at the most, and one where no more may be moved, which
        tells whether there is any."""
        return max(1, self._room(most))

    def _room(self, most: int) -> int:
        if self._cap in self._found:
            most = min(most, self._found[self._cap].limit - self._taken)
        if self._day is None:
            return most
        if self._taken > self._settled:
            self._give(self._bytes, self._taken - self._settled, self._taken - self._settled)
            self._settled = self._taken
        if self._left < most:
            self._left += self._grant(self._bytes, most - self._left)
        return min(most, self._left)

    def took(self, size: int) -> bool:
        """So many were read; False where that is more than may be moved: then none of them goes on."""
        if self._cap in self._found and self._taken + size > self._found[self._cap].limit:
            self.sentence, _ = self._refused(self._cap, broken=True)
            return False
        if self._day is not None:
            if self._left < size:  # a record under TLS is read whole
                self._left += self._grant(self._bytes, size - self._left)
            if self._left < size:
                self.sentence, _ = self._refused(self._bytes, broken=True)
                return False
            self._left -= size
        self._taken += size
        return True

    # -- the day ----------------------------------------------------------------------------------

    def _grant(self, quota: Quota, size: int) -> int:
        assert self._day is not None and quota.counted is not None, "it counts by the day"
        held = self._found.get(quota)
        return self._day.grant(self._key, quota.counted, size, held.limit if held else 0)

    def _give(self, quota: Quota, granted: int, used: int) -> None:
        assert self._day is not None and quota.counted is not None, "it counts by the day"
        self._day.settle(self._key, quota.counted, granted, max(0, used))

    def _refused(self, quota: Quota, *, broken: bool) -> tuple[str, int]:
        """Tell it; the sentence and the code for the client."""
        limit, used = self._found[quota].limit, self._taken
        if quota.counted is not None and self._day is not None:
            used = self._day.used(self._key, quota.counted) + self._taken - self._settled
        held = quota.counted is not None and used < limit
        code = HELD if held and not broken else USED_UP
        text = _sentence(quota, limit, held=held, broken=broken)
        place = self._places[quota]
        self._observe(OverQuota(self._command, quota, place, used, limit, code, text, broken))
        return text, code


def _sentence(quota: Quota, limit: int, *, held: bool, broken: bool) -> str:
    way = WAYS[quota.source]
    if quota.counted is None:
        return f"Transfer broken: one {way} may have {limit} bytes here."
    what = (
        f"{limit} {way}s" if quota.counted.value.endswith("files") else f"{limit} bytes of {way}s"
    )
    if broken and held:
        return (
            f"Transfer broken: other transfers of yours hold what is left of your {what} for today."
        )
    if held:
        return (
            f"Other transfers of yours hold what is left of your {what} for today; try again later."
        )
    if broken:
        return f"Transfer broken: your {what} for today are used up."
    return f"Your {what} for today are used up."
