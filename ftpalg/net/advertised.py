"""Our addresses as peers are told them: by the client's network, and by name, resolved again and again."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from ftpalg.config import Data
from ftpalg.config.checks import Network
from ftpalg.core.events import SIDE, Side
from ftpalg.core.wire.addresses import family, normal
from ftpalg.net.reach.names import LookUp, Resolve, is_address


def holds(networks: tuple[Network, ...], address: str) -> bool:
    """Whether one of the networks holds the address."""
    if not networks:
        return False
    host = ip_address(address)
    return any(host in network for network in networks)


class Advertised:
    """What ``[data]`` says of it; a name that fails to resolve keeps the addresses it had.

    One that has never resolved is ``missing``: peers are told no other address in its place.
    """

    def __init__(
        self,
        reactor: IReactorTime,
        data: Data,
        resolve: Resolve,
        warned: Callable[[str], None],
        before: Advertised | None = None,
    ) -> None:
        """``before`` was that of the settings before these: what it has resolved stays."""
        self._reactor = reactor
        self._data = data
        self._resolve = resolve
        self._warned = warned
        self._looking: dict[str, LookUp] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._failing: set[str] = set()
        self._again: IDelayedCall | None = None
        for word in (
            data.client_address,
            data.server_address,
            *(one.address for one in data.client_addresses),
        ):
            if word and not is_address(word):
                self._names[word] = before._names.get(word, ()) if before else ()

    def start(self) -> None:
        """Resolve the names, and go on doing so."""
        for name in self._names:
            self._look_up(name)
        if self._names:
            self._again = self._reactor.callLater(self._data.resolve_every, self.start)

    def stop(self) -> None:
        """Resolve no more."""
        if self._again is not None and self._again.active():
            self._again.cancel()
        for looking in self._looking.values():
            looking.cancel()

    def _look_up(self, name: str) -> None:
        self._looking[name] = self._resolve(name, lambda found, _: self._resolved(name, found))

    def _resolved(self, name: str, found: list[str]) -> None:
        if found:
            self._names[name] = tuple(map(normal, found))
            self._failing.discard(name)
        elif name not in self._failing:
            self._failing.add(name)
            stays = (
                "the last one stays"
                if self._names[name]
                else "no data port is opened until it does"
            )
            self._warned(f"the address to advertise, {name}, does not resolve; {stays}")

    def _address(self, word: str, peer: str) -> str:
        """The word itself, or of what it resolved to the first address of the peer's family."""
        found = self._names.get(word, (word,))
        fitting = (address for address in found if family(address) == family(peer))
        return next(fitting, found[0] if found else "")

    def to_client(self, peer: str) -> str:
        """The address for a client; empty for the one that it reached, and while it is missing."""
        word = self._for_client(peer)
        return self._address(word, peer) if word else ""

    def _for_client(self, peer: str) -> str:
        for one in self._data.client_addresses:
            if holds(one.clients, peer):
                return one.address
        return self._data.client_address

    def missing(self, side: Side, peer: str, shown: str) -> str:
        """The name without which that peer must not be told an address; empty where it may be.

        ``shown`` is what its session was told of ``to_client`` or ``to_server`` at its beginning.
        """
        word = self._for_client(peer) if side is SIDE.CLIENT else self._data.server_address
        if side is SIDE.SERVER and self._names.get(word):
            return ""  # it may be of the other family, and the connection's own serves
        return word if word and not shown else ""

    def to_server(self, peer: str) -> str:
        """The address for a server, of its own family; empty for the connection's."""
        word = self._data.server_address
        address = self._address(word, peer) if word else ""
        return address if address and family(address) == family(peer) else ""
