"""Handshakes of clients' data connections in the ledger: charged until they are done, reset when too many."""

from __future__ import annotations

from typing import Any

from ftpalg.core.events import LegFailed, LegSecured, Side
from ftpalg.net.guarded import Guarded
from ftpalg.net.ledger import Bound, Line
from ftpalg.net.legs.half import Half
from ftpalg.net.legs.sockets import DataSocket
from ftpalg.net.tls.connection import TlsConnection
from ftpalg.net.turns import Turns
from tests.net.test_pair import Around as PlainAround
from tests.net.test_pair import Loopback
from tests.net.tls_legs import Far, LegCase

KEY = "192.0.2.1"


class Around(PlainAround):
    """A session whose handshakes are counted; ``again`` is how many were resumed."""

    def __init__(self, reactor: Any) -> None:
        super().__init__()
        self.reactor = Guarded(reactor, self, Turns(reactor))
        self.again = 0
        self.fast = ""
        self.ledger.renew({Line.HANDSHAKES: Bound(2)}, 64)

    def shakes_too_fast(self) -> str:
        return self.fast

    def resumed(self) -> None:
        self.again += 1


class Place(Loopback):
    """Where TLS is spoken."""

    again = False

    def __init__(self, makers: Any) -> None:
        super().__init__()
        self.makers = makers

    def tls(self, *, again: bool) -> TlsConnection:
        made: TlsConnection = self.makers.connection()
        return made

    def resumed(self, leg: Any) -> bool:
        return self.again

    def stands(self, leg: Any) -> tuple[str, int]:
        return "", 0


class ShakingCase(LegCase):
    """Data connections of one peer."""

    def setUp(self) -> None:
        super().setUp()
        self.around = Around(self.reactor)
        self.near, self.fars = self.near_and_far("server", "1.3")

    @property
    def charged(self) -> tuple[int, int]:
        """Handshakes that are not done, and what lingers."""
        return self.around.ledger.held(KEY, Line.HANDSHAKES), self.around.ledger.lingering

    def begun(self, side: Side = Side.CLIENT, *, again: bool = False) -> tuple[Half, Far]:
        """One whose handshake is begun, and its far end."""
        place = Place(self.near)
        place.again = again
        half = Half(side, place, self.around)
        near, far = self.pair()
        half.leg = DataSocket(self.around.reactor, near)
        half._take()
        half.secure(again=False)
        self.addCleanup(half.abort)
        return half, Far(far, self.fars.connection())

    def done(self, far: Far) -> None:
        """Shake hands to the end."""
        while not far.shake():
            self.work()
        far.write()
        self.work()


class Charged(ShakingCase):
    """As long as it is not done."""

    def test_done(self) -> None:
        """What stands is none any more; a resumed one was cheaper, and told."""
        for again in (False, True):
            half, far = self.begun(again=again)
            self.assertEqual(self.charged, (1, 1))
            self.done(far)
            self.assertEqual(self.around.heard.pop(), LegSecured(Side.CLIENT))
            self.assertEqual((self.charged, self.around.again), ((0, 0), int(again)))
            half.abort()

    def test_failed(self) -> None:
        """Nor is what failed, or was given up."""
        _, far = self.begun()
        far.sock.close()
        self.work()
        (told,) = self.around.heard
        self.assertIsInstance(told, LegFailed)
        self.assertEqual(self.charged, (0, 0))
        half, _ = self.begun()
        half.abort()
        self.assertEqual(self.charged, (0, 0))

    def test_servers(self) -> None:
        """Those with servers are not the client's."""
        self.near, self.fars = self.near_and_far("client", "1.3")
        self.begun(Side.SERVER)
        self.assertEqual(self.charged, (0, 0))

    def test_too_fast(self) -> None:
        """One too many a second is refused, and holds nothing."""
        self.around.fast = "too fast"
        self.begun()
        self.assertEqual(self.around.heard, [LegFailed(Side.CLIENT, "client: too fast", 450)])
        self.assertEqual(self.charged, (0, 0))


class Reset(ShakingCase):
    """Where there are too many the oldest goes."""

    def test_oldest(self) -> None:
        """Two may be under way: the first of three is reset, its session hears why, and the third stands."""
        halves = [self.begun() for _ in range(3)]
        (told,) = self.around.heard
        assert isinstance(told, LegFailed)
        self.assertEqual((told.side, told.code), (Side.CLIENT, 450))
        self.assertIsNone(halves[0][0].leg)
        self.assertRaises(ConnectionResetError, halves[0][1].sock.recv, 1)
        self.assertEqual(self.charged, (2, 2))
        self.done(halves[2][1])
        self.assertEqual(self.around.heard.pop(), LegSecured(Side.CLIENT))

    def test_none_lingers(self) -> None:
        """Where nothing can be reset it is refused."""
        self.around.ledger.ask(KEY, Line.HANDSHAKES, 2)
        self.begun()
        self.assertEqual(
            self.around.heard, [LegFailed(Side.CLIENT, "client: short of handshakes", 450)]
        )


class Farewells(ShakingCase):
    """A connection that is ended before its handshake is done."""

    def begin_to_speak(self) -> tuple[Half, Far]:
        """The client has said its first word, and the session ends the connection in order."""
        half, far = self.begun()
        far.shake()
        self.work()
        half.close()
        return half, far

    def test_brought_to_its_end(self) -> None:
        """It is charged until it is done, and its descriptor until the client has closed."""
        _, far = self.begin_to_speak()
        self.assertEqual(self.charged, (1, 1))
        self.done(far)
        self.assertEqual(self.charged[0], 0)
        self.assertEqual(self.around.ledger.held(KEY, Line.DESCRIPTORS), 1)
        far.sock.close()
        while self.work():
            pass
        self.assertEqual(self.around.ledger.held(KEY, Line.DESCRIPTORS), 0)

    def test_reset(self) -> None:
        """Where there are too many it is the oldest."""
        _, far = self.begin_to_speak()
        for _ in range(2):
            self.begun()
        self.assertEqual(self.charged, (2, 2))
        self.assertEqual(self.around.ledger.held(KEY, Line.DESCRIPTORS), 2)
        far.read()
        self.assertRaises(ConnectionResetError, far.sock.recv, 1)

    def test_silent(self) -> None:
        """One that has said nothing is none any more."""
        half, _ = self.begun()
        half.close()
        self.assertEqual(self.charged, (0, 1))
