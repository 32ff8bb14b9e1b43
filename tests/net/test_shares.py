"""How much one peer may hold, and all of them."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Limits
from ftpalg.core.facts import Resource, What
from ftpalg.net.ledger import Bound, Line, Short
from ftpalg.net.shares import WHAT, shares, used_up


class Shares(SynchronousTestCase):
    """What the settings and the descriptors give."""

    def test_enough(self) -> None:
        """Where there are enough descriptors the settings hold."""
        found = shares(Limits(), 100_000, 5000)
        self.assertEqual(found[Line.SESSIONS], Bound(1000, 5000))
        self.assertEqual(found[Line.DESCRIPTORS], Bound(6000, 100_000))
        self.assertEqual(found[Line.MEMORY], Bound(1 << 28, 1 << 30))
        self.assertEqual(found[Line.LOOKUPS], Bound(8, 64))
        self.assertEqual(found[Line.HANDSHAKES].of_one, 250)

    def test_few(self) -> None:
        """With the usual 1,024 no peer can have more than half of anything."""
        found = shares(Limits(), 960, 160)
        self.assertEqual(found[Line.SESSIONS], Bound(80, 160))
        self.assertEqual(found[Line.DESCRIPTORS], Bound(480, 960))
        found = shares(Limits(sessions=1000), 6000, 1000)
        self.assertEqual(found[Line.DESCRIPTORS], Bound(3000, 6000))

    def test_many_of_one(self) -> None:
        """As many sessions as the settings let one peer have can be there, at rest."""
        found = shares(Limits(sessions_per_peer=5000), 19_936, 5000)
        self.assertEqual(found[Line.DESCRIPTORS], Bound(10_000, 19_936))

    def test_one(self) -> None:
        """However few there are, there is one session for somebody."""
        found = shares(Limits(), 1, 1)
        self.assertEqual(found[Line.SESSIONS], Bound(1, 1))
        self.assertEqual(found[Line.DESCRIPTORS], Bound(1, 1))

    def test_said(self) -> None:
        """A share that is said is taken at its word; so are few sessions of all."""
        limits = Limits(sessions=3, sessions_per_peer=1000, descriptors_per_peer=900)
        found = shares(limits, 960, 3)
        self.assertEqual(found[Line.SESSIONS], Bound(1000, 3))
        self.assertEqual(found[Line.DESCRIPTORS], Bound(900, 960))

    def test_told(self) -> None:
        """A record names what is used up by its setting."""
        short = Short(Line.DESCRIPTORS, 7, 8, of_one=True)
        self.assertEqual(used_up(short), Resource(What.DESCRIPTORS_PER_PEER, 7, 8))
        settings = {f"limits.{what.value}" for what in WHAT.values()} - {
            *("limits.descriptors", "limits.sessions-of-listener"),
        }
        known = {f"limits.{a.name.replace('_', '-')}" for a in Limits.__attrs_attrs__}
        self.assertLessEqual(settings, known)
