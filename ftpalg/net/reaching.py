"""How servers are reached and judged, and what is known of them."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable
from functools import partial

from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from ftpalg.config import Settings
from ftpalg.core.actions import Dial
from ftpalg.core.ends import Reason
from ftpalg.core.events import Link
from ftpalg.core.facts import Fact, Noted, Resource, Shadowed, What
from ftpalg.core.routes import Route, Server
from ftpalg.net.control.attached import adopt
from ftpalg.net.control.line import Control
from ftpalg.net.drained import DrainedParts
from ftpalg.net.guarded import Guarded
from ftpalg.net.judging import Judging
from ftpalg.net.ledger import Grant, Ledger, Line, key_of, key_of_all
from ftpalg.net.own_addresses import Own, is_local
from ftpalg.net.policies import Policies
from ftpalg.net.reach.attempt import NEGOTIATED, Way, negotiations, way_of
from ftpalg.net.reach.client_lookups import Lookups
from ftpalg.net.reach.dead import Dead
from ftpalg.net.reach.dns import Dns
from ftpalg.net.reach.failover import Failed, Means, Reach, Reached, Rules, anybody
from ftpalg.net.reach.health import Health
from ftpalg.net.reach.loops import Loops
from ftpalg.net.reach.names import Answered, LookUp, Resolve
from ftpalg.net.reach.system import System
from ftpalg.net.reach.traits import Remembered
from ftpalg.net.reactors import IReaching
from ftpalg.net.recorder import Recorder
from ftpalg.net.shares import used_up
from ftpalg.net.tls.towards_servers import ServerSide
from ftpalg.net.turns import Turns


def _through(reactor: Guarded, resolve: Resolve) -> Resolve:
    """The same; what its answers raise goes to the reactor's owner, not to those who look up."""

    def look_up(name: str, answered: Answered) -> LookUp:
        return resolve(name, partial(reactor.enter, answered))

    return look_up


def _trace() -> str:
    """The exception that is being handled."""
    trace: str = Failure().getTraceback()
    return trace


