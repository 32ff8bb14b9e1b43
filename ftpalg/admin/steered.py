"""The gateway, as its verbs see it: a Protocol, so that nothing names what owns it."""

from __future__ import annotations

from typing import Protocol

from ftpalg.config import Settings
from ftpalg.core.ends import Reason
from ftpalg.core.facts import About, Fact, News, Reloaded, ReloadFailed
from ftpalg.core.snapshots import Snapshot
from ftpalg.net.reactors import Timing
from ftpalg.ops.trail import Known


class Observer(Protocol):
    """One who is told what the log is told."""

    def see(self, about: About, fact: Fact) -> None:
        """Something has happened in a session."""

    def tell(self, news: News) -> None:
        """Something has happened to the gateway."""


class Steered(Protocol):
    """What is asked of it.  Sessions are known by their names; one that is over is None."""

    @property
    def reactor(self) -> Timing:
        """Its clock."""

    @property
    def settings(self) -> Settings:
        """Those of the sessions that come."""

    @property
    def sessions(self) -> tuple[str, ...]:
        """The names of those that are open now, in the order of their time."""

    def snapshot(self, session: str) -> Snapshot | None:
        """How that one stands."""

    def known(self, session: str) -> Known | None:
        """What its facts have told."""

    def end(self, session: str, text: str, reason: Reason) -> None:
        """End it, with 421 and that text."""

    def reload(self) -> Reloaded | ReloadFailed | None:
        """Read the settings again; None where there is nothing to read, or it cannot be done now."""

    def tell(self, news: News) -> None:
        """Let the log know, and its company."""

    def join(self, observer: Observer) -> None:
        """Tell this one, too, what the log is told."""

    def leave(self, observer: Observer) -> None:
        """Tell it no more."""
