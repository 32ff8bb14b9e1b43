"""Passwords from files and systemd's credentials."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.stored_passwords import LONGEST, NoSecret, read_secret
from ftpalg.net.unreadable import user

PASSWORD = b"h\xfcnt er2:\xc3\xa4"


class SecretCase(SynchronousTestCase):
    """A folder, which systemd may have given."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.environ = dict(os.environ)
        self.environ.pop("CREDENTIALS_DIRECTORY", None)
        self.patch(os, "environ", self.environ)

    def file(self, content: bytes, name: str = "secret") -> Path:
        """A file of that content."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    def fault(self, source: str) -> str:
        """Why there is no password."""
        return str(self.assertRaises(NoSecret, read_secret, source))


class Good(SecretCase):
    """Passwords that are there."""

    def test_file(self) -> None:
        """Whatever bytes it has; one line end does not count, of either kind."""
        for end in (b"", b"\n", b"\r\n"):
            self.assertEqual(read_secret(f"file:{self.file(PASSWORD + end)}"), PASSWORD)

    def test_spaces(self) -> None:
        """Spaces are the password's, at its ends too."""
        self.assertEqual(read_secret(f"file:{self.file(b' p ')}"), b" p ")

    def test_colon(self) -> None:
        """A file's name may hold a colon."""
        self.assertEqual(read_secret(f"file:{self.file(PASSWORD, 'a:b')}"), PASSWORD)

    def test_longest(self) -> None:
        """The longest is taken whole."""
        self.assertEqual(len(read_secret(f"file:{self.file(b'x' * LONGEST)}")), LONGEST)

    def test_fresh(self) -> None:
        """It is read each time, so that a change counts at once."""
        path = self.file(b"old")
        self.assertEqual(read_secret(f"file:{path}"), b"old")
        path.write_bytes(b"new")
        self.assertEqual(read_secret(f"file:{path}"), b"new")

    def test_credential(self) -> None:
        """A credential is a file in the folder that systemd names."""
        self.file(PASSWORD + b"\n", "ftp")
        self.environ["CREDENTIALS_DIRECTORY"] = str(self.folder)
        self.assertEqual(read_secret("credential:ftp"), PASSWORD)


class Bad(SecretCase):
    """Passwords that cannot be had: the place is told, the content never."""

    def test_content(self) -> None:
        """Nothing, several lines, control characters, and what is too long."""
        for content in (
            b"",
            b"\n",
            b"\r\n",
            b"hunter2\nQUIT\n",
            b"hunter2\n\n",
            b"hunter2\r\r\n",
            b"hunt\x00er2",
            b"hunt\ter2",
            b"hunter2\x7f",
            b"x" * (LONGEST + 1),
            b"x" * LONGEST + b"\n\n",
        ):
            path = self.file(content)
            self.assertEqual(
                self.fault(f"file:{path}"), f"{path}: must hold one line with the password"
            )

    def test_denied(self) -> None:
        """Who has to be let in."""
        path = self.file(PASSWORD)

        def denied(*how: object) -> None:
            raise PermissionError(13, "no")

        self.patch(os, "open", denied)
        self.assertEqual(
            self.fault(f"file:{path}"), f"{path}: no; let {user()} read it (chgrp, chmod g+r)"
        )

    def test_missing(self) -> None:
        """A file that is not there, or is a folder."""
        none = self.folder / "none"
        self.assertEqual(self.fault(f"file:{none}"), f"{none}: No such file or directory")
        self.assertEqual(self.fault(f"file:{self.folder}"), f"{self.folder}: Is a directory")

    def test_no_credentials(self) -> None:
        """A service to which systemd has given none, and one that lacks this one."""
        self.assertEqual(
            self.fault("credential:ftp"),
            "credential ftp: systemd has given no credentials to this service",
        )
        self.environ["CREDENTIALS_DIRECTORY"] = str(self.folder)
        self.assertEqual(
            self.fault("credential:ftp"), f"{self.folder}/ftp: No such file or directory"
        )

    def test_pipe(self) -> None:
        """Nobody waits for what is written into a pipe."""
        path = self.folder / "pipe"
        os.mkfifo(path)
        both = os.open(path, os.O_RDWR)
        self.addCleanup(os.close, both)
        os.write(both, PASSWORD + b"\n" + bytes(LONGEST))
        self.assertEqual(self.fault(f"file:{path}"), f"{path}: is no regular file")
