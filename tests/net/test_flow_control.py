"""The reasons not to read, and the timers, of one control connection."""

from __future__ import annotations

from typing import Any, cast

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.control.flow_control import Hold, Pauses
from ftpalg.net.control.timers import Wait, Waits
from ftpalg.net.guarded import Guarded
from ftpalg.net.turns import Turns


class Transport:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def pauseProducing(self) -> None:
        self.told.append("pause")

    def resumeProducing(self) -> None:
        self.told.append("resume")


class Reasons(SynchronousTestCase):
    """Pausing."""

    def setUp(self) -> None:
        transport = Transport()
        self.told = transport.told
        self.pauses = Pauses(cast(Any, transport))

    def test_first_and_last(self) -> None:
        """It is paused with the first reason and read on when the last is gone, in any order."""
        self.assertFalse(self.pauses)
        self.pauses.hold(Hold.PEER)
        self.pauses.hold(Hold.ROOM)
        self.assertEqual(self.told, ["pause"])
        self.pauses.release(Hold.PEER)
        self.assertTrue(self.pauses)
        self.assertEqual(self.told, ["pause"])
        self.pauses.release(Hold.ROOM)
        self.assertFalse(self.pauses)
        self.assertEqual(self.told, ["pause", "resume"])

    def test_twice(self) -> None:
        """A reason given twice is taken back once; one that never was changes nothing."""
        self.pauses.release(Hold.TURN)
        self.pauses.hold(Hold.TURN)
        self.pauses.hold(Hold.TURN)
        self.pauses.release(Hold.PEER)
        self.assertEqual((self.told, Hold.TURN in self.pauses), (["pause"], True))
        self.pauses.release(Hold.TURN)
        self.pauses.release(Hold.TURN)
        self.assertEqual((self.told, Hold.TURN in self.pauses), (["pause", "resume"], False))

    def test_clear(self) -> None:
        """All at once, told once, and only where there was one."""
        self.pauses.clear()
        self.assertEqual(self.told, [])
        self.pauses.hold(Hold.HEADER)
        self.pauses.hold(Hold.OTHER)
        self.pauses.clear()
        self.assertEqual((self.told, bool(self.pauses)), (["pause", "resume"], False))


class Timers(SynchronousTestCase):
    """Waiting."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.rung: list[str] = []
        reactor: Any = self.clock
        self.turns = Turns(reactor)
        self.waits = Waits(Guarded(reactor, self, self.turns))

    def broke(self) -> None:
        raise AssertionError("a wait has raised")

    def start(self, wait: Wait, seconds: float) -> None:
        """Wait for that, and note it."""
        self.waits.start(
            wait, seconds, lambda: self.rung.append(f"{wait.name} {wait in self.waits}")
        )

    def test_rings_once(self) -> None:
        """It calls once, and is not waited for any more by then."""
        self.start(Wait.DRAIN, 2.0)
        self.clock.pump([1.0, 1.0, 5.0])
        self.assertEqual(self.rung, ["DRAIN False"])
        self.waits.stop(Wait.DRAIN)

    def test_due(self) -> None:
        """What the reactor's same turn has still to bring comes first, and stops it."""
        self.start(Wait.BARE_LINE, 2.0)
        self.clock.callLater(2.0, self.waits.stop, Wait.BARE_LINE)
        self.clock.advance(9.0)
        self.assertEqual((self.rung, self.clock.getDelayedCalls()), ([], []))

    def test_put_off(self) -> None:
        """What had come before and was put off comes first, too."""
        self.start(Wait.BARE_LINE, 2.0)
        self.clock.callLater(2.0, self.turns.put_off, lambda: self.waits.stop(Wait.BARE_LINE))
        self.clock.pump([2.0, 0, 0])
        self.assertEqual(self.rung, [])

    def test_next_turn(self) -> None:
        """No time at all is the next turn, in the one queue."""
        self.start(Wait.TURN, 0)
        self.assertTrue(self.turns.busy)
        self.clock.advance(0)
        self.start(Wait.TURN, 0)
        self.waits.stop(Wait.TURN)
        self.clock.advance(0)
        self.assertEqual(self.rung, ["TURN False"])

    def test_replaced_and_stopped(self) -> None:
        """A second start begins anew; what is stopped never calls; nothing is left behind."""
        self.start(Wait.DRAIN, 2.0)
        self.start(Wait.BARE_LINE, 2.0)
        self.clock.advance(1.0)
        self.start(Wait.DRAIN, 2.0)
        self.waits.stop(Wait.BARE_LINE)
        self.clock.advance(1.5)
        self.assertEqual(self.rung, [])
        self.waits.stop_all()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(5.0)
        self.assertEqual((self.rung, Wait.DRAIN in self.waits), ([], False))
