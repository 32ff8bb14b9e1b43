"""The blocks of README.rst and docs can be used as they stand."""

from __future__ import annotations

import io
import tomllib
from contextlib import redirect_stdout

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.cli.parser import WrongWords, parse
from ftpalg.config import SettingsError, structure
from tests.blocks import PAGES, TREE, commands, settings


class Blocks(SynchronousTestCase):
    """Settings load, commands are known."""

    def test_settings(self) -> None:
        """Each TOML block is a whole file that the gateway takes."""
        seen = 0
        for page in PAGES:
            for block in settings(page):
                try:
                    structure(tomllib.loads(block), page.name)
                except (SettingsError, tomllib.TOMLDecodeError) as error:
                    self.fail(f"{page.name}: {error}\n{block}")
                seen += 1
        self.assertGreater(seen, 15)

    def test_settings_found(self) -> None:
        """No block of TOML is passed over, however deep it stands."""
        for page in PAGES:
            marked = page.read_text("utf-8").count("code-block:: toml")
            self.assertEqual(len(settings(page)), marked, page.name)

    def test_commands(self) -> None:
        """Each line of a block that calls ftpalg has words that it knows."""
        seen = 0
        for page in PAGES:
            for words in commands(page):
                try:
                    with redirect_stdout(io.StringIO()):
                        parse(words)
                except SystemExit:  # --help
                    self.assertIn("--help", words)
                except WrongWords as error:
                    self.fail(f"{page.name}: ftpalg {' '.join(words)}: {error}")
                seen += 1
        self.assertGreater(seen, 15)

    def test_index(self) -> None:
        """Each page stands in the index by its name."""
        index = (TREE / "docs" / "index.rst").read_text("utf-8")
        for page in PAGES[1:]:
            if page.stem != "index":
                self.assertIn(f"\n   {page.stem}\n", index)
