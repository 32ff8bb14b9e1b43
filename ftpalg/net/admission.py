"""The gateway's entrance: what a client's control connection asks before it has a session."""

from __future__ import annotations

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress
from twisted.python.failure import Failure

from ftpalg.config import Settings
from ftpalg.core.ends import Refusal
from ftpalg.core.events import Link
from ftpalg.core.facts import About, Failed, Peer, What
from ftpalg.core.news import Refused
from ftpalg.core.routes import Server
from ftpalg.core.wire.addresses import normal
from ftpalg.net.arrivals import Arrivals
from ftpalg.net.control.client import ClientControl
from ftpalg.net.ledger import Ledger, Short
from ftpalg.net.own_addresses import is_local
from ftpalg.net.owners import Owner, Refusals
from ftpalg.net.reactors import Reactor
from ftpalg.net.shared import Shared
from ftpalg.net.turns import Turns

NOT_REDIRECTED = "it was not redirected here"
"""Said of a connection to an intercepting listener that was meant for it."""

SECOND = 1.0
"""Between two records of those that are not heard: there are thousands."""


class Entrance:
    """The one of all listeners (``owners.Admission``)."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self.reactor: Reactor = shared.reactor
        self.settings: Settings = shared.settings
        self.log: Refusals = shared.log
        self.ledger: Ledger = shared.ledger
        self.arrivals: Arrivals = shared.arrivals
        self.turns: Turns = shared.turns
        self._unheard, self._told = 0, 0.0

    def turns_away(self, there: IAddress | None) -> bool:
        """Whether so many from there wait that nobody more of them is heard: words cost what others need."""
        if not isinstance(there, IPv4Address | IPv6Address):
            return False
        peer = normal(there.host)
        if not self.arrivals.is_full(self.ledger.whose(peer)) or self.is_balancer(peer):
            return False
        self._unheard += 1
        now = self.reactor.seconds()
        if not 0 <= now - self._told < SECOND:
            text = f"it waits in line already so often that it is not heard, {self._unheard} times"
            rule = self.settings.origin.of(Refusal.DESCRIPTORS_OF_PEER.rule)
            link = Link(peer, "", there.port)
            self.log.tell(Refused(link, text, Refusal.DESCRIPTORS_OF_PEER, rule))
            self._unheard, self._told = 0, now
        return True

    def is_balancer(self, peer: str) -> bool:
        """Whether a connection from there begins with a PROXY header."""
        return self._shared.sessions.is_balancer(peer)

    def closed(self, listener: str) -> str:
        """What stands against everybody who comes to a listener, or nothing."""
        return self._shared.sessions.closed(listener)

    def shown_to(self, peer: str) -> str:
        """The address that is shown to a client instead of ours, or nothing."""
        return self._shared.advertised.to_client(peer)

    def misdirected(self, link: Link, destination: Server | None) -> str:
        """Why nobody else's server is meant, or nothing.  Our own calls may come back to us, too."""
        shared = self._shared
        if destination is None or shared.own.listens_on(destination.host, destination.port):
            return NOT_REDIRECTED
        if is_local(link.peer) and shared.sessions.call_from(link.peer, link.peer_port):
            return "it is our own call of a server, which nftables must leave alone"
        return ""

    @property
    def pierces(self) -> bool:
        """Whether clients reach data ports through pinholes."""
        return self._shared.pinholes is not None

    def admit(self, client: ClientControl, link: Link) -> Owner | None:
        """Make a session, or tell the client what stands against it and hang up."""
        return self._shared.sessions.admit(client, link)

    def may_shake(self, key: str) -> tuple[Refusal, What] | None:
        """What stands against one more TLS handshake; where nothing does it is counted."""
        return self._shared.sessions.may_shake(key)

    def crowd_out(self, client: ClientControl, link: Link, short: Short) -> None:
        """There is no descriptor for the client: tell it so, and close it at once."""
        self._shared.sessions.crowd_out(client, link, short)

    def broke(self, peer: Peer) -> None:
        """An exception is being handled that came out of a connection without a session."""
        trace = Failure().getTraceback()
        self._shared.log.see(About("-", peer), Failed("an exception ends the connection", trace))
