"""TLS of both sides: certificates, authorities and revocation lists, read again when they change.

What is in use is looked at for its end once an hour and with each reload, and told of by ``Expiry``.
A renewal that cannot be used is told at once, tried again each hour, and told each day while it lasts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from twisted.internet.interfaces import IDelayedCall

from ftpalg.config import Settings, SettingsError
from ftpalg.config.faults import dotted, fault_of
from ftpalg.core.certificates import CertificateDue
from ftpalg.core.events import Side
from ftpalg.core.news import Reloaded, ReloadFailed
from ftpalg.net.reactors import Timing
from ftpalg.net.recorder import Recorder
from ftpalg.net.tls.expiry import Expiry, a_day_lies_between
from ftpalg.net.tls.towards_clients import ClientSide
from ftpalg.net.tls.towards_servers import ServerSide
from ftpalg.net.tls.validity import DAY, Dated, minutes, zulu

RELOAD_SECONDS = 1.0
"""How often, at the most, certificate files are looked at for a change."""
HOUR = 3600.0
"""How often, at the least, certificates are looked at for their ends."""


def utc_now() -> datetime:
    """The time that certificates are judged by."""
    return datetime.now(UTC)


class Certificates:
    """What both need.  Raise SettingsError where a file cannot be used."""

    def __init__(
        self,
        reactor: Timing,
        settings: Settings,
        log: Recorder,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._now = now
        self._reactor = reactor
        self._settings = settings
        self._log = log
        self._server_side = ServerSide(settings.server_tls)
        if settings.may_speak_tls_to_servers:
            self._server_side.prepared()  # before the first session waits for it
        pairs = settings.client_tls.pairs
        self._client_side = ClientSide(settings.client_tls) if pairs else None
        self._sides = [side for side in (self._client_side, self._server_side) if side is not None]
        self._expiry = Expiry(log)
        self._failing: dict[ClientSide | ServerSide, datetime] = {}
        self._looked = 0.0
        self._ticking: IDelayedCall | None = None

    def start(self) -> None:
        """Tell what is to be told, and go on to do so."""
        self._look_at_ends()
        self._ticking = self._reactor.callLater(HOUR, self.start)

    def stop(self) -> None:
        """Others are in use from now on."""
        if self._ticking is not None and self._ticking.active():
            self._ticking.cancel()
        self._ticking = None

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
        """Load what has changed; cheap if asked often, and not put off by a clock that is set back."""
        now = self._reactor.seconds()
        if abs(now - self._looked) >= RELOAD_SECONDS:
            self._looked = now
            self.reload()

    def reload(self) -> None:
        """Load what has changed; a fault is told in the log and the old ones stay."""
        for side in self._sides:
            try:
                if side.reload():
                    self._renewed(side)
            except SettingsError as error:
                self._failing[side] = self._now()
                self._log.tell(ReloadFailed(str(error), what="certificates"))

    def _renewed(self, side: ClientSide | ServerSide) -> None:
        self._failing.pop(side, None)
        self._log.tell(Reloaded(changes=("certificates",)))
        self._expiry.look(side.dated, self._now())

    def _look_at_ends(self) -> None:
        for side in tuple(self._failing):
            self._try_again(side)
        now = self._now()
        for side in self._sides:
            self._expiry.look(side.dated, now)

    def _try_again(self, side: ClientSide | ServerSide) -> None:
        """A folder that may be entered now changes nothing of the files in it."""
        try:
            side.reload(anyhow=True)
        except SettingsError as error:
            now = self._now()
            if a_day_lies_between(self._failing[side], now):
                self._failing[side] = now
                self._log.tell(_unreadable(side, error, now))
        else:
            self._renewed(side)

    @property
    def dated(self) -> list[Dated]:
        """The times of all that is in use."""
        return [one for side in self._sides for one in side.dated]

    def lenient(self, side: Side) -> bool:
        """Whether that side's peers may end TLS without close_notify."""
        settings = self._settings
        return (settings.client_tls if side is Side.CLIENT else settings.server_tls).lenient


def _unreadable(
    side: ClientSide | ServerSide, error: SettingsError, now: datetime
) -> CertificateDue:
    """What is told each day of files that cannot be used, while what was read before serves on."""
    setting = dotted(fault_of(error.faults[0]).path)
    end = min((one.end for one in side.dated), default=None)
    old = "what was read before serves on"
    if end is not None:
        old += f", until {minutes(end)}"
    return CertificateDue(
        setting,
        "",
        "unreadable",
        f"certificates not reloaded: {error}; {old}",
        zulu(end) if end is not None else "",
        None if end is None else (end - now) // DAY,
        grave=True,
    )
