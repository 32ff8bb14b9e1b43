"""The data connections of a session: what is left of them when it ends."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

from ftpalg.core.events import Event, ListenFailed, Listening, Side
from ftpalg.core.facts import Fact, Noted, What
from ftpalg.net.guarded import Guarded
from ftpalg.net.ledger import Grant, Line, OwnLedger
from ftpalg.net.legs.data_port import Listener
from ftpalg.net.legs.dialling import dial
from ftpalg.net.legs.half import Coming, Half, Holes
from ftpalg.net.legs.pair import Pair
from ftpalg.net.legs.sockets import Address
from ftpalg.net.legs.tls import TlsDataSocket
from ftpalg.net.reactors import Reactor
from ftpalg.net.tls.connection import TlsConnection
from ftpalg.net.turns import Turns
from tests.net.pairs import REACTOR, SocketCase
from tests.wire.sockets import listener, port_of


class Loopback:
    """A side whose peer is this machine."""

    peer = "127.0.0.1"
    transparent = False
    missing = ""
    shown = ""

    def trusts(self, host: str) -> bool:
        return False

    ours: Address = ("127.0.0.1", 0)

    def dial(
        self,
        reactor: Reactor,
        port: int,
        opened: Callable[..., None],
        failed: Callable[[str], None],
    ) -> Coming:
        return dial(reactor, self.ours, ("127.0.0.1", port), opened, failed)

    def tls(self, *, again: bool) -> TlsConnection:
        raise AssertionError("nobody speaks TLS here")

    def resumed(self, leg: TlsDataSocket) -> bool:
        raise AssertionError("nobody speaks TLS here")

    def stands(self, leg: TlsDataSocket) -> tuple[str, int]:
        raise AssertionError("nobody speaks TLS here")


class Around:
    """A session that keeps what it is told."""

    hole_seconds = drain_seconds = 1.0

    def __init__(self, holes: Holes | None = None) -> None:
        self.reactor = Guarded(REACTOR, self, Turns(REACTOR))
        self.holes = holes
        self.heard: list[Event] = []
        self.used: list[What] = []
        self.ledger = OwnLedger({})

    def hold(self, line: Line, amount: int, part: float = 0.0) -> Grant | None:
        grant = Grant(self.ledger, "192.0.2.1", line)
        return grant if grant.to(amount) is None else None

    def short(self, line: Line) -> str:
        return f"short of {line.word}"

    def shakes_too_fast(self) -> str:
        return ""

    def resumed(self) -> None:
        raise AssertionError("nobody speaks TLS here")

    def ports(self, side: Side) -> Iterator[int]:
        return iter([0])

    def lenient(self, side: Side) -> bool:
        return False

    def tell(self, event: Event) -> None:
        self.heard.append(event)

    def intruded(self, side: Side, host: str) -> None:
        raise AssertionError(f"no stranger comes: {host}")

    def broke(self) -> None:
        raise AssertionError("nothing should break")

    def used_up(self, side: Side, what: What) -> None:
        self.used.append(what)

    def observe(self, fact: Fact) -> None:
        if not isinstance(fact, Noted):
            raise AssertionError(f"nothing to observe: {fact}")


class SlowPinholes:
    """A firewall that has not answered yet."""

    def __init__(self) -> None:
        self.answers: list[Callable[[str], None]] = []
        self.closed: list[tuple[str, int]] = []

    def open(self, peer: str, port: int, seconds: float, done: Callable[[str], None]) -> None:
        self.answers.append(done)

    def close(self, peer: str, port: int) -> None:
        self.closed.append((peer, port))


class Missing(SocketCase):
    """Addresses to advertise that are not known yet."""

    def test_no_port(self) -> None:
        """Nothing is opened for a peer that could only be told the inner address; the core hears why."""
        around, place = Around(), Loopback()
        place.missing = "gw.example"
        half = Half(Side.CLIENT, place, around)
        half.listen()
        self.assertEqual(around.heard, [ListenFailed(Side.CLIENT, "gw.example has not resolved")])
        self.assertIsNone(half.leg)

    def test_known_later(self) -> None:
        """A port that is opened once the address is known is told with it, through a firewall too."""
        for holes in (None, SlowPinholes()):
            around, place = Around(holes), Loopback()
            place.shown = "203.0.113.5"
            half = Half(Side.CLIENT, place, around)
            half.listen()
            if holes is not None:
                holes.answers[0]("")
            assert isinstance(half.leg, Listener)
            expected = Listening(Side.CLIENT, half.leg.port, "203.0.113.5")
            half.abort()
            self.assertEqual(around.heard, [expected])


class UsedUp(SocketCase):
    """Nothing is left of what a leg needs."""

    def test_ports(self) -> None:
        """No port is free: what is used up is told, and the core why."""
        with listener() as taken:
            around = Around()
            around.ports = lambda side: iter([port_of(taken)])  # type: ignore[method-assign]
            Half(Side.CLIENT, Loopback(), around).listen()
        self.assertEqual(around.used, [What.DATA_PORTS])
        self.assertEqual([type(event) for event in around.heard], [ListenFailed])

    def test_pinholes(self) -> None:
        """The firewall's set is full; another fault of it is not that."""
        for reason, used in (
            ("Could not process rule: Too many open files in system", [What.PINHOLES]),
            ("Could not process rule: Operation not permitted", []),
        ):
            holes = SlowPinholes()
            around = Around(holes)
            Half(Side.CLIENT, Loopback(), around).listen()
            holes.answers[0](reason)
            self.assertEqual(around.used, used)
            self.assertEqual([type(event) for event in around.heard], [ListenFailed])


