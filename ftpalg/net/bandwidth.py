"""Who shares which limits of bandwidth: a session's own, its account's, its route's, and the gateway's.

Limits that several sessions share stay when the settings are read again, and have the new rates at
once; those of a session are what it began with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, tzinfo
from enum import Enum
from functools import partial
from zoneinfo import ZoneInfo

from ftpalg.config import Settings
from ftpalg.core.events import Side
from ftpalg.core.rates import Rates
from ftpalg.net.bucket import Bucket
from ftpalg.net.legs.allowance import Allowance
from ftpalg.net.legs.between import Between
from ftpalg.net.legs.throttled import throttled
from ftpalg.net.reactors import Timing

SWEPT = 256
"""Shared limits from which on those that nobody needs are let go."""


class Of(Enum):
    """Whose a shared limit is."""

    ACCOUNT = "account"
    ROUTE = "route"
    ALL = "all"


Key = tuple[Of, str, Side]
"""Whose, the name, and whence the bytes come: from the client in an upload."""


class Lines:
    """The shared limits by their keys; ``now`` is what the settings say of them."""

    def __init__(self) -> None:
        self._buckets: dict[Key, Bucket] = {}
        self._most = SWEPT
        self.now: Bandwidth | None = None

    def get(self, key: Key, make: Callable[[], Bucket]) -> Bucket:
        """That one; a new one is full, as is one that was not used for a while."""
        found = self._buckets.get(key)
        if found is None:
            if len(self._buckets) >= self._most:
                self._sweep()
            found = self._buckets[key] = make()
        return found

    def _sweep(self) -> None:
        kept = {key: one for key, one in self._buckets.items() if one.users or not one.full}
        self._buckets = kept
        self._most = max(SWEPT, 2 * len(kept))

    def items(self) -> Iterator[tuple[Key, Bucket]]:
        """All of them."""
        return iter(self._buckets.items())


class Bandwidth:
    """What ``[bandwidth]`` and the routes say; ``before`` is what they said before, whose limits go on."""

    def __init__(self, clock: Timing, settings: Settings, before: Bandwidth | None = None) -> None:
        said = settings.bandwidth
        self._clock = clock
        self._lines: Lines = before._lines if before is not None else Lines()
        self.zone: tzinfo = UTC if said.zone == "UTC" else ZoneInfo(said.zone)
        self.session = {Side.SERVER: said.session_download, Side.CLIENT: said.session_upload}
        self._account = {Side.SERVER: said.account_download, Side.CLIENT: said.account_upload}
        self._all = {Side.SERVER: said.total_download, Side.CLIENT: said.total_upload}
        self._routes = {
            (f"routes[{at}]", side): rates
            for at, rule in enumerate(settings.routes)
            for side, rates in (
                (Side.SERVER, rule.download_bandwidth),
                (Side.CLIENT, rule.upload_bandwidth),
            )
        }

    def of_session(
        self, enter: Callable[..., None], whose: Callable[[], tuple[str, str]]
    ) -> SessionBandwidth:
        """A session begins to move files."""
        return SessionBandwidth(self, enter, whose)

    def begin(self) -> None:
        """These are the settings now."""
        self._lines.now = self
        for key, bucket in self._lines.items():
            bucket.change(self._rates(key), self.zone)

    def end(self) -> None:
        """There are no limits any more."""
        for _, bucket in self._lines.items():
            bucket.change((), self.zone)

    @property
    def common(self) -> Iterator[tuple[Key, Bucket]]:
        """Those that sessions share."""
        return self._lines.items()

    def _rates(self, key: Key) -> Rates:
        of, name, source = key
        if of is Of.ACCOUNT:
            return self._account[source]
        return self._routes.get((name, source), ()) if of is Of.ROUTE else self._all[source]

    def _make(self, key: Key) -> Bucket:
        now = self._lines.now or self  # a session may be older than the settings
        return now.bucket(now._rates(key))

    def bucket(self, rates: Rates) -> Bucket:
        """A new one of that."""
        return Bucket(self._clock, rates, self.zone)

    def shared(self, account: str, route: str, source: Side) -> Iterator[Bucket]:
        """Those that such a session shares for bytes from there, the narrower first."""
        for of, name in ((Of.ACCOUNT, account), (Of.ROUTE, route), (Of.ALL, "")):
            key = (of, name, source)
            if self._rates(key) and (name or of is Of.ALL):
                yield self._lines.get(key, partial(self._make, key))


class SessionBandwidth:
    """One session's; ``enter`` calls what is the session's, ``whose`` tells its account and its route."""

    __slots__ = ("_bandwidth", "_enter", "_own", "_whose")

    def __init__(
        self,
        bandwidth: Bandwidth,
        enter: Callable[..., None],
        whose: Callable[[], tuple[str, str]],
    ) -> None:
        self._bandwidth = bandwidth
        self._enter = enter
        self._whose = whose
        self._own: dict[Side, Bucket] = {}

    def between(self, source: Side) -> Between | None:
        """Who makes the relay of a transfer from there; None where nothing limits it."""
        limits = (*self._of_session(source), *self._bandwidth.shared(*self._whose(), source))
        if not limits:
            return None
        return partial(throttled, Allowance(limits, self._enter))

    def _of_session(self, source: Side) -> Iterator[Bucket]:
        rates = self._bandwidth.session[source]
        if rates:
            if source not in self._own:
                self._own[source] = self._bandwidth.bucket(rates)
            yield self._own[source]
