"""The fragments of the changelog have names that towncrier reads, each as one of its own."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

TREE = Path(__file__).parents[1]
RULES = tomllib.loads((TREE / "pyproject.toml").read_text("utf-8"))["tool"]["towncrier"]


class Fragments(SynchronousTestCase):
    """changes/ISSUE.WORD.KIND.rst, WORD only where an issue has several of a kind."""

    def test_names(self) -> None:
        """The kind stands last: where the word does, two words are one fragment to towncrier."""
        kinds = "|".join(kind["directory"] for kind in RULES["type"])
        names = {path.name for path in (TREE / RULES["directory"]).iterdir()}
        fragments = names - set(RULES["ignore"])
        self.assertIn("2.feature.rst", fragments)
        wrong = [
            n for n in fragments if not re.fullmatch(rf"\d+(\.[a-z0-9-]+)?\.({kinds})\.rst", n)
        ]
        self.assertEqual(wrong, [], "CONTRIBUTING.md says how fragments are called")

    def test_text(self) -> None:
        """None is empty."""
        for path in (TREE / RULES["directory"]).glob("*.rst"):
            self.assertTrue(path.read_text("utf-8").strip(), path.name)
