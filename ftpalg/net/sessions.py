"""Who is connected and admitted: the limits, the sessions' names, their dismissal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Generic, TypeVar

from ftpalg.config import Settings
from ftpalg.core.drained import Kind
from ftpalg.core.ends import Reason, Refusal
from ftpalg.core.events import Link, Side
from ftpalg.core.facts import Resource, What
from ftpalg.core.news import Refused
from ftpalg.core.session_settings import ClientTls
from ftpalg.core.wire.replies import reply
from ftpalg.net.advertised import holds
from ftpalg.net.drained import SENTENCES as DRAINED
from ftpalg.net.drained import DrainedParts
from ftpalg.net.owners import Arriving, Running
from ftpalg.net.recorder import Recorder

SENTENCES = {
    Refusal.NOT_ADMITTED: "Your address is not admitted here.",
    Refusal.NO_DESCRIPTORS: "Too many sessions; try again later.",
    Refusal.TOO_MANY: "Too many sessions; try again later.",
    Refusal.TOO_MANY_OF_PEER: "Too many sessions from your address; try again later.",
    Refusal.DRAINED: DRAINED[Kind.GATEWAY],
    Refusal.LISTENER_DRAINED: DRAINED[Kind.LISTENER],
}
"""What the client is told."""
C = TypeVar("C", bound=Arriving)
S = TypeVar("S", bound=Running)


class Sessions(Generic[C, S]):
    """Every open session by its name, which ``names`` gives, or a count.  ``begin`` makes one of a
    client, its link and a name.

    ``before`` were those of the settings before these: they are one company, counted together.
    ``fitting`` is how many sessions the descriptors allow.
    """

    def __init__(
        self,
        settings: Settings,
        log: Recorder,
        admits: Callable[[str], bool],
        begin: Callable[[C, Link, str], S],
        names: Callable[[], str] | None = None,
        before: Sessions[C, S] | None = None,
        drained: DrainedParts | None = None,
    ) -> None:
        self._settings = settings
        self._log = log
        self._admits = admits
        self._begin = begin
        self._drained = drained or DrainedParts()
        self.fitting = settings.limits.sessions
        self.open: dict[str, S] = before.open if before else {}
        self._per_peer: Counter[str] = before._per_peer if before else Counter()
        counted = count(1)
        counting = names or (lambda: f"{next(counted):x}")
        self._name: Callable[[], str] = before._name if before else counting

    def is_balancer(self, peer: str) -> bool:
        """Whether a connection from there begins with a PROXY header."""
        return holds(self._settings.proxy_protocol.balancers, peer)

    def admit(self, client: C, link: Link) -> S | None:
        """Make a session, or tell the client what stands against it."""
        refusal = self._refusal(link.peer, client.listener.endpoint)
        if refusal is not None:
            speaks = client.rules.client_tls is not ClientTls.IMPLICIT  # no words before TLS
            text, code = SENTENCES[refusal], 421 if speaks else 0
            rule = self._settings.origin.of(refusal.rule)
            self._log.tell(Refused(link, text, refusal, rule, code))
            if speaks:
                client.write(bytes(reply(code, text)))
            client.hang_up()
            return None
        name = self._name()
        session = self.open[name] = self._begin(client, link, name)
        self._per_peer[link.peer] += 1
        return session

    def closed(self, listener: str) -> str:
        """What stands against everybody who comes to a listener, or nothing."""
        refusal = self._drained.closed(listener)
        return SENTENCES[refusal] if refusal is not None else ""

    def _refusal(self, peer: str, listener: str) -> Refusal | None:
        limits = self._settings.limits
        if not self._admits(peer):
            return Refusal.NOT_ADMITTED
        drained = self._drained.closed(listener)
        if drained is not None:
            return drained
        if self.fitting <= len(self.open) < limits.sessions:
            self._log.tell(Resource(What.DESCRIPTORS, len(self.open), self.fitting))
            return Refusal.NO_DESCRIPTORS
        if len(self.open) >= limits.sessions:
            self._log.tell(Resource(What.SESSIONS, len(self.open), limits.sessions))
            return Refusal.TOO_MANY
        if self._per_peer[peer] >= limits.sessions_per_peer:
            used, limit = self._per_peer[peer], limits.sessions_per_peer
            self._log.tell(Resource(What.SESSIONS_PER_PEER, used, limit))
            return Refusal.TOO_MANY_OF_PEER
        return None

    def dismiss(self, session: S) -> None:
        """A session is over."""
        if self.open.pop(session.name, None) is None:
            return
        peer = session.peer
        self._per_peer[peer] -= 1
        if not self._per_peer[peer]:
            del self._per_peer[peer]

    def call_from(self, host: str, port: int) -> bool:
        """Whether that is our end of some session's connection to its server."""
        return any(session.calls_from(host, port) for session in self.open.values())

    @property
    def most_of_peer(self) -> int:
        """How many of them the peer has that has most."""
        return max(self._per_peer.values(), default=0)

    @property
    def transfers(self) -> int:
        """How many of them move a file."""
        return sum(session.transfers for session in self.open.values())

    def ports_used(self, side: Side) -> int:
        """How many of them have a data port towards that side."""
        return sum(side in session.standing.ports for session in self.open.values())

    def end(self, text: str) -> None:
        """End every session with 421 and that text."""
        for session in list(self.open.values()):
            session.end(text)

    def end_rested(self, since: float, text: str) -> None:
        """End those, in the same way, that have been asked for nothing since that second."""
        for session in list(self.open.values()):
            rests = session.rests_since
            if rests is not None and rests <= since:
                session.end(text, Reason.DRAINED)
