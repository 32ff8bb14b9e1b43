"""How servers are reached and judged, and what is known of them."""

from __future__ import annotations

import socket
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol as Connection
from twisted.internet.protocol import ServerFactory
from twisted.python.failure import Failure

from ftpalg.config import Settings
from ftpalg.core.actions import Dial
from ftpalg.core.events import Link
from ftpalg.core.routes import Route, Server
from ftpalg.core.wire.addresses import normal
from ftpalg.net.control.attached import attached
from ftpalg.net.control.line import Control
from ftpalg.net.guarded import Guarded
from ftpalg.net.own_addresses import Own, is_local
from ftpalg.net.policies import Policies
from ftpalg.net.reach.attempt import DIRECT, NEGOTIATED, Way, negotiations
from ftpalg.net.reach.client_lookups import Lookups
from ftpalg.net.reach.dead import Dead
from ftpalg.net.reach.dns import Dns
from ftpalg.net.reach.failover import Failed, Means, Reach, Reached, Rules
from ftpalg.net.reach.health import Health
from ftpalg.net.reach.loops import Loops
from ftpalg.net.reach.names import Answered, LookUp, Resolve
from ftpalg.net.reach.system import System
from ftpalg.net.reach.traits import Remembered
from ftpalg.net.reactors import IReaching
from ftpalg.net.recorder import Recorder
from ftpalg.net.tls import ServerSide


class _Adopted(ServerFactory):
    """Gives a connected socket its protocol."""

    noisy = False

    def __init__(self, protocol: Connection) -> None:
        self._made = protocol

    def buildProtocol(self, addr: IAddress | None) -> Connection:
        return self._made


def _through(reactor: Guarded, resolve: Resolve) -> Resolve:
    """The same; what its answers raise goes to the reactor's owner, not to those who look up."""

    def look_up(name: str, answered: Answered) -> LookUp:
        return resolve(name, partial(reactor.enter, answered))

    return look_up


def _trace() -> str:
    """The exception that is being handled."""
    trace: str = Failure().getTraceback()
    return trace


class Trying:
    """A server is tried for ourselves; an exception ends that and nothing else."""

    def __init__(self, log: Recorder, server: Server, failed: Callable[[str], None]) -> None:
        self._log = log
        self._server = server
        self._failed = failed
        self.reach: Reach | None = None

    def broke(self) -> None:
        self._log.warned(f"an exception ends the check of {self._server}:\n{_trace()}")
        try:
            if self.reach is not None:
                self.reach.cancel()
        finally:
            self._failed("an internal error")


