"""The two data connections of a session and the relay between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from twisted.internet.interfaces import IDelayedCall

from ftpalg.core.events import Side
from ftpalg.core.value import value
from ftpalg.net.call_all import call_all
from ftpalg.net.legs.between import Between, between
from ftpalg.net.legs.relay import Hold, Quota, Relay
from ftpalg.net.legs.sockets import DataSocket
from ftpalg.net.reactors import Reactor

OVER = 552
"""The reply where a transfer would move more than it may: RFC 959, "exceeded storage allocation"."""

GRACE = 0.02
"""Seconds between the clean end of an upload's data and the look at its control connection.

A client that dies ends both with FIN, the data first or last: only an upload whose client is still
there, or has said QUIT, is ended towards the server.  The kernel of a busy machine takes milliseconds
between the two, and what stands before the FIN has to be read first.
"""


@value
class Done(NamedTuple):
    """A transfer that is over: its bytes and seconds, the ports of both sides that had one, whose TLS
    resumed another session, and the seconds that each connection took to open."""

    moved: int
    seconds: float
    ports: tuple[tuple[Side, int], ...]
    resumed: frozenset[Side]
    opened: tuple[tuple[Side, float], ...]


class Data(Protocol):
    """One side's data connection; a back end's may be anything that moves bytes."""

    @property
    def port(self) -> int:
        """Where it was or is to be opened, 0 for nowhere: ours where we listen."""

    @property
    def resumed(self) -> bool:
        """Whether its TLS resumed another session."""

    @property
    def opened(self) -> float | None:
        """Seconds until it stood, its TLS not among them; None where it has not."""

    def forget(self) -> None:
        """The transfer that it was for is over."""

    @property
    def standing(self) -> DataSocket:
        """The connection that stands."""

    def listen(self) -> None:
        """Wait for the peer's; told by Listening or ListenFailed."""

    def connect(self, port: int) -> None:
        """Connect to the peer; told by LegReached or LegFailed."""

    def secure(self, *, again: bool) -> None:
        """Begin TLS; told by LegSecured or LegFailed."""

    def source_ended(self) -> None:
        """It was read to its clean end: close it and tell LegEnded."""

    def finish_sink(self) -> None:
        """Hand it its clean end; told by LegMoved, then LegEnded or LegFailed."""

    def close(self) -> None:
        """End it cleanly, whatever state it is in; nothing is told."""

    def abort(self) -> None:
        """Make it fail; nothing is told."""

    def failed(self, reason: str, code: int = 0) -> None:
        """It broke: tell LegFailed."""

    def cut(self, reason: str, code: int) -> None:
        """The gateway breaks it, for that reason: tell LegFailed."""


class Limits(Protocol):
    """How fast the session's files may go."""

    def between(self, source: Side) -> Between | None:
        """Who makes the relay of a transfer from there; None where nothing limits it."""


class Bounded(Quota, Protocol):
    """How much a transfer may move."""

    @property
    def sentence(self) -> str:
        """Why it may move no more, once it would have."""


def unbounded() -> None:
    """Nothing bounds what a transfer moves."""


class Pair:
    """``server`` gives the data connection of the server that is connected, or None.

    ``there`` tells whether the client has not gone from its control connection; where it has, the
    session has been told.  ``limits`` are None where there are none for anybody; ``hold`` asks the ledger
    for what the relay needs.  ``quota`` gives that of the transfer that begins.
    """

    __slots__ = (
        "_began", "_grace", "_hold", "_limits", "_quota", "_reactor", "_relay", "_server", "_splice",
        "_stalled", "_there", "client",
    )  # fmt: skip

    def __init__(
        self,
        reactor: Reactor,
        client: Data,
        there: Callable[[], bool],
        *,
        server: Callable[[], Data | None],
        stalled: float,
        splice: bool,
        limits: Limits | None = None,
        hold: Hold | None = None,
        quota: Callable[[], Bounded | None] = unbounded,
    ) -> None:
        self.client = client
        self._server = server
        self._reactor = reactor
        self._there = there
        self._stalled = stalled
        self._splice = splice
        self._limits = limits
        self._hold = hold
        self._quota = quota
        self._relay: Relay | None = None
        self._began = 0.0
        self._grace: IDelayedCall | None = None

    def side(self, side: Side) -> Data:
        """That side's."""
        if side is Side.CLIENT:
            return self.client
        server = self._server()
        assert server is not None, "the core orders this while a server is connected"
        return server

    def uses_port(self, side: Side) -> bool:
        """Whether that side's has a port."""
        half = self.client if side is Side.CLIENT else self._server()
        return half is not None and half.port != 0

    def relay(self, source: Side) -> None:
        """Both stand: move the bytes."""
        source_half, sink_half = self.side(source), self.side(source.other)
        self._began = self._reactor.seconds()
        limited = self._limits.between(source) if self._limits is not None else None
        self._relay = (limited or between)(
            self._reactor,
            source_half.standing,
            sink_half.standing,
            self._upload_read if source is Side.CLIENT else source_half.source_ended,
            source_half.failed,
            sink_half.failed,
            splice=self._splice,
            hold=self._hold,
        )
        quota = self._quota()
        if quota is not None:
            self._relay.quota = quota
            self._relay.over = lambda: source_half.cut(quota.sentence, OVER)
        self._relay.start(self._stalled)

    def give_time(self) -> None:
        """What is relayed has its time anew."""
        if self._relay is not None:
            self._relay.give_time()

    def _upload_read(self) -> None:
        self._grace = self._reactor.callLater(GRACE, self._upload_ended)

    def _upload_ended(self) -> None:
        self._grace = None
        if self._there():
            self.client.source_ended()

    def abort(self, side: Side) -> None:
        """Make that side's fail; nothing moves any more."""
        self._stop()
        self.side(side).abort()

    def close(self, side: Side) -> None:
        """End that side's, on which nothing has moved."""
        self._stop()
        self.side(side).close()

    @property
    def moved(self) -> int:
        """Bytes that the running transfer has moved."""
        return self._relay.moved if self._relay is not None else 0

    @property
    def seconds(self) -> float:
        """For how long it has moved them."""
        return self._reactor.seconds() - self._began if self._relay is not None else 0.0

    def done(self) -> Done:
        """The transfer is over: nothing moves any more."""
        moved, seconds = self.moved, self.seconds
        relay, self._relay = self._relay, None
        if relay is not None:
            relay.stop()
        halves, server = [(Side.CLIENT, self.client)], self._server()
        halves += [(Side.SERVER, server)] if server is not None else []
        ports = tuple((side, half.port) for side, half in halves if half.port)
        resumed = frozenset(side for side, half in halves if half.resumed)
        opened = tuple((side, half.opened) for side, half in halves if half.opened is not None)
        for _, half in halves:
            half.forget()
        return Done(moved, seconds, ports, resumed, opened)

    def let_go(self) -> None:
        """The session is over: what is still open, for whomever, fails."""
        server = self._server()
        legs = (self.client, server) if server is not None else (self.client,)
        call_all(self._stop, *[leg.abort for leg in legs])

    def _stop(self) -> None:
        if self._relay is not None:
            self._relay.stop()
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
