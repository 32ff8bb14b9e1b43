"""What stands at one instant, for the metrics: sessions, ports, servers, certificates, limits."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from sys import maxsize

from OpenSSL import SSL

import twisted
from ftpalg import __version__
from ftpalg.config import Settings
from ftpalg.core.drained import WHOLE, Kind
from ftpalg.core.ends import Moment
from ftpalg.core.events import Side
from ftpalg.core.facts import What
from ftpalg.net.drained import part_named
from ftpalg.net.ledger import Ledger
from ftpalg.net.shared import Shared
from ftpalg.net.shares import WHAT
from ftpalg.net.tls.certificates import Certificates
from ftpalg.ops.metric_tables import OTHER
from ftpalg.ops.metrics import DIRECTIONS, Gauges, Labels, Metrics, Values

STATES = {moment.letter: moment.name.lower() for moment in Moment}
ROLES = {"client-tls": "client", "server-tls.ca": "ca", "server-tls.crl": "crl"}
"""Whose a certificate is, by the beginning of its setting; any other is shown to servers."""


class Readings:
    """``shared`` gives what sessions that come share, ``metrics`` knows what has been told."""

    def __init__(self, shared: Callable[[], Shared], metrics: Metrics) -> None:
        self._shared = shared
        self._metrics = metrics
        self._ends: Values = {}
        self._ends_of: tuple[Certificates, int] | None = None

    def gauges(self) -> Gauges:
        """All of them, in one turn."""
        shared = self._shared()
        standing = Counter([one.standing for one in shared.sessions.open.values()])
        sessions: Counter[Labels] = Counter(_places(shared.settings))
        transfers: Counter[Labels] = Counter({(way,): 0 for way in DIRECTIONS})
        moved: Counter[Labels] = Counter()
        ports = dict.fromkeys(Side, 0)
        for one, count in standing.items():
            sessions[one.listener, one.route, STATES[one.letter]] += count
            if one.source is not None:
                way = DIRECTIONS[one.source is Side.CLIENT]
                transfers[(way,)] += count
                for side in Side:
                    moved[side.value, way] += one.moved * count
            for side in one.ports:
                ports[side] += count
        there = {side: shared.data_ports(side) for side in Side}
        holes = shared.pinholes
        values: dict[str, Mapping[Labels, float]] = {
            "build_info": {_build(): 1},
            "sessions": sessions,
            "transfers": transfers,
            "server_up": self._up(shared),
            "drained": _drained(shared),
            "data_ports_used": {(side.value,): ports[side] for side in Side},
            "data_ports_limit": {(side.value,): there[side] for side in Side},
            "certificate_not_after_timestamp_seconds": self._certificates(shared),
            "limit_ratio": {
                **_ratios(shared.ledger),
                **{(f"{side.value}-ports",): ports[side] / there[side] for side in Side},
            },
            "bans": {(kind.value,): count for kind, count in shared.bans.counts.items()},
            "pinholes": {(): len(holes.let_in) if holes is not None else 0},
        }
        return Gauges(values, moved)

    def _up(self, shared: Shared) -> Values:
        """What checks have found, and of servers that are not checked what sessions have."""
        health = shared.reaching.health
        found: dict[Labels, float] = {(name,): up for name, up in self._metrics.up.items()}
        found.update({(str(server),): health.of(server) for server in health.checked})
        return found

    def _certificates(self, shared: Shared) -> Values:
        """The ends, found again when something was read."""
        now = shared.certificates, self._metrics.reloads
        if self._ends_of != now:
            self._ends_of, self._ends = now, _ends(shared.certificates)
        return self._ends


def servers_of(settings: Settings) -> Iterable[str]:
    """Those that the settings name, as facts spell them."""
    for url in (settings.server, *(url for rule in settings.routes for url in rule.server)):
        if url is not None:
            yield str(url.server)


def _drained(shared: Shared) -> Values:
    """Servers that only clients have named are one."""
    known = {part_named(name) for name in servers_of(shared.settings)}
    found: dict[Labels, float] = {(WHOLE.kind.value, WHOLE.name): 0}
    for part in shared.drained.parts:
        named = part.kind is not Kind.SERVER or part in known
        found[part.kind.value, part.name if named else OTHER] = 1
    return found


def _places(settings: Settings) -> dict[Labels, int]:
    """Every listener and state without a route: these are said where they are 0, too."""
    return {
        (listener.endpoint, "", state): 0
        for listener in settings.all_listeners
        for state in STATES.values()
    }


def _ratios(ledger: Ledger) -> Values:
    """Of each line that is bounded how much is used, and by the peer that holds most of it."""
    found: dict[Labels, float] = {}
    for (line, of_one), what in WHAT.items():
        most, all_there_is = ledger.bound(line)
        if (most if of_one else all_there_is) == maxsize:
            continue  # nothing is bounded, so nothing can be near it
        if of_one:
            found[(what.value,)] = max(ledger.holders(line).values(), default=0) / most
        elif what is not What.DESCRIPTORS:  # the process itself tells these
            found[(what.value,)] = ledger.in_all(line) / all_there_is
    return found


def _build() -> Labels:
    openssl = SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode("ascii", "replace")
    return __version__, platform.python_version(), twisted.__version__, openssl


def _ends(certificates: Certificates) -> Values:
    found: dict[Labels, float] = {}
    for one in certificates.dated:
        role = next(
            (role for begin, role in ROLES.items() if one.setting.startswith(begin)), "server"
        )
        labels = role, str(one.file)
        end = one.end.timestamp()
        found[labels] = min(found.get(labels, end), end)
    return found
