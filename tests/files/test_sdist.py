"""The sdist, from which a distribution builds: everything is in it, and its tests pass there."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

from twisted.trial.unittest import SynchronousTestCase

from tests.files.building import TREE, built, copied, environment, missing

SOME = ("tests.test_layers", "tests.config.test_shipped", "tests.test_docs", "tests.cli.test_init",
        "tests.files.test_settings_file", "tests.wire.test_fixed_server")  # fmt: skip
NOT_IN_IT = {".gitignore", "ftpalg/data"}
"""The link is no file; what it points to is in its place."""


class Sdist(SynchronousTestCase):
    """Built from a copy of the tree, and unpacked."""

    if missing():
        skip = missing()

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-sdist-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        self.archive = built("sdist", copied(self.folder / "source"), self.folder / "made")

    def names(self) -> set[str]:
        """What is in the archive, below its one folder; only files and folders are."""
        with tarfile.open(self.archive) as archive:
            members = archive.getmembers()
        self.assertEqual([m.name for m in members if not (m.isreg() or m.isdir())], [])
        return {"/".join(PurePosixPath(m.name).parts[1:]) for m in members}

    def test_all(self) -> None:
        """Every file of the repository, and etc once more where the package has it."""
        names = self.names()
        try:
            listed = subprocess.run(
                ["git", "ls-files"], cwd=TREE, capture_output=True, text=True, check=True
            ).stdout
        except (OSError, subprocess.CalledProcessError):
            listed = "Makefile\ntests/files/test_sdist.py\netc/ftpalg.toml\nLICENSE\ndocs/ways.rst"
        files = {name for name in listed.splitlines() if (TREE / name).exists()}
        self.assertEqual(sorted(files - names - NOT_IN_IT), [])
        etc = {name.removeprefix("etc/") for name in names if name.startswith("etc/")}
        data = {n.removeprefix("ftpalg/data/") for n in names if n.startswith("ftpalg/data/")}
        self.assertEqual(etc, data)

    def test_some_tests(self) -> None:
        """A few tests of each sort pass in the unpacked archive, on its own package."""
        with tarfile.open(self.archive) as archive:
            archive.extractall(self.folder, filter="data")
        (unpacked,) = self.folder.glob("ftpalg-*")
        done = subprocess.run(
            [sys.executable, "-m", "twisted.trial", *SOME],
            cwd=unpacked,
            env=environment(PYTHONPATH=str(unpacked)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"PASSED")
