"""What a session's data connections are given by it (``legs.half.Surroundings``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ftpalg.core.events import Event, Side
from ftpalg.core.facts import Fact, Resource, What
from ftpalg.net.guarded import Guarded
from ftpalg.net.ledger import Bound, Grant, Line
from ftpalg.net.legs.half import Half, Holes, Place
from ftpalg.net.legs.pair import Bounded, Data, Pair, unbounded
from ftpalg.net.legs.stranger_counts import Strangers
from ftpalg.net.shared import Shared
from ftpalg.net.shares import used_up

SHORT = {
    (Line.DESCRIPTORS, True): "too many connections from your address",
    (Line.DESCRIPTORS, False): "too many connections",
    (Line.PASSIVE_LISTENERS, True): "too many data ports of your address wait already",
    (Line.PASSIVE_LISTENERS, False): "too many data ports wait already",
    (Line.HANDSHAKES, True): "too many TLS handshakes of your address are not done",
}
"""Why there is no data connection, where its client's own share is used up (True), or all there is."""
TOO_FAST = {
    What.HANDSHAKE_RATE: "too many TLS handshakes",
    What.HANDSHAKE_RATE_PER_PEER: "too many TLS handshakes from your address",
}
"""Why there is none under TLS."""


class Around:
    """``tell`` takes what has happened to a leg (``Driver.handle``), ``observe`` what is worth knowing
    of it."""

    __slots__ = ("_key", "_shared", "_strangers", "observe", "reactor", "tell")

    def __init__(
        self,
        shared: Shared,
        key: str,
        reactor: Guarded,
        tell: Callable[[Event], None],
        observe: Callable[[Fact], None],
    ) -> None:
        self._shared = shared
        self._key = key
        self._strangers = Strangers(shared.reactor.seconds, observe)
        self.reactor = reactor
        self.tell = tell
        self.observe = observe

    def pair(
        self,
        place: Place,
        there: Callable[[], bool],
        server: Callable[[], Data | None],
        whose: Callable[[], tuple[str, str]],
        quota: Callable[[], Bounded | None] = unbounded,
    ) -> Pair:
        """Both data connections, the client's at ``place``; ``there`` tells whether it still is.

        ``whose`` tells the account and the route that they are of, empty for none, ``quota`` what their
        transfer may move.
        """
        settings, bandwidth = self._shared.settings, self._shared.bandwidth
        limits = bandwidth.of_session(self.reactor.enter, whose) if bandwidth is not None else None
        return Pair(
            self.reactor,
            Half(Side.CLIENT, place, self),
            there,
            server=server,
            stalled=settings.timeouts.stalled,
            splice=settings.data.splice,
            limits=limits,
            hold=self.hold,
            quota=quota,
        )

    def hold(self, line: Line, amount: int, part: float = 0.0) -> Grant | None:
        """So much for one of them; None where that is not granted, which is told.

        With a ``part`` it can do without: it gets no more than that part of what there is, and nobody is
        told.
        """
        ledger = self._shared.ledger
        grant = Grant(ledger, self._key, line)
        if part:
            of_one, in_all = ledger.bound(line)
            least = Bound(int(part * of_one), int(part * in_all))
            if ledger.ask(self._key, line, amount, least) is not None:
                return None
            grant.amount = amount
            return grant
        short = grant.to(amount)
        if short is not None:
            self._shared.log.tell(used_up(short))
            return None
        return grant

    def short(self, line: Line) -> str:
        """Why one of them has just not been granted."""
        ledger = self._shared.ledger
        return SHORT[line, ledger.held(self._key, line) >= ledger.bound(line).of_one]

    def shakes_too_fast(self) -> str:
        """Why no TLS handshake with the client may begin now, which is told; nothing where one may."""
        found = self._shared.sessions.may_shake(self._key)
        if found is None:
            return ""
        self.observe(Resource(found[1]))
        return TOO_FAST[found[1]]

    def resumed(self) -> None:
        """It was a resumed one."""
        self._shared.sessions.resumed(self._key)

    def broke(self) -> None:
        """An exception is being handled: end the session."""
        self.reactor.broke()

    @property
    def holes(self) -> Holes | None:
        """The firewall, where one is to be opened."""
        return self._shared.pinholes

    @property
    def hole_seconds(self) -> float:
        """As long as the port may wait."""
        return self._shared.settings.timeouts.idle

    @property
    def drain_seconds(self) -> float:
        """For the peers of what has ended."""
        return self._shared.settings.timeouts.drain

    def ports(self, side: Side) -> Iterator[int]:
        """Data ports to try."""
        return self._shared.ports(side)

    def used_up(self, side: Side, what: What) -> None:
        """There is no more of that: how much of it is used, of how much there is."""
        self.observe(Resource(what, *self._shared.usage(side, what)))

    def intruded(self, side: Side, host: str) -> None:
        """A stranger has come to that side's data port."""
        self._strangers.came(side, host)

    def lenient(self, side: Side) -> bool:
        """Whether that side's peers may end TLS without close_notify."""
        return self._shared.certificates.lenient(side)

    def end(self) -> None:
        """The session is over."""
        self._strangers.end()
