"""What clients do wrong, charged to their peer until it is forgotten."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.ends import CLIENTS_FAULT, Moment, Reason
from ftpalg.core.events import Side
from ftpalg.core.facts import LoginRefused, SessionClosed
from ftpalg.net import faults
from ftpalg.net.faults import Faults
from ftpalg.net.ledger import Line, OwnLedger
from ftpalg.policy.offences import ENDS
from tests.net.test_guesses import Bans

EVE, NET = "192.0.2.1", "2001:db8::/64"
FORGET = 600.0
WRONG = LoginRefused("no", 530, Side.SERVER, "joe")


class Charged(SynchronousTestCase):
    """By facts of sessions."""

    def setUp(self) -> None:
        self.clock, self.ledger, self.bans = Clock(), OwnLedger({}), Bans()
        self.faults = Faults(self.clock, self.ledger, self.bans, FORGET)

    def seen(self, fact: Any, peer: str = EVE, *, ours: bool = False) -> int:
        """How many its peer has behind it."""
        self.faults.seen(peer, fact, ours=ours)
        return self.ledger.held(self.ledger.whose(peer), Line.FAULTS)

    def test_ends(self) -> None:
        """Of all ends those that are an offence, too, and no other."""
        self.assertEqual(set(CLIENTS_FAULT), set(ENDS))
        for reason in Reason:
            before = self.ledger.held(EVE, Line.FAULTS)
            after = self.seen(SessionClosed(reason, Moment.LOGIN))
            self.assertEqual(after - before, int(reason in ENDS), reason)

    def test_logins(self) -> None:
        """Refused by the server as wrong: not for its troubles, nor a login of the gateway's own."""
        self.assertEqual(self.seen(WRONG), 1)
        self.assertEqual(self.seen(WRONG._replace(code=430)), 2)
        for fact in (WRONG._replace(code=421), WRONG._replace(code=550), WRONG._replace(side=None)):
            self.assertEqual(self.seen(fact), 2)
        self.assertEqual(self.seen(WRONG, ours=True), 2)

    def test_whose(self) -> None:
        """A network of IPv6 is one; of safe networks nothing is counted."""
        self.seen(WRONG, "2001:db8::1")
        self.assertEqual(self.seen(WRONG, "2001:db8::2"), 2)
        self.bans.safe.add(EVE)
        self.assertEqual(self.seen(WRONG), 0)

    def test_forgotten(self) -> None:
        """Each after its time; then nothing is left, and no timer."""
        self.seen(WRONG)
        self.clock.advance(FORGET / 2)
        self.assertEqual(self.seen(WRONG), 2)
        self.clock.advance(FORGET / 2)
        self.assertEqual(self.ledger.held(EVE, Line.FAULTS), 1)
        self.clock.advance(FORGET / 2)
        self.assertEqual((self.ledger.in_all(Line.FAULTS), self.clock.getDelayedCalls()), (0, []))

    def test_bounded(self) -> None:
        """However many come, the oldest of them go; wrong passwords here are not pushed out."""
        self.patch(faults, "MOST", 3)
        self.ledger.ask(EVE, Line.FAILURES)
        for at in range(50):
            self.seen(WRONG, f"10.0.0.{at}")
        self.assertEqual(
            set(self.ledger.holders(Line.FAULTS)), {f"10.0.0.{at}" for at in (47, 48, 49)}
        )
        self.assertEqual(self.ledger.held(EVE, Line.FAILURES), 1)

    def test_stop(self) -> None:
        """The gateway ends; twice is harmless."""
        self.seen(WRONG)
        self.faults.stop()
        self.faults.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
