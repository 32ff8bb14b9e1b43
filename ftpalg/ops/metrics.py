"""Facts to numbers: an observer that counts, in plain dicts keyed by the labels' values.

It knows nothing of who reads them (``ops.exposition``); what is a state and no event, it does not count
(``Gauges``).  The dicts are the whole of it: those of several processes can be added.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ftpalg.core import facts
from ftpalg.core.ends import Ender, Moment, Reason, Refusal
from ftpalg.core.events import Side
from ftpalg.core.facts import About, Fact, Outcome
from ftpalg.core.news import News, Refused, Reloaded, ReloadFailed, ServerDown, ServerUp
from ftpalg.core.quotas import Quota
from ftpalg.core.reached import ServerReached
from ftpalg.core.value import value
from ftpalg.core.wire.commands import Command, Kind
from ftpalg.ops.metric_tables import FAMILIES, OK, OTHER, UNHEALTHY
from ftpalg.ops.metric_tables import Kind as Of

Labels = tuple[str, ...]
Values = Mapping[Labels, float]


@value
class Gauges(NamedTuple):
    """What stands at one instant: ``values`` of the gauges by family and labels, and of the transfers
    that run the bytes that they have ``moved``, by the labels of the counter that gets them at the end."""

    values: Mapping[str, Values]
    moved: Mapping[Labels, int]


CERTIFICATES = ("certificates",)
"""What is told to have changed where it is nothing else."""
MODES = "active", "passive"


class Histogram:
    """``counts`` of what fell into each bucket alone, the last one without a bound; ``sum`` of all."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def see(self, value: float) -> None:
        """One more."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


class Metrics:
    """``totals`` has the counters, ``histograms`` the histograms: family, labels, value.

    ``servers`` are those of the settings, as facts spell them; ``now`` is seconds since 1970.
    """

    def __init__(self, servers: Iterable[str], now: Callable[[], float]) -> None:
        self._now = now
        self.totals: dict[str, Counter[Labels]] = {
            name: Counter() for name, one in FAMILIES.items() if one.kind is Of.COUNTER
        }
        self.histograms: dict[str, dict[Labels, Histogram]] = {
            name: {} for name, one in FAMILIES.items() if one.kind is Of.HISTOGRAM
        }
        self.began = self.reloaded = now()
        self.reloads = 0
        self._held_on: set[str] = set()
        self.up: dict[str, bool] = {}
        for name, labels in FROM_THE_START:
            self.totals[name][labels] = 0
        for side in Side:
            for mode in MODES:
                self._histogram("data_open_seconds", (side.value, mode))
        self.take(servers)

    def take(self, servers: Iterable[str]) -> None:
        """The settings have these servers now: of others nothing is said any more."""
        self.servers = frozenset(servers)
        self.up = {name: up for name, up in self.up.items() if name in self.servers}
        known = self.servers | {OTHER}
        for name in ("server_connect_seconds", "server_failures_total"):
            found: dict[Labels, Any] = self.histograms.get(name) or self.totals.get(name) or {}
            for labels in [labels for labels in found if labels[0] not in known]:
                del found[labels]
        for name in known:
            self._histogram("server_connect_seconds", (name,))

    @property
    def holds(self) -> bool:
        """Whether the newest settings and certificates are in use."""
        return not self._held_on

    def see(self, about: About, fact: Fact) -> None:
        """Something has happened in a session."""
        count = OF_SESSIONS.get(type(fact))
        if count is not None:
            count(self, about, fact)

    def tell(self, news: News) -> None:
        """Something has happened to the gateway."""
        count = OF_THE_GATEWAY.get(type(news))
        if count is not None:
            count(self, news)

    def took(self, name: str, labels: Labels, seconds: float) -> None:
        """Something has taken so long."""
        self._histogram(name, labels).see(max(0.0, seconds))  # a clock may be set back

    def _histogram(self, name: str, labels: Labels) -> Histogram:
        """That one, which is made where it is not there."""
        found = self.histograms[name]
        histogram = found.get(labels)
        if histogram is None:
            histogram = found[labels] = Histogram(FAMILIES[name].buckets)
        return histogram

    def _server(self, name: str) -> str:
        return name if name in self.servers else OTHER

    def _failed(self, server: str, reason: str) -> None:
        self.totals["server_failures_total"][self._server(server), reason] += 1

    def _stands(self, server: str, up: bool) -> None:
        if server in self.servers:
            self.up[server] = up

    # -- sessions ---------------------------------------------------------------------------------

    def _closed(self, about: About, fact: facts.SessionClosed) -> None:
        self.totals["sessions_total"][about.listener, fact.letters] += 1
        self.took("session_duration_seconds", (), fact.seconds)
        reason = fact.reason
        told = fact.moment is Moment.REACHING and reason is not Reason.SERVER_REFUSES
        if reason.ender is Ender.SERVER and not told:  # by a fact of its own, before
            self._failed(about.name, reason.word)

    def _tls(self, about: About, fact: facts.TlsStands) -> None:
        self.totals["tls_handshakes_total"][fact.side.value, fact.version, OK] += 1

    def _tls_failed(self, about: About, fact: facts.TlsFailed) -> None:
        self.totals["tls_handshakes_total"][fact.side.value, "", fact.why.word] += 1
        if fact.side is Side.SERVER:
            self._failed(about.name, fact.why.word)
            self._stands(about.name, False)

    def _reached(self, about: About, fact: ServerReached) -> None:
        self.took("server_connect_seconds", (self._server(fact.server),), fact.seconds)

    def _unreachable(self, about: About, fact: facts.ServerUnreachable) -> None:
        if fact.why.ender is Ender.SERVER:  # a rule, or a drain, says nothing of the server
            self._failed(about.name, fact.why.word)
            self._stands(about.name, False)

    def _logged_in(self, about: About, fact: facts.LoggedIn) -> None:
        self.totals["logins_total"]["server", "accepted"] += 1
        self._stands(about.name, True)

    def _account(self, about: About, fact: facts.AccountLoggedIn) -> None:
        self.totals["logins_total"]["gateway", "accepted"] += 1

    def _login_refused(self, about: About, fact: facts.LoginRefused) -> None:
        here = fact.side is None
        self.totals["logins_total"]["gateway" if here else "server", "refused"] += 1
        if not here:
            self._stands(about.name, True)

    def _barred(self, about: About, fact: facts.CommandBarred) -> None:
        self.totals["commands_refused_total"][()] += 1

    def _over_quota(self, about: About, fact: facts.OverQuota) -> None:
        outcome = Outcome.BROKEN if fact.broken else Outcome.REFUSED
        self.totals["over_quota_total"][fact.quota.word, outcome.value] += 1

    def _transfer(self, about: About, fact: facts.TransferOver) -> None:
        way = direction(fact.command)
        self.totals["transfers_total"][way, fact.outcome.value, fact.letters] += 1
        if fact.moved:
            for side in Side:
                self.totals["transfer_bytes_total"][side.value, way] += fact.moved
        if fact.outcome is not Outcome.REFUSED:
            self.took("transfer_duration_seconds", (), fact.seconds)
        for side, seconds in fact.opened:
            self.took("data_open_seconds", (side.value, MODES[side in fact.passive]), seconds)

    # -- the gateway ------------------------------------------------------------------------------

    def _resource(self, news: facts.Resource) -> None:
        self.totals["limits_reached_total"][(news.what.value,)] += 1

    def _refused(self, news: Refused) -> None:
        self.totals["refusals_total"][(news.why.word,)] += 1

    def _down(self, news: ServerDown) -> None:
        self._failed(news.server, UNHEALTHY)
        self._stands(news.server, False)

    def _up(self, news: ServerUp) -> None:
        self._stands(news.server, True)

    def _renewed(self, news: Reloaded) -> None:
        """Certificates are read by themselves too; with settings they are read anew."""
        if news.changes == CERTIFICATES:
            self._held_on.discard(CERTIFICATES[0])
        else:
            self._held_on.clear()
        self.reloads += 1
        self.reloaded = self._now()

    def _not_renewed(self, news: ReloadFailed) -> None:
        self._held_on.add(news.what)


Count = Callable[..., None]

OF_SESSIONS: dict[type, Count] = {
    facts.SessionClosed: Metrics._closed,
    facts.TlsStands: Metrics._tls,
    facts.TlsFailed: Metrics._tls_failed,
    ServerReached: Metrics._reached,
    facts.ServerUnreachable: Metrics._unreachable,
    facts.LoggedIn: Metrics._logged_in,
    facts.AccountLoggedIn: Metrics._account,
    facts.LoginRefused: Metrics._login_refused,
    facts.CommandBarred: Metrics._barred,
    facts.OverQuota: Metrics._over_quota,
    facts.TransferOver: Metrics._transfer,
    facts.Resource: lambda metrics, about, fact: metrics.tell(fact),
}
OF_THE_GATEWAY: dict[type, Count] = {
    facts.Resource: Metrics._resource,
    Refused: Metrics._refused,
    ServerDown: Metrics._down,
    ServerUp: Metrics._up,
    Reloaded: Metrics._renewed,
    ReloadFailed: Metrics._not_renewed,
}
"""Which facts are counted; the others are not events that anybody counts."""

DIRECTIONS = "download", "upload"
BROKEN = tuple((Outcome.BROKEN, f"{letter}D") for letter in "CSG")
FROM_THE_START: tuple[tuple[str, Labels], ...] = (
    *(
        ("logins_total", (where, result))
        for where in ("gateway", "server")
        for result in ("accepted", "refused")
    ),
    *(
        ("transfers_total", (way, outcome.value, letters))
        for way in DIRECTIONS
        for outcome, letters in ((Outcome.COMPLETE, "--"), *BROKEN)
    ),
    ("commands_refused_total", ()),
    *(
        ("over_quota_total", (quota.word, outcome.value))
        for quota in Quota
        for outcome in (Outcome.REFUSED, Outcome.BROKEN)
    ),
    *(("refusals_total", (refusal.word,)) for refusal in Refusal),
    *(("limits_reached_total", (what.value,)) for what in facts.What),
    *(("transfer_bytes_total", (side.value, way)) for side in Side for way in DIRECTIONS),
)
"""Counters that are there at 0 before the first event, as histograms are: a rate misses the event with
which a series comes.  Where there are too many for that, the first one is missed."""


def direction(command: Command) -> str:
    """The file's."""
    return DIRECTIONS[command.kind is Kind.UPLOAD]
