"""Metrics and health: counted while somebody asks for them, and served over TCP at ``[admin] listen``.

What counts, what measures the reactor and what writes the text is made where the port is in the settings,
or with the first who asks for metrics at the admin socket; else nobody is told a fact for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred

from ftpalg.config import Settings
from ftpalg.config.endpoints import socket_of
from ftpalg.life.beside import Beside, Move, renewed
from ftpalg.life.faults import CannotStart
from ftpalg.life.lag import Lag
from ftpalg.life.observers import Observers
from ftpalg.life.reactor import IWhole
from ftpalg.net.gateway import Gateway

if TYPE_CHECKING:
    from ftpalg.admin.open_site import OpenSite
    from ftpalg.ops.exposition import Exposition
    from ftpalg.ops.metrics import Metrics

KEY = "admin.listen"
MISSING = (
    "metrics need prometheus-client, which is not installed: pip install 'ftpalg[metrics]',"
    " or Debian's python3-prometheus-client"
)


def names_of(settings: Settings) -> frozenset[str]:
    """Names of hosts by which the port is asked: those of the settings, the endpoint's own among them."""
    admin = settings.admin
    where = socket_of(admin.listen) if admin.listen else None
    own = (where.host,) if where is not None else ()
    return frozenset(name.lower() for name in (*own, *admin.names))


class Publishing:
    """``is_ready`` tells whether clients that come get sessions."""

    def __init__(
        self, reactor: IWhole, gateway: Gateway, log: Observers, is_ready: Callable[[], bool]
    ) -> None:
        self.reactor = reactor
        self.tell = log.tell
        self._gateway = gateway
        self._log = log
        self._is_ready = is_ready
        self._metrics: Metrics | None = None
        self._lag: Lag | None = None
        self._exposition: Exposition | None = None
        self._site: OpenSite | None = None
        self._port: Beside | None = None
        self._asked = False

    # -- the port ---------------------------------------------------------------------------------

    def open(self, inherited: dict[str, int]) -> None:
        """Listen where the settings say, if they do.  Raise CannotStart."""
        endpoint = self._settings.admin.listen
        if endpoint:
            port = self._prepared(endpoint)
            port.open(endpoint, inherited)
            self._count()

    @contextmanager
    def renewed(self, settings: Settings, *others: Move) -> Iterator[None]:
        """Go on by these settings, and have other ports move, where nothing is raised meanwhile.  Raise
        CannotStart."""
        endpoint = settings.admin.listen
        port = self._prepared(endpoint) if endpoint else self._port
        with renewed([*others, *([(port, endpoint)] if port is not None else [])]):
            yield
        if endpoint:
            self._count()
        elif not self._asked:
            self._count_no_more()
        if self._metrics is not None:
            from ftpalg.life.readings import servers_of

            self._metrics.take(servers_of(settings))

    def _prepared(self, endpoint: str) -> Beside:
        """All that the port needs is imported now, while nobody waits for it."""
        if self._port is None:
            from ftpalg.admin.open_site import OpenSite
            from ftpalg.admin.steered import NoMetrics

            try:
                self._exposed()
            except NoMetrics as error:
                raise CannotStart(f"{KEY} = {endpoint!r}: {error}.") from None
            self._site = OpenSite(self)
            self._port = Beside(self.reactor, KEY, self._site)
        return self._port

    @property
    def descriptors(self) -> dict[str, int]:
        """What is handed on."""
        return {} if self._port is None else self._port.descriptors

    def hand_on(self) -> None:
        """The next program accepts there from now on."""
        if self._port is not None:
            self._port.hand_on()

    def close(self) -> list[Deferred[None]]:
        """Nobody listens there any more, and nothing is counted; Deferreds where that takes a while."""
        if self._site is not None:
            self._site.close()
        self._count_no_more()
        return [] if self._port is None else self._port.close()

    # -- what is counted --------------------------------------------------------------------------

    @property
    def _settings(self) -> Settings:
        return self._gateway.shared.settings

    def _exposed(self) -> tuple[Exposition, str]:
        """What writes the text, and its kind.  Raise NoMetrics."""
        try:
            from ftpalg.ops.exposition import CONTENT_TYPE, Exposition
        except ImportError:
            from ftpalg.admin.steered import NoMetrics

            raise NoMetrics(MISSING) from None
        from ftpalg.life.readings import Readings, servers_of
        from ftpalg.ops.metrics import Metrics

        if self._metrics is None or self._exposition is None:
            shared = self._gateway.shared
            self._metrics = Metrics(servers_of(shared.settings), self.reactor.seconds)
            readings = Readings(lambda: self._gateway.shared, self._metrics)
            self._exposition = Exposition(self._metrics, readings.gauges)
        return self._exposition, CONTENT_TYPE

    def _count(self) -> None:
        if self._lag is None and self._metrics is not None:
            metrics = self._metrics
            self._log.join(metrics)
            self._lag = Lag(
                self.reactor, lambda late: metrics.took("reactor_lag_seconds", (), late)
            )

    def _count_no_more(self) -> None:
        if self._lag is not None and self._metrics is not None:
            self._lag.stop()
            self._log.leave(self._metrics)
        self._lag = self._metrics = self._exposition = None

    # -- what is served ---------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether clients that come get sessions."""
        return self._is_ready()

    @property
    def names(self) -> frozenset[str]:
        """Names of hosts by which it is asked."""
        return names_of(self._settings)

    def scrape(self) -> tuple[str, Iterator[bytes]]:
        """The metrics.  Who asks first where there is no port begins the counting.  Raise NoMetrics."""
        exposition, kind = self._exposed()
        self._asked = True
        self._count()
        return kind, exposition.scrape()
