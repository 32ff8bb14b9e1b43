"""A worker's gateway: what it would tell of itself as a whole is the supervisor's to tell."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from twisted.internet.defer import Deferred

from ftpalg.config import Settings
from ftpalg.core.drained import Drained, Undrained
from ftpalg.core.events import Traits
from ftpalg.core.news import Draining, News, Ready, Reloaded, ReloadFailed, Stopped
from ftpalg.core.routes import Server
from ftpalg.core.steering import Steered
from ftpalg.life.place import Place
from ftpalg.life.reactor import IWhole
from ftpalg.life.service import GatewayService
from ftpalg.life.signals import Order
from ftpalg.life.source import Source
from ftpalg.life.terminal import Terminal
from ftpalg.net.shared import Shared
from ftpalg.net.shares import shares, used_up
from ftpalg.ops.log import SessionLog
from ftpalg.ops.settings import LogSettings
from ftpalg.workers.banning import OwnBans
from ftpalg.workers.board import Board
from ftpalg.workers.channel import Channel, told
from ftpalg.workers.counting import OwnCounting
from ftpalg.workers.learned import TOPIC, hear, row
from ftpalg.workers.ledger import WholeLedger
from ftpalg.workers.steering import ATTEND

if TYPE_CHECKING:
    from ftpalg.workers.bandwidth import Parts

OF_THE_WHOLE = (Ready, Draining, Stopped, Reloaded, ReloadFailed, Steered, Drained)
"""News that are of a gateway and not of a part of it."""


def is_of_the_whole(news: News) -> bool:
    """Whether the supervisor tells it; a drain that ends by itself is the worker's."""
    return isinstance(news, OF_THE_WHOLE) or (isinstance(news, Undrained) and not news.reason)


class OwnLog(SessionLog):
    """Writes all but these, which ``whole`` gets."""

    def __init__(self, settings: LogSettings, whole: Callable[[News], None]) -> None:
        super().__init__(settings, hosted=False)
        self._whole = whole

    def tell(self, news: News) -> None:
        """Write down what happened here."""
        if is_of_the_whole(news):
            self._whole(news)
        else:
            super().tell(news)


class Refusing(Terminal):
    """A start that fails is told to the supervisor, over the ``channel`` that has not begun yet."""

    def __init__(self, channel: int) -> None:
        super().__init__()
        self._channel = channel

    def refuse(self, sentence: str) -> NoReturn:
        """End the process."""
        os.write(self._channel, told("refused", sentence))
        sys.exit(1)


class OwnService(GatewayService):
    """The service of one worker, which counts on the ``board``."""

    def __init__(
        self,
        reactor: IWhole,
        settings: Settings,
        log: OwnLog,
        board: Board,
        channel: Channel,
        *,
        source: Source,
        terminal: Terminal,
        place: Place,
    ) -> None:
        self._board = board
        self._channel = channel
        self._parts: Parts | None = None
        super().__init__(reactor, settings, log, source=source, terminal=terminal, place=place)
        self.gateway.shared.reaching.traits.told = self._learned
        channel.hears[TOPIC] = self._hear
        channel.hears[ATTEND] = self._attend

    def _bans(self, settings: Settings) -> OwnBans:
        self._own_bans = OwnBans(
            *(self._reactor, self._log, settings, lambda: self._is_account, self._channel.tell),
        )
        self._channel.hears.update(self._own_bans.hears)
        return self._own_bans

    def _counting(self) -> OwnCounting:
        return OwnCounting(self._reactor, self._log.warned, self._board)

    def know(self, common: Any) -> None:
        """What the others know."""
        self._own_bans.know(common["bans"])
        self._hear(common[TOPIC])

    def _attend(self, body: Any) -> None:
        """Somebody may ask from now on, and what is asked for is kept."""
        from ftpalg.workers.answering import Answering

        answering = Answering(self._reactor, self.steering)
        self._channel.hears.update(answering.hears)
        if body["lines"]:
            self.steering.remember()
        if body["metrics"]:
            answering.count()

    def _learned(self, server: Server, traits: Traits, at: float) -> None:
        self._channel.tell(TOPIC, [row(server, traits, at)])

    def _hear(self, rows: Any) -> None:
        hear(self.gateway.shared.reaching.traits, rows)

    def _ledger(self, settings: Settings) -> WholeLedger:
        limits, log = settings.limits, self._log
        self._own_ledger = WholeLedger(
            *(self._board, limits.sessions, shares(limits), limits.ipv6_prefix),
            *(self._reactor.seconds, lambda short: log.tell(used_up(short))),
        )
        return self._own_ledger

    def _fit(self, shared: Shared) -> None:
        self._own_ledger.sessions = shared.settings.limits.sessions
        super()._fit(shared)
        if shared.bandwidth is not None and self._parts is None:
            from ftpalg.workers.bandwidth import Parts

            self._parts = Parts(self._reactor, self._board, lambda: self.gateway.shared.bandwidth)
        if self._parts is not None:
            self._parts.begin()

    def _warn(self, settings: Settings) -> None:
        """The supervisor does."""

    @property
    def counts(self) -> list[int]:
        """Its sessions and its transfers."""
        sessions = self.gateway.shared.sessions
        return [len(sessions.open), sessions.transfers]

    def stopService(self) -> Deferred[list[None]]:
        if self._parts is not None:
            self._parts.stop()
        return super().stopService()

    def end(self) -> None:
        """Stop at once, as a second SIGTERM has it."""
        self.order(Order.STOP)
        self.order(Order.STOP)
