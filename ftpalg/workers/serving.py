"""A worker's gateway: what it would tell of itself as a whole is the supervisor's to tell."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn

from ftpalg.config import Settings
from ftpalg.core.news import Draining, News, Ready, Reloaded, ReloadFailed, Stopped
from ftpalg.life.service import GatewayService
from ftpalg.life.signals import Order
from ftpalg.life.terminal import Terminal
from ftpalg.ops.log import SessionLog
from ftpalg.ops.settings import LogSettings
from ftpalg.workers.channel import told

OF_THE_WHOLE = (Ready, Draining, Stopped, Reloaded, ReloadFailed)
"""News that are of a gateway and not of a part of it."""


class OwnLog(SessionLog):
    """Writes all but these, which ``whole`` gets."""

    def __init__(self, settings: LogSettings, whole: Callable[[News], None]) -> None:
        super().__init__(settings, hosted=False)
        self._whole = whole

    def tell(self, news: News) -> None:
        """Write down what happened here."""
        if isinstance(news, OF_THE_WHOLE):
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
    """The service of one worker."""

    def _warn(self, settings: Settings) -> None:
        """The supervisor does."""

    @property
    def counts(self) -> list[int]:
        """Its sessions and its transfers."""
        sessions = self.gateway.shared.sessions
        return [len(sessions.open), sessions.transfers]

    def end(self) -> None:
        """Stop at once, as a second SIGTERM has it."""
        self.order(Order.STOP)
        self.order(Order.STOP)