class Ends(SocketCase):
    """Sessions that end early."""

    def test_another_port(self) -> None:
        """Of two ports, one after the other, the first is not left open."""
        half = Half(Side.CLIENT, Loopback(), Around())
        half.listen()
        first = half.leg
        half.listen()
        assert isinstance(first, Listener)
        self.assertEqual(first.fileno(), -1)
        half.abort()

    def test_before_the_firewall_answers(self) -> None:
        """A client that leaves right behind PASV leaves no port behind, nor a hole for it."""
        holes = SlowPinholes()
        around = Around(holes)
        half = Half(Side.CLIENT, Loopback(), around)
        legs = Pair(REACTOR, half, lambda: True, server=lambda: None, stalled=1.0, splice=True)
        half.listen()
        leg = half.leg
        assert isinstance(leg, Listener)
        port = leg.port
        legs.let_go()
        self.assertEqual((leg.fileno(), holes.closed), (-1, [("127.0.0.1", port)]))
        holes.answers[0]("")
        self.assertEqual(around.heard, [])


class Timed(Guarded):
    """The reactor with a clock of the test's own."""

    now = 100.0

    def seconds(self) -> float:
        return self.now


class Opened(SocketCase):
    """How long a data connection took."""

    async def test_both_ways(self) -> None:
        """From being asked for until it stood, a peer's and ours; forgotten with the transfer."""
        around = Around()
        reactor = Timed(REACTOR, around, Turns(REACTOR))
        around.reactor = reactor
        half = Half(Side.CLIENT, Loopback(), around)
        legs = Pair(REACTOR, half, lambda: True, server=lambda: None, stalled=1.0, splice=True)
        peer = self.kept(listener())

        def come() -> None:
            half.listen()
            self.kept(socket.create_connection(("127.0.0.1", half.port)))

        for ask in (come, lambda: half.connect(port_of(peer))):
            ask()
            self.assertEqual(legs.done().opened, ())
            reactor.now += 2.5
            await self.until(lambda: half.opened is not None)
            self.assertEqual(legs.done().opened, ((Side.CLIENT, 2.5),))
            self.assertEqual(legs.done().opened, ())
            half.abort()
