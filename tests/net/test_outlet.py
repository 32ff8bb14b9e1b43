"""Writes to a control connection: at once, in one piece, in order, and known to wait."""

from __future__ import annotations

from typing import Any, cast

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.control.outlet import FULL, Outlet

LINE = b"227 Entering Passive Mode (192,0,2,1,200,1).\r\n"


class Wire:
    """A transport and its socket in one.  ``room``: bytes that the socket takes, or an error."""

    def __init__(self) -> None:
        self.room: int | OSError = 1 << 30
        self.sent: list[bytes] = []
        self.kept: list[bytes] = []
        self.producer: Any = None
        self.ends: list[str] = []

    def __getattr__(self, name: str) -> Any:
        """How it is ended; words that it gets are no matter here."""
        return lambda *words: self.ends.append(name)

    def getHandle(self) -> Any:
        return self

    def send(self, data: bytes, flags: int = 0) -> int:
        if isinstance(self.room, OSError):
            raise self.room
        if data[: self.room]:
            self.sent.append(data[: self.room])
        return len(data[: self.room])

    def write(self, data: bytes) -> None:
        self.kept.append(data)

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        assert not streaming, "a push producer is not told when the buffer is empty"
        self.producer = producer
        producer.resumeProducing()

    def unregisterProducer(self) -> None:
        self.producer = None


class Owner:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.held: list[int] = []

    def filled(self) -> None:
        self.told.append("full")

    def holds(self, amount: int) -> None:
        self.held.append(amount)

    def emptied(self) -> None:
        self.told.append("empty")


class Writing(SynchronousTestCase):
    """One outlet."""

    def setUp(self) -> None:
        self.wire = cast(Any, Wire())
        owner = Owner()
        self.told = owner.told
        self.outlet = Outlet(self.wire, owner)

    def test_at_once(self) -> None:
        """Rule 8: a line is one write, and the transport hears nothing of it."""
        self.outlet.write(LINE)
        self.outlet.write(LINE)
        self.assertEqual((self.wire.sent, self.wire.kept), ([LINE, LINE], []))

    def test_the_rest(self) -> None:
        """What the socket does not take is the transport's, and all that follows until it is empty."""
        self.wire.room = 10
        self.outlet.write(LINE)
        self.wire.room = 1 << 30
        self.outlet.write(LINE)
        self.assertEqual((self.wire.sent, self.wire.kept), ([LINE[:10]], [LINE[10:], LINE]))
        self.outlet.resumeProducing()
        self.outlet.write(LINE)
        self.assertEqual(self.wire.sent, [LINE[:10], LINE])

    def test_no_room_and_errors(self) -> None:
        """No room, or an error: the transport gets the whole line and finds out which it is."""
        for error in (BlockingIOError(), ConnectionResetError()):
            self.wire.room, self.wire.kept = error, []
            self.outlet.write(LINE)
            self.assertEqual(self.wire.kept, [LINE])
            self.outlet.resumeProducing()

    def test_full(self) -> None:
        """It is full above its bound, told once, and empty when the transport is; both told once."""
        self.wire.room = 0
        self.outlet.write(bytes(FULL))
        self.assertEqual((self.outlet.full, self.told), (False, []))
        self.outlet.write(b"x")
        self.outlet.write(b"x")
        self.assertEqual((self.outlet.full, self.told), (True, ["full"]))
        self.outlet.resumeProducing()
        self.outlet.resumeProducing()
        self.assertEqual((self.outlet.full, self.told), (False, ["full", "empty"]))

    def test_closed(self) -> None:
        """Closed, or its transport gone: it takes nothing more, and neither is a fault twice."""
        self.outlet.close()
        self.outlet.close()
        self.outlet.write(LINE)
        self.outlet.interrupt(b"\xff\xf4\xff", b"\xf2")
        self.assertEqual((self.wire.sent, self.wire.kept, self.wire.producer), ([], [], None))
        self.assertEqual(self.wire.ends, ["loseWriteConnection"])
        other = cast(Any, Wire())
        gone = Outlet(other, Owner())
        gone.stopProducing()
        gone.write(LINE)
        self.assertEqual((other.sent, other.kept), ([], []))

    def test_ends(self) -> None:
        """The transport has our end follow what waits; behind its peer's only what waits keeps it."""
        for room, end in ((1 << 30, "connectionLost"), (0, "loseConnection")):
            wire = cast(Any, Wire())
            wire.room = room
            outlet = Outlet(wire, Owner())
            outlet.write(LINE)
            outlet.close()
            self.assertEqual(wire.ends, ["loseWriteConnection"])
            outlet.finish()
            self.assertEqual(wire.ends, ["loseWriteConnection", end])

    def test_interrupt(self) -> None:
        """Urgent bytes overtake nothing that waits."""
        self.outlet.interrupt(b"\xff\xf4\xff", b"\xf2")
        self.assertEqual(self.wire.sent, [b"\xff\xf4\xff", b"\xf2"])
        self.wire.room = 0
        self.outlet.write(LINE)
        self.wire.room = 1 << 30
        self.outlet.interrupt(b"\xff\xf4\xff", b"\xf2")
        self.assertEqual(self.wire.sent, [b"\xff\xf4\xff", b"\xf2"])
