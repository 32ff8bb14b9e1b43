"""What all sessions of a gateway share: settings, rules, the log, and who is connected."""

from __future__ import annotations

import socket
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from itertools import count
from typing import Any, Protocol

from twisted.cred.checkers import ICredentialsChecker
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.internet.protocol import Protocol as Connection
from twisted.python.failure import Failure

from ftpalg.config import Settings, SettingsError
from ftpalg.core.actions import Dial
from ftpalg.core.events import Link, Side, Traits
from ftpalg.core.replies import reply
from ftpalg.core.routes import Balance, Route, Server
from ftpalg.core.rules import ClientTls
from ftpalg.net.accounts import Accounts
from ftpalg.net.advertised import Advertised, holds
from ftpalg.net.client import ClientControl
from ftpalg.net.driver import Driver
from ftpalg.net.health import Health
from ftpalg.net.own import Own, is_local
from ftpalg.net.pinholes import Pinholes
from ftpalg.net.reach import Way
from ftpalg.net.recorder import Recorder
from ftpalg.net.tls import ClientSide, ServerSide

SERVERS_KNOWN = 1024
"""Servers whose traits are remembered; the one longest unused is forgotten first."""
RELOAD_SECONDS = 1.0
"""How often, at the most, certificate files are looked at for a change."""


class Order(Protocol):
    """Several servers in the order to try them."""

    def __call__(
        self,
        servers: tuple[Server, ...],
        balance: Balance,
        *,
        client: str,
        turn: int,
        sessions: Callable[[Server], int],
        healthy: Callable[[Server], bool],
    ) -> list[Server]: ...


@dataclass(frozen=True, slots=True)
class Policies:
    """What a gateway asks before it acts.

    ``ports``: first and last port and those left out, to the ports to try.  ``admits``: whether a
    client's address may come.  ``refusal``: client, account, server and its address, to the sentence
    that stands against it, or nothing.
    """

    ports: Callable[[int, int, frozenset[int]], Iterator[int]]
    admits: Callable[[str], bool]
    refusal: Callable[[str, str, Server, str], str]
    order: Order


class _Adopted(Factory):
    """Gives a connected socket its protocol."""

    noisy = False

    def __init__(self, protocol: Connection) -> None:
        self._made = protocol

    def buildProtocol(self, addr: IAddress | None) -> Connection:
        return self._made


