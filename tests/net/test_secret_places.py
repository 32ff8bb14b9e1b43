"""Who can read a file that holds secrets."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net import secret_places
from ftpalg.net.secret_places import is_given, open_mode

READ = "40 30 0:36 / {} ro,relatime shared:5 - tmpfs tmpfs rw,size=4k"
WRITTEN = "41 30 0:37 / {} rw,relatime - tmpfs tmpfs rw"
DISK = "42 30 8:1 / {} ro,relatime - ext4 /dev/sda1 ro"


class Places(SynchronousTestCase):
    """A file in a folder, and what that folder is."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-places-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name, "a b")
        self.folder.mkdir()
        self.file = self.folder / "accounts"
        self.file.write_text("x")
        self.patch(secret_places, "MOUNTS", Path(holder.name, "mounts"))
        self.patch(os, "environ", {})

    def test_modes(self) -> None:
        """Any right of the group or of others is one too many, and is shown."""
        for mode, shown in ((0o600, ""), (0o400, ""), (0o700, ""), (0o640, "0640"),
                            (0o604, "0604"), (0o620, "0620"), (0o602, "0602"), (0o444, "0444")):  # fmt: skip
            self.assertEqual(open_mode(self.file, stat.S_IFREG | mode), shown)

    def test_credential(self) -> None:
        """systemd's credentials have readers that systemd has chosen; others beside them have not."""
        os.environ["CREDENTIALS_DIRECTORY"] = str(self.folder)
        self.assertEqual(open_mode(self.file, 0o440), "")
        os.environ["CREDENTIALS_DIRECTORY"] = f"{self.folder}/acc"
        self.assertEqual(open_mode(self.file, 0o440), "0440")

    def test_run_secrets(self) -> None:
        """What a container runtime has mounted at the usual place, by whatever link it is named."""
        link = self.folder / "link"
        link.symlink_to(self.file)
        other = self.folder.parent / "other"
        other.symlink_to(self.folder)
        self.assertFalse(is_given(link))
        self.patch(secret_places, "MOUNTED", other)
        self.assertTrue(is_given(link))
        self.patch(secret_places, "MOUNTED", self.folder.parent / "none")
        self.assertFalse(is_given(link))

    def test_mounts(self) -> None:
        """A mount in memory for reading only holds secrets; /etc under ProtectSystem= does not."""
        where = str(self.folder).replace(" ", "\\040")
        for line, given in (
            (READ.format(where), True),
            (READ.format(where).replace("- tmpfs", "- ramfs"), True),
            (WRITTEN.format(where), False),
            (DISK.format(where), False),
            (READ.format(where + "/accounts"), True),
            (READ.format("/elsewhere"), False),
            ("", False),
            ("1 2 3 - tmpfs", False),
        ):
            secret_places.MOUNTS.write_text(f"{DISK.format('/')}\n{line}\n")
            self.assertEqual(is_given(self.file), given, line)
