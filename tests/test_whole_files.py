"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.whole_files import write

TREE = Path(__file__).parents[1]


class Whole(SynchronousTestCase):
    """In a folder of the test's own."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-whole-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def test_written(self) -> None:
        """The content and the mode are the new ones, and nothing else is left."""
        file = self.folder / "a"
        file.write_bytes(b"before")
        file.chmod(0o644)
        write(file, b"after", 0o600)
        self.assertEqual((file.read_bytes(), file.stat().st_mode & 0o777), (b"after", 0o600))
        self.assertEqual(os.listdir(self.folder), ["a"])

    def test_nowhere(self) -> None:
        """The error names the file that was asked for."""
        file = self.folder / "missing" / "a"
        error = self.assertRaises(FileNotFoundError, write, file, b"")
        self.assertEqual(error.filename, str(file))

    def test_killed(self) -> None:
        """What a process has left there that was killed is in nobody's way, nor a link of a stranger's."""
        for left in (f".a.{os.getpid()}", ".a.1"):
            (self.folder / left).symlink_to("elsewhere")
        write(self.folder / "a", b"after")
        self.assertEqual((self.folder / "a").read_bytes(), b"after")

    def test_no_room(self) -> None:
        """Commands whose file finds no room say so; nothing is left, and what stood there stays."""
        for words, names in (
            (("config", "init", "here"), ["ftpalg.toml"]),
            (("certificate", "localhost", "here"), ["certificate.pem", "private-key.pem"]),
        ):
            folder = self.folder / words[0]
            folder.mkdir()
            for before, more in ((None, ()), ("mine", ("--force",))):
                if before:
                    for name in names:
                        (folder / "here" / name).write_text(before)
                done = subprocess.run(
                    (sys.executable, "-m", "ftpalg", *words, *more),
                    cwd=folder,
                    env={**os.environ, "PYTHONPATH": str(TREE), "PYTHONDONTWRITEBYTECODE": "1"},
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64)),
                    capture_output=True,
                    timeout=60,
                    text=True,
                )
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                said = rf"^ftpalg {' '.join(words[:-2]) or words[0]}.*: here/\S+: File too large\n$"
                self.assertRegex(done.stderr, said)
                left = sorted(os.listdir(folder / "here"))
                self.assertEqual(left, names if before else [])
                for name in left:
                    self.assertEqual((folder / "here" / name).read_text(), before)
