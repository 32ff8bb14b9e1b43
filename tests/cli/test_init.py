"""``ftpalg config init``."""

from __future__ import annotations

import os
from pathlib import Path

from ftpalg.config.shipped import folder, names, text
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

    def test_again(self) -> None:
        """A file that nobody has edited is no reason to refuse, and is not written again."""
        made = self.folder / "ftpalg.toml"
        self.assertEqual(self.run_it("config", "init", str(self.folder))[0], 0)
        os.utime(made, (1, 1))
        status, out, err = self.run_it("config", "init", str(self.folder))
        self.assertEqual((status, err), (0, ""))
        self.assertIn("already", out)
        self.assertEqual(made.stat().st_mtime, 1)

    def test_never_overwrites(self) -> None:
        """A file that is edited stays, unless it is asked for."""
        made = Path(self.file("precious", "ftpalg.toml"))
        status, out, err = self.run_it("config", "init", str(self.folder))
        self.assertEqual((status, out, len(err.splitlines())), (1, "", 1))
        self.assertIn("--force", err)
        self.assertEqual(made.read_text("utf-8"), "precious")
        self.assertEqual(self.run_it("config", "init", "--force", str(self.folder))[0], 0)
        self.assertEqual(made.read_text("utf-8"), SHIPPED)

    def test_link(self) -> None:
        """One that leads nowhere, to a disk that is not mounted for one, stays."""
        link = self.folder / "ftpalg.toml"
        link.symlink_to("/nonexistent/ftpalg.toml")
        status, out, err = self.run_it("config", "init", str(self.folder))
        self.assertEqual((status, out, len(err.splitlines())), (1, "", 1))
        self.assertIn("leads nowhere; --force", err)
        self.assertTrue(link.is_symlink())

    def test_all(self) -> None:
        """Everything that comes with ftpalg; one edited file is kept and told, the others come."""
        Path(self.folder / "nftables").mkdir()
        edited = Path(self.file("# mine", "nftables/edge.nft"))
        status, out, err = self.run_it("config", "init", "--all", str(self.folder))
        self.assertEqual((status, len(err.splitlines())), (1, 1))
        self.assertIn(str(edited), err)
        self.assertEqual(edited.read_text("utf-8"), "# mine")
        for name in names():
            if name != "nftables/edge.nft":
                self.assertEqual((self.folder / name).read_text("utf-8"), text(name))
                self.assertIn(str(self.folder / name), out)

    def test_points_to_the_others(self) -> None:
        """Who asked for the settings alone hears where the rest is."""
        _, out, _ = self.run_it("config", "init", str(self.folder))
        self.assertIn("--all", out)
        self.assertIn(folder(), out)
        self.assertEqual(len(list(self.folder.iterdir())), 1)

    def test_cannot(self) -> None:
        """A folder that is a file; 1 and one line."""
        file = self.file("", "x")
        for place in (file, f"{file}/y"):
            status, _, err = self.run_it("config", "init", place)
            self.assertEqual((status, len(err.splitlines())), (1, 1))
            self.assertIn("Not a directory", err)
