"""Strangers at data ports: how often they are told of."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.events import Side
from ftpalg.core.facts import Intruded
from ftpalg.net.legs.stranger_counts import MINUTE, Strangers


class Counted(SynchronousTestCase):
    """One session's."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.told: list[Intruded] = []
        self.strangers = Strangers(self.clock.seconds, self.told.append)

    def test_once_a_minute(self) -> None:
        """The first is told at once, a thousand more as one fact a minute later, with their number."""
        for at in range(1001):
            self.strangers.came(Side.CLIENT, f"192.0.2.{at % 250}")
        self.assertEqual(self.told, [Intruded(Side.CLIENT, "192.0.2.0")])
        self.clock.advance(MINUTE - 1)
        self.strangers.came(Side.CLIENT, "192.0.2.8")
        self.assertEqual(len(self.told), 1)
        self.clock.advance(1)
        self.strangers.came(Side.CLIENT, "192.0.2.9")
        self.assertEqual(self.told[1:], [Intruded(Side.CLIENT, "192.0.2.9", 1002)])

    def test_each_side(self) -> None:
        """Strangers at one side hide none at the other."""
        for side in (Side.CLIENT, Side.SERVER):
            self.strangers.came(side, "192.0.2.9")
        self.assertEqual([fact.side for fact in self.told], [Side.CLIENT, Side.SERVER])

    def test_end(self) -> None:
        """What was not told yet is told at the end, once."""
        for _ in range(3):
            self.strangers.came(Side.SERVER, "192.0.2.9")
        for _ in range(2):
            self.strangers.end()
        self.assertEqual(self.told[1:], [Intruded(Side.SERVER, "192.0.2.9", 2)])
