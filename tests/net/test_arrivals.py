"""Whose turn it is to come in."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.arrivals import ALONE, LEAST, LONGEST, MOST, OTHERS, SKIPPED, SWEEP, Arrivals


class Client:
    """One who waits; with ``gone`` it has left meanwhile."""

    def __init__(self, clock: Clock, came: list[str], name: str, *, gone: bool = False) -> None:
        self.clock, self.came, self.name, self.gone = clock, came, name, gone
        self.work = 0.0

    def go_in(self) -> bool:
        self.clock.rightNow += self.work
        if not self.gone:
            self.came.append(self.name)
        return not self.gone


class Lines(SynchronousTestCase):
    """Eve comes again and again."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.arrivals = Arrivals(self.clock)
        self.came: list[str] = []

    def comes(self, key: str, *, gone: bool = False) -> Client:
        """One more client of a peer."""
        client = Client(self.clock, self.came, key, gone=gone)
        if self.arrivals.may_enter(key, client):
            self.came.append(key)
        return client

    def test_first(self) -> None:
        """The first of each peer comes in at once, and so does whoever comes later; nothing is left to do."""
        for key in ("eve", "ann", "joe"):
            self.comes(key)
        self.clock.advance(LEAST)
        self.comes("eve")
        self.assertEqual(self.came, ["eve", "ann", "joe", "eve"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_alone(self) -> None:
        """Of one peer's hundred one comes in at once, and eight in each turn."""
        for _ in range(100):
            self.comes("eve")
        self.assertEqual(len(self.came), 1)
        for turns in range(1, 4):
            self.clock.advance(LEAST)
            self.assertEqual(len(self.came), 1 + ALONE * turns)
        self.clock.pump([LEAST] * 12)
        self.assertEqual(len(self.came), 100)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_others(self) -> None:
        """While another one comes, one in each turn, and none overtakes its own peer's line."""
        for _ in range(10):
            self.comes("eve")
        self.comes("ann")
        self.assertEqual(self.came, ["eve", "ann"])
        self.clock.advance(LEAST)
        self.assertEqual(self.came, ["eve", "ann", "eve"])
        self.clock.advance(OTHERS)
        self.assertEqual(self.came, ["eve", "ann", *["eve"] * (1 + ALONE)])

    def test_in_turn(self) -> None:
        """Two lines have one turn each."""
        for _ in range(4):
            self.comes("eve")
            self.comes("ann")
        self.clock.pump([LEAST] * 6)
        self.assertEqual(self.came[2:], ["eve", "ann"] * 3)

    def test_starving(self) -> None:
        """A line whose clients keep the gateway busy does not keep the others from their turn."""
        for _ in range(4):
            self.comes("eve").work = 2 * LEAST
            self.comes("ann")
        self.clock.pump([LEAST] * 2)
        self.assertEqual(self.came[2:4], ["eve", "ann"])

    def test_no_overtaking(self) -> None:
        """Who comes while another of its peer waits stands behind it, though it could come in now."""
        self.comes("eve")
        self.comes("eve").name = "first"
        self.clock.rightNow += LEAST
        self.comes("eve")
        self.clock.advance(0)
        self.assertEqual(self.came, ["eve", "first", "eve"])

    def test_one_in_a_turn(self) -> None:
        """Of all lines together, while there are several."""
        for _ in range(3):
            self.comes("eve")
            self.comes("ann")
        (call,) = self.clock.calls
        self.clock.calls.clear()
        self.clock.rightNow += MOST
        call.func(*call.args)
        self.assertEqual(self.came, ["eve", "ann", "eve"])

    def test_late(self) -> None:
        """A reactor that is late lets somebody in one turn of three or four."""
        for _ in range(100):
            self.comes("eve")
        turn, turns = 0.01, 200
        for _ in range(turns):
            self.clock.rightNow += (
                turn - LEAST
            )  # the turn of before, in which no timer is looked at
            self.comes("ann")
            self.clock.advance(LEAST)
        self.assertEqual(self.came.count("ann"), turns)
        share = self.came.count("eve") / turns
        self.assertTrue(1 / 4 - 0.01 < share < 1 / 3 + 0.02, share)

    def test_longest_pause(self) -> None:
        """However late it was."""
        for _ in range(3):
            self.comes("eve")
        self.comes("ann")
        self.clock.rightNow += 0.9
        self.clock.advance(0)
        self.assertEqual(self.came.count("eve"), 2)
        self.clock.advance(MOST / 2)
        self.assertEqual(self.came.count("eve"), 2)
        self.clock.advance(MOST / 2)
        self.assertEqual(self.came.count("eve"), 3)

    def test_gone(self) -> None:
        """Who has gone is passed over, a few in a turn; who has left the line is not asked."""
        self.comes("eve")
        left = self.comes("eve")
        for _ in range(SKIPPED + 1):
            self.comes("eve", gone=True)
        self.comes("eve")
        self.arrivals.leave("eve", left)
        self.arrivals.leave("eve", left)
        self.arrivals.leave("nobody", left)
        self.clock.advance(LEAST)
        self.assertEqual(self.came, ["eve"])
        self.clock.advance(LEAST)
        self.assertEqual(self.came, ["eve", "eve"])

    def test_full(self) -> None:
        """A line has an end."""
        for at in range(LONGEST + 1):
            self.assertIs(self.arrivals.is_full("eve"), False, at)
            self.comes("eve")
        self.assertTrue(self.arrivals.is_full("eve"))
        self.assertFalse(self.arrivals.is_full("ann"))

    def test_clock_set_back(self) -> None:
        """Nobody waits for a second that was."""
        self.clock.advance(1000)
        self.comes("eve")
        self.clock.rightNow = 10.0
        self.comes("eve")
        self.assertEqual(self.came, ["eve", "eve"])

    def test_swept(self) -> None:
        """Those who came once are not remembered for ever."""
        for at in range(3 * SWEEP):
            self.comes(f"{at}")
            self.clock.advance(LEAST)
        self.assertLessEqual(len(self.arrivals), SWEEP + 1)

    def test_hurry(self) -> None:
        """Where there is no room to wait the next one comes in before its turn."""
        self.assertFalse(self.arrivals.hurry("eve"))
        for _ in range(2):
            self.comes("eve")
        self.assertTrue(self.arrivals.hurry("eve"))
        self.assertFalse(self.arrivals.hurry("eve"))
        self.assertEqual(self.came, ["eve", "eve"])

    def test_stop(self) -> None:
        """Nothing waits behind the end of the gateway."""
        self.comes("eve")
        self.comes("eve")
        self.arrivals.stop()
        self.arrivals.stop()
        self.assertEqual((self.clock.getDelayedCalls(), len(self.arrivals)), ([], 0))
