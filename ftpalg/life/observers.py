"""Everybody who is told what happens: the log, and who joins it while the gateway runs."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from ftpalg.core.facts import About, Fact, GatewayTold, News
from ftpalg.net.recorder import Recorder
from ftpalg.ops.settings import Said
from ftpalg.ops.trail import Known


class Log(Recorder, Protocol):
    """What is told goes where ``[log]`` says."""

    def reopen(self) -> None:
        """Files have been moved away."""

    def renewed(self, said: Said) -> AbstractContextManager[None]:
        """Go on by these settings, where nothing is raised meanwhile.  Raise LogFault."""

    def known(self, session: str) -> Known | None:
        """What the facts of that session have told; None where it is over."""


class Observer(Protocol):
    """One who is told what the log is told."""

    def see(self, about: About, fact: Fact) -> None:
        """Something has happened in a session."""

    def tell(self, news: News) -> None:
        """Something has happened to the gateway."""


class Observers:
    """The log with its company, itself a log.  The log hears of everything first.

    What an observer raises is its session's end, as if the log had raised it.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._others: tuple[Observer, ...] = ()
        self.reopen = log.reopen
        self.renewed = log.renewed
        self.known = log.known

    def join(self, observer: Observer) -> None:
        """Tell this one, too, from now on."""
        self._others += (observer,)

    def leave(self, observer: Observer) -> None:
        """Tell it no more; nothing changes where it was not told."""
        self._others = tuple(one for one in self._others if one is not observer)

    @property
    def ladder(self) -> bool:
        """True where the log wants the lines of both dialogues."""
        return self._log.ladder

    def see(self, about: About, fact: Fact) -> None:
        """Something has happened in a session."""
        self._log.see(about, fact)
        for other in self._others:
            other.see(about, fact)

    def tell(self, news: News) -> None:
        """Something has happened to the gateway."""
        self._log.tell(news)
        for other in self._others:
            other.tell(news)

    def told(self, text: str) -> None:
        """A sentence about the gateway."""
        self.tell(GatewayTold(text))

    def warned(self, text: str) -> None:
        """One about what should not stay so."""
        self.tell(GatewayTold(text, warning=True))
