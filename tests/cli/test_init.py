"""``ftpalg config init``."""

from __future__ import annotations

from pathlib import Path

from tests.cli.cases import CommandCase

TREE = Path(__file__).parents[2]
SHIPPED = (TREE / "etc" / "ftpalg.toml").read_text("utf-8")


class Init(CommandCase):
    """The settings' file."""

    def test_writes(self) -> None:
        """The shipped file, into a folder that is made; the check is content with it."""
        status, out, err = self.run_it("config", "init", str(self.folder / "a"))
        made = self.folder / "a" / "ftpalg.toml"
        self.assertEqual((status, err), (0, ""))
        self.assertIn(str(made), out)
        self.assertEqual(made.read_text("utf-8"), SHIPPED)
        self.assertEqual(self.run_it("check", "--strict", str(made))[0], 0)

    def test_never_overwrites(self) -> None:
        """A file that is there stays, unless it is asked for."""
        made = Path(self.file("precious", "ftpalg.toml"))
        status, out, err = self.run_it("config", "init", str(self.folder))
        self.assertEqual((status, out, len(err.splitlines())), (1, "", 1))
        self.assertIn("--force", err)
        self.assertEqual(made.read_text("utf-8"), "precious")
        self.assertEqual(self.run_it("config", "init", "--force", str(self.folder))[0], 0)
        self.assertEqual(made.read_text("utf-8"), SHIPPED)

    def test_cannot(self) -> None:
        """A folder that is a file; 1 and one line."""
        status, _, err = self.run_it("config", "init", self.file("", "x") + "/y")
        self.assertEqual((status, len(err.splitlines())), (1, 1))
