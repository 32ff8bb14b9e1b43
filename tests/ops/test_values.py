"""What fields hold."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.events import Side
from ftpalg.ops.values import OCTETS, octets_of, ports_of, resumed, within

BOTH = frozenset(Side)
NONE: frozenset[Side] = frozenset()


class Values(SynchronousTestCase):
    """Small things."""

    def test_octets(self) -> None:
        """What is no text is written out; a long line is cut by its bytes."""
        self.assertEqual(octets_of(b"a\x00\xff"), r"a\x00\xff")
        self.assertEqual(octets_of(b"x" * OCTETS), "x" * OCTETS)
        self.assertEqual(octets_of(b"x" * (OCTETS + 1)), "x" * OCTETS + "…")

    def test_resumed(self) -> None:
        """Of the legs that are under TLS."""
        self.assertIsNone(resumed(NONE, NONE))
        self.assertEqual(resumed(BOTH, NONE), "neither")
        self.assertEqual(resumed(BOTH, frozenset((Side.SERVER,))), "server")
        self.assertEqual(resumed(BOTH, BOTH), "both")

    def test_ports(self) -> None:
        """The client's first; 0 where a leg has none, nothing where neither has one."""
        self.assertEqual(ports_of(((Side.SERVER, 5),)), (0, 5))
        self.assertEqual(ports_of(((Side.SERVER, 5), (Side.CLIENT, 4))), (4, 5))
        self.assertEqual(ports_of(()), ())

    def test_within(self) -> None:
        """Texts are bounded, numbers are not."""
        self.assertEqual(within(("abcd", "ab"), 3), ("ab…", "ab"))
        self.assertEqual(within((12345, 1), 3), (12345, 1))
