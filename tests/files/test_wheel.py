"""What an administrator does: install the wheel, run it, remove it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import twisted

TREE = Path(__file__).parents[2]
SHIPPED = ("ftpalg", "twisted", "etc", "docs", "setup.py", "pyproject.toml", "README.rst")
LIBRARIES = Path(twisted.__file__).parents[1]


def missing() -> str:
    """Why no wheel can be built without the network; empty where it can."""
    try:
        if tuple(map(int, version("setuptools").split(".")[:2])) >= (70, 1):
            return ""
        version("wheel")
    except PackageNotFoundError:
        return "building a wheel takes setuptools 70.1 or newer, or the wheel package"
    return ""


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
            env={k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PIP_"))},
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

    def ours(self) -> list[str]:
        """Everything in the venv that is named after ftpalg; Twisted's own cache is Twisted's."""
        return [str(p.relative_to(self.home)) for p in self.home.rglob("*ftpalg*")]

    def test_install_run_remove(self) -> None:
        """The wheel brings the package, the plugin, the command and the settings; all go again."""
        source = self.folder / "source"
        source.mkdir()
        for name in SHIPPED:
            place = TREE / name
            copy = shutil.copytree if place.is_dir() else shutil.copy2
            copy(place, source / name)
        offline = ("--no-deps", "--no-index")
        self.pip(
            sys.executable, "wheel", *offline, "--no-build-isolation", "-w", self.folder, source
        )
        (wheel,) = self.folder.glob("ftpalg-*.whl")

        venv.create(self.home, with_pip=False)
        programs = self.home / "bin"
        python = programs / "python"
        self.pip(python, "install", *offline, wheel)
        self.assertTrue((self.home / "etc" / "ftpalg" / "ftpalg.toml").is_file())
        (site,) = self.home.glob("lib/python*/site-packages")
        link = site / "libraries.pth"
        link.write_text(f"{LIBRARIES}\n", "utf-8")
        where = self.run_it(python, "-c", "import ftpalg.service; print(ftpalg.__file__)")
        self.assertTrue(where.startswith(str(site)), where)
        twistd = (python, "-m", "twisted", "--help")
        self.assertIn("ftpalg", self.run_it(*twistd))
        main = "import sys; from twisted.scripts.twistd import run; sys.argv[0] = 'twistd'; run()"
        self.assertIn("An application-layer gateway", self.run_it(python, "-c", main, "--help"))
        settings = self.home / "etc" / "ftpalg" / "ftpalg.toml"
        said = self.run_it(programs / "ftpalg", "check", "--config", settings)
        self.assertIn("listens on 127.0.0.1:1025", said)
        self.run_it(programs / "ftpalg", "nonsense", status=2)
        self.run_it(programs / "ftpalg", "config", "init", self.empty / "made")
        made = (self.empty / "made" / "ftpalg.toml").read_text("utf-8")
        self.assertEqual(made, settings.read_text("utf-8"))

        link.unlink()
        self.pip(python, "uninstall", "--yes", "ftpalg")
        self.assertEqual(self.ours(), [])
        self.assertEqual(list((self.home / "etc").rglob("*")), [])  # etc itself is anybody's
        left = [p for p in site.rglob("*") if p.is_file()]
        self.assertEqual([p.name for p in left if p.name != "dropin.cache"], [])
        link.write_text(f"{LIBRARIES}\n", "utf-8")
        self.assertNotIn("ftpalg", self.run_it(python, "-c", main, "--help"))
