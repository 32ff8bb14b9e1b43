"""Gateways that lead to each other."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.events import Link
from ftpalg.core.routes import Server
from ftpalg.net.ledger import Line, OwnLedger
from ftpalg.net.reach.loops import Loops
from tests.net.reaches import ReachCase

THERE, HERE = "192.0.2.9", ("192.0.2.254", "127.0.0.1")


def link(port: int, peer: str = THERE) -> Link:
    """A session's client."""
    return Link(peer, "192.0.2.254", port)


class Counted(SynchronousTestCase):
    """Two sessions may go back at once."""

    def setUp(self) -> None:
        self.ledger = OwnLedger({})
        self.loops = Loops(2, lambda address: address in HERE, self.ledger)

    def test_bound(self) -> None:
        """One more than that is refused, as long as the others are not logged in."""
        for port in (1, 2):
            self.assertEqual(self.loops.refusal(link(port), THERE), "")
        self.assertIn("lead back to it", self.loops.refusal(link(3), THERE))
        self.assertEqual(self.loops.refusal(link(3), "192.0.2.10"), "")
        self.assertEqual(self.loops.refusal(link(3, "192.0.2.10"), "192.0.2.10"), "")
        self.loops.discard(link(1))
        self.loops.discard(link(1))
        self.assertEqual(self.loops.refusal(link(3), THERE), "")

    def test_once(self) -> None:
        """Who tries several addresses is one; who has reached another one is none."""
        for port in (1, 2, 1, 2):
            self.assertEqual(self.loops.refusal(link(port), THERE), "")
        self.loops.reached(link(1), THERE)
        self.assertIn("lead back to it", self.loops.refusal(link(3), THERE))
        self.loops.reached(link(1), "192.0.2.10")
        self.assertEqual(self.loops.refusal(link(3), THERE), "")

    def test_other_processes(self) -> None:
        """Those of other processes count, and what is over is given back."""
        self.ledger.ask(THERE, Line.RETURNING)
        self.assertEqual(self.loops.refusal(link(1), THERE), "")
        self.assertIn("lead back to it", self.loops.refusal(link(2), THERE))
        self.loops.discard(link(2))
        self.loops.discard(link(1))
        self.assertEqual(self.ledger.held(THERE, Line.RETURNING), 1)

    def test_elsewhere(self) -> None:
        """Sessions that go on are none of these, however many."""
        for port in range(10):
            self.assertEqual(self.loops.refusal(link(port), "192.0.2.10"), "")
        self.assertEqual(self.loops.refusal(link(11), THERE), "")

    def test_one_machine(self) -> None:
        """Gateways on this machine are one machine, by whichever of its addresses."""
        for port in (1, 2):
            self.assertEqual(self.loops.refusal(link(port, HERE[0]), HERE[1]), "")
        self.assertIn("lead back", self.loops.refusal(link(3, HERE[0]), HERE[1]))


class Dialled(ReachCase):
    """What is dialled."""

    def test_not_dialled(self) -> None:
        """An address that leads back is not dialled, a parent's neither; the log alone has the cause."""
        self.loop = "it leads back"
        self.reach(Server("192.0.2.9"))
        self.assertEqual(self.tried, [])
        self.assertEqual(self.told.failed, [("192.0.2.9: it leads back", "")])
