"""One gateway's life: it listens, serves, takes orders, and ends its sessions when it stops.

A table of states and orders (``ORDERS``) says what a signal brings about in each.
"""

from __future__ import annotations

import codecs
import os
import time
from collections.abc import Callable
from enum import Enum

from twisted.application.service import Service
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IListeningPort

from ftpalg.config import Listener, Settings, SettingsError
from ftpalg.core.news import Reloaded, ReloadFailed, Stopped
from ftpalg.core.wire.user_at_host import IsAccount
from ftpalg.life import upgrade_request
from ftpalg.life.announcing import ready
from ftpalg.life.banning import Banning
from ftpalg.life.changes import changes
from ftpalg.life.counting import Counting
from ftpalg.life.descriptors import BASE, descriptors, raised
from ftpalg.life.draining import Drain
from ftpalg.life.faults import CannotStart
from ftpalg.life.inherited import READY
from ftpalg.life.listening import IPort, Listeners, Make
from ftpalg.life.notify import Notify
from ftpalg.life.observers import Log, Observers
from ftpalg.life.place import WHOLE, Place, Program
from ftpalg.life.reactor import IWhole
from ftpalg.life.signals import EARLY, Order, Signals
from ftpalg.life.source import Source
from ftpalg.life.steering import Steering
from ftpalg.life.terminal import Terminal
from ftpalg.life.to_be_known import to_be_known
from ftpalg.life.upgrading import Upgrade
from ftpalg.life.watchdog import FOOD, Watchdog
from ftpalg.life.wiring import policies_of, rules_of
from ftpalg.net.accounts import checkers_of, is_account_of
from ftpalg.net.admission import Entrance
from ftpalg.net.control.client import ClientFactory
from ftpalg.net.gateway import Gateway
from ftpalg.net.ledger import Ledger
from ftpalg.net.shared import Shared
from ftpalg.net.snapshots import in_words
from ftpalg.ops.log import LogFault, SessionLog
from ftpalg.ops.names import session_names
from ftpalg.ops.settings import LogSettings


class State(Enum):
    """Where a gateway stands in its life."""

    BEGINNING = "it is being made, or its reactor does not run yet"
    SERVING = "it listens"
    UPGRADING = "it listens, and the next program is starting"
    DRAINING = "it listens no more; sessions end one by one"
    OVER = "its reactor stops"


