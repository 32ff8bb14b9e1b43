"""What one session holds of account, route, server and transfers."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Limits
from ftpalg.core.routes import Route, Server
from ftpalg.net.ledger import Line, OwnLedger
from ftpalg.net.seats import Seats
from ftpalg.net.shares import shares

LIMITS = Limits(
    sessions_per_account=2,
    sessions_per_route=3,
    sessions_per_server=2,
    transfers=4,
    transfers_per_peer=3,
    transfers_per_account=2,
    transfers_per_route=3,
)
ROUTE = Route(name="routes[0]")


class SeatsCase(SynchronousTestCase):
    """A ledger with few of everything."""

    def setUp(self) -> None:
        self.ledger = OwnLedger(shares(LIMITS))

    def seats(self, peer: str = "192.0.2.1") -> Seats:
        """One more session."""
        return Seats(self.ledger, peer)

    def test_account_left(self) -> None:
        """Who is nobody any more leaves the account, and its transfers are not the account's."""
        one, other = self.seats(), self.seats()
        for seats in (one, other):
            self.assertIsNone(seats.account("gus"))
        self.assertIsNotNone(self.seats().account("gus"))
        one.leave_account()
        one.leave_account()
        self.assertIsNone(self.seats().account("gus"))
        self.assertIsNone(one.transfer())
        self.assertEqual(self.ledger.in_all(Line.TRANSFERS_OF_ACCOUNT), 0)
        one.end()

    def test_each(self) -> None:
        """Of each line exactly as many; the end gives all of it back."""
        for line, take, most in (
            (Line.OF_ACCOUNT, lambda seats: seats.account("gus"), 2),
            (Line.OF_ROUTE, lambda seats: seats.route(ROUTE), 3),
            (Line.OF_ROUTE, lambda seats: seats.route(Route(name="routes[1]", sessions=5)), 5),
            (Line.OF_SERVER, lambda seats: seats.server(Server("a.example")), 2),
        ):
            made = [self.seats() for _ in range(10)]
            shorts = [take(one) for one in made]
            self.assertEqual(shorts.count(None), most)
            self.assertEqual(self.ledger.in_all(line), most)
            self.assertEqual(take(made[0]), None)  # the same once more is no other
            self.assertEqual(self.ledger.in_all(line), most)
            for one in made + made:
                one.end()
            self.assertEqual(self.ledger.in_all(line), 0)

    def test_spellings(self) -> None:
        """A server is one however its name is spelled."""
        for host in ("a.example", "A.Example."):
            self.assertIsNone(self.seats().server(Server(host)))
        self.assertIsNotNone(self.seats().server(Server("a.EXAMPLE")))
        self.assertIsNone(self.seats().server(Server("a.example", 2121)))

    def test_another(self) -> None:
        """To take another account gives the one before back; one that is full changes nothing."""
        one = self.seats()
        self.assertIsNone(one.account("gus"))
        self.assertIsNone(one.account("ann"))
        self.assertEqual(self.ledger.held("gus", Line.OF_ACCOUNT), 0)
        others = [self.seats(), self.seats()]
        self.assertEqual([other.account("gus") for other in others], [None, None])
        self.assertIsNotNone(one.account("gus"))
        self.assertEqual(self.ledger.held("ann", Line.OF_ACCOUNT), 1)

    def test_another_way(self) -> None:
        """So it is with a route and a server: the one before is free again, the same is held once."""
        one = self.seats()
        for name, host in (("routes[0]", "a.example"), ("routes[1]", "b.example")) * 2:
            for _ in range(2):
                self.assertIsNone(one.route(Route(name=name)))
                self.assertIsNone(one.server(Server(host)))
            self.assertEqual(dict(self.ledger.holders(Line.OF_ROUTE)), {name: 1})
            self.assertEqual(dict(self.ledger.holders(Line.OF_SERVER)), {f"{host}:21": 1})
        one.end()
        one.end()
        self.assertEqual(self.ledger.in_all(Line.OF_ROUTE) + self.ledger.in_all(Line.OF_SERVER), 0)

    def test_left(self) -> None:
        """Who leaves its server is no more on its route."""
        one = self.seats()
        one.route(ROUTE)
        one.server(Server("a.example"))
        one.leave_server()
        self.assertEqual(self.ledger.in_all(Line.OF_ROUTE) + self.ledger.in_all(Line.OF_SERVER), 0)
        self.assertIsNone(one.transfer())
        self.assertEqual(self.ledger.in_all(Line.TRANSFERS_OF_ROUTE), 0)

    def test_transfers(self) -> None:
        """All lines or none; each has its sentence."""
        made = [self.seats(), self.seats(), self.seats("192.0.2.2"), self.seats("192.0.2.2")]
        for one in made[:2]:
            one.account("gus")
            self.assertIsNone(one.transfer())
        third = self.seats("192.0.2.3")
        third._account = "gus"
        missing = third.transfer()
        assert missing is not None
        self.assertIn("your account", missing[1])
        self.assertEqual(self.ledger.in_all(Line.TRANSFERS), 2)
        made[0].end_transfer()
        self.assertIsNone(third.transfer())
        self.assertEqual(self.ledger.in_all(Line.TRANSFERS), 2)
        peers = [self.seats("192.0.2.9") for _ in range(3)]
        self.assertEqual([one.transfer() is None for one in peers], [True, True, False])
        made[1].end_transfer()
        self.assertIsNone(peers[2].transfer())
        missing = self.seats("192.0.2.9").transfer()
        assert missing is not None
        self.assertIn("from your address", missing[1])
        third.end()
        self.assertEqual(self.ledger.in_all(Line.TRANSFERS), 3)

    def test_route_of_its_own(self) -> None:
        """A route's own number of transfers stands instead of the general one."""
        route = Route(name="routes[2]", transfers=1)
        one, other = self.seats(), self.seats()
        one.route(route)
        other.route(route)
        self.assertIsNone(one.transfer())
        missing = other.transfer()
        assert missing is not None
        self.assertIn("on this way", missing[1])
        self.assertEqual(self.ledger.held("192.0.2.1", Line.TRANSFERS), 1)
