"""Each test module is run by a target of the Makefile, and a target runs nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).parents[1]
ROOF = "tests.test_"
"""What ``$(ROOF)`` stands for: the modules beside the rooms."""


def named(makefile: str) -> set[str]:
    """What the lines that run trial name."""
    lines = re.findall(r"^\t.*trial(?:.*\\\n)*.*$", makefile, re.MULTILINE)
    return {word for line in lines for word in re.findall(r"tests\.[\w.]+|\$\(ROOF\)", line)}


class Targets(SynchronousTestCase):
    """The Makefile beside the folder of the tests."""

    def setUp(self) -> None:
        self.named = named((ROOT / "Makefile").read_text())
        files = (ROOT / "tests").rglob("test_*.py")
        self.modules = {".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files}

    def test_each(self) -> None:
        """No module is left out."""
        left = {
            module
            for module in self.modules
            if not any((module + ".").startswith(name + ".") for name in self.named)
            and not (module.startswith(ROOF) and "$(ROOF)" in self.named)
        }
        self.assertEqual(left, set())

    def test_nothing_else(self) -> None:
        """What is named is there."""
        for name in self.named - {"$(ROOF)"}:
            self.assertTrue(any((x + ".").startswith(name + ".") for x in self.modules), name)
