"""The process above the workers: it has the settings, the listening sockets, the orders, and no client.

It stands where a gateway of one process stands (``life.service``): twistd or ``ftpalg run`` starts it,
signals, systemd and ``ftpalg upgrade`` speak to it alone.  What it has each worker do goes over the channel:
``stop``, ``leave``, ``reload``, ``reopen``, ``show``.

Seams for what all workers share: ``hears`` has further topics, each with a function of the worker that says
it and the body; ``crew.ask`` and ``crew.tell`` speak to all of them; a worker's end is ``workers.attached``.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort
from twisted.internet.process import reapAllProcesses

from ftpalg.config import Settings, SettingsError
from ftpalg.core.news import Draining, Reloaded, ReloadFailed, Stopped
from ftpalg.life import upgrade_request
from ftpalg.life.announcing import ready
from ftpalg.life.descriptors import raised
from ftpalg.life.faults import CannotStart
from ftpalg.life.files import faults_of_files
from ftpalg.life.inherited import READY, Inherited
from ftpalg.life.notify import Notify
from ftpalg.life.observers import Log, Observers
from ftpalg.life.place import Program
from ftpalg.life.reactor import IWhole
from ftpalg.life.service import State
from ftpalg.life.signals import EARLY, Order, Signals
from ftpalg.life.source import Source
from ftpalg.life.terminal import Terminal
from ftpalg.life.to_be_known import to_be_known
from ftpalg.life.upgrading import Upgrade
from ftpalg.life.watchdog import FOOD, Watchdog
from ftpalg.ops.log import SessionLog
from ftpalg.ops.settings import LogSettings
from ftpalg.workers.channel import Hears
from ftpalg.workers.common import Common
from ftpalg.workers.crew import Crew
from ftpalg.workers.drain import Drain
from ftpalg.workers.handed import Snapshot
from ftpalg.workers.process import Words, Worker
from ftpalg.workers.relayed import Relayed
from ftpalg.workers.reloading import Reloading
from ftpalg.workers.sockets import Sockets
from ftpalg.workers.steering import WholeSteering

AGAIN = 0.05
"""Seconds between two looks at the workers' start."""
HOSTED = (sys.executable, "-m", "ftpalg", "run")
"""What a worker is under twistd, whose own words would begin another twistd."""

Hear = Callable[[Worker, Any], Any]


