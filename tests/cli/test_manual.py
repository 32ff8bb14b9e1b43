"""The man pages."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.cli.commands import COMMANDS
from ftpalg.cli.manual import pages, text
from ftpalg.config.warnings import NAMES

FOLDER = Path(__file__).parents[2] / "docs" / "man"


class Pages(SynchronousTestCase):
    """ftpalg(1) and ftpalg.toml(5)."""

    def test_fresh(self) -> None:
        """The pages in docs are those that would be made now: make man."""
        for name, page in pages().items():
            self.assertEqual((FOLDER / name).read_text("utf-8"), page, name)
        self.assertEqual({path.name for path in FOLDER.iterdir()}, set(pages()))

    def test_whole(self) -> None:
        """Every command, setting and warning is there."""
        commands, settings = (page.replace("\\-", "-") for page in pages().values())
        for command in COMMANDS:
            self.assertIn(f"ftpalg {command.name}", commands)
        for words in (
            "FTPALG_TIMEOUTS_IDLE",
            "[[routes]]",
            "idle = 900",
            "\\fBclient-ports = ",
            *NAMES,
        ):
            self.assertIn(words, settings)
        self.assertNotIn("FTPALG_ROUTES_", settings)

    def test_signs(self) -> None:
        """No sign of the comments is a command of roff's."""
        self.assertEqual(text(".x"), "\\&.x")
        self.assertEqual(text("'x"), "\\&'x")
        self.assertEqual(text("a\\b-c"), "a\\eb\\-c")
        for page in pages().values():
            for line in page.splitlines():
                if line.startswith((".", "'")):
                    self.assertRegex(line, r"^\.(?:TH|SH|SS|TP|B|I|br)\b")

    def test_read_by_man(self) -> None:
        """groff has nothing to complain of."""
        if not shutil.which("groff"):
            self.skipTest("groff is not installed")
        for page in pages().values():
            done = subprocess.run(
                ["groff", "-man", "-ww", "-z", "-Tutf8"],
                input=page,
                capture_output=True,
                text=True,
                timeout=60,
            )
            self.assertEqual(
                (done.returncode, re.sub("(?m)^.*can't break line.*$", "", done.stderr).strip()),
                (0, ""),
            )
