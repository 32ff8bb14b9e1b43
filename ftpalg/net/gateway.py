"""What all sessions of a gateway share: settings, rules, the log, and who is connected."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from itertools import count
from typing import Any

from ftpalg.config import Settings
from ftpalg.core.events import Link, Side, Traits
from ftpalg.core.replies import reply
from ftpalg.core.rules import Rules
from ftpalg.net.control import ClientControl
from ftpalg.net.driver import Driver
from ftpalg.ops.log import SessionLog
from ftpalg.policy.ports import candidates

SERVERS_KNOWN = 1024
"""Servers whose traits are remembered; the one longest unused is forgotten first."""


class Gateway:
    """Admits clients within the limits and knows every open session."""

    def __init__(self, reactor: Any, settings: Settings, rules: Rules, log: SessionLog) -> None:
        self.reactor = reactor
        self.settings = settings
        self.rules = rules
        self.log = log
        self.sessions: dict[str, Driver] = {}
        self._per_peer: Counter[str] = Counter()
        self._traits: OrderedDict[tuple[str, int], Traits] = OrderedDict()
        self._names = count(1)

    def admit(self, client: ClientControl, link: Link) -> None:
        """Begin a session, or tell the client which limit stands against it."""
        limits = self.settings.limits
        refusal = ""
        if len(self.sessions) >= limits.sessions:
            refusal = "Too many sessions; try again later."
        elif self._per_peer[link.peer] >= limits.sessions_per_peer:
            refusal = "Too many sessions from your address; try again later."
        if refusal:
            self.log.refused(link, refusal)
            client.transport.write(bytes(reply(421, refusal)))
            client.hang_up()
            return
        driver = Driver(self, client, link, f"{next(self._names):x}")
        self.sessions[driver.name] = driver
        self._per_peer[link.peer] += 1
        client.driver = driver
        self.log.opened(driver)
        driver.start()

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
        return candidates(first, last, data.excluded_ports)

    def close(self) -> None:
        """End every session with 421."""
        for driver in list(self.sessions.values()):
            driver.end("The gateway is shutting down.")
