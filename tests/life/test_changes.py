"""What a reload says has changed."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Settings, structure
from ftpalg.life import changes as module
from ftpalg.life.changes import changes


def settings(**raw: Any) -> Settings:
    """Of TOML that is parsed already."""
    return structure({"server": "ftp://one.example", **raw}, "test")


class Told(SynchronousTestCase):
    """In a few words each."""

    def test_nothing(self) -> None:
        """The same settings."""
        self.assertEqual(changes(settings(), settings()), ())

    def test_values(self) -> None:
        """Both values, under the key as a file has it."""
        new = settings(
            timeouts={"data-open": 7}, limits={"sessions": 200}, **{"server-mode": "active"}
        )
        self.assertEqual(
            set(changes(settings(), new)),
            {
                "timeouts.data-open 20.0 -> 7.0",
                "limits.sessions 5000 -> 200",
                "server-mode passive -> active",
            },
        )

    def test_switches(self) -> None:
        """As TOML has them."""
        new = settings(data={"splice": False})
        self.assertEqual(changes(settings(), new), ("data.splice true -> false",))

    def test_tables(self) -> None:
        """How many there are, or that one is another."""
        one, two = {"server": ["ftp://a.example"]}, {"server": ["ftp://b.example"]}
        old = settings(routes=[one])
        self.assertEqual(changes(old, settings(routes=[one, two])), ("routes 1 -> 2 entries",))
        self.assertEqual(changes(old, settings(routes=[two])), ("routes changed",))

    def test_no_password(self) -> None:
        """Of accounts only that they have changed."""
        old = settings(accounts={"auth": ["memory:bob:secret"]})
        new = settings(accounts={"auth": ["memory:bob:other"]})
        self.assertEqual(changes(old, new), ("accounts.auth changed",))
        self.assertNotIn("secret", "".join(changes(old, settings())))

    def test_only_at_the_start(self) -> None:
        """What the running program does not look at again says so."""
        self.patch(module, "AT_START", ("limits", "data.splice"))
        new = settings(limits={"sessions": 200}, data={"splice": False, "other-mode": False})
        waits = " (only after a restart or an upgrade)"
        self.assertEqual(
            set(changes(settings(), new)),
            {
                "limits.sessions 5000 -> 200" + waits,
                "data.splice true -> false" + waits,
                "data.other-mode true -> false",
            },
        )
