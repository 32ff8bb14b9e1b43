"""What all sessions of a gateway share: settings, rules, the log, and who is connected."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from ftpalg.config import Settings, SettingsError
from ftpalg.core.events import Link, Side, Traits
from ftpalg.core.replies import reply
from ftpalg.net.control import ClientControl
from ftpalg.net.driver import Driver
from ftpalg.net.recorder import Recorder
from ftpalg.net.tls import ClientSide, ServerSide

Ports = Callable[[int, int, frozenset[int]], Iterator[int]]
"""First port, last port, ports left out: the ports to try, in order."""

SERVERS_KNOWN = 1024
"""Servers whose traits are remembered; the one longest unused is forgotten first."""
RELOAD_SECONDS = 1.0
"""How often, at the most, certificate files are looked at for a change."""


class Gateway:
    """Admits clients within the limits and knows every open session."""

    def __init__(self, reactor: Any, settings: Settings, log: Recorder, ports: Ports) -> None:
        self.reactor = reactor
        self.settings = settings
        self.log = log
        self._ports = ports
        self.server_side = ServerSide(settings.server_tls)
        self._client_side = ClientSide(settings.client_tls) if settings.client_tls.pairs else None
        self._looked = 0.0
        self.sessions: dict[str, Driver] = {}
        self._per_peer: Counter[str] = Counter()
        self._traits: OrderedDict[tuple[str, int], Traits] = OrderedDict()
        self._names = count(1)

    def client_side(self) -> ClientSide:
        """The certificates for clients, fresh from their files if those have changed."""
        assert self._client_side is not None
        now = self.reactor.seconds()
        if now - self._looked >= RELOAD_SECONDS:
            self._looked = now
            self.reload()
        return self._client_side

    def reload(self) -> None:
        """Load changed certificates; a fault is told in the log and the old ones stay."""
        try:
            if self._client_side is not None and self._client_side.reload():
                self.log.told("certificates reloaded")
        except SettingsError as error:
            self.log.warned(f"certificates not reloaded: {error}")

    def lenient(self, side: Side) -> bool:
        """Whether that side's peers may end TLS without close_notify."""
        settings = self.settings
        return (settings.client_tls if side is Side.CLIENT else settings.server_tls).lenient

    def admit(self, client: ClientControl, link: Link) -> Driver | None:
        """Make a session, or tell the client which limit stands against it."""
        limits = self.settings.limits
        refusal = ""
        if len(self.sessions) >= limits.sessions:
            refusal = "Too many sessions; try again later."
        elif self._per_peer[link.peer] >= limits.sessions_per_peer:
            refusal = "Too many sessions from your address; try again later."
        if refusal:
            self.log.refused(link, refusal)
            client.write(bytes(reply(421, refusal)))
            client.hang_up()
            return None
        driver = Driver(self, client, client.rules, link, f"{next(self._names):x}")
        self.sessions[driver.name] = driver
        self._per_peer[link.peer] += 1
        client.driver = driver
        return driver

    def dismiss(self, driver: Driver) -> None:
        """A session is over."""
        if self.sessions.pop(driver.name, None) is None:
            return
        peer = driver.session.client.peer
        self._per_peer[peer] -= 1
        if not self._per_peer[peer]:
            del self._per_peer[peer]
        self.log.closed(driver)

    def traits_of(self, link: Link) -> Traits:
        """What is known of that server; shared by its sessions, so one learns for all."""
        key = (link.peer, link.peer_port)
        traits = self._traits.setdefault(key, Traits())
        self._traits.move_to_end(key)
        if len(self._traits) > SERVERS_KNOWN:
            self._traits.popitem(last=False)
        return traits

    def ports(self, side: Side) -> Iterator[int]:
        """Data ports to try towards that side."""
        data = self.settings.data
        first, last = data.client_ports if side is Side.CLIENT else data.server_ports
        return self._ports(first, last, data.excluded_ports)

    def close(self) -> None:
        """End every session with 421."""
        for driver in list(self.sessions.values()):
            driver.end("The gateway is shutting down.")
