"""The descriptors of a reach: one for each address that is tried, and no more than are open."""

from __future__ import annotations

from typing import Any

from ftpalg.core.routes import Server
from ftpalg.net.ledger import Bound, Grant, Line, Short
from ftpalg.net.ledger import OwnLedger as Ledger
from ftpalg.net.reach.attempt import Way
from ftpalg.net.reach.failover import Reach
from tests.net import reaches
from tests.net.reaches import REFUSED, ReachCase

PEER, FD = "192.0.2.99", Line.DESCRIPTORS
HOSTS = "192.0.2.1", "192.0.2.2", "192.0.2.3"


class ChargedCase(ReachCase):
    """A name with three addresses, and so many descriptors for its client."""

    def begun(self, most: int) -> None:
        """It is being reached."""
        self.ledger = Ledger({FD: Bound(most)})
        self.shorts: list[Short] = []
        self.held = Grant(self.ledger, PEER, FD)
        self.held.to(1)
        self.reach()
        self.resolver.answer(*HOSTS)

    def reach(self, *servers: Server, way: Way | None = None) -> Reach:
        held, crowded = self.held, self.shorts.append

        class Held(Reach):
            def __init__(self, *given: Any) -> None:
                super().__init__(*given)
                self._held = held
                self._rules = self._rules._replace(crowded=crowded)

        self.patch(reaches, "Reach", Held)
        return super().reach(*servers, way=way)

    @property
    def charged(self) -> int:
        """Descriptors."""
        return self.ledger.held(PEER, FD)


class Charged(ChargedCase):
    """As many as are open."""

    def test_each(self) -> None:
        """Each address that is tried beside the others takes one, and gives it back; the first stays for
        whoever is reached."""
        self.begun(9)
        found = [self.charged]
        for _ in range(2):
            self.reactor.advance(0.3)
            found.append(self.charged)
        for attempt in self.attempts:
            attempt.failed(REFUSED)
            found.append(self.charged)
        self.assertEqual(found, [1, 2, 3, 2, 1, 1])
        self.nothing_left()

    def test_impossible(self) -> None:
        """One that cannot be begun holds none."""
        self.impossible = dict.fromkeys(HOSTS[1:], OSError(101, "Network is unreachable"))
        self.begun(2)
        self.reactor.advance(0.3)
        self.assertEqual([where[0] for where in self.tried], [HOSTS[0]])
        self.assertEqual((self.charged, self.shorts), (1, []))

    def test_none_left(self) -> None:
        """Where the share is used up the others are not tried, and it is told."""
        self.begun(1)
        self.reactor.advance(1)
        self.assertEqual([where[0] for where in self.tried], [HOSTS[0]])
        self.assertEqual(self.shorts, [Short(FD, 1, 1, of_one=True)] * 2)
        self.attempts[0].failed(REFUSED)
        ((reason, _),) = self.told.failed
        self.assertIn(f"{HOSTS[1]}: too many descriptors are in use", reason)
