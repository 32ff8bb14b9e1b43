"""Everybody who is told what happens: the log, and who joins it while the gateway runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from ftpalg.core.facts import About, CommandLine, Fact, ReplyLines
from ftpalg.core.last_lines import LastLines
from ftpalg.core.news import GatewayTold, News
from ftpalg.ops.settings import Said
from ftpalg.ops.trail import Known

LINES = frozenset((CommandLine, ReplyLines))


class Log(Protocol):
    """What is told goes where ``[log]`` says."""

    @property
    def ladder(self) -> bool:
        """True where it writes the lines of both dialogues too."""

    def see(self, about: About, fact: Fact) -> None:
        """Something has happened in a session."""

    def tell(self, news: News) -> None:
        """Something has happened to the gateway."""

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

    What an observer raises is its session's end, as if the log had raised it.  Lines of the dialogues
    are told to those alone who want them; ``ladder`` is True while there is one.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._others: tuple[Observer, ...] = ()
        self._followers: tuple[Observer, ...] = ()
        self.ladder = log.ladder
        self.last_lines: LastLines | None = None
        self.reopen = log.reopen
        self.known = log.known

    def join(self, observer: Observer, *, lines: bool = False) -> None:
        """Tell this one, too, from now on; with ``lines`` those of the dialogues as well."""
        self._others += (observer,)
        if lines:
            self._followers += (observer,)
        self._count_those_who_want_lines()

    def leave(self, observer: Observer) -> None:
        """Tell it no more; nothing changes where it was not told."""
        self._others = tuple(one for one in self._others if one is not observer)
        self._followers = tuple(one for one in self._followers if one is not observer)
        self._count_those_who_want_lines()

    def keep_last_lines(self, clock: Callable[[], float]) -> None:
        """Have each session keep its own from now on; ``clock`` gives seconds since 1970."""
        self.last_lines = LastLines(clock)

    @contextmanager
    def renewed(self, said: Said) -> Iterator[None]:
        """Let the log go on by these settings, where nothing is raised meanwhile.  Raise LogFault."""
        with self._log.renewed(said):
            yield
        self._count_those_who_want_lines()

    @property
    def followers(self) -> int:
        """How many want the lines, the log not counted."""
        return len(self._followers)

    def _count_those_who_want_lines(self) -> None:
        self.ladder = self._log.ladder or bool(self._followers)

    def see(self, about: About, fact: Fact) -> None:
        """Something has happened in a session."""
        if type(fact) in LINES:
            if self._log.ladder:
                self._log.see(about, fact)
            for follower in self._followers:
                follower.see(about, fact)
            return
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
