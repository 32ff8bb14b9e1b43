"""A file that several want to change."""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path
from threading import Thread

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.cli import accounts_editing
from ftpalg.cli.accounts_editing import CannotEdit, editing, seen

SECONDS = 60.0


class Editing(SynchronousTestCase):
    """A file in a folder."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-cli-")
        self.addCleanup(holder.cleanup)
        self.file = Path(holder.name, "accounts")

    def test_one_at_a_time(self) -> None:
        """Whoever comes second sees what the first has written: no line is lost."""

        def add(line: bytes) -> None:
            for _ in range(20):
                with editing(self.file) as edit:
                    edit.write((edit.text or b"") + line)

        threads = [Thread(target=add, args=(b"%d\n" % at,)) for at in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(SECONDS)
        self.assertEqual(sorted(self.file.read_bytes().split()), sorted(b"0 1 2 3".split() * 20))

    def test_never_half(self) -> None:
        """Who reads meanwhile has the old file, whole."""
        self.file.write_bytes(b"old")
        with self.file.open("rb") as reader, editing(self.file) as edit:
            edit.write(b"new")
            self.assertEqual(reader.read(), b"old")
        self.assertEqual(self.file.read_bytes(), b"new")

    def test_seen(self) -> None:
        """Nothing where nothing is; what is too large is told."""
        self.assertIsNone(seen(self.file))
        self.file.write_bytes(b"x" * 10)
        self.patch(accounts_editing, "LARGEST", 9)
        error = self.assertRaises(CannotEdit, seen, self.file)
        self.assertIn("larger than 9 bytes", str(error))

    def test_no_file(self) -> None:
        """A pipe is not read."""
        os.mkfifo(self.file)
        self.assertIn("no regular file", str(self.assertRaises(CannotEdit, seen, self.file)))

    def test_locked(self) -> None:
        """Who holds the folder's lock is not waited for for ever: everybody who may read it can."""
        self.patch(accounts_editing, "SECONDS", 0.0)
        folder = os.open(self.file.parent, os.O_RDONLY)
        self.addCleanup(os.close, folder)
        fcntl.flock(folder, fcntl.LOCK_SH)
        with self.assertRaises(CannotEdit) as caught, editing(self.file):
            self.fail("it is locked")
        self.assertIn(f"fuser -v {self.file.parent} says who", str(caught.exception))
        fcntl.flock(folder, fcntl.LOCK_UN)
        with editing(self.file) as edit:
            edit.write(b"a:b\n")
        self.assertEqual(self.file.read_bytes(), b"a:b\n")
