"""Values as TOML has them."""

from __future__ import annotations

import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Intercept, Settings, structure
from ftpalg.config.plain import plain, toml


class Plain(SynchronousTestCase):
    """What a check would be given."""

    def test_values(self) -> None:
        """Each kind of value."""
        for value, found in (
            (None, ""),
            (True, True),
            (3, 3),
            (3.0, 3),
            (0.5, 0.5),
            (1e17, 1e17),
            (Intercept.OFF, "off"),
            (frozenset((22, 21)), [21, 22]),
            ((1024, 2048), "1024-2048"),
            ((), []),
            ((ip_network("192.0.2.0/24"),), ["192.0.2.0/24"]),
            (((1, 2), (3, 4)), ["1-2", "3-4"]),
            ((True, False), [True, False]),
            (Path("/x"), "/x"),
        ):
            self.assertEqual(plain(value), found, value)
            self.assertIs(type(plain(value)), type(found), value)

    def test_tables(self) -> None:
        """A section is a table of its keys, one that has a text of its own is that text."""
        made = plain(
            structure({"server": "ftp://h", "parents": [{"name": "p", "url": "ftp://h"}]}, "x")
        )
        self.assertEqual(made["server"], "ftp://h:21")
        self.assertEqual(made["parents"][0]["url"], "ftp://h:21")
        self.assertEqual(made["limits"]["sessions-per-peer"], Settings().limits.sessions_per_peer)


class Toml(SynchronousTestCase):
    """Its text."""

    def test_table(self) -> None:
        """In braces."""
        self.assertEqual(
            toml({"a": [1, "x"], "b": {"c": True}}), '{ a = [1, "x"], b = { c = true } }'
        )

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(
        some.recursive(
            some.booleans()
            | some.integers()
            | some.floats(allow_nan=False)
            | some.text(some.characters(exclude_categories=["Cs"])),
            some.lists,
            max_leaves=5,
        )
    )
    def check_toml(self, value: Any) -> None:
        """What is written as TOML is read as the same."""
        self.assertEqual(tomllib.loads(f"it = {toml(value)}")["it"], value)

    def test_toml(self) -> None:
        """Any value."""
        self.check_toml()
