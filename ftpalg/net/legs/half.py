"""One side's data connection, from its opening to its end."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

from ftpalg.core.events import (
    Event,
    LegEnded,
    LegFailed,
    LegMoved,
    LegReached,
    LegSecured,
    ListenFailed,
    Listening,
    Side,
)
from ftpalg.core.facts import Fact, Noted, What
from ftpalg.net.call_all import call_all
from ftpalg.net.guarded import Guarded
from ftpalg.net.ledger import Grant, Line
from ftpalg.net.legs.data_port import Listener, listen
from ftpalg.net.legs.farewell import Farewell
from ftpalg.net.legs.sockets import Address, DataSocket, Drain
from ftpalg.net.legs.tls import TlsDataSocket
from ftpalg.net.reactors import Reactor
from ftpalg.net.tls.connection import TlsConnection

USED_UP = {
    errno.EADDRINUSE: What.DATA_PORTS,
    errno.EMFILE: What.DESCRIPTORS,
    errno.ENFILE: What.DESCRIPTORS,
}
"""Why no data port can be had, where it is that there are no more."""
SET_FULL = os.strerror(errno.ENFILE)
"""What the kernel says of a set of nftables that has its size."""


class Coming(Protocol):
    """A connection on its way."""

    def abort(self) -> None:
        """Give it up; nothing is called any more."""


class Holes(Protocol):
    """A firewall that is opened for each expected connection."""

    def open(self, peer: str, port: int, seconds: float, done: Callable[[str], None]) -> None:
        """Let that peer in; ``done`` gets why not, or nothing."""

    def close(self, peer: str, port: int) -> None:
        """Not any more."""


class Place(Protocol):
    """Where a side's data connections are, as its control connection tells."""

    @property
    def peer(self) -> str:
        """Who may come."""

    def trusts(self, host: str) -> bool:
        """Whether data may come from there too."""

    @property
    def transparent(self) -> bool:
        """Whether our address there is another machine's."""

    @property
    def shown(self) -> str:
        """Our address as the peer is told it; empty for that of its control connection."""

    @property
    def missing(self) -> str:
        """A name of ours without which the peer must be told no address, or nothing."""

    @property
    def ours(self) -> Address:
        """Our address."""

    def dial(
        self,
        reactor: Reactor,
        port: int,
        opened: Callable[[socket.socket], None],
        failed: Callable[[str], None],
    ) -> Coming:
        """Begin to connect to the peer.  Raise OSError where it cannot begin."""

    def tls(self, *, again: bool) -> TlsConnection:
        """What speaks TLS there; ``again`` asks for another session to resume."""

    def resumed(self, leg: TlsDataSocket) -> bool:
        """Whether its TLS resumed the control connection's session."""

    def stands(self, leg: TlsDataSocket) -> tuple[str, int]:
        """TLS stands: what is wrong with its peer, and the reply's code for it; nothing if nothing."""


class Surroundings(Protocol):
    """What a half is given by its session."""

    @property
    def reactor(self) -> Guarded:
        """The one that watches its sockets."""

    def broke(self) -> None:
        """An exception is being handled: end the session."""

    @property
    def holes(self) -> Holes | None:
        """The firewall, where one is to be opened."""

    def ports(self, side: Side) -> Iterator[int]:
        """Ports to try."""

    def lenient(self, side: Side) -> bool:
        """Whether that side's peers may end TLS without close_notify."""

    def tell(self, event: Event) -> None:
        """Something has happened."""

    def observe(self, fact: Fact) -> None:
        """Something to know has happened."""

    def hold(self, line: Line, amount: int, part: float = 0.0) -> Grant | None:
        """So much for a data connection; None where that is not granted, which is told.

        With a ``part`` no more than that part of what there is, and nobody is told.
        """

    def short(self, line: Line) -> str:
        """Why one of them has just not been granted."""

    def shakes_too_fast(self) -> str:
        """Why no TLS handshake with the client may begin now, which is told; nothing where one may."""

    def resumed(self) -> None:
        """It was a resumed one."""

    def used_up(self, side: Side, what: What) -> None:
        """There is no more of that."""

    def intruded(self, side: Side, host: str) -> None:
        """A stranger has come to that side's data port."""

    @property
    def hole_seconds(self) -> float:
        """How long a hole stays where nobody comes."""

    @property
    def drain_seconds(self) -> float:
        """How long an ended connection waits for its peer's end."""


