"""Which limits hold for a session."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Limits, Settings
from ftpalg.config.limits import ListenerLimits, RouteLimits
from ftpalg.config.loading import settings_of_raw
from ftpalg.explain.explaining import explain
from ftpalg.explain.limits import GENERAL, OF_LISTENER, OF_ROUTE
from ftpalg.explain.question import Question
from ftpalg.explain.steps import Limit, Scope

SIZES = frozenset(
    (
        *(
            "ipv6_prefix",
            "command_delay",
            "command_line",
            "reply_line",
            "reply_size",
            "reply_lines",
        ),
        *("uncoded_size", "uncoded_lines", "queued_commands", "queued_size", "bad_commands"),
        *("bad_logins", "surplus_replies"),
    )
)
"""What bounds one session alone, or says what one client is."""


QUOTAS = "_bytes_per_transfer", "_bytes_per_day", "_files_per_day"
"""What explain tells of in steps of its own."""


def names(section: Any) -> set[str]:
    """The settings of a table."""
    return {one.name for one in section.__attrs_attrs__ if not one.name.endswith(QUOTAS)}


class Tables(SynchronousTestCase):
    """No limit is forgotten."""

    def test_every_limit(self) -> None:
        """Each is told, or bounds one session alone."""
        self.assertEqual({*GENERAL, *SIZES}, names(Limits))
        self.assertEqual(set(GENERAL) & SIZES, set())
        self.assertEqual(set(OF_LISTENER), names(ListenerLimits))
        self.assertEqual(set(OF_ROUTE), names(RouteLimits))


class Holds(SynchronousTestCase):
    """What is told of a session."""

    def told(self, raw: dict[str, Any], **words: Any) -> dict[str, Limit]:
        """By the setting's key."""
        settings, faults = settings_of_raw({"server": "ftp://a.example", **raw})
        self.assertEqual(list(faults), [])
        assert isinstance(settings, Settings)
        found = explain(settings, Question("10.0.0.1", **words))
        limits = {one.rule: one for one in found.limits}
        self.assertEqual(len(limits), len(found.limits))
        return limits

    def test_defaults(self) -> None:
        """Counts protect by default; what bounds nothing is not there, nor what no account or route has."""
        found = self.told({})
        self.assertEqual(
            found["limits.sessions"],
            Limit("limits.sessions", "", 5000, "all together", Scope.GENERAL),
        )
        self.assertEqual({one.scope for one in found.values()}, {Scope.GENERAL})
        for name in ("session-rate", "sessions-per-account", "sessions-per-server"):
            self.assertNotIn(f"limits.{name}", found)

    def test_listener(self) -> None:
        """Its own beside the general ones, and only of the listener that is meant."""
        raw = {
            "listeners": [
                {"endpoint": "127.0.0.1:1", "limits": {"sessions": 3, "session-rate": 0.5}},
                {"endpoint": "127.0.0.1:2"},
            ]
        }
        found = self.told(raw, listener=0)
        own = found["listeners[0].limits.sessions"]
        self.assertEqual((own.value, own.whose, own.scope), (3, "the listener", Scope.LISTENER))
        self.assertEqual(found["listeners[0].limits.session-rate"].value, 0.5)
        self.assertIn("limits.sessions", found)
        self.assertEqual(
            {one.scope for one in self.told(raw, listener=1).values()}, {Scope.GENERAL}
        )

    def test_route(self) -> None:
        """Its own in the stead of the general one; another route's is nothing to the session."""
        raw = {
            "limits": {"sessions-per-route": 40, "transfers-per-route": 50},
            "routes": [
                {"clients": ["10.0.0.0/8"], "limits": {"sessions": 9}},
                {"users": ["x"], "limits": {"sessions": 1}},
            ],
        }
        found = self.told(raw)
        own = found["routes[0].limits.sessions"]
        self.assertEqual((own.value, own.whose, own.scope), (9, "the route", Scope.ROUTE))
        self.assertEqual(found["limits.transfers-per-route"].value, 50)
        self.assertNotIn("limits.sessions-per-route", found)
        self.assertNotIn("routes[1].limits.sessions", found)
        raw["routes"] = []
        self.assertNotIn("limits.sessions-per-route", self.told(raw))

    def test_account(self) -> None:
        """Where one is logged in, what each may have."""
        raw = {"accounts": {"auth": ["memory:gus:x"]}, "limits": {"sessions-per-account": 4}}
        self.assertEqual(self.told(raw, account=b"gus")["limits.sessions-per-account"].value, 4)

    def test_turned_away(self) -> None:
        """Who is not admitted would have had them."""
        found = self.told({"access": {"clients": ["192.0.2.0/24"]}})
        self.assertIn("limits.sessions-per-peer", found)
