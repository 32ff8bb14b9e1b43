"""What stands between a file and its reader."""

from __future__ import annotations

import errno
import os
import pwd
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.unreadable import OWNED, because, user

DENIED = PermissionError(errno.EACCES, "Permission denied")


class Because(SynchronousTestCase):
    """The system's words, and whom they are about."""

    def setUp(self) -> None:
        self.folder = Path(os.path.realpath(self.mktemp()))
        (self.folder / "archive").mkdir(parents=True)
        (self.folder / "live").mkdir()
        self.shut: Path | None = None
        self.patch(os, "access", self.may_enter)

    def may_enter(self, path: Path, mode: int, *, effective_ids: bool = False) -> bool:
        """As the system says, but for the folder that is shut; root may enter all."""
        self.assertEqual((mode, effective_ids), (os.X_OK, True))
        return path != self.shut

    def test_file(self) -> None:
        """The file's own rights."""
        self.assertEqual(
            because(DENIED, self.folder / "key.pem"),
            f"Permission denied; let {user()} read it (chgrp, chmod g+r)",
        )
        self.assertEqual(
            because(DENIED, self.folder / "accounts", OWNED),
            f"Permission denied; let {user()} own it (chown)",
        )

    def test_folder(self) -> None:
        """The outermost folder on the way that is shut, behind links too, as certbot's are."""
        link = self.folder / "live" / "key.pem"
        link.symlink_to("../archive/key1.pem")
        self.shut = self.folder / "archive"
        self.assertEqual(
            because(DENIED, link),
            f"Permission denied; let {user()} enter {self.shut} (chgrp, chmod g+x)",
        )

    def test_others(self) -> None:
        """Other reasons speak for themselves."""
        gone = FileNotFoundError(errno.ENOENT, "No such file or directory")
        self.assertEqual(because(gone, Path("x")), "No such file or directory")
        self.assertEqual(because(OSError(), Path("x")), "it cannot")

    def test_user(self) -> None:
        """By name, or by number where there is no name."""
        name = pwd.getpwuid(os.geteuid()).pw_name
        self.assertEqual(user(), f"user {name}")
        self.patch(os, "geteuid", lambda: 2**31 - 9)
        self.assertEqual(user(), f"user {2**31 - 9}")