class Half:
    """``leg`` is what is open: nothing, a port, a connection on its way, or one that stands.

    ``opened``: how many seconds it took from being asked for to standing; None until it stands.
    """

    __slots__ = (
        "_around", "_asked", "_held", "_place", "_shaking", "leg", "opened", "port", "resumed", "side",
    )  # fmt: skip

    def __init__(self, side: Side, place: Place, around: Surroundings) -> None:
        self.side = side
        self.leg: Listener | Coming | DataSocket | None = None
        self.port = 0
        self.resumed = False
        self.opened: float | None = None
        self._asked = 0.0
        self._place = place
        self._around = around
        self._held: Grant | None = None  # the descriptor of ``leg``
        self._shaking: Grant | None = None  # its handshake, as long as it is not done

    @property
    def standing(self) -> DataSocket:
        """The connection that stands."""
        assert isinstance(self.leg, DataSocket), "the core orders this of one that stands"
        return self.leg

    # -- opening ----------------------------------------------------------------------------------

    def listen(self) -> None:
        """Open a data port for the peer, in the firewall too; one that was open is given up."""
        self.abort()
        place, around, side = self._place, self._around, self.side
        if place.missing:
            around.tell(ListenFailed(side, f"{place.missing} has not resolved"))
            return
        waits = around.hold(Line.PASSIVE_LISTENERS, 1)
        if waits is None:
            around.tell(ListenFailed(side, around.short(Line.PASSIVE_LISTENERS)))
            return
        if not self._take():
            waits.back()
            around.tell(ListenFailed(side, around.short(Line.DESCRIPTORS)))
            return
        try:
            leg = listen(
                around.reactor,
                place.ours,
                place.peer,
                around.ports(side),
                self._opened,
                lambda host: around.intruded(side, host),
                transparent=place.transparent,
                trusts=place.trusts,
            )
        except Exception as error:
            waits.back()
            self._give_back()
            if not isinstance(error, OSError):
                raise
            if error.errno in USED_UP:
                around.used_up(side, USED_UP[error.errno])
            around.tell(ListenFailed(side, error.strerror or str(error)))
            return
        self.leg = leg
        leg.closed = waits.back
        self._asked = around.reactor.seconds()
        self.port = port = leg.port
        holes, peer = around.holes, place.peer
        if holes is None:
            around.tell(Listening(side, port, place.shown))
        else:
            leg.closed = partial(call_all, waits.back, partial(holes.close, peer, port))
            pierced = partial(around.reactor.enter, self._pierced, leg)
            holes.open(peer, port, around.hole_seconds, pierced)

    def _pierced(self, leg: Listener, reason: str) -> None:
        """The firewall lets the peer in, or cannot be told to."""
        if self.leg is not leg:
            return  # given up meanwhile
        if reason:
            self._around.observe(Noted(f"pinhole: {reason}"))
            if SET_FULL in reason:
                self._around.used_up(self.side, What.PINHOLES)
            self.abort()
            reason = "the firewall could not be opened"
            self._around.tell(ListenFailed(self.side, reason))
        else:
            self._around.tell(Listening(self.side, leg.port, self._place.shown))

    def connect(self, port: int) -> None:
        """Dial the peer, from the address that its control connection reached."""
        self.port = port
        self._asked = self._around.reactor.seconds()
        if not self._take():
            self.failed(self._around.short(Line.DESCRIPTORS))
            return
        try:
            self.leg = self._place.dial(self._around.reactor, port, self._opened, self.failed)
        except OSError as error:
            self.failed(error.strerror or str(error))

    def _take(self) -> bool:
        """Whether it may have a descriptor."""
        if self._held is None:
            self._held = self._around.hold(Line.DESCRIPTORS, 1)
        return self._held is not None

    def _let_go(self) -> Grant | None:
        """Somebody else holds the descriptor from now on."""
        held, self._held = self._held, None
        return held

    def _give_back(self) -> None:
        """It is closed."""
        for held in (self._stop_shaking(), self._let_go()):
            if held is not None:
                held.back()

    def _opened(self, sock: socket.socket) -> None:
        reactor = self._around.reactor
        self.leg = DataSocket(reactor, sock)
        self.opened = reactor.seconds() - self._asked
        self._around.tell(LegReached(self.side))

    def secure(self, *, again: bool) -> None:
        """Begin TLS on the connection that stands."""
        around, plain = self._around, self.standing
        if self.side is Side.CLIENT and (refused := self._begin_shaking()):
            self.failed(refused, 450)
            return
        connection = self._place.tls(again=again)
        lenient = around.lenient(self.side)
        leg = TlsDataSocket(around.reactor, plain.release(), connection, lenient=lenient)
        self.leg = leg
        leg.handshake(lambda: self._shaken(leg), self.failed)

    def _begin_shaking(self) -> str:
        """One more handshake, which lingers until it is done; why not, or nothing."""
        self._shaking = shaking = self._around.hold(Line.HANDSHAKES, 1)
        if shaking is None:
            return self._around.short(Line.HANDSHAKES)
        shaking.linger(self)
        return self._around.shakes_too_fast()

    def shed(self) -> None:
        """Reset it (``ledger.Lingering``)."""
        self.failed("its client has too many TLS handshakes that are not done", 450)

    def _stop_shaking(self) -> Grant | None:
        """It lingers no more; what its handshake has been granted."""
        shaking, self._shaking = self._shaking, None
        if shaking is not None:
            shaking.ledger.settle(self)
        return shaking

    def _shaken(self, leg: TlsDataSocket) -> None:
        shaking = self._stop_shaking()
        self.resumed = self._place.resumed(leg)
        if shaking is not None:
            shaking.back()
            if self.resumed:
                self._around.resumed()
        wrong, code = self._place.stands(leg)
        if wrong:
            self.failed(wrong, code)
        else:
            self._around.tell(LegSecured(self.side))

    def failed(self, reason: str, code: int = 0) -> None:
        """It could not be opened, or broke."""
        self.cut(f"{self.side.value}: {reason}", code)

    def cut(self, reason: str, code: int) -> None:
        """The gateway breaks it, for that reason."""
        self.abort()
        self._around.tell(LegFailed(self.side, reason, code))

    # -- the end ----------------------------------------------------------------------------------

    def forget(self) -> None:
        """The transfer that it was for is over."""
        self.port, self.resumed, self.opened = 0, False, None

    def source_ended(self) -> None:
        """A source was read to its clean end."""
        leg = self.standing
        if isinstance(leg, TlsDataSocket) and leg.cut:
            text = f"the {self.side.value} ended TLS without close_notify (lenient)"
            self._around.observe(Noted(text))
        try:
            leg.close_ended()
        except OSError as error:
            self.failed(error.strerror or str(error))
            return
        self.leg = None
        self._give_back()
        self._around.tell(LegEnded(self.side))

    def finish_sink(self) -> None:
        """Hand a sink its clean end; it has ended when its peer's TCP has taken everything.

        A client that closes its data connection when it reads 226 would lose what it has not; a
        server reads to the end by itself.
        """
        leg, around = self.standing, self._around

        def done() -> None:
            self.leg = None
            Drain(around.reactor, leg.release(), around.drain_seconds, self._let_go())
            around.tell(LegEnded(self.side))

        leg.finish(
            done,
            self.failed,
            lambda: around.tell(LegMoved(self.side)),
            taken=self.side is Side.CLIENT,
        )

    def close(self) -> None:
        """End it cleanly: nothing was promised on it, and nothing has moved."""
        leg = self.leg
        if isinstance(leg, DataSocket | Listener):
            held, shaking = self._let_go(), self._stop_shaking()
            Farewell(self._around.reactor, leg, self._around.drain_seconds, held, shaking)
        elif leg is not None:
            leg.abort()
            self._give_back()
        self.leg = None  # not before somebody else has it

    def abort(self) -> None:
        """Make it fail, whatever it is."""
        leg, self.leg = self.leg, None
        try:
            if leg is not None:
                leg.abort()
        finally:
            self._give_back()
