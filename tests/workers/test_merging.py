"""What the answers of several workers are together."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.asking import Asked
from ftpalg.admin.verbs import VERBS, verb
from ftpalg.workers.merging import MERGED

SUPERVISORS = {"ban", "bans", "ladder", "quotas", "reload", "reset-quota", "unban"}
"""Verbs that no worker is asked."""


def merged(name: str, *answers: Any, **words: Any) -> Any:
    """One answer."""
    return MERGED[name].of(Asked(words), answers)


def share(limit: str, holder: str, used: int, most: int | None = 9) -> dict[str, Any]:
    """A row."""
    return {"limit": limit, "holder": holder, "used": used, "most": most}


class Merging(SynchronousTestCase):
    """Verb by verb."""

    def test_each(self) -> None:
        """Each verb is the workers' or the supervisor's."""
        self.assertEqual({one.name for one in VERBS}, MERGED.keys() | SUPERVISORS)
        self.assertFalse(MERGED.keys() & SUPERVISORS)
        for name, one in MERGED.items():
            self.assertEqual(one.result is not None, verb(name).method == "POST", name)

    def test_sessions(self) -> None:
        """In the order of their names, which is that of their time."""
        one = {"sessions": [{"session": "a"}, {"session": "c"}]}
        two = {"sessions": [{"session": "b"}]}
        found = merged("who", one, two)
        self.assertEqual([row["session"] for row in found["sessions"]], ["a", "b", "c"])
        known = {"routes": ["routes[0]"], "listeners": [], "servers": []}
        found = merged("names", {"sessions": ["b"], **known}, {"sessions": ["a"], **known})
        self.assertEqual(found, {"sessions": ["a", "b"], **known})

    def test_sums(self) -> None:
        """How many have ended, and how many are there."""
        found = merged("kick", {"kicked": 1, "marked": 2}, {"kicked": 3, "marked": 0})
        self.assertEqual(found, {"kicked": 4, "marked": 2})
        one = {"kind": "route", "name": "r", "within": 5, "sessions": 2}
        for name in ("drain", "undrain"):
            self.assertEqual(merged(name, one, one), one | {"sessions": 4})
        parts = merged(
            "drained", {"drained": [one], "ready": False}, {"drained": [], "ready": True}
        )
        self.assertEqual(parts, {"drained": [one], "ready": True})
        parts = merged("drained", *[{"drained": [one], "ready": False}] * 3)
        self.assertEqual(parts, {"drained": [one | {"sessions": 6}], "ready": False})

    def test_errors(self) -> None:
        """The newest of each server and of each listener's clients, the newest of all first."""

        def row(side: str, server: str, listener: str, time: str) -> dict[str, str]:
            return {"side": side, "server": server, "listener": listener, "time": time}

        old, new = row("server", "s", "l", "1"), row("server", "s", "m", "4")
        client, other = row("client", "s", "l", "2"), row("client", "t", "m", "3")
        found = merged("errors", {"errors": [client, old]}, {"errors": [new, other]})
        self.assertEqual(found["errors"], [new, other, client])

    def test_shares(self) -> None:
        """What each holds is added; bounds are, where each worker has a part."""
        one = [share("sessions", "", 3), share("peer", "a", 3), share("memory", "", 5, 10)]
        two = [share("sessions", "", 4), share("peer", "b", 4), share("memory", "", 1, 10)]
        three = [share("peer", "a", 2), share("descriptors", "", 1, None)]
        found = merged("shares", *({"shares": rows} for rows in (one, two, three)))["shares"]
        self.assertEqual(
            found,
            [
                share("sessions", "", 7),
                *(share("peer", "a", 5), share("peer", "b", 4)),
                share("memory", "", 6, 20),
                share("descriptors", "", 1, None),
            ],
        )
        Draft202012Validator(verb("shares").answer).validate({"shares": found})
        top = merged("shares", *({"shares": rows} for rows in (one, two)), top=1)["shares"]
        self.assertEqual([row["holder"] for row in top if row["limit"] == "peer"], ["b"])