class Supervisor(Service):
    """A gateway of several workers; its words are those of ``GatewayService``."""

    def __init__(
        self,
        reactor: IWhole,
        settings: Settings,
        log: Log | None = None,
        *,
        source: Source,
        signals: Signals | None = None,
        terminal: Terminal | None = None,
        program: Program | None = None,
    ) -> None:
        self.reactor = reactor
        self.settings = settings
        self.log = Observers(log or SessionLog(LogSettings.of(settings.log), hosted=True))
        self.source = source
        self.terminal = terminal or Terminal()
        self.terminal.check(settings)
        self.notify = Notify()
        self.hears: dict[str, Hear] = {}
        """Topics that workers say something to, besides their process's own: put in before the start."""
        self.state = State.BEGINNING
        self.epoch = 1
        self.snapshot = self.read(settings)
        self._signals = signals
        self._program = program
        self._inherited = program.inherited if program else Inherited()
        self.sockets = Sockets(reactor, settings.workers, self._inherited.listeners)
        self.sockets.check(settings.all_listeners)
        self.crew = Crew(reactor, self, self.log, settings.workers)
        self.common = Common(reactor, self.log, settings, self.crew.tell)
        self.hears.update(self.common.hears)
        self._fault = ""
        parent = os.getppid() if self._inherited.status >= 0 else 0
        self.steering = WholeSteering(self, parent, self._inherited.drained)
        self._reloading = Reloading(self)
        self._relayed = Relayed(lambda: self.settings.log, self.log.warned)
        self._upgrade: Upgrade | None = None
        self._asked: IListeningPort | None = None
        self._watchdog: Watchdog | None = None
        self._drain: Drain | None = None

    def read(self, settings: Settings) -> Snapshot:
        """What was read last, for the workers.  Raise SettingsError for what is wrong in their files."""
        loaded = self.source.loaded
        assert loaded is not None  # these settings are from there
        found = faults_of_files(settings)
        if found:
            raise SettingsError([one.sentence for one in found])
        return Snapshot.of(loaded, self.epoch)

    # -- the start --------------------------------------------------------------------------------

    def privilegedStartService(self) -> None:
        self._listen()

    def startService(self) -> None:
        """All of the workers are ready when it returns, or the process ends."""
        if not self.sockets.standing:
            self._listen()
        super().startService()
        self.sockets.forget_inherited()
        self.warn()
        self.common.start()
        try:
            self.crew.begin()
        except OSError as error:
            self._refuse(f"no worker can be started: {error.strerror}")
        while not self.crew.is_whole:
            if self._fault:
                self._refuse(self._fault)
            self.reactor.iterate(AGAIN)
            reapAllProcesses()  # nobody has SIGCHLD yet
        self.terminal.started()
        self.reactor.callWhenRunning(self._serve)

    def _listen(self) -> None:
        try:
            self.steering.prepare(self.sockets.inherited)
            self.sockets.open(self.settings.all_listeners)
        except CannotStart as error:
            self._refuse(str(error))

    def warn(self) -> None:
        """Tell what an administrator should read in the log at each start."""
        for text in to_be_known(self.settings, raised()):
            self.log.warned(text)

    def make(self, number: int) -> Worker:
        """Start a worker.  Raise OSError."""
        hears: Hears = {topic: partial(self._hear, number, topic) for topic in self.hears}
        bound = self.settings.timeouts.worker
        worker = Worker(self.reactor, self.crew, number, bound, hears)
        program = self._program
        drained = tuple((part.kind.value, part.name) for part in self.steering.drained)
        words = Words(
            program.words if program else HOSTED,
            program.folder if program else os.getcwd(),
            *(self.crew.size, self.common.board.descriptor, drained, program is None),
        )
        worker.start(words, self.sockets.of(number), self.snapshot)
        return worker

    def _hear(self, number: int, topic: str, body: Any) -> Any:
        return self.hears[topic](self.crew.workers[number], body)

    def taken(self) -> None:
        """Other settings hold."""
        self.common.renewed(self.settings)

    def cannot_start(self, sentence: str) -> None:
        """A worker is gone before all were ready.  The reactor would swallow the end of the process."""
        self._fault = self._fault or sentence

    def _refuse(self, sentence: str) -> None:
        """End the process, and its workers."""
        self.crew.leave()
        self.crew.kill("another worker cannot start")
        sentence = self.source.placed(sentence)
        self._inherited.tell(sentence)
        self.terminal.refuse(sentence)

    def whole(self) -> None:
        """All of the workers are ready."""

    def _serve(self) -> None:
        """The reactor runs."""
        self.state = State.SERVING
        if self._program is not None:  # twistd has its own signals
            reap = partial(self.reactor.callFromThread, reapAllProcesses)
            signal.signal(signal.SIGCHLD, lambda number, frame: reap())
            self._asked = upgrade_request.listen(self.reactor, self._asked_to_upgrade)
        reapAllProcesses()
        if self._signals is not None:
            if self._program is None:
                self._signals.take(EARLY)
                self._signals.share("SIGUSR1")
            self._signals.attend(lambda order: self.reactor.callFromThread(self.order, order))
        try:
            self.steering.socket.open()
        except CannotStart as error:
            self.log.warned(str(error))
        self.steering.attend(*self.crew.serving)
        self._tell_ready()
        if self._inherited.status < 0:
            self.notify.say("READY=1", "STATUS=serving")
        self._inherited.tell(READY)
        self._watchdog = Watchdog(self.reactor, self.notify)

    def _tell_ready(self) -> None:
        workers = self.crew.serving
        fitting = sum(one.facts.sessions for one in workers if one.facts is not None)
        sessions = min(self.settings.limits.sessions, fitting)
        told = ready(self.settings, self.source.file, self.sockets.addresses, sessions)
        self.log.tell(told._replace(pids=tuple(one.pid for one in workers)))

    # -- the workers ------------------------------------------------------------------------------

    def came(self, worker: Worker) -> None:
        """A successor is ready; what it was started with may have been replaced meanwhile."""
        self.steering.attend(worker)
        self._reloading.catch_up(worker)

    def died(self, worker: Worker) -> None:
        """What it held is free."""
        self.common.died(worker.number)

    def line(self, text: bytes) -> None:
        """A worker's record, where it has no other place for it."""
        self._relayed.line(text)

    def over(self) -> None:
        """No worker is left."""
        if self._drain is not None:
            self._drain.stop()
        self.log.tell(Stopped(*self.crew.left))
        self.state = State.OVER
        self.reactor.stop()

    # -- orders -----------------------------------------------------------------------------------

    def order(self, order: Order) -> None:
        """Do what is asked for, as far as that has a meaning now."""
        take = ORDERS[order].get(self.state)
        if take is not None:
            take(self)

    @property
    def serves(self) -> bool:
        """Whether clients that come are accepted."""
        return self.state in (State.SERVING, State.UPGRADING)

    def reload(self) -> Deferred[Reloaded | ReloadFailed] | None:
        """Read the settings again; None where it cannot be done now."""
        return self._reloading.asked() if self.state is State.SERVING else None

    def _reload(self) -> None:
        self.reopen()
        self._reloading.begin()

    def reopen(self) -> None:
        """Files have been moved away."""
        self.log.reopen()
        self.crew.tell("reopen")

    def _show(self) -> None:
        self.crew.tell("show")

    # -- the end ----------------------------------------------------------------------------------

    def _stop(self) -> None:
        self.notify.say("STOPPING=1", "STATUS=draining")
        self.sockets.close()
        self._begin_drain("stop")

    def _begin_drain(self, order: str) -> None:
        self.state = State.DRAINING
        if self._asked is not None:
            self._asked.stopListening()
            self._asked = None
        self._reloading.stop()
        self._drain = Drain(self.reactor, self.crew, self.notify, self.settings.timeouts.stop)
        self.crew.leave()
        told = self._drain.order(order)
        told.addCallback(lambda found: self.log.tell(Draining(*found)))

    def _stop_now(self) -> None:
        self.crew.tell("stop now")

    def _stop_upgrade(self) -> None:
        if self._upgrade is not None:
            self._upgrade.cancel("the gateway stops")
        self._stop()

    def stopService(self) -> None:
        """The reactor stops, by whatever: workers end as their channels do."""
        super().stopService()
        if self._upgrade is not None:
            self._upgrade.cancel("the gateway stops")
        if self.state is not State.OVER:
            self.state = State.OVER
            sessions = sum(worker.sessions for worker in self.crew.workers.values())
            transfers = sum(worker.transfers for worker in self.crew.workers.values())
            self.log.tell(Stopped(sessions, transfers))
        if self._watchdog is not None:
            self._watchdog.stop()
        self.crew.leave()
        self.sockets.close()
        self.steering.close()
        self.common.stop()

    # -- upgrades ---------------------------------------------------------------------------------

    def _asked_to_upgrade(self, answer: upgrade_request.Answer) -> None:
        """Start the next program; it is said what came of it."""
        if self.state is not State.SERVING or self._program is None:
            answer("it is " + ("upgraded already" if self._upgrade else "stopping"))
            return

        def done(wrong: str, pid: int) -> None:
            self._upgrade = None
            if wrong:
                self.state = State.SERVING
                self.steering.again()
                self.log.warned(f"not upgraded, this program serves on: {wrong}")
            else:
                self._hand_on(pid)
            answer(wrong)

        self.common.write()
        try:
            self._upgrade = Upgrade(
                *(self.reactor, self._program.words, self._program.folder),
                *(self.sockets.descriptors | self.steering.descriptors, done),
                tuple((part.kind.value, part.name) for part in self.steering.drained),
            )
        except OSError as error:
            answer(f"the program cannot be started: {error.strerror}")
        else:
            self.state = State.UPGRADING

    def _hand_on(self, pid: int) -> None:
        """The next program is ready: it is the main one, and accepts from now on."""
        self.notify.say(f"MAINPID={pid}", FOOD)
        if self._watchdog is not None:
            self._watchdog.stop()
        self.log.told(f"upgraded: PID {pid} serves, this program drains")
        self.notify = Notify({})
        self.common.hand_on()
        self.steering.hand_on()
        self._begin_drain("leave")


ORDERS: dict[Order, dict[State, Callable[[Supervisor], object]]] = {
    Order.STOP: {
        State.SERVING: Supervisor._stop,
        State.UPGRADING: Supervisor._stop_upgrade,
        State.DRAINING: Supervisor._stop_now,
    },
    Order.RELOAD: {State.SERVING: Supervisor._reload, State.DRAINING: Supervisor.reopen},
    Order.REOPEN: dict.fromkeys(
        (State.SERVING, State.UPGRADING, State.DRAINING), Supervisor.reopen
    ),
    Order.SHOW: dict.fromkeys((State.SERVING, State.UPGRADING, State.DRAINING), Supervisor._show),
}
"""What an order brings about; where a state is not named, nothing."""
