"""The pages of the documentation that come from the program."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.cli.commands import COMMANDS
from ftpalg.cli.manual import STATUSES
from ftpalg.cli.reference import pages, text, write
from ftpalg.config.warnings import NAMES
from tests.files.test_settings_file import EXAMPLES, known


class Pages(SynchronousTestCase):
    """Settings and commands."""

    def setUp(self) -> None:
        self.pages = pages()

    def test_settings(self) -> None:
        """Every setting stands there once with its variable, every table, every warning."""
        page = self.pages["settings.rst"]
        variables = re.findall(r"^    In the environment ``(FTPALG_[A-Z0-9_]+)``\.$", page, re.M)
        plain = known() - set(EXAMPLES)
        wanted = {"FTPALG_" + re.sub("[.-]", "_", dotted).upper() for dotted in plain}
        self.assertEqual(sorted(variables), sorted(wanted))
        for table in EXAMPLES:
            self.assertIn(f"\n[[{table}]]\n~~", page)
        for name in NAMES:
            self.assertIn(f"``{name}``", page)
        self.assertIn("``idle = 900``\n    Without a command, ", page)

    def test_commands(self) -> None:
        """Every command with its options, and the statuses."""
        page = self.pages["commands.rst"]
        for command in COMMANDS:
            self.assertIn(f"ftpalg {command.name}", page)
        self.assertIn("``--server URL``\n    One fixed server: ", page)
        for status, meaning in STATUSES:
            self.assertIn(f"\n``{status}``\n    {meaning}\n", page)

    def test_signs(self) -> None:
        """No sign of a comment is markup."""
        self.assertEqual(text("so: ftp://h"), "so: ftp\\://h")
        self.assertEqual(text("a*b `c` |d| e_ \\"), "a\\*b \\`c\\` \\|d\\| e\\_ \\\\")

    def test_written(self) -> None:
        """All pages, and those that are the same already are left as they are."""
        with tempfile.TemporaryDirectory(prefix="ftpalg-reference-") as holder:
            folder = Path(holder, "generated")
            write(folder)
            self.assertEqual({path.name for path in folder.iterdir()}, set(self.pages))
            first = folder / "settings.rst"
            self.assertEqual(first.read_text("utf-8"), self.pages["settings.rst"])
            (folder / "commands.rst").write_text("old", "utf-8")
            first.chmod(0o400)
            before = first.stat().st_mtime_ns
            write(folder)
            self.assertEqual(first.stat().st_mtime_ns, before)
            self.assertEqual(
                (folder / "commands.rst").read_text("utf-8"), self.pages["commands.rst"]
            )
