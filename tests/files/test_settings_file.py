"""etc/ftpalg.toml says all of the settings, and the truth about them."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from attrs import fields, has
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import (
    Certificate,
    Listener,
    Parent,
    RouteRule,
    ServerTlsRule,
    Settings,
    structure,
)
from ftpalg.config.model import settings_sections
from ftpalg.config.tables import AccessRule, ClientAddress, CommandRule, is_key, key_of

TREE = Path(__file__).parents[2]
FILE = TREE / "etc" / "ftpalg.toml"
ASSIGNED = re.compile(r"# ([a-z][a-z0-9-]*) = (.+)")
SECTION = re.compile(r"\[([a-z-]+)\]")
EXAMPLES = {
    "listeners": Listener,
    "access.servers": AccessRule,
    "access.commands": CommandRule,
    "routes": RouteRule,
    "parents": Parent,
    "data.client-addresses": ClientAddress,
    "client-tls.more-certificates": Certificate,
    "server-tls.rules": ServerTlsRule,
}
"""The tables of which there may be several, and what each is."""
TABLES = re.compile(r"# \[\[([a-z.-]+)\]\]")


def known() -> set[str]:
    """Every setting of the model by its dotted key, lists of tables included."""
    return {
        f"{section}.{key_of(a.name)}".lstrip(".")
        for section, kind in settings_sections().items()
        for a in fields(kind)
        if is_key(a) and not has(type(a.default))
    }


def paragraphs() -> list[tuple[str, list[str]]]:
    """The file's blocks of lines, each with the section it stands in."""
    found, section = [], ""
    for block in FILE.read_text("utf-8").split("\n\n"):
        lines = block.strip().splitlines()
        heading = SECTION.fullmatch(lines[0]) if lines else None
        if heading:
            section, lines = heading[1], lines[1:]
        found.append((section, lines))
    return found


class SettingsFile(SynchronousTestCase):
    """The shipped file against the model."""

    def test_each_once(self) -> None:
        """Every setting stands in the file exactly once, and nothing else does."""
        found: Counter[str] = Counter()
        for section, lines in paragraphs():
            inside = False
            for line in lines:
                if tables := TABLES.fullmatch(line):
                    found[tables[1]] += 1
                    inside = True
                elif (assigned := ASSIGNED.fullmatch(line)) and not inside:
                    found[f"{section}.{assigned[1]}".lstrip(".")] += 1
        self.assertEqual(found, Counter(known()))

    def test_true_defaults(self) -> None:
        """With every line uncommented the settings are still the defaults."""
        text = []
        for section, lines in paragraphs():
            if section and f"[{section}]" not in text:
                text.append(f"[{section}]")
            if not any(TABLES.fullmatch(line) for line in lines):
                text += [line[2:] for line in lines if ASSIGNED.fullmatch(line)]
        raw = tomllib.loads("\n".join(text))
        self.assertEqual(structure(raw, "etc"), Settings())

    def test_examples_of_tables(self) -> None:
        """The tables that are shown as examples can be used as they stand."""
        shown = [lines for _, lines in paragraphs() if any(TABLES.fullmatch(x) for x in lines)]
        text = "\n".join(
            line[2:]
            for lines in shown
            for line in lines
            if TABLES.fullmatch(line) or ASSIGNED.fullmatch(line)
        )
        raw = tomllib.loads(text)
        settings = structure(raw | {"accounts": {"auth": ["memory:joe:secret"]}}, "etc")
        for dotted, kind in EXAMPLES.items():
            found: Any = settings
            shown_keys: Any = raw
            for name in dotted.split("."):
                found = getattr(found, name.replace("-", "_"))
                shown_keys = shown_keys[name]
            self.assertIsInstance(found[0], kind)
            self.assertEqual(set(shown_keys[0]), {key_of(a.name) for a in fields(kind)}, dotted)

    def test_explained(self) -> None:
        """A sentence stands before each setting, or before the pair that belongs together."""
        for section, lines in paragraphs():
            if any(ASSIGNED.fullmatch(line) for line in lines):
                self.assertRegex(lines[0], r"^# [A-Z\"].*", (section, lines))
                self.assertIsNone(ASSIGNED.fullmatch(lines[0]), (section, lines))

    def test_nothing_set(self) -> None:
        """As shipped the file changes nothing."""
        self.assertEqual(structure(tomllib.loads(FILE.read_text("utf-8")), "etc"), Settings())
