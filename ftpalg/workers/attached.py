"""A worker's end of the channel: it does what the supervisor says, gives signs of life, and ends without it.

``hears`` has the orders; whoever shares more over all workers adds a topic to ``channel.hears``, and says
what it has to say by ``channel.tell`` and ``channel.ask``.  A worker whose supervisor is gone, killed it may
be, resets its sessions and ends; one that does not come to it is ended by a thread.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from threading import Thread
from typing import Any

from twisted.internet.defer import Deferred

from ftpalg.config import Loaded
from ftpalg.core.news import News, Ready, ReloadFailed, Stopped
from ftpalg.life.reactor import IWhole
from ftpalg.life.signals import Order
from ftpalg.life.source import Source
from ftpalg.workers.channel import Channel, ChannelFault, Refused, connect
from ftpalg.workers.handed import Handed, Snapshot
from ftpalg.workers.process import LOOKS
from ftpalg.workers.serving import OwnService
from ftpalg.workers.share import share_of

GRACE = 5.0
"""Seconds for a worker without its supervisor to end by itself."""
OFTEN = 1.0
"""Seconds between two signs of life at most: what is told of a worker that dies is what it said last."""
LAST = 1.0
"""Seconds for the last word to be heard."""


class Attached:
    """``service`` is put in before the reactor runs."""

    service: OwnService

    def __init__(self, reactor: IWhole, handed: Handed, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.source = Source(self._read, snapshot.file)
        self._reactor = reactor
        self._handed = handed
        hears: dict[str, Callable[[Any], Any]] = {
            "stop": lambda body: self._counted(self._stop),
            "leave": lambda body: self._counted(self.service.leave),
            "stop now": lambda body: self._stop(),
            "reload": self._reload,
            "reopen": lambda body: self.service.order(Order.REOPEN),
            "show": lambda body: self.service.order(Order.SHOW),
        }
        self.channel = Channel(reactor, hears, self._lost, self._take)

    def connect(self) -> None:
        """The service has started: the reactor is about to run."""
        watch(self._handed.channel)
        connect(self._reactor, self._handed.channel, self.channel)
        self._beat()

    def _read(self) -> Loaded:
        loaded = self.snapshot.read()
        own = share_of(
            loaded.settings, self._handed.worker, self._handed.workers, self._handed.lines
        )
        return loaded._replace(settings=own)

    # -- what it says -----------------------------------------------------------------------------

    def whole(self, news: News) -> None:
        """Something of the whole gateway would be told; of a part of it the supervisor wants to know some."""
        if isinstance(news, Ready):
            first, last = self.service.settings.data.server_ports
            said = [news.client_ports, f"{first}-{last}", news.sessions, self.snapshot.epoch]
            self.channel.tell("ready", said)
            known = self.channel.ask("common").addCallback(self.service.know)
            known.addErrback(lambda reason: reason.trap(ChannelFault) and None)
        elif isinstance(news, Stopped):
            self._left = [news.sessions, news.transfers]

    _left = [0, 0]

    def last_word(self) -> Deferred[Any]:
        """Tell what was left when it ended; the Deferred is over when that was heard, or soon."""
        return self.channel.ask("stopped", self._left, LAST).addErrback(
            lambda reason: reason.trap(ChannelFault) and None
        )

    def _beat(self) -> None:
        self.channel.tell("beat", self.service.counts)
        seconds = min(OFTEN, self.service.settings.timeouts.worker / LOOKS)
        self._reactor.callLater(seconds, self._beat)

    # -- what it hears ----------------------------------------------------------------------------

    def _stop(self) -> None:
        self.service.order(Order.STOP)

    def _counted(self, do: Callable[[], object]) -> list[int]:
        counts = self.service.counts
        do()
        return counts

    def _take(self, name: str, descriptor: int) -> None:
        """The socket of a listener that the next settings have."""
        before = self.service.listeners.inherited.pop(name, None)
        if before is not None:
            os.close(before)
        self.service.listeners.inherited[name] = descriptor

    def _reload(self, body: Any) -> None:
        was, self.snapshot = self.snapshot, Snapshot(*body)
        try:
            done = self.service.reload()
            if not isinstance(done, ReloadFailed):
                if done is None:
                    raise Refused("it does not serve")
                return
            raise Refused(done.reason)
        except BaseException:
            self.snapshot = was
            raise
        finally:
            self.service.listeners.forget_inherited()

    def _lost(self, why: str) -> None:
        """There is no supervisor any more, or it has no use for this worker."""
        self.service.end()


def watch(channel: int) -> None:
    """End the process where it outlives its supervisor, whatever it does meanwhile."""
    Thread(target=_watch, args=(os.dup(channel),), name="supervisor", daemon=True).start()


def _watch(channel: int) -> None:
    looking = select.poll()
    looking.register(channel, 0)
    looking.poll()  # until it is hung up
    looking.unregister(channel)
    looking.poll(GRACE * 1000)
    os._exit(1)
