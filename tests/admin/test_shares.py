"""``GET /shares``, of a ledger of the test's own."""

from __future__ import annotations

import json
from typing import Any

from attrs import evolve
from jsonschema import Draft202012Validator
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.shares import TOP, shares
from ftpalg.admin.verbs import verb
from ftpalg.config import Limits, Listener, RouteRule, Settings
from ftpalg.config.limits import ListenerLimits, RouteLimits
from ftpalg.core.facts import What
from ftpalg.net.guesses import key_of
from ftpalg.net.ledger import Line, OwnLedger
from ftpalg.net.shares import shares as bounds
from tests.admin.cases import Standing, asked, batches

EVE, BOB, NET = "192.0.2.1", "192.0.2.2", "2001:db8::/64"
Row = tuple[str, str, int, int | None]


class Shares(SynchronousTestCase):
    """Rows by limit."""

    def setUp(self) -> None:
        self.gateway: Any = Standing()
        limits = Limits(sessions=9, sessions_per_peer=7)
        rule = RouteRule(limits=RouteLimits(sessions=5))
        listener = Listener("tcp:21", limits=ListenerLimits(sessions=4))
        self.gateway.settings = evolve(
            Settings(limits=limits), routes=(rule, RouteRule()), listeners=(listener,)
        )
        self.gateway.ledger = self.ledger = OwnLedger(bounds(limits, 1000, 100))

    def told(self, **words: Any) -> list[Row]:
        """As they are answered, valid by the table's schema."""
        listed = shares(self.gateway, asked(**words))
        rows = [row for batch in batches(listed) for row in batch]
        found = json.loads(json.dumps({listed.name: rows}))
        Draft202012Validator(verb("shares").answer).validate(found)
        return [(row["limit"], row["holder"], row["used"], row["most"]) for row in rows]

    def test_nobody(self) -> None:
        """Limits of all are there, with nothing used."""
        rows = self.told()
        self.assertEqual({(holder, used) for _, holder, used, _ in rows}, {("", 0)})
        self.assertIn(("sessions", "", 0, 9), rows)
        self.assertEqual(len({limit for limit, *_ in rows}), len(rows))

    def test_peers(self) -> None:
        """Who holds most comes first, with the bound of one."""
        self.ledger.ask(BOB, Line.SESSIONS)
        self.ledger.ask(EVE, Line.SESSIONS, 6)
        self.ledger.ask(NET, Line.DESCRIPTORS, 3)
        rows = [row for row in self.told() if row[2]]
        self.assertEqual(
            rows,
            [
                ("sessions", "", 7, 9),
                ("sessions-per-peer", EVE, 6, 7),
                ("sessions-per-peer", BOB, 1, 7),
                ("descriptors", "", 3, 1000),
                ("descriptors-per-peer", NET, 3, 42),
            ],
        )

    def test_own_bounds(self) -> None:
        """What a listener or a route says of itself is its bound; where it says nothing none may be."""
        self.ledger.ask("tcp:21", Line.OF_LISTENER)
        self.ledger.ask("routes[0]", Line.OF_ROUTE)
        self.ledger.ask("routes[1]", Line.OF_ROUTE)
        self.ledger.ask("files.test:21", Line.OF_SERVER, 2)
        rows = [row for row in self.told() if row[2]]
        self.assertEqual(
            rows,
            [
                ("sessions-of-listener", "tcp:21", 1, 4),
                ("sessions-per-route", "routes[0]", 1, 5),
                ("sessions-per-route", "routes[1]", 1, None),
                ("sessions-per-server", "files.test:21", 2, None),
            ],
        )

    def test_failures(self) -> None:
        """Wrong logins, of peers and of accounts apart."""
        for key in (EVE, key_of("Joe"), EVE):
            self.ledger.ask(key, Line.FAILURES)
        said = self.gateway.settings.accounts
        self.assertEqual(
            [row for row in self.told() if "failures" in row[0]],
            [
                ("failures-per-peer", EVE, 2, said.failures_per_peer),
                ("failures-per-account", "joe", 1, said.failures_per_account),
            ],
        )

    def test_top(self) -> None:
        """So many of each as are asked for."""
        for at in range(50):
            self.ledger.ask(f"10.0.0.{at}", Line.TRANSFERS, at + 1)
        for words, count in (({}, TOP), ({"top": 2}, 2), ({"top": 1000}, 50), ({"top": 0}, 0)):
            rows = [row for row in self.told(**words) if row[0] == "transfers-per-peer"]
            self.assertEqual(len(rows), count)
            self.assertEqual([row[2] for row in rows[:2]], [50, 49][: len(rows)])

    def test_every_limit(self) -> None:
        """Each that a record may name of the ledger, a row for whoever holds it."""
        for line in Line:
            self.ledger.ask(EVE, line)
        told = {limit for limit, *_ in self.told()}
        self.assertLessEqual(told, {what.value for what in What} | {"failures-per-peer", "faults"})
        self.assertGreaterEqual(len(told), len(Line))
