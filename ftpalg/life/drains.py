"""Parts of a gateway drained and taken back while it runs: new sessions are refused, or go another way, and
the old ones leave when they rest.

At rest is who has been asked for nothing for ``timeouts.rest``, as at the drain of a stop; there is no
bound but the one that is asked for, behind which what still runs fails visibly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from twisted.internet.interfaces import IDelayedCall

from ftpalg.config import Settings
from ftpalg.core.drained import Drained, Kind, NoSuchPart, Part, Standing, Undrained
from ftpalg.core.ends import Reason
from ftpalg.life.parts import named, parts_of, renamed
from ftpalg.net.drained import SENTENCES, part_named
from ftpalg.net.gateway import Gateway
from ftpalg.net.owners import Session
from ftpalg.net.reactors import Timing
from ftpalg.net.recorder import Recorder

STEP = 0.25
"""Seconds between two looks at who is at rest."""

SELDOM = 1.0
"""The same, while nobody uses what is drained: who was on the way to it has arrived meanwhile."""

AT_ONCE = 50
"""Sessions that are ended in one turn of the reactor; the others in the next ones."""


class Drains:
    """The orders, and what becomes of the sessions; ``gateway.drained`` says what is drained."""

    def __init__(self, reactor: Timing, gateway: Gateway, log: Recorder) -> None:
        self._reactor = reactor
        self._gateway = gateway
        self._log = log
        self._ends: dict[Part, float] = {}
        self._call: IDelayedCall | None = None

    # -- orders -----------------------------------------------------------------------------------

    def part(self, kind: Kind, name: str = "") -> Part:
        """The one that is meant.  Raise NoSuchPart."""
        abouts = (session.about for session in self._open)
        used = {part_named(one.name) for one in abouts if one.server is not None}
        return named(self._gateway.shared.settings, kind, name, used)

    def drain(self, part: Part, within: float = 0.0, uid: int | None = None) -> Standing:
        """No new sessions; those that are there may end what they do, ``within`` seconds where that is
        not 0.  What is drained already gets that bound, or none."""
        self._gateway.drained.drain(part, self._gateway.shared.settings)
        self._ends.pop(part, None)
        if within > 0:
            self._ends[part] = self._reactor.seconds() + within
        sessions = self._count(part)
        self._log.tell(Drained(part, sessions, within, uid))
        self._look_in(0)
        return Standing(part, sessions, within)

    def undrain(self, part: Part, uid: int | None = None) -> Standing:
        """New sessions come again.  Raise NoSuchPart where that is not drained."""
        if part not in self._gateway.drained.parts:
            raise NoSuchPart(f"{part} is not drained")
        sessions = self._count(part)
        self._take_back(part)
        self._log.tell(Undrained(part, sessions, uid))
        return Standing(part, sessions)

    @property
    def standing(self) -> list[Standing]:
        """What is drained."""
        now = self._reactor.seconds()
        return [
            Standing(part, self._count(part), max(0.001, round(self._ends[part] - now, 3)))
            if part in self._ends
            else Standing(part, self._count(part))
            for part in sorted(self._gateway.drained.parts, key=str)
        ]

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """The kinds and names of what is drained, for the next program."""
        return tuple((part.kind.value, part.name) for part in self._gateway.drained.parts)

    def take_over(self, names: Iterable[tuple[str, str]]) -> None:
        """What was drained in the program before this one is; its settings may have been others."""
        for kind, name in names:
            try:
                self.drain(self.part(Kind(kind), name))
            except (NoSuchPart, ValueError) as error:
                self._log.warned(f"not drained any more: {error}")

    @property
    def closed(self) -> bool:
        """Whether no client gets a session at any listener."""
        drained = self._gateway.drained
        listeners = self._gateway.shared.settings.all_listeners
        return all(drained.closed(one.endpoint) is not None for one in listeners)

    def renewed(self, old: Settings, new: Settings) -> None:
        """New settings hold: what they do not know any more is drained no longer, and that is said."""
        drained, known = self._gateway.drained, parts_of(new)
        routes: dict[str, str] = {}
        ends, self._ends = self._ends, {}
        for part in sorted(drained.parts, key=str):
            now = renamed(old, new, part, known)
            if now is None:
                sessions = self._count(part)
                drained.undrain(part)
                reason = "the settings do not know it any more"
                self._log.tell(Undrained(part, sessions, reason=reason))
                continue
            if part.kind is Kind.ROUTE:
                routes[part.name] = now.name
            if part != now:
                self._log.told(f"drained: {part} is {now} now")
            if part in ends:
                self._ends[now] = ends[part]
        drained.rename(routes, new)

    def stop(self) -> None:
        """Nobody is ended by this any more."""
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._call = None

    def _take_back(self, part: Part) -> None:
        self._gateway.drained.undrain(part)
        if not self._gateway.drained.parts:
            self.stop()

    # -- the sessions -----------------------------------------------------------------------------

    @property
    def _open(self) -> list[Session]:
        return list(self._gateway.shared.sessions.open.values())

    def _count(self, part: Part) -> int:
        return sum(part in parts for _, parts in self._users())

    def _look_in(self, seconds: float) -> None:
        self.stop()
        self._call = self._reactor.callLater(seconds, self._look)

    def _look(self) -> None:
        self._call = None
        now = self._reactor.seconds()
        rested = now - self._gateway.shared.settings.timeouts.rest
        late = {part for part, end in self._ends.items() if now >= end}
        leaving, due = False, []
        for session, parts in self._users():
            leaving, rests = True, session.rests_since
            if late and not late.isdisjoint(parts):
                due.append((session, parts, Reason.DRAIN_TIMEOUT))
            elif rests is not None and rests <= rested:
                due.append((session, parts, Reason.DRAINED))
        for session, parts, reason in due[:AT_ONCE]:
            session.end(SENTENCES[parts[0].kind], reason)
        self._look_in(0 if len(due) > AT_ONCE else STEP if leaving else SELDOM)

    def _users(self) -> Iterator[tuple[Session, list[Part]]]:
        """The sessions that use something drained, with what; it is looked up once for all that are alike."""
        known: dict[tuple[object, ...], list[Part]] = {}
        parts_of = self._gateway.drained.parts_of
        for session in self._open:
            about, settings = session.about, session.shared.settings
            key = id(settings), about.listener, about.route, about.name, about.server is None
            if key not in known:
                known[key] = parts_of(about, settings)
            if known[key]:
                yield session, known[key]
