"""``[admin]`` of a gateway of several workers: the supervisor is asked, and asks them.

What workers know and do each answers for itself (``workers.answering``), and the answers are made one
(``workers.merging``, ``workers.summing``).  A worker that says nothing in time is named in the answer, and
nobody waits for it.  Bans, quotas and settings are the supervisor's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from twisted.internet.defer import Deferred

from ftpalg.config import Settings
from ftpalg.core.drained import Drained, Kind, Part, Undrained
from ftpalg.core.news import News, Reloaded, ReloadFailed
from ftpalg.life.admin_socket import AdminSocket
from ftpalg.life.agent import Agent, line
from ftpalg.life.beside import Beside, Move, renewed
from ftpalg.life.faults import CannotStart
from ftpalg.life.publishing import KEY, names_of
from ftpalg.life.reactor import IWhole
from ftpalg.workers.channel import ChannelFault
from ftpalg.workers.process import Worker

if TYPE_CHECKING:
    from ftpalg.admin.asking import Waited
    from ftpalg.admin.open_site import OpenSite
    from ftpalg.admin.web import Site
    from ftpalg.life.observers import Observers
    from ftpalg.life.quotas import Days
    from ftpalg.workers.banning import KeptBans
    from ftpalg.workers.common import Common
    from ftpalg.workers.crew import Crew

ATTEND = "attend"
"""The topic of what workers are to keep."""
WITHIN = 2.0
"""Seconds for a worker to answer."""


class Supervising(Protocol):
    """Whose workers they are."""

    reactor: IWhole
    settings: Settings
    log: Observers
    crew: Crew
    common: Common

    @property
    def serves(self) -> bool:
        """Whether clients that come are accepted."""

    def reload(self) -> Deferred[Reloaded | ReloadFailed] | None:
        """Read the settings again; None where it cannot be done now."""


class WholeSteering:
    """What verbs and pages see of the whole gateway."""

    def __init__(
        self, supervisor: Supervising, parent: int = 0, drained: Iterable[tuple[str, str]] = ()
    ) -> None:
        self._of = supervisor
        self.reactor = reactor = supervisor.reactor
        self.socket = AdminSocket(reactor, self._site, parent)
        self.agent = Beside(reactor, "admin.agent", Agent(reactor, self._says))
        self.drained = [Part(Kind(kind), name) for kind, name in drained]
        """What successors of workers drain from their beginning."""
        self._open_site: OpenSite | None = None
        self._port: Beside | None = None

    def _site(self) -> Site:
        from ftpalg.workers.whole_site import WholeSite

        return WholeSite(self)

    # -- the socket and the ports -------------------------------------------------------------------

    def prepare(self, inherited: dict[str, int]) -> None:
        """Before the reactor runs.  Raise CannotStart."""
        admin = self.settings.admin
        self.socket.prepare(self.settings)
        self.agent.open(admin.agent, inherited)
        if admin.listen:
            self._prepared().open(admin.listen, inherited)

    @contextmanager
    def renewed(self, settings: Settings) -> Iterator[None]:
        """Go on by these settings, where nothing is raised meanwhile.  Raise CannotStart."""
        moves: list[Move] = [(self.agent, settings.admin.agent)]
        if settings.admin.listen or self._port is not None:
            moves.append((self._prepared(), settings.admin.listen))
        with renewed(moves), self.socket.renewed(settings):
            yield
        self.attend(*self._of.crew.serving)

    def _prepared(self) -> Beside:
        if self._port is None:
            from ftpalg.admin.open_site import OpenSite

            self._open_site = OpenSite(self)
            self._port = Beside(self.reactor, KEY, self._open_site)
        return self._port

    @property
    def descriptors(self) -> dict[str, int]:
        """What is handed on."""
        ports = [self.agent] if self._port is None else [self.agent, self._port]
        return {name: number for port in ports for name, number in port.descriptors.items()}

    def again(self) -> None:
        """The next program has failed: it may have taken the path by then."""
        try:
            self.socket.again(self.settings)
        except CannotStart as error:
            self._of.log.warned(str(error))

    @property
    def attends(self) -> dict[str, bool] | None:
        """What a worker keeps for whoever may ask; None where nobody can."""
        metrics = bool(self.settings.admin.listen)
        if not metrics and not self.socket.is_there:
            return None
        return {"lines": self.socket.is_there, "metrics": metrics}

    def attend(self, *workers: Worker) -> None:
        """Have them keep it."""
        body = self.attends
        for worker in workers if body is not None else ():
            worker.channel.tell(ATTEND, body)

    def hand_on(self) -> None:
        """The next program is asked from now on."""
        self.agent.hand_on()
        if self._port is not None:
            self._port.hand_on()
        self.socket.leave()

    def close(self) -> None:
        """Be there no more."""
        self.socket.leave()
        if self._open_site is not None:
            self._open_site.close()
        self.agent.close()
        if self._port is not None:
            self._port.close()

    # -- how it is ------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether clients that come get sessions."""
        closed = any(part.kind is Kind.GATEWAY for part in self.drained)
        return self._of.serves and bool(self._of.crew.serving) and not closed

    def _says(self) -> bytes:
        sessions = self.settings.limits.sessions
        used = sum(worker.sessions for worker in self._of.crew.serving)
        closed = any(part.kind is Kind.GATEWAY for part in self.drained)
        return line(serves=self._of.serves, drained=closed, free=sessions - used, sessions=sessions)

    @property
    def published(self) -> WholeSteering:
        """What anybody may know."""
        return self

    @property
    def names(self) -> frozenset[str]:
        """Names of hosts by which it is asked."""
        return names_of(self.settings)

    @property
    def settings(self) -> Settings:
        """Those of the sessions that come."""
        return self._of.settings

    @property
    def bans(self) -> KeptBans:
        """Who is kept out of all workers."""
        return self._of.common.bans

    @property
    def days(self) -> Days | None:
        """What accounts have used today."""
        return self._of.common.counting.days if self.settings.counts_days else None

    def tell(self, news: News) -> None:
        """Let the log know."""
        self._of.log.tell(news)

    def reload(self) -> Deferred[Reloaded | ReloadFailed] | None:
        """Read the settings again."""
        return self._of.reload()

    # -- what workers are asked -----------------------------------------------------------------------

    def ask(self, topic: str, body: Any = None) -> Deferred[tuple[list[Any], list[str]]]:
        """Their answers, and a sentence for each that gives none."""

        def apart(found: Sequence[tuple[Worker, Any]]) -> tuple[list[Any], list[str]]:
            silent = [(one, said) for one, said in found if isinstance(said, ChannelFault)]
            answers = [said for _, said in found if not isinstance(said, ChannelFault)]
            sentences = [
                f"worker {one.number} (PID {one.pid}) has said nothing: {why}"
                for one, why in silent
            ]
            return answers, sentences

        return self._of.crew.ask(topic, body, WITHIN).addCallback(apart)

    def scrape(self) -> Waited:
        """The metrics of all workers that answer."""
        from ftpalg.workers.whole_site import scraped

        return scraped(self)

    def has_drained(self, part: Part, sessions: int, within: float, uid: int | None) -> None:
        """All workers have been told to."""
        if part not in self.drained:
            self.drained.append(part)
        self.tell(Drained(part, sessions, within, uid))

    def has_undrained(self, part: Part, sessions: int, uid: int | None) -> None:
        """The same, of the end of that."""
        if part in self.drained:
            self.drained.remove(part)
        self.tell(Undrained(part, sessions, uid))
