"""What an administrator does: install the wheel, run it, remove it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import twisted
from tests.files.building import TREE, built, copied, environment, missing

LIBRARIES = Path(twisted.__file__).parents[1]


def below(folder: Path) -> dict[str, bytes]:
    """The files of a folder and what they hold."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


class Wheel(SynchronousTestCase):
    """Build, install, run, uninstall, without the network."""

    if missing():
        skip = missing()

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-wheel-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        self.home = self.folder / "venv"
        self.empty = self.folder / "empty"
        self.empty.mkdir()

    def run_it(self, *words: str | Path, status: int = 0) -> str:
        """What a command prints, run in an empty folder."""
        done = subprocess.run(
            [str(word) for word in words],
            cwd=self.empty,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    def pip(self, python: Path | str, *words: str | Path) -> str:
        """What pip prints, working on that Python's packages."""
        return self.run_it(
            sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", *words
        )

    def foreign(self, wheel: Path) -> list[str]:
        """What it would put elsewhere than among the packages, and what is none of the package's."""
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
        self.assertIn("ftpalg/py.typed", names)
        ours = ("ftpalg/", "twisted/plugins/ftpalg_", "ftpalg-")
        return [name for name in names if not name.startswith(ours) or ".data/" in name]

    def ours(self) -> list[str]:
        """Everything in the venv that is named after ftpalg; Twisted's own cache is Twisted's."""
        return [str(p.relative_to(self.home)) for p in self.home.rglob("*ftpalg*")]

    def test_install_run_remove(self) -> None:
        """The wheel brings the package, the plugin, the command and the settings; all go again."""
        wheel = built("wheel", copied(self.folder / "source"), self.folder / "made")
        self.assertEqual(self.foreign(wheel), [])
        offline = ("--no-deps", "--no-index")

        venv.create(self.home, with_pip=False)
        programs = self.home / "bin"
        python = programs / "python"
        self.pip(python, "install", *offline, wheel)
        self.assertFalse((self.home / "etc").exists())
        (site,) = self.home.glob("lib/python*/site-packages")
        link = site / "libraries.pth"
        link.write_text(f"{LIBRARIES}\n", "utf-8")
        where = self.run_it(python, "-c", "import ftpalg.service; print(ftpalg.__file__)")
        self.assertTrue(where.startswith(str(site)), where)
        twistd = (python, "-m", "twisted", "--help")
        self.assertIn("ftpalg", self.run_it(*twistd))
        main = "import sys; from twisted.scripts.twistd import run; sys.argv[0] = 'twistd'; run()"
        self.assertIn("An application-layer gateway", self.run_it(python, "-c", main, "--help"))
        settings = site / "ftpalg" / "data" / "ftpalg.toml"
        said = self.run_it(programs / "ftpalg", "check", "--config", settings)
        self.assertIn("listens on 127.0.0.1:1025", said)
        self.run_it(programs / "ftpalg", "nonsense", status=2)
        made = self.empty / "made"
        self.run_it(programs / "ftpalg", "config", "init", "--all", made)
        self.assertEqual(below(made), below(TREE / "etc"))

        self.pip(python, "install", "--force-reinstall", *offline, wheel)
        (made / "ftpalg.toml").write_text("# edited\n", "utf-8")
        self.run_it(programs / "ftpalg", "config", "init", "--all", made, status=1)
        self.assertEqual((made / "ftpalg.toml").read_text("utf-8"), "# edited\n")

        link.unlink()
        self.pip(python, "uninstall", "--yes", "ftpalg")
        self.assertEqual(self.ours(), [])
        left = [p for p in site.rglob("*") if p.is_file()]
        self.assertEqual([p.name for p in left if p.name != "dropin.cache"], [])
        link.write_text(f"{LIBRARIES}\n", "utf-8")
        self.assertNotIn("ftpalg", self.run_it(python, "-c", main, "--help"))
