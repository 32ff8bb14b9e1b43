"""A stamp changes with a file, and with nothing else."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.tls.file_stamps import stamps


class Stamps(SynchronousTestCase):
    """Files of a folder of their own."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.one = self.folder / "one.pem"
        self.other = self.folder / "other.pem"
        self.one.write_text("one")
        self.other.write_text("other")

    def test_same(self) -> None:
        """Reading changes nothing."""
        before = stamps([self.one, self.other])
        self.one.read_bytes()
        self.assertEqual(stamps([self.one, self.other]), before)

    def test_each_change(self) -> None:
        """Content, rights, a link that leads elsewhere, and a file that goes or comes."""
        link = self.folder / "link.pem"
        link.symlink_to(self.one)
        seen = [stamps([link])]
        os.utime(self.one, ns=(1, 1))
        seen.append(stamps([link]))
        link.unlink()
        seen.append(stamps([link]))
        link.symlink_to(self.other)
        seen.append(stamps([link]))
        self.assertEqual(len(set(seen)), len(seen))
        self.assertEqual(seen[2], (None,))

    def test_rights(self) -> None:
        """A key that may be read now was not changed in its content."""
        before = stamps([self.one])
        self.one.chmod(0o400)
        os.utime(self.one, ns=(2, os.stat(self.one).st_mtime_ns))
        self.assertNotEqual(stamps([self.one]), before)
