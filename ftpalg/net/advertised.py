"""Our addresses as peers are told them: by the client's network, and by name, resolved again and again."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from twisted.internet.abstract import isIPAddress, isIPv6Address

from ftpalg.config import Data
from ftpalg.config.checks import Network
from ftpalg.core.addresses import family, normal
from ftpalg.net.reach import resolve


def holds(networks: tuple[Network, ...], address: str) -> bool:
    """Whether one of the networks holds the address."""
    host = ip_address(address)
    return any(host in network for network in networks)


class Advertised:
    """What ``[data]`` says of it; a name that fails to resolve keeps the addresses it had."""

    def __init__(self, reactor: Any, data: Data, warned: Callable[[str], None]) -> None:
        self._reactor = reactor
        self._data = data
        self._warned = warned
        self._names: dict[str, tuple[str, ...]] = {}
        self._failing: set[str] = set()
        self._again: Any = None
        for word in (
            data.client_address,
            data.server_address,
            *(one.address for one in data.client_addresses),
        ):
            if word and not (isIPAddress(word) or isIPv6Address(word)):
                self._names[word] = ()

    def start(self) -> None:
        """Resolve the names, and go on doing so."""
        for name in self._names:
            resolve(self._reactor, name, lambda found, name=name: self._resolved(name, found))  # type: ignore[misc]
        if self._names:
            self._again = self._reactor.callLater(self._data.resolve_every, self.start)

    def stop(self) -> None:
        """Resolve no more."""
        if self._again is not None and self._again.active():
            self._again.cancel()

    def _resolved(self, name: str, found: list[str]) -> None:
        if found:
            self._names[name] = tuple(map(normal, found))
            self._failing.discard(name)
        elif name not in self._failing:
            self._failing.add(name)
            self._warned(f"the address to advertise, {name}, does not resolve; the last one stays")

    def _address(self, word: str, peer: str) -> str:
        """The word itself, or of what it resolved to the first address of the peer's family."""
        found = self._names.get(word, (word,))
        fitting = (address for address in found if family(address) == family(peer))
        return next(fitting, found[0] if found else "")

    def to_client(self, peer: str) -> str:
        """The address for a client; empty for the one that it reached."""
        for one in self._data.client_addresses:
            if holds(one.clients, peer):
                return self._address(one.address, peer)
        return self._address(self._data.client_address, peer)

    def to_server(self, peer: str) -> str:
        """The address for a server, of its own family; empty for the connection's."""
        address = self._address(self._data.server_address, peer)
        return address if address and family(address) == family(peer) else ""
