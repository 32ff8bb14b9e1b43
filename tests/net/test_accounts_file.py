"""Accounts in a file: where a line is cut, lines that cannot be read, a file that changes."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ftpalg.config import SettingsError
from ftpalg.net.accounts import checkers_of
from tests.net.accounts import DELAY, SECRET, AccountsCase


class Files(AccountsCase):
    """A file of accounts and whom it lets in."""

    def setUp(self) -> None:
        super().setUp()
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-accounts-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def faults(self, *descriptions: str) -> list[str]:
        """What is wrong with them."""
        return list(self.assertRaises(SettingsError, checkers_of, descriptions).faults)

    def assertRefusedLater(self) -> str:
        """Not let in; the reason."""
        self.accepted.clear()
        self.refused.clear()
        return self.assertRefusedAfter(DELAY)

    def test_colons(self) -> None:
        """A password is all that stands behind the first colon, and no piece of it lets anybody in."""
        file = self.folder / "accounts"
        file.write_bytes(b"# who\n\ngus:pw:with:colons\r\nmax: p w \n")
        checkers = checkers_of([f"file:{file}"])
        for account, password, right in (
            (b"gus", b"pw:with:colons", True),
            (b"gus", b"pw", False),
            (b"gus", b"colons", False),
            (b"gus:pw", b"with:colons", False),
            (b"max", b" p w ", True),
            (b"max", b"p w", False),
            (b"# who", b"", False),
        ):
            self.accepted.clear()
            self.check(*checkers, account=account, password=password).cancel()
            self.assertEqual(bool(self.accepted), right, (account, password))

    def test_unreadable_lines(self) -> None:
        """A line that cannot be read is a fault with its number, and without its text."""
        file = self.folder / "accounts"
        for lines, number, why in (
            (SECRET, 1, "write name:password"),
            (f"gus:x\n:{SECRET}", 2, "write name:password"),
            (f"gus:x\n\n{SECRET}:", 3, "write name:password"),
            (f"gus:x\nmax:{SECRET}\0", 2, "a NUL or CR stands in it"),
            (f"gus:x\nmax:\r{SECRET}", 2, "a NUL or CR stands in it"),
            (f"\N{BYTE ORDER MARK}gus:{SECRET}", 1, "a byte order mark stands in it"),
            (f"gus:x\n# a\ngus:{SECRET}", 3, "this account stands in an earlier line too"),
        ):
            file.write_text(lines)
            expected = f"accounts.auth: file:{file}: line {number}: {why}"
            self.assertEqual(self.faults(f"file:{file}"), [expected])

    def test_file_that_changes(self) -> None:
        """Another account is there at once; while the file cannot be read nobody is let in by it."""
        file = self.folder / "accounts"
        file.write_text("ann:other\n")
        checkers = checkers_of([f"file:{file}"])
        file.write_text(f"ann:other\njoe:{SECRET}\n")
        self.check(*checkers)
        self.assertEqual(self.accepted, ["joe"])
        file.write_text(f"ann:other\njoe:{SECRET}\n{SECRET}\n")
        self.check(*checkers)
        self.assertEqual(self.assertRefusedLater(), "accounts.auth[0]: line 3: write name:password")
        file.unlink()
        self.check(*checkers)
        self.assertEqual(
            self.assertRefusedLater(),
            "accounts.auth[0]: cannot be read: No such file or directory",
        )