class Gateway:
    """Admits clients within the limits and knows every open session."""

    def __init__(
        self,
        reactor: Any,
        settings: Settings,
        log: Recorder,
        policies: Policies,
        checkers: Sequence[ICredentialsChecker] = (),
    ) -> None:
        self.reactor = reactor
        self.settings = settings
        self.log = log
        self._policies = policies
        self.accounts = Accounts(reactor, checkers, settings.accounts.delay)
        self.server_side = ServerSide(settings.server_tls)
        pairs = settings.client_tls.pairs
        self._client_side = ClientSide(settings.client_tls) if pairs else None
        self._looked = 0.0
        self.own = Own()
        self.advertised = Advertised(reactor, settings.data, log.warned)
        self._parents = {parent.name: parent for parent in settings.parents}
        self.health = Health(self, map(settings.route, settings.routes))
        self.pinholes = self._make_pinholes()
        self.sessions: dict[str, Driver] = {}
        self.sessions_at: Counter[Server] = Counter()
        self._per_peer: Counter[str] = Counter()
        self._traits: OrderedDict[Server, Traits] = OrderedDict()
        self._names = count(1)
        self._turns: defaultdict[tuple[Server, ...], Iterator[int]] = defaultdict(count)

    def _make_pinholes(self) -> Pinholes | None:
        holes = self.settings.pinholes
        if not holes.table:
            return None
        return Pinholes(self.reactor, holes.table, holes.ipv4_set, holes.ipv6_set, self.log.warned)

    # -- certificates -----------------------------------------------------------------------------

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

    # -- clients ----------------------------------------------------------------------------------

    def is_balancer(self, peer: str) -> bool:
        """Whether a connection from there begins with a PROXY header."""
        balancers = self.settings.proxy_protocol.balancers
        return bool(balancers) and holds(balancers, peer)

    def admits(self, link: Link) -> bool:
        """Whether a client from there may have a session."""
        return self._policies.admits(link.peer)

    def admit(self, client: ClientControl, link: Link) -> Driver | None:
        """Make a session, or tell the client what stands against it."""
        limits = self.settings.limits
        refusal = ""
        if not self.admits(link):
            refusal = "Your address is not admitted here."
        elif len(self.sessions) >= limits.sessions:
            refusal = "Too many sessions; try again later."
        elif self._per_peer[link.peer] >= limits.sessions_per_peer:
            refusal = "Too many sessions from your address; try again later."
        if refusal:
            self.log.refused(link, refusal)
            if client.rules.client_tls is not ClientTls.IMPLICIT:  # no words before TLS
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

    # -- servers ----------------------------------------------------------------------------------

    def way(self, route: Route, client: Link | None) -> Way:
        """How sockets towards the servers of a route are opened, for a client or for ourselves."""
        keeps = route.source == "client"
        source = "" if keeps else route.source
        parent = self._parents.get(route.parent)
        if client is None:
            return Way(parent, source, proxy_protocol=route.proxy_protocol)
        return Way(
            parent,
            client.peer if keeps else source,
            transparent=keeps,
            proxy_protocol=route.proxy_protocol,
            client=(client.peer, client.peer_port),
        )

    def order(self, dial: Dial, client: str) -> list[Server]:
        """The servers of a dial, in the order to try them."""
        if len(dial.servers) == 1:
            return list(dial.servers)
        return self._policies.order(
            dial.servers,
            dial.route.balance,
            client=client,
            turn=next(self._turns[dial.servers]),
            sessions=lambda server: self.sessions_at[server],
            healthy=self.health.of,
        )

    def judge(self, dial: Dial, client: str, server: Server, address: str) -> str:
        """Why that address must not be dialled, or nothing."""
        if self.own.listens_on(address, server.port):
            return f"{server.host} port {server.port} is this gateway itself."
        if not dial.named:
            return ""
        if dial.route.parent and address and ip_address(address).is_loopback:
            return f"{server.host} would be the parent proxy itself."
        if address and self._inward(client, address):
            return (
                f"{server.host} is this gateway's own machine,"
                " which only a rule in access.servers with its very address opens."
            )
        return self._policies.refusal(client, dial.account, server, address)

    def _inward(self, client: str, address: str) -> bool:
        """Whether a client from elsewhere would reach this machine from within, by its own address.

        Loopback, its other way in, is a matter of the policy.
        """
        host = ip_address(address)
        if host.is_loopback or not is_local(address) or is_local(client):
            return False
        alone = ip_network(address)
        return not any(r.allow and alone in r.networks for r in self.settings.access.servers)

    def adopt(self, sock: socket.socket, protocol: Connection) -> None:
        """Give a connected socket to Twisted and its protocol; one that broke is told as lost."""
        try:
            self.reactor.adoptStreamConnection(sock.fileno(), sock.family, _Adopted(protocol))
        except OSError:
            protocol.connectionLost(Failure(ConnectionLost()))
        sock.close()  # it was duplicated

    def left(self, server: Server) -> None:
        """A session has closed its connection to a server."""
        self.sessions_at[server] -= 1
        if not self.sessions_at[server]:
            del self.sessions_at[server]

    def traits_of(self, server: Server) -> Traits:
        """What is known of that server; shared by its sessions, so one learns for all."""
        traits = self._traits.setdefault(server, Traits())
        self._traits.move_to_end(server)
        if len(self._traits) > SERVERS_KNOWN:
            self._traits.popitem(last=False)
        return traits

    def ports(self, side: Side) -> Iterator[int]:
        """Data ports to try towards that side."""
        data = self.settings.data
        first, last = data.client_ports if side is Side.CLIENT else data.server_ports
        return self._policies.ports(first, last, data.excluded_ports)

    # -- the gateway as a whole -----------------------------------------------------------------------

    def cannot_start(self) -> str:
        """Why what the settings ask for cannot be had on this machine, or nothing."""
        wrong = self.pinholes.check() if self.pinholes is not None else ""
        if wrong:
            return f"pinholes.table = {self.settings.pinholes.table!r}: {wrong}"
        return self._source_port_refused()

    def _source_port_refused(self) -> str:
        port = self.settings.data.source_port
        try:
            with socket.socket() as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sock.bind(("", port))
        except OSError as error:
            return (
                f"data.source-port = {port}: {error.strerror};"
                " give the process CAP_NET_BIND_SERVICE, or set it to 0"
            )
        return ""

    def start(self) -> None:
        """The listeners stand: begin what goes on beside the sessions."""
        self.advertised.start()
        self.health.start()

    def close(self) -> None:
        """End every session with 421, and what goes on beside them."""
        self.advertised.stop()
        self.health.stop()
        for driver in list(self.sessions.values()):
            driver.end("The gateway is shutting down.")
        if self.pinholes is not None:
            self.pinholes.stop()
