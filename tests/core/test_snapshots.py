"""How a session stands: frozen, and alike only to its own kind."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.ends import Moment
from ftpalg.core.events import Side
from ftpalg.core.facts import About, Peer
from ftpalg.core.snapshots import Moving, Snapshot

ABOUT = About("s1", Peer("192.0.2.7", 1))


class Snapshots(SynchronousTestCase):
    """Values."""

    def test_frozen(self) -> None:
        """Nobody who has one can change it, nor anything in it."""
        made = Snapshot(ABOUT, Moment.DATA, 1.0, moving=Moving(Side.SERVER, 5))
        for name in made._fields:
            with self.assertRaises(AttributeError):
                setattr(made, name, None)
        hash(made)

    def test_alike(self) -> None:
        """Two that say the same are the same."""
        moving = Moving(Side.SERVER, 5)
        one, two = (Snapshot(ABOUT, Moment.DATA, 1.0, moving=moving) for _ in range(2))
        self.assertEqual(one, two)
        self.assertNotEqual(one, one._replace(moving=moving._replace(moved=6)))
        self.assertNotEqual(moving, tuple(moving))
