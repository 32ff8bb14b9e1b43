"""The admin socket of a gateway, and what it lets its verbs see and do (``admin.steered.Steered``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred

from ftpalg.config import Settings
from ftpalg.core.ends import Reason
from ftpalg.core.facts import About
from ftpalg.core.news import Reloaded, ReloadFailed
from ftpalg.core.snapshots import Snapshot
from ftpalg.life.admin_socket import AdminSocket
from ftpalg.life.agent import Agent, line
from ftpalg.life.banning import Banning
from ftpalg.life.beside import Beside
from ftpalg.life.counting import Counting
from ftpalg.life.drains import Drains
from ftpalg.life.faults import CannotStart
from ftpalg.life.observers import Observer, Observers
from ftpalg.life.publishing import Publishing
from ftpalg.life.reactor import IWhole
from ftpalg.net.gateway import Gateway
from ftpalg.net.ledger import Ledger

if TYPE_CHECKING:
    from ftpalg.admin.web import Site
    from ftpalg.life.quotas import Days
    from ftpalg.ops.last_errors import LastError, LastErrors

Reload = Callable[[], Reloaded | ReloadFailed | None]


class Steering:
    """``reload`` reads the settings again.  ``parent`` is the PID of the program before this one, whose
    path is taken over, or 0."""

    def __init__(
        self,
        reactor: IWhole,
        gateway: Gateway,
        log: Observers,
        reload: Reload,
        serves: Callable[[], bool],
        bans: Banning,
        counting: Counting,
        parent: int = 0,
    ) -> None:
        self.reactor = reactor
        self.bans = bans
        self.counting = counting
        bans.attend(gateway)
        self.drains = Drains(reactor, gateway, log)
        self.agent = Beside(reactor, "admin.agent", Agent(reactor, self._says))
        self.published = Publishing(reactor, gateway, log, lambda: self.is_ready)
        self._serves = serves
        self.reload = reload
        self.tell = log.tell
        self.known = log.known
        self.join: Callable[[Observer], None] = log.join
        self.leave: Callable[[Observer], None] = log.leave
        self.follow = partial(log.join, lines=True)
        self._errors: LastErrors | None = None
        self._gateway = gateway
        self._log = log
        self.socket = AdminSocket(reactor, self._site, parent)

    # -- the ports beside it ------------------------------------------------------------------------

    def listen(self, inherited: dict[str, int]) -> None:
        """Have them; what was handed on for them is taken from ``inherited``.  Raise CannotStart."""
        self.agent.open(self.settings.admin.agent, inherited)
        self.published.open(inherited)

    @property
    def descriptors(self) -> dict[str, int]:
        """What is handed on."""
        return self.agent.descriptors | self.published.descriptors

    # -- the socket -------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Before the reactor runs: have the socket, under another name yet.  Raise CannotStart."""
        self.socket.prepare(self.settings)
        self._remember()
        self.bans.start()
        self.counting.take(self.settings)

    def taken(self, was: Settings) -> None:
        """New settings hold instead of those."""
        self.drains.renewed(was, self.settings)
        self.bans.renewed(self.settings)
        self.counting.take(self.settings)

    @contextmanager
    def renewed(self, settings: Settings) -> Iterator[None]:
        """Go on by these settings, where nothing is raised meanwhile.  Raise CannotStart."""
        with (
            self.published.renewed(settings, (self.agent, settings.admin.agent)),
            self.socket.renewed(settings),
        ):
            yield
        self._remember()

    def again(self) -> None:
        """The next program has failed: it may have taken the path by then."""
        try:
            self.socket.again(self.settings)
        except CannotStart as error:
            self._log.warned(str(error))

    def hand_on(self) -> None:
        """The next program is asked from now on."""
        self.agent.hand_on()
        self.published.hand_on()
        self.bans.hand_on()
        self.counting.hand_on()
        self.socket.leave()

    def close(self) -> list[Deferred[None]]:
        """Be there no more; Deferreds where that takes a while."""
        self.drains.stop()
        self.bans.stop()
        self.socket.leave()
        return self.agent.close() + self.published.close()

    def _remember(self) -> None:
        """Whatever can be asked for from now on is kept."""
        if self.socket.is_there:
            self.remember()

    def remember(self) -> None:
        """The same, whoever is asked for it."""
        if self._errors is not None:
            return
        from ftpalg.admin.who import servers_of
        from ftpalg.ops.last_errors import LastErrors

        self._log.keep_last_lines(self.reactor.seconds)
        self._errors = LastErrors(self.reactor.seconds, lambda: servers_of(self.settings))
        self._log.join(self._errors)

    def _site(self) -> Site:
        from ftpalg.admin.web import Site

        return Site(self)

    # -- how it is ------------------------------------------------------------------------------------

    @property
    def is_ready(self) -> bool:
        """Whether clients that come get sessions: it listens, and is not drained."""
        return self._serves() and not self.drains.closed

    def _says(self) -> bytes:
        sessions = self._gateway.shared.sessions
        most = min(sessions.fitting, self.settings.limits.sessions)
        return line(
            serves=self._serves(),
            drained=self.drains.closed,
            free=most - len(sessions.open),
            sessions=most,
        )

    # -- what verbs see and do --------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """Those of the sessions that come."""
        return self._gateway.shared.settings

    @property
    def ledger(self) -> Ledger:
        """What is held of the limits."""
        return self._gateway.ledger

    @property
    def sessions(self) -> tuple[str, ...]:
        """The names of those that are open now."""
        return tuple(self._gateway.shared.sessions.open)

    def snapshot(self, session: str) -> Snapshot | None:
        """How that one stands."""
        found = self._gateway.shared.sessions.open.get(session)
        return None if found is None else found.snapshot

    def about(self, session: str) -> About | None:
        """Whose facts those of that one are."""
        found = self._gateway.shared.sessions.open.get(session)
        return None if found is None else found.about

    def last_lines(self, session: str) -> bytes:
        """What its dialogues have said last; nothing where it is over."""
        found = self._gateway.shared.sessions.open.get(session)
        return b"" if found is None else found.last_lines

    @property
    def days(self) -> Days | None:
        """What accounts have used today; None where these settings count nothing."""
        return self.counting.days if self.settings.counts_days else None

    @property
    def followers(self) -> int:
        """How many follow dialogues."""
        return self._log.followers

    @property
    def errors(self) -> Sequence[LastError]:
        """What broke the protocol last."""
        return self._errors.rows if self._errors is not None else ()

    def end(self, session: str, text: str, reason: Reason) -> None:
        """End it, with 421 and that text."""
        found = self._gateway.shared.sessions.open.get(session)
        if found is not None:
            found.end(text, reason)
