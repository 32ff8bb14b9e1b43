"""TLS of both sides: certificates, authorities and revocation lists, read again when they change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from twisted.internet.interfaces import IReactorTime

from ftpalg.config import Settings, SettingsError
from ftpalg.core.events import Side
from ftpalg.core.facts import Reloaded, ReloadFailed
from ftpalg.net.recorder import Recorder
from ftpalg.net.tls import ClientSide, ServerSide

RELOAD_SECONDS = 1.0
"""How often, at the most, certificate files are looked at for a change."""
DAY = 86400.0
"""How often an old revocation list is told of."""


def utc_now() -> datetime:
    """The time that certificates are judged by."""
    return datetime.now(UTC)


class Certificates:
    """What both need.  Raise SettingsError where a file cannot be used."""

    def __init__(
        self,
        reactor: IReactorTime,
        settings: Settings,
        log: Recorder,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._now = now
        self._told_old: float | None = None
        self._reactor = reactor
        self._settings = settings
        self._log = log
        self._server_side = ServerSide(settings.server_tls)
        if settings.may_speak_tls_to_servers:
            self._server_side.prepared()  # before the first session waits for it
        pairs = settings.client_tls.pairs
        self._client_side = ClientSide(settings.client_tls) if pairs else None
        self._looked = 0.0

    def client_side(self) -> ClientSide:
        """The certificates for clients, fresh from their files if those have changed."""
        assert self._client_side is not None
        self.look()
        return self._client_side

    @property
    def server_side(self) -> ServerSide:
        """What servers are verified with, fresh in the same way; always the same object."""
        self.look()
        return self._server_side

    def look(self) -> None:
        """Load what has changed, and tell of revocation lists that grow old; cheap if asked often."""
        now = self._reactor.seconds()
        if now - self._looked >= RELOAD_SECONDS:
            self._looked = now
            self.reload()
        if self._told_old is None or now - self._told_old >= DAY:
            self._told_old = now
            for text in self._server_side.old_lists(self._now()):
                self._log.warned(text)

    def reload(self) -> None:
        """Load what has changed; a fault is told in the log and the old ones stay."""
        for side in (self._client_side, self._server_side):
            try:
                if side is not None and side.reload():
                    self._log.tell(Reloaded(changes=("certificates",)))
            except SettingsError as error:
                self._log.tell(ReloadFailed(str(error), what="certificates"))

    def lenient(self, side: Side) -> bool:
        """Whether that side's peers may end TLS without close_notify."""
        settings = self._settings
        return (settings.client_tls if side is Side.CLIENT else settings.server_tls).lenient