class Reaching:
    """The ways to servers; ``sessions_at`` counts the sessions with each, ``traits`` are theirs."""

    def __init__(
        self,
        reactor: IReaching,
        settings: Settings,
        log: Recorder,
        policies: Policies,
        own: Own,
        server_side: ServerSide,
        known: Resolve,
        before: Reaching | None = None,
    ) -> None:
        """``known`` looks up names of the settings.

        ``before`` was that of the settings before these: what it knows and counts goes on.
        """
        self._reactor = reactor
        self._log = log
        self._policies = policies
        self._own = own
        self._known = known
        waits, limits = settings.timeouts, settings.limits
        self._lookups = Lookups(
            reactor,
            System(reactor) if settings.resolver == "system" else Dns(reactor),
            waits.resolve,
            limits.lookups,
            limits.lookups_per_peer,
            log.warned,
        )
        self._loops = Loops(limits.returning, is_local)
        self._means = Means(
            reactor,
            known,
            waits.connect,
            waits.next_address,
            Dead(reactor),
            own.listens_on,
            log.warned,
        )
        self._parents = {parent.name: parent for parent in settings.parents}
        if any(parent.url.scheme in NEGOTIATED for parent in settings.parents):
            negotiations()  # imported before it is needed
        self.sessions_at: Counter[Server] = Counter()
        self.traits = Remembered(reactor, settings.data.remember)
        self._turns: defaultdict[tuple[Server, ...], Iterator[int]] = defaultdict(count)
        if before is not None:
            self.sessions_at, self._turns = before.sessions_at, before._turns
            self.traits.take_over(before.traits)
            self._loops.take_over(before._loops)
        self.health = Health(
            reactor,
            settings,
            log,
            map(settings.route, settings.routes),
            self.open,
            self.adopt,
            server_side,
        )
        if before is not None:
            self.health.take_over(before.health)

    # -- the ways -----------------------------------------------------------------------------------

    def reach(
        self,
        reactor: Guarded,
        dial: Dial,
        client: Link,
        near: bool,
        reached: Reached,
        failed: Failed,
    ) -> Reach:
        """The servers of a dial being tried, for a client; begins with its ``start``.

        ``reactor`` is the session's: what is called from outside leads to it where it raises.
        ``near`` is True where the client's connection itself comes from this machine.
        """

        def by_name(server: Server) -> str:
            if not dial.named:
                return ""
            return self._policies.by_name(client.peer, dial.account, server)

        rules = Rules(
            lambda server, address: self.judge(dial, client.peer, near, server, address),
            by_name,
            _through(
                reactor,
                partial(self._lookups.look_up, client.peer) if dial.named else self._known,
            ),
            partial(self._loops.refusal, client),
        )

        def came(sock: socket.socket, server: Server, way: Way) -> None:
            try:
                self._loops.add(client, normal(sock.getpeername()[0]))
            except OSError:
                pass  # it has ended meanwhile, and its protocol is going to hear
            reached(sock, server, way)

        servers = self.order(dial, client.peer)
        means = self._guarded(reactor)
        return Reach(means, self.way(dial.route, client), servers, rules, came, failed)

    def open(
        self, route: Route, server: Server, reached: Reached, failed: Callable[[str], None]
    ) -> Reach:
        """One of the settings' own servers being tried, for ourselves."""
        trying = Trying(self._log, server, failed)
        reactor = Guarded(self._reactor, trying)
        rules = Rules(lambda server, address: "", lambda server: "", _through(reactor, self._known))
        reach = Reach(
            self._guarded(reactor),
            self.way(route, None),
            [server],
            rules,
            reached,
            lambda reason, _: failed(reason),
        )
        trying.reach = reach
        return reach

    def _guarded(self, reactor: Guarded) -> Means:
        resolve = _through(reactor, self._means.resolve)
        return self._means._replace(reactor=reactor, resolve=resolve)

    def way(self, route: Route, client: Link | None) -> Way:
        """How sockets towards the servers of a route are opened, for a client or for ourselves."""
        keeps = route.source == "client"
        source = "" if keeps else route.source
        parent = self._parents.get(route.parent)
        if not (parent or route.source or route.proxy_protocol):
            return DIRECT
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

    def judge(self, dial: Dial, client: str, near: bool, server: Server, address: str) -> str:
        """Why that address must not be dialled, or nothing."""
        if self._own.listens_on(address, server.port):
            return f"{server.host} port {server.port} is this gateway itself."
        if not dial.named:
            return ""
        local = near and is_local(client)
        return (
            address
            and self._policies.machine(
                server,
                address,
                ours=is_local(address),
                local=local,
                parent=bool(dial.route.parent),
            )
        ) or self._policies.refusal(client, dial.account, server, address)

    def adopt(self, sock: socket.socket, control: Control) -> None:
        """Give a connected socket to Twisted and its protocol; one that broke is told as lost."""
        with sock:  # it is duplicated
            try:
                adopted = _Adopted(attached(control))
                self._reactor.adoptStreamConnection(sock.fileno(), sock.family, adopted)
            except OSError:
                control.connectionLost(Failure(ConnectionLost()))

    # -- what is known of them ------------------------------------------------------------------------

    def came(self, server: Server) -> None:
        """A session has a connection to a server."""
        self.sessions_at[server] += 1

    def settled(self, client: Link) -> None:
        """A client's session is logged in at its server, or has left it: it is in no loop."""
        self._loops.discard(client)

    def left(self, server: Server) -> None:
        """A session has closed its connection to a server."""
        self.sessions_at[server] -= 1
        if not self.sessions_at[server]:
            del self.sessions_at[server]
