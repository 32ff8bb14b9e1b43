"""New settings for all workers, or for none.

The supervisor reads them; what is wrong is told, and nothing has changed.  The first worker takes them before
the others: where it cannot, nothing has changed either.  Another one that cannot, or does not answer, is
killed: its successor begins with them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from twisted.internet.defer import Deferred

from ftpalg.config import Settings, SettingsError
from ftpalg.core.news import Reloaded, ReloadFailed
from ftpalg.life.changes import changes
from ftpalg.life.faults import CannotStart
from ftpalg.ops.log import LogFault
from ftpalg.workers.channel import ChannelFault, Refused
from ftpalg.workers.handed import Snapshot
from ftpalg.workers.process import Worker

if TYPE_CHECKING:
    from ftpalg.life.notify import Notify
    from ftpalg.life.observers import Observers
    from ftpalg.life.source import Source
    from ftpalg.life.terminal import Terminal
    from ftpalg.workers.crew import Crew
    from ftpalg.workers.sockets import Sockets
    from ftpalg.workers.steering import WholeSteering

SECONDS = 30.0
"""For a worker to take them: it reads certificates and accounts."""


class Supervising(Protocol):
    """Whose settings they are."""

    settings: Settings
    snapshot: Snapshot
    epoch: int
    source: Source
    terminal: Terminal
    sockets: Sockets
    crew: Crew
    log: Observers
    notify: Notify
    steering: WholeSteering

    def read(self, settings: Settings) -> Snapshot:
        """What workers get of them."""

    def taken(self) -> None:
        """Other settings hold."""

    def warn(self) -> None:
        """Tell what an administrator should know of them."""


class Reloading:
    """One at a time; who asks meanwhile gets another one behind it."""

    def __init__(self, supervisor: Supervising) -> None:
        self._of = supervisor
        self._runs = self._again = self._over = False
        self._waiting: list[Deferred[Reloaded | ReloadFailed]] = []

    def asked(self) -> Deferred[Reloaded | ReloadFailed]:
        """Read the settings again: what has come of it, once all workers have them."""
        told: Deferred[Reloaded | ReloadFailed] = Deferred()
        self._waiting.append(told)
        self.begin()
        return told

    def begin(self) -> None:
        """Read the settings again."""
        if self._runs:
            self._again = True
            return
        self._runs = True
        self._of.notify.say("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        Deferred.fromCoroutine(self._reload()).addCallback(self._done)

    def stop(self) -> None:
        """The gateway drains: nothing is told any more."""
        self._over = True

    def _done(self, told: Reloaded | ReloadFailed) -> None:
        self._runs = False
        if not self._again or self._over:
            waiting, self._waiting = self._waiting, []
            for one in waiting:
                one.callback(told)
        if self._over:
            return
        self._of.log.tell(told)
        self._of.notify.say("READY=1")
        if self._again:
            self._again = False
            self.begin()

    async def _reload(self) -> Reloaded | ReloadFailed:
        of = self._of
        was = of.settings
        try:
            settings = of.source.load()
            with of.source.telling():
                await self._renew(settings)
        except SettingsError as error:
            why = "; ".join(error.faults)
        except (CannotStart, LogFault, ChannelFault) as error:
            why = str(error)
        else:
            return Reloaded(of.source.file, changes(was, settings), of.epoch)
        return ReloadFailed(why, of.source.file, epoch=of.epoch)

    async def _renew(self, settings: Settings) -> None:
        of = self._of
        of.terminal.check(settings)
        snapshot = of.read(settings)._replace(epoch=of.epoch + 1)
        of.sockets.check(settings.all_listeners)
        others = of.crew.serving
        with (
            of.log.renewed(settings.log),
            of.steering.renewed(settings),
            of.sockets.renewed(settings.all_listeners) as opened,
        ):
            if others:
                first, *others = others
                await self._first(first, opened, snapshot)
            of.settings, of.snapshot, of.epoch = settings, snapshot, snapshot.epoch
        of.taken()
        if self._over:
            return
        for worker in of.crew.workers.values():
            worker.bound = settings.timeouts.worker
        of.warn()
        for worker in others:
            await self._follow(worker, opened)
        for worker in of.crew.serving:  # successors that have become ready meanwhile
            if worker.epoch != of.epoch:
                await self._follow(worker, list(of.sockets.standing))

    async def _first(self, worker: Worker, opened: Iterable[str], snapshot: Snapshot) -> None:
        """Have it take them.  Raise ChannelFault."""
        try:
            await self._given(worker, opened, snapshot)
        except Refused:
            raise
        except ChannelFault as error:  # nobody knows which it has
            worker.kill(f"it has not taken the new settings: {error}")
            raise

    async def _follow(self, worker: Worker, opened: Iterable[str]) -> None:
        """Have it take those that the others have."""
        try:
            await self._given(worker, opened, self._of.snapshot)
        except ChannelFault as error:
            worker.kill(f"it has not taken the new settings: {error}")

    def _given(self, worker: Worker, opened: Iterable[str], snapshot: Snapshot) -> Deferred[object]:
        def taken(answer: object) -> None:
            worker.epoch = snapshot.epoch

        for name, number in self._of.sockets.of(worker.number, opened).items():
            worker.channel.hand(name, number)
        return worker.channel.ask("reload", snapshot.body, SECONDS).addCallback(taken)

    def catch_up(self, worker: Worker) -> None:
        """It is ready; where the others have newer settings it gets them too."""
        of = self._of
        if not self._runs and worker.epoch != of.epoch:
            Deferred.fromCoroutine(self._follow(worker, list(of.sockets.standing)))