class GatewayService(Service):
    """Listens, and ends the sessions when it stops.

    Without ``source`` there is nothing to read again; without ``signals`` there are none; with
    ``program`` it can be upgraded; ``place`` says which of several workers it is.
    """

    def __init__(
        self,
        reactor: IWhole,
        settings: Settings,
        log: Log | None = None,
        *,
        source: Source | None = None,
        signals: Signals | None = None,
        terminal: Terminal | None = None,
        program: Program | None = None,
        place: Place = WHOLE,
    ) -> None:
        self._reactor = reactor
        self._log = Observers(log or SessionLog(LogSettings.of(settings.log), hosted=True))
        self._source = source
        self._signals = signals
        self._terminal = terminal or Terminal()
        self._terminal.check(settings)
        self._program = program
        self._inherited = program.inherited if program else place.inherited
        self._notify = place.notify
        self._state = State.BEGINNING
        self._drain: Drain | None = None
        self._upgrade: Upgrade | None = None
        self._asked: IListeningPort | None = None
        self._watchdog: Watchdog | None = None
        self._allowed = 0
        checkers = checkers_of(settings.accounts.auth, self._log.warned)
        self._is_account = is_account_of(checkers)
        bans, counting = self._bans(settings), self._counting()
        names = session_names(reactor.seconds, place.worker, place.workers)
        self.gateway = Gateway(
            *(reactor, settings, self._log, policies_of(settings), checkers),
            *(names, bans, counting.of, self._ledger(settings)),
            epoch=place.epoch,
        )
        parent = os.getppid() if self._inherited.status >= 0 else 0
        gateway, log = self.gateway, self._log
        self.steering = Steering(
            reactor, gateway, log, self.reload, lambda: self.is_serving, bans, counting, parent
        )
        own = self.gateway.shared.own
        self.listeners = Listeners(reactor, own, self._inherited.listeners)
        self.listeners.check(settings.all_listeners)

    # what one of several workers has otherwise
    def _bans(self, settings: Settings) -> Banning:
        return Banning(self._reactor, self._log, settings, lambda: self._is_account)

    def _counting(self) -> Counting:
        return Counting(self._reactor, self._log.warned)

    def _ledger(self, settings: Settings) -> Ledger | None:
        """None is for the gateway's own."""
        return None

    @property
    def settings(self) -> Settings:
        """Those of the sessions that come."""
        return self.gateway.shared.settings

    @property
    def ports(self) -> list[IPort]:
        """Those of its listeners."""
        return [one.port for one in self.listeners.standing.values()]

    @property
    def is_serving(self) -> bool:
        """Whether it listens, and its reactor runs."""
        return self._state in (State.SERVING, State.UPGRADING)

    # -- the start --------------------------------------------------------------------------------

    def privilegedStartService(self) -> None:
        self._listen()

    def startService(self) -> None:
        if not self.listeners.standing:
            self._listen()
        super().startService()
        self._prepare()
        self.gateway.start()
        self.listeners.forget_inherited()
        self._allowed = raised()
        self._fit(self.gateway.shared)
        self._terminal.started()
        codecs.lookup("idna")  # is imported with the first name else, and may be gone by then
        self._reactor.callWhenRunning(self._serve)

    def _listen(self) -> None:
        try:
            make = self._maker(self.gateway.shared, self._is_account)
            self.listeners.open(self.settings.all_listeners, make)
            self.steering.listen(self.listeners.inherited)
        except CannotStart as error:
            self._refuse(str(error))

    def _prepare(self) -> None:
        fault = self.gateway.cannot_start()
        if fault:
            self._refuse(fault)
        try:
            self.steering.prepare()
            self.steering.drains.take_over(self._inherited.drained)
        except CannotStart as error:
            self._refuse(str(error))

    def _refuse(self, sentence: str) -> None:
        if self._source is not None:
            sentence = self._source.placed(sentence)
        self._inherited.tell(sentence)
        self._terminal.refuse(sentence)

    def _maker(self, shared: Shared, is_account: IsAccount | None) -> Make:
        entrance = Entrance(shared)

        def make(listener: Listener) -> ClientFactory:
            rules = rules_of(shared.settings, listener, is_account, shared.reactor.seconds)
            return ClientFactory(entrance, rules, listener)

        return make

    def _fit(self, shared: Shared) -> None:
        """Admit no more than descriptors allow, and warn of what an administrator should know."""
        found = descriptors(shared.settings.limits, self._allowed)
        self.gateway.fit(found.allowed - BASE, found.fitting)
        self._warn(shared.settings)

    def _warn(self, settings: Settings) -> None:
        """Tell what an administrator should read in the log at each start."""
        for text in to_be_known(settings, self._allowed):
            self._log.warned(text)

    def _serve(self) -> None:
        """The reactor runs."""
        self._state = State.SERVING
        try:
            self.steering.socket.open()
        except CannotStart as error:  # another program was faster
            self._log.warned(str(error))
        if self._signals is not None:
            if self._program is None:  # twistd has its own of some by now
                self._signals.take(EARLY)
                self._signals.share("SIGUSR1")
            self._signals.attend(lambda order: self._reactor.callFromThread(self.order, order))
        shared = self.gateway.shared
        places = map(str, self.listeners.standing.values())
        file = self._source.file if self._source else ""
        self._log.tell(ready(shared.settings, file, places, shared.sessions.fitting))
        if self._program is not None:
            self._asked = upgrade_request.listen(self._reactor, self._asked_to_upgrade)
        if self._inherited.status < 0:
            self._notify.say("READY=1", "STATUS=serving")
        self._inherited.tell(READY)
        self._watchdog = Watchdog(self._reactor, self._notify)

    # -- orders -----------------------------------------------------------------------------------

    def order(self, order: Order) -> None:
        """Do what is asked for, as far as that has a meaning now."""
        take = ORDERS[order].get(self._state)
        if take is not None:
            take(self)

    def _reopen(self) -> None:
        self._log.reopen()

    def _show(self) -> None:
        sessions = self.gateway.shared.sessions.open
        self._log.told(f"{len(sessions)} sessions")
        for session in sessions.values():
            self._log.told(f"session {in_words(session.snapshot)}")

    def reload(self) -> Reloaded | ReloadFailed | None:
        """The same as the order; what came of it, None where it cannot be done now."""
        return self._reload() if self._state is State.SERVING else None

    def _reload(self) -> Reloaded | ReloadFailed | None:
        self._reopen()
        self.gateway.shared.certificates.reload()
        if self._source is None:
            return None
        self._notify.say("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        done: Reloaded | ReloadFailed
        try:
            settings = self._source.load()
            with self._source.telling():
                said = self._renew(settings)
            done = Reloaded(self._source.file, said, self.gateway.shared.epoch)
        except SettingsError as error:
            done = self._failed("; ".join(error.faults))
        except (CannotStart, LogFault) as error:
            done = self._failed(str(error))
        self._log.tell(done)
        self._notify.say("READY=1")
        return done

    def _failed(self, why: str) -> ReloadFailed:
        file = self._source.file if self._source is not None else ""
        return ReloadFailed(why, file, epoch=self.gateway.shared.epoch)

    def _renew(self, settings: Settings) -> tuple[str, ...]:
        """Take these settings, all or none; what has changed."""
        self._terminal.check(settings)
        was = self.settings
        checkers = checkers_of(settings.accounts.auth, self._log.warned)
        shared = self.gateway.prepared(settings, policies_of(settings), checkers)
        fault = self.gateway.cannot_start(shared)
        if fault:
            raise CannotStart(fault)
        self.listeners.check(settings.all_listeners)
        is_account = is_account_of(checkers)
        with self._log.renewed(settings.log), self.steering.renewed(settings):
            self.listeners.renew(settings.all_listeners, self._maker(shared, is_account))
        self._is_account = is_account
        self.gateway.take(shared)
        self.steering.taken(was)
        self._fit(shared)
        return changes(was, settings)

    # -- the end ----------------------------------------------------------------------------------

    def _stop(self) -> None:
        self._notify.say("STOPPING=1", "STATUS=draining")
        self.listeners.close_all()
        self._begin_drain()

    def _begin_drain(self) -> None:
        self._state = State.DRAINING
        if self._asked is not None:
            self._asked.stopListening()
            self._asked = None
        self._drain = Drain(self._reactor, self.gateway.shared, self._notify, self._over)

    def _stop_now(self) -> None:
        if self._drain is not None:
            self._drain.stop()

    def _stop_upgrade(self) -> None:
        if self._upgrade is not None:
            self._upgrade.cancel("the gateway stops")
        self._stop()

    def _stop_watchdog(self) -> None:
        if self._watchdog is not None:
            self._watchdog.stop()

    def _over(self) -> None:
        self._state = State.OVER
        self._reactor.stop()

    def stopService(self) -> Deferred[list[None]]:
        super().stopService()
        if self._upgrade is not None:
            self._upgrade.cancel("the gateway stops")
        if self._state is not State.OVER:
            self._state = State.OVER
            sessions = self.gateway.shared.sessions
            self._log.tell(Stopped(len(sessions.open), sessions.transfers))
        self._stop_watchdog()
        closing = self.listeners.close_all() + self.steering.close()
        self.gateway.close()
        self.steering.counting.write()  # what sessions had moved that ended now
        return gatherResults(closing)

    # -- upgrades ---------------------------------------------------------------------------------

    def _asked_to_upgrade(self, answer: upgrade_request.Answer) -> None:
        """Start the next program; it is said what came of it."""
        if self._state is not State.SERVING or self._program is None:
            answer("it is " + ("upgraded already" if self._upgrade else "stopping"))
            return

        def done(wrong: str, pid: int) -> None:
            self._upgrade = None
            if wrong:
                self._state = State.SERVING
                self.steering.again()
                self._log.warned(f"not upgraded, this program serves on: {wrong}")
            else:
                self._hand_on(pid)
            answer(wrong)

        self.steering.counting.write()  # it reads what accounts have used
        try:
            self._upgrade = Upgrade(
                self._reactor,
                self._program.words,
                self._program.folder,
                self.listeners.descriptors | self.steering.descriptors,
                done,
                self.steering.drains.names,
            )
        except OSError as error:
            answer(f"the program cannot be started: {error.strerror}")
        else:
            self._state = State.UPGRADING

    def _hand_on(self, pid: int) -> None:
        """The next program is ready: it is the main one, and accepts from now on."""
        self._notify.say(f"MAINPID={pid}", FOOD)
        self._stop_watchdog()
        self._log.told(f"upgraded: PID {pid} serves, this program drains")
        self._notify = Notify({})
        self.leave()

    def leave(self) -> None:
        """Others accept from now on, on the same sockets: this program drains."""
        self.listeners.hand_on()
        self.steering.hand_on()
        self._begin_drain()


ORDERS: dict[Order, dict[State, Callable[[GatewayService], object]]] = {
    Order.STOP: {
        State.SERVING: GatewayService._stop,
        State.UPGRADING: GatewayService._stop_upgrade,
        State.DRAINING: GatewayService._stop_now,
    },
    Order.RELOAD: {State.SERVING: GatewayService._reload, State.DRAINING: GatewayService._reopen},
    Order.REOPEN: dict.fromkeys(
        (State.SERVING, State.UPGRADING, State.DRAINING), GatewayService._reopen
    ),
    Order.SHOW: dict.fromkeys(
        (State.SERVING, State.UPGRADING, State.DRAINING), GatewayService._show
    ),
}
"""What an order brings about; where a state is not named, nothing."""
