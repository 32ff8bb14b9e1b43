"""docs/moving.rst: what it calls a setting of ours is one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from attrs import fields
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import structure
from ftpalg.config.tables import is_key, key_of
from tests.files.test_settings_file import EXAMPLES, known

TREE = Path(__file__).parents[1]
PAGE = TREE / "docs" / "moving.rst"
RULE = re.compile(r"^(=+)  (=+)$")
LITERAL = re.compile(r"``([^`]+)``")
CLIENTS = '[access]\nclients = ["10.0.0.0/8"]'
NO_KEYS = {"ldap:", "systemd:", "ftpalg run"}


def rows() -> Iterator[tuple[str, str]]:
    """The two columns of each row, without the headings."""
    inside, width = 0, 0
    for line in PAGE.read_text("utf-8").splitlines():
        if rule := RULE.match(line):
            inside, width = (inside + 1) % 3, len(rule[1])
        elif inside == 2:
            yield line[:width].strip(), line[width:].strip()


def keys_of_tables() -> set[str]:
    """What the tables of which there may be several have."""
    return {key_of(a.name) for kind in EXAMPLES.values() for a in fields(kind) if is_key(a)}


class Moving(SynchronousTestCase):
    """Directive to key."""

    def test_keys(self) -> None:
        """Each literal of the right column is a setting, a table, or a file of this tree."""
        seen = 0
        for theirs, ours in rows():
            for one in LITERAL.findall(ours):
                name, _, value = one.partition(" = ")
                if one.startswith(("docs/", "etc/")):
                    self.assertTrue((TREE / one).exists(), one)
                elif table := re.fullmatch(r"\[\[(.+)\]\]", one):
                    self.assertIn(table[1], EXAMPLES)
                elif one not in NO_KEYS:
                    self.assertIn(name, known() | keys_of_tables(), theirs)
                    if value:
                        structure(tomllib.loads(f"{one}\n{CLIENTS}"), theirs)
                seen += 1
        self.assertGreater(seen, 70)

    def test_rows(self) -> None:
        """Each directive has something to its right, and no section has two rows of one name."""
        found = list(rows())
        self.assertGreater(len(found), 70)
        for theirs, ours in found:
            self.assertTrue(theirs and ours, (theirs, ours))
