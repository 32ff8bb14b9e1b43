"""A new password: what a terminal and a pipe may give."""

from __future__ import annotations

import io
import locale
import os
import pty
import subprocess
import sys
import tempfile
import termios
from pathlib import Path
from select import select
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.cli import passwords
from ftpalg.cli.passwords import NoPassword, password
from ftpalg.net.accounts_file import accounts_in

SECONDS = 60.0


class Piped(SynchronousTestCase):
    """No terminal."""

    def given(self, text: bytes) -> bytes:
        """What is made of it."""
        with mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(text))):
            return password("joe")

    def test_bad(self) -> None:
        """What nobody could log in with, or no client can send; the sentence does not hold it."""
        for text, why in (
            (b"", "is empty"),
            (b"\n", "is empty"),
            (b"s3cret\0\n", "a NUL, CR or LF"),
            (b"s3\rcret\n", "a NUL, CR or LF"),
            (b"s3cret" * 200, "longer than 1024 bytes"),
            (b"x" * 1025 + b"\n", "longer than 1024 bytes"),
        ):
            error = self.assertRaises(NoPassword, self.given, text)
            self.assertIn(why, str(error))
            self.assertNotIn("s3", str(error))

    def test_closed(self) -> None:
        """Without a standard input there is no password."""
        with mock.patch.object(sys, "stdin", None):
            self.assertIn("closed", str(self.assertRaises(NoPassword, password, "joe")))


class Typed(SynchronousTestCase):
    """At a terminal."""

    def typed(self, *answers: object) -> bytes:
        """What comes of what getpass gives."""
        terminal = mock.Mock()
        terminal.isatty.return_value = True
        with (
            mock.patch.object(sys, "stdin", terminal),
            mock.patch.object(passwords, "getpass", side_effect=answers),
        ):
            return password("joe")

    def test_twice(self) -> None:
        """Both have to be the same."""
        self.patch(locale, "getpreferredencoding", lambda real: "latin-1")
        self.assertEqual(self.typed("s3\xf6", "s3\xf6"), b"s3\xf6")
        for answers, why in (
            (("s3cret", "s3cre"), "differ"),
            (("", ""), "is empty"),
            ((EOFError(),), "nothing is changed"),
            (("s3cret", KeyboardInterrupt()), "nothing is changed"),
            ((UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x"),), "set LANG"),
        ):
            with self.assertRaises(NoPassword) as caught:
                self.typed(*answers)
            self.assertIn(why, str(caught.exception))
            self.assertNotIn("s3", str(caught.exception))

    def test_real_terminal(self) -> None:
        """It asks twice, shows nothing of what is typed, and what is written lets in."""
        with tempfile.TemporaryDirectory(prefix="ftpalg-cli-") as folder:
            file = Path(folder, "accounts")
            ours, theirs = pty.openpty()
            self.addCleanup(os.close, ours)
            words = [sys.executable, "-m", "ftpalg", "account", "add", "--file", str(file), "joe"]
            process = subprocess.Popen(
                words, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
            )
            os.close(theirs)
            try:
                seen = b""
                for asked in (b"Password of joe: ", b"The same again: "):
                    seen += self.read_until(ours, asked)
                    self.assertFalse(termios.tcgetattr(ours)[3] & termios.ECHO)
                    os.write(ours, b"s3cret\n")
                seen += self.read_until(ours, b"is added")
                status = process.wait(SECONDS)
            finally:
                process.kill()
                process.wait(SECONDS)
            self.assertEqual(status, 0, seen)
            self.assertNotIn(b"s3cret", seen)
            self.assertTrue(accounts_in(str(file))[b"joe"].fits(b"s3cret"))

    def read_until(self, terminal: int, words: bytes) -> bytes:
        """What is shown there, up to these words."""
        seen = b""
        while words not in seen:
            self.assertTrue(select([terminal], [], [], SECONDS)[0], seen)
            seen += os.read(terminal, 4096)
        return seen