class Asked:
    """What may be said to the addresses of one dial; each shadow rule that fits is told of once."""

    def __init__(
        self, judging: Judging, dial: Dial, client: str, near: bool, tell: Callable[[Fact], None]
    ) -> None:
        self._judging = judging
        self._dial = dial
        self._client = client
        self._near = near
        self._tell = tell
        self._told: set[Fact] = set()

    def refusal(self, server: Server, address: str) -> str:
        """Why that address must not be dialled, or nothing."""
        asked = self._dial, self._client, self._near, server, address
        refusal = self._judging.refusal(*asked)
        if self._judging.tries:
            self._note(self._judging.tried(*asked, refusal))
        return refusal

    def by_name(self, server: Server) -> str:
        """Why a parent may not be told that name, or nothing."""
        asked = self._dial, self._client, server
        refusal = self._judging.by_name(*asked)
        if self._judging.tries:
            self._note(self._judging.tried_by_name(*asked, refusal))
        return refusal

    def _note(self, fact: Shadowed | None) -> None:
        if fact is not None and fact not in self._told:
            self._told.add(fact)
            self._tell(fact)


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
        ledger: Ledger,
        before: Reaching | None = None,
        drained: DrainedParts | None = None,
        turns: Turns | None = None,
    ) -> None:
        """``known`` looks up names of the settings.

        ``before`` was that of the settings before these: what it knows and counts goes on.
        """
        self._reactor = reactor
        self._settings = settings
        self._drained = drained or DrainedParts()
        self._in_turn = turns or Turns(reactor)
        self._log = log
        self._policies = policies
        self._judging = Judging(policies, own)
        self._known = known
        waits, limits = settings.timeouts, settings.limits
        self._lookups: Lookups = Lookups(
            reactor,
            System(reactor) if settings.resolver == "system" else Dns(reactor),
            waits.resolve,
            ledger,
            log.warned,
            before._lookups if before is not None else None,
            lambda short: log.tell(used_up(short)),
        )
        self._loops = Loops(limits.returning, is_local, ledger)
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
        self._ledger = ledger
        if before is not None:
            self.sessions_at = before.sessions_at
            self.traits.take_over(before.traits)
            self._loops.take_over(before._loops)
        self.health = Health(
            reactor,
            settings,
            log,
            (settings.route(rule) for rule in settings.routes if not rule.shadow),
            self.open,
            self.adopt,
            server_side,
            self._in_turn,
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
        tell: Callable[[Fact], None],
        held: Grant | None = None,
        takes: Callable[[Server], str] = anybody,
    ) -> Reach:
        """The servers of a dial being tried, for a client; begins with its ``start``.

        ``reactor`` is the session's: what is called from outside leads to it where it raises.
        ``near`` is True where the client's connection itself comes from this machine.  ``tell`` is told
        what rules that are only tried would have said.  ``held`` is the descriptor that it is granted; it
        takes more, as it tries several addresses at a time.  ``takes`` tells why a server has no room.
        """

        def loops(address: str) -> str:
            refusal = self._loops.refusal(client, address)
            if refusal:
                tell(Resource(What.RETURNING))
            return refusal

        asked = Asked(self._judging, dial, client.peer, near, tell)
        rules = Rules(
            asked.refusal,
            asked.by_name,
            _through(
                reactor,
                partial(self._lookups.look_up, client.peer) if dial.named else self._known,
            ),
            loops,
            takes,
            lambda short: tell(used_up(short)),
        )
        servers = self.order(dial, client.peer)
        means = self._guarded(reactor)
        if dial.named:  # whoever names servers may have many that are dead: the log knows who it is
            means = means._replace(warned=lambda text: tell(Noted(text)))
        return Reach(means, self.way(dial.route, client), servers, rules, reached, failed, held)

    def open(
        self, route: Route, server: Server, reached: Reached, failed: Callable[[str], None]
    ) -> Reach:
        """One of the settings' own servers being tried, for ourselves."""
        trying = Trying(self._log, server, failed)
        reactor = Guarded(self._reactor, trying, self._in_turn)
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
        return way_of(route, self._parents.get(route.parent), client)

    def barred(self, dial: Dial) -> tuple[Reason, str] | None:
        """Why the way of a dial takes no new session, and the sentence; None where it does."""
        return self._drained.barred(self._settings, dial.route.name, dial.servers)

    def order(self, dial: Dial, client: str) -> list[Server]:
        """The servers of a dial, in the order to try them, those that are drained left out."""
        servers = self._drained.left(dial.servers)
        if len(servers) == 1:
            return list(servers)
        return self._policies.order(
            servers,
            dial.route.balance,
            client=client,
            turn=self._ledger.turn(key_of_all(dial.servers)),
            sessions=self._sessions_at,
            healthy=self.health.of,
        )

    def _sessions_at(self, server: Server) -> int:
        """Those of other processes, too, with those that are reaching it."""
        return self.sessions_at[server] + self._ledger.elsewhere(key_of(server), Line.OF_SERVER)

    def adopt(self, sock: socket.socket, control: Control) -> None:
        """Give a connected socket to Twisted and its protocol; one that broke is told as lost."""
        try:
            adopt(control.watch, sock, control)
        except OSError:
            sock.close()
            control.connectionLost(Failure(ConnectionLost()))

    # -- what is known of them ------------------------------------------------------------------------

    def came(self, server: Server) -> None:
        """A session has a connection to a server."""
        self.sessions_at[server] += 1

    def met(self, client: Link, peer: str) -> None:
        """A client's session has a connection to that address; until it is settled it may be in a loop."""
        self._loops.reached(client, peer)

    def settled(self, client: Link) -> None:
        """A client's session is logged in at its server, has left it, or never came there: no loop."""
        self._loops.discard(client)

    def left(self, server: Server) -> None:
        """A session has closed its connection to a server."""
        self.sessions_at[server] -= 1
        if not self.sessions_at[server]:
            del self.sessions_at[server]
