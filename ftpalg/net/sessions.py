"""Who is connected and admitted: the limits, the sessions' names, their dismissal."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count, islice
from typing import Generic, TypeVar

from ftpalg.config import Listener, Settings
from ftpalg.core.bans import Ban
from ftpalg.core.drained import Kind
from ftpalg.core.ends import Reason, Refusal
from ftpalg.core.events import Link, Side
from ftpalg.core.facts import Resource, What
from ftpalg.core.news import Refused
from ftpalg.core.session_settings import CLIENT_TLS
from ftpalg.core.wire.replies import reply
from ftpalg.net.advertised import holds
from ftpalg.net.bans import NO_BANS, Bans
from ftpalg.net.drained import SENTENCES as DRAINED
from ftpalg.net.drained import DrainedParts
from ftpalg.net.ledger import LINE, Bound, Ledger, OwnLedger, Short
from ftpalg.net.owners import Arriving, Running
from ftpalg.net.rates import ALL, Event
from ftpalg.net.recorder import Recorder
from ftpalg.net.shares import shares, used_up

SENTENCES = {
    Refusal.NOT_ADMITTED: "Your address is not admitted here.",
    Refusal.NO_DESCRIPTORS: "Too many connections; try again later.",
    Refusal.TOO_MANY: "Too many sessions; try again later.",
    Refusal.TOO_MANY_OF_PEER: "Too many sessions from your address; try again later.",
    Refusal.TOO_MANY_OF_LISTENER: "Too many sessions here; try again later.",
    Refusal.TOO_FAST: "Too many new sessions; try again later.",
    Refusal.TOO_FAST_OF_PEER: "Too many new sessions from your address; try again later.",
    Refusal.TOO_FAST_OF_LISTENER: "Too many new sessions here; try again later.",
    Refusal.HANDSHAKES_TOO_FAST: "Too many TLS handshakes; try again later.",
    Refusal.HANDSHAKES_TOO_FAST_OF_PEER: "Too many TLS handshakes from your address; try again later.",
    Refusal.DESCRIPTORS_OF_PEER: "Too many connections from your address; try again later.",
    Refusal.BANNED: "Your address is not admitted for a while.",
    Refusal.DRAINED: DRAINED[Kind.GATEWAY],
    Refusal.LISTENER_DRAINED: DRAINED[Kind.LISTENER],
}
"""What the client is told."""
AT_ONCE = 32
"""Sessions that are ended in one turn of the reactor: each costs half a millisecond (rule 10)."""
SAVED = 0.5
"""What a resumed handshake costs less than a full one.  TLS 1.3 still agrees on a key: 0.23 ms of CPU were
measured for 0.50 (RSA 2048) and 0.27 (P-256), under TLS 1.2 0.05 to 0.09 for 0.39 and 0.18."""
C = TypeVar("C", bound=Arriving)
S = TypeVar("S", bound=Running)


class Sessions(Generic[C, S]):
    """Every open session by its name, which ``names`` gives, or a count.  ``begin`` makes one of a
    client, its link and a name.

    ``before`` were those of the settings before these: they are one company, counted together in the
    ``ledger``.
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
        ledger: Ledger | None = None,
        bans: Bans = NO_BANS,
    ) -> None:
        self._settings = settings
        limits = settings.limits
        self._rated = bool(limits.session_rate or limits.session_rate_per_peer)
        self._log = log
        self._admits = admits
        self._begin = begin
        self._bans = bans
        self._drained = drained or DrainedParts()
        if ledger is None:
            ledger = OwnLedger(shares(settings.limits), settings.limits.ipv6_prefix)
        self._ledger: Ledger = ledger
        self.open: dict[str, S] = before.open if before else {}
        self._came: dict[str, str] = before._came if before else {}
        counted = count(1)
        counting = names or (lambda: f"{next(counted):x}")
        self._name: Callable[[], str] = before._name if before else counting

    def is_balancer(self, peer: str) -> bool:
        """Whether a connection from there begins with a PROXY header."""
        return holds(self._settings.proxy_protocol.balancers, peer)

    @property
    def fitting(self) -> int:
        """How many there may be: so many as the settings say, and as the descriptors allow."""
        return self._ledger.bound(LINE.SESSIONS).in_all

    def admit(self, client: C, link: Link) -> S | None:
        """Make a session, or tell the client what stands against it."""
        key = self._ledger.whose(link.peer)
        ban = self._bans.of_peer(link.peer)
        if ban is not None:
            self._refuse(client, link, Refusal.BANNED, ban)
            client.finish()
            return None
        refusal = self._refusal(link.peer, key, client.listener)
        if refusal is not None:
            self._refuse(client, link, refusal)
            client.hang_up()
            return None
        came = client.listener.endpoint if client.listener.limits.sessions else ""
        name = self._name()
        try:
            session = self._begin(client, link, name)
        except BaseException:
            self._give_back(key, came)
            raise
        self.open[name] = session
        session.key = key
        if came:
            self._came[name] = came
        return session

    def _give_back(self, key: str, came: str) -> None:
        """One session less, of a listener that counts them where it is named."""
        self._ledger.give(key, LINE.SESSIONS)
        if came:
            self._ledger.give(came, LINE.OF_LISTENER)

    def crowd_out(self, client: C, link: Link, short: Short) -> None:
        """There is no descriptor for the client: it is told so, and closed at once."""
        self._log.tell(used_up(short))
        of_peer = short.of_one
        self._refuse(
            client, link, Refusal.DESCRIPTORS_OF_PEER if of_peer else Refusal.NO_DESCRIPTORS
        )
        client.finish()

    def _refuse(self, client: C, link: Link, refusal: Refusal, ban: Ban | None = None) -> None:
        speaks = client.rules.client_tls is not CLIENT_TLS.IMPLICIT  # no words before TLS
        text, code = SENTENCES[refusal], 421 if speaks else 0
        rule = self._settings.origin.of(refusal.rule)
        self._log.tell(Refused(link, text, refusal, rule, code, ban))
        if speaks:
            client.write(bytes(reply(code, text)))

    def closed(self, listener: str) -> str:
        """What stands against everybody who comes to a listener, or nothing."""
        refusal = self._drained.closed(listener)
        return SENTENCES[refusal] if refusal is not None else ""

    def _refusal(self, peer: str, key: str, listener: Listener) -> Refusal | None:
        """What stands against a client; where nothing does it has been granted its session."""
        if not self._admits(peer):
            return Refusal.NOT_ADMITTED
        drained = self._drained.closed(listener.endpoint)
        if drained is not None:
            return drained
        short = self._ledger.ask(key, LINE.SESSIONS)
        if short is None:
            here = listener.limits
            refusal = self._of_listener(listener) if here.sessions else None
            implicit = listener.client_tls is CLIENT_TLS.IMPLICIT
            if refusal is None and (self._rated or here.session_rate or implicit):
                refusal = self._too_fast(key, listener)
            if refusal is not None:
                self._ledger.give(key, LINE.SESSIONS)
            return refusal
        if not short.of_one and short.limit < self._settings.limits.sessions:
            self._log.tell(Resource(What.DESCRIPTORS, short.used, short.limit))
            return Refusal.NO_DESCRIPTORS
        self._log.tell(used_up(short))
        return Refusal.TOO_MANY_OF_PEER if short.of_one else Refusal.TOO_MANY

    def _of_listener(self, listener: Listener) -> Refusal | None:
        """The listener's own limit, which is granted where it stands not against it."""
        most = Bound(listener.limits.sessions)
        short = self._ledger.ask(listener.endpoint, LINE.OF_LISTENER, bound=most)
        if short is None:
            return None
        self._log.tell(used_up(short))
        return Refusal.TOO_MANY_OF_LISTENER

    def _too_fast(self, key: str, listener: Listener) -> Refusal | None:
        """Whether too many came within the last second; what the listener has granted is given back."""
        limits = self._settings.limits
        of_peer, in_all, here = (
            limits.session_rate_per_peer,
            limits.session_rate,
            listener.limits.session_rate,
        )
        found = None
        if of_peer or in_all or here:
            place = f"listener {listener.endpoint}"
            spent = self._ledger.spend(Event.SESSION, (key, of_peer), (place, here), (ALL, in_all))
            if spent is not None:
                found = {
                    ALL: (Refusal.TOO_FAST, What.SESSION_RATE),
                    key: (Refusal.TOO_FAST_OF_PEER, What.SESSION_RATE_PER_PEER),
                    place: (Refusal.TOO_FAST_OF_LISTENER, What.SESSION_RATE_OF_LISTENER),
                }[spent]
        if found is None and listener.client_tls is CLIENT_TLS.IMPLICIT:
            found = self.may_shake(key)
        if found is None:
            return None
        if listener.limits.sessions:
            self._ledger.give(listener.endpoint, LINE.OF_LISTENER)
        refusal, what = found
        self._log.tell(Resource(what))
        return refusal

    def may_shake(self, key: str) -> tuple[Refusal, What] | None:
        """What stands against one more TLS handshake of that peer; where nothing does it is counted."""
        spent = self._ledger.spend(Event.HANDSHAKE, *self._shaking(key))
        if spent is None:
            return None
        if spent == ALL:
            return Refusal.HANDSHAKES_TOO_FAST, What.HANDSHAKE_RATE
        return Refusal.HANDSHAKES_TOO_FAST_OF_PEER, What.HANDSHAKE_RATE_PER_PEER

    def resumed(self, key: str) -> None:
        """The handshake of that peer was a resumed one."""
        self._ledger.refund(Event.HANDSHAKE, SAVED, *self._shaking(key))

    def _shaking(self, key: str) -> tuple[tuple[str, float], tuple[str, float]]:
        """The buckets of handshakes."""
        limits = self._settings.limits
        return (key, limits.handshake_rate_per_peer), (ALL, limits.handshake_rate)

    def dismiss(self, session: S) -> None:
        """A session is over."""
        if self.open.pop(session.name, None) is not None:
            self._give_back(session.key, self._came.pop(session.name, ""))

    def call_from(self, host: str, port: int) -> bool:
        """Whether that is our end of some session's connection to its server."""
        return any(session.calls_from(host, port) for session in self.open.values())

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

    def end_rested(self, since: float, text: str) -> bool:
        """End those, in the same way, that have been asked for nothing since that second: as many as one
        turn of the reactor may, and whether there are more."""
        rested = (
            session
            for session in list(self.open.values())
            if (rests := session.rests_since) is not None and rests <= since
        )
        for session in islice(rested, AT_ONCE):
            session.end(text, Reason.DRAINED)
        return next(rested, None) is not None
