"""A gateway: composes what its sessions share, starts it and ends it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from math import inf
from typing import TYPE_CHECKING

from twisted.cred.checkers import ICredentialsChecker
from twisted.internet.interfaces import IDelayedCall

from ftpalg.config import Settings
from ftpalg.core.events import Link
from ftpalg.net.accounts import Accounts, Ask
from ftpalg.net.advertised import Advertised
from ftpalg.net.arrivals import Arrivals
from ftpalg.net.bans import NO_BANS, Bans
from ftpalg.net.control.client import ClientControl
from ftpalg.net.drained import DrainedParts
from ftpalg.net.driver import Driver
from ftpalg.net.faults import Faults
from ftpalg.net.guesses import Guesses
from ftpalg.net.ledger import Ledger, OwnLedger
from ftpalg.net.legs.pipes import Pipes
from ftpalg.net.own_addresses import Own
from ftpalg.net.owners import Session
from ftpalg.net.pinholes import Pinholes
from ftpalg.net.policies import Policies
from ftpalg.net.reach.configured_names import Known
from ftpalg.net.reach.system import System
from ftpalg.net.reaching import Reaching
from ftpalg.net.reactors import IReaching
from ftpalg.net.recorder import Recorder
from ftpalg.net.sessions import Sessions
from ftpalg.net.shared import Shared
from ftpalg.net.shares import shares, used_up
from ftpalg.net.threads import Asking, Room
from ftpalg.net.timers import Timers
from ftpalg.net.tls.certificates import Certificates
from ftpalg.net.turns import Turns
from ftpalg.net.watch import Watch, watch_of

if TYPE_CHECKING:
    from ftpalg.net.bandwidth import Bandwidth
    from ftpalg.net.quotas import Day, Quotas

KEPT = 3
"""Times within a lease that it is kept: the second one may be late."""
HASHES_AT_ONCE = 2
"""Of passwords, each of which may take 128 MiB and a processor."""


def uncounted(settings: Settings) -> None:
    """Nothing is counted by the day."""


def _in_turn(asking: Asking, room: Room, ledger: Ledger) -> Ask:
    """Clients take turns; who is one of them the ledger knows."""
    return lambda peer, question: asking.ask(room, ledger.whose(peer), question)


class Gateway:
    """``shared`` is what the sessions that come have in common; others may keep an earlier one.

    ``ledger`` is one that several gateways stand behind; without it this one has its own.
    ``day`` gives what counts by the day where settings count so, the same one each time.
    """

    def __init__(
        self,
        reactor: IReaching,
        settings: Settings,
        log: Recorder,
        policies: Policies,
        checkers: Sequence[ICredentialsChecker] = (),
        names: Callable[[], str] | None = None,
        bans: Bans = NO_BANS,
        day: Callable[[Settings], Day | None] = uncounted,
        ledger: Ledger | None = None,
        epoch: int = 1,
    ) -> None:
        self._reactor = reactor
        self._watch = watch_of(reactor)
        self._log = log
        self._own = Own()
        limits = settings.limits
        self.arrivals = Arrivals(reactor)
        self.turns = Turns(reactor)
        if ledger is None:
            ledger = OwnLedger(
                shares(limits),
                limits.ipv6_prefix,
                reactor.seconds,
                lambda short: log.tell(used_up(short)),
            )
        self.ledger: Ledger = ledger
        self._keeping: IDelayedCall | None = None
        self.drained = DrainedParts()
        self._bans = bans
        self._day = day
        self._first = epoch
        self.guesses = Guesses(reactor, self.ledger, settings, bans)
        self.faults = Faults(reactor, self.ledger, bans, settings.accounts.forget)
        self._pinholes: list[Pinholes] = []
        self._pipes = Pipes()
        self._session_names = names
        self._blocking = Asking(reactor, 1)
        self._hashing = Asking(reactor, HASHES_AT_ONCE)
        self.shared = self._made(settings, policies, checkers, None)

    def prepared(
        self, settings: Settings, policies: Policies, checkers: Sequence[ICredentialsChecker] = ()
    ) -> Shared:
        """What new sessions would share under other settings.  Raise SettingsError.

        Nothing changes before it is taken over (``take``).
        """
        return self._made(settings, policies, checkers, self.shared)

    def take(self, shared: Shared) -> None:
        """From now on sessions begin with these; those that run keep what they began with."""
        last, self.shared = self.shared, shared
        self.guesses.limits = shared.settings.accounts
        self.faults.forget = shared.settings.accounts.forget
        last.advertised.stop()
        last.certificates.stop()
        last.reaching.health.stop()
        if shared.bandwidth is not None:
            shared.bandwidth.begin()
        elif last.bandwidth is not None:
            last.bandwidth.end()
        self.start()

    def fit(self, descriptors: int, fitting: int) -> None:
        """So many descriptors there are for sessions, and so many sessions fit into them."""
        limits = self.shared.settings.limits
        self.ledger.renew(shares(limits, descriptors, fitting), limits.ipv6_prefix)

    def _made(
        self,
        settings: Settings,
        policies: Policies,
        checkers: Sequence[ICredentialsChecker],
        before: Shared | None,
    ) -> Shared:
        reactor, log, own = self._reactor, self._log, self._own

        def begin(client: ClientControl, link: Link, name: str) -> Driver:
            return Driver(shared, client, client.rules, link, name)

        known = Known(reactor, System(reactor), settings.timeouts.resolve, log.warned).look_up
        certificates = Certificates(reactor, settings, log)
        room = Room(settings.accounts.waiting, settings.accounts.waiting_per_peer)
        shared = Shared(
            reactor,
            self._watch,
            settings,
            log,
            policies,
            own,
            self.ledger,
            self.arrivals,
            Accounts(
                reactor,
                checkers,
                settings.accounts.delay,
                _in_turn(self._blocking, room, self.ledger),
                _in_turn(self._hashing, room, self.ledger),
                self.guesses,
            ),
            Advertised(
                reactor, settings.data, known, log.warned, before.advertised if before else None
            ),
            self._holes(settings, before),
            certificates,
            Reaching(
                reactor,
                settings,
                log,
                policies,
                own,
                certificates.server_side,
                known,
                self.ledger,
                before.reaching if before else None,
                self.drained,
                self.turns,
            ),
            Sessions[ClientControl, Session](
                settings,
                log,
                policies.admits,
                begin,
                self._session_names,
                before.sessions if before else None,
                self.drained,
                self.ledger,
                self._bans,
            ),
            Timers(reactor, settings.timeouts, self.turns),
            self.turns,
            self.drained,
            self._bandwidth(settings, before),
            self._pipes,
            before.epoch + 1 if before else self._first,
            self._bans,
            self.faults,
            self._quotas(settings),
        )
        return shared

    def _bandwidth(self, settings: Settings, before: Shared | None) -> Bandwidth | None:
        if not settings.limits_bandwidth:
            return None
        from ftpalg.net.bandwidth import Bandwidth

        return Bandwidth(self._reactor, settings, before.bandwidth if before else None)

    def _quotas(self, settings: Settings) -> Quotas | None:
        if not settings.quotas:
            return None
        from ftpalg.net.quotas import Quotas

        return Quotas(settings, self._day(settings))

    def _holes(self, settings: Settings, before: Shared | None) -> Pinholes | None:
        """Those that are open stay known as long as the table is the same."""
        holes = settings.pinholes
        if before is not None and before.settings.pinholes == holes:
            return before.pinholes
        if not holes.table:
            return None
        made = Pinholes(
            self._reactor, holes.table, holes.ipv4_set, holes.ipv6_set, self._log.warned
        )
        self._pinholes.append(made)
        return made

    def cannot_start(self, shared: Shared | None = None) -> str:
        """Why what the settings ask for cannot be had on this machine, or nothing."""
        shared = shared or self.shared
        wrong = shared.pinholes.check() if shared.pinholes is not None else ""
        if wrong:
            return f"pinholes.table = {shared.settings.pinholes.table!r}: {wrong}"
        return self._source_port_refused(shared.settings.data.source_port)

    def _source_port_refused(self, port: int) -> str:
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
        if isinstance(self._watch, Watch):
            self._watch.keep()
        self.shared.advertised.start()
        self.shared.certificates.start()
        self.shared.reaching.health.start()
        if self._keeping is None:
            self._keep_later()

    def _keep_later(self) -> None:
        """What was granted is kept, well before its lease is over."""
        if self.ledger.lease != inf:
            self._keeping = self._reactor.callLater(self.ledger.lease / KEPT, self._keep)

    def _keep(self) -> None:
        self.ledger.keep()
        self._keep_later()

    def close(self) -> None:
        """End every session with 421, and what goes on beside them."""
        shared = self.shared
        shared.advertised.stop()
        shared.certificates.stop()
        shared.reaching.health.stop()
        self.guesses.stop()
        self.arrivals.stop()
        self.faults.stop()
        if self._keeping is not None:
            self._keeping.cancel()
            self._keeping = None
        shared.sessions.end("The gateway is shutting down.")
        for pinholes in self._pinholes:
            pinholes.stop()
        if isinstance(self._watch, Watch):
            self._watch.let_go()
        self._pipes.close()
