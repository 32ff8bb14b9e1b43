"""``ftpalg account``."""

from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path
from unittest import mock

from ftpalg.cli import account
from ftpalg.net import password_hashes
from ftpalg.net.accounts_file import accounts_in
from ftpalg.net.password_hashes import Clear, Cost, Hash, secret_of
from tests.cli.cases import CommandCase
from tests.net.hashes import CHEAP, line


class AccountCase(CommandCase):
    """A file, and hashes that cost next to nothing."""

    def setUp(self) -> None:
        super().setUp()
        made = password_hashes.made
        self.patch(account, "made", lambda password: made(password, CHEAP))
        self.accounts = self.folder / "accounts"

    def run_with(self, piped: bytes, *words: str) -> tuple[int, str, str]:
        """``ftpalg account`` with something on its standard input."""
        with mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped))):
            command, *others = words
            return self.run_it("account", command, "--file", str(self.accounts), *others)

    def add(self, name: str, piped: bytes = b"s3cret\n", *words: str) -> None:
        """One more."""
        status, out, err = self.run_with(piped, "add", *words, name)
        self.assertEqual((status, err), (0, ""))
        self.assertTrue(out.startswith(f"{self.accounts}: {name}"), out)
        self.assertNotIn("s3cret", out)

    def refused(self, *words: str, status: int = 1, piped: bytes = b"s3cret\n") -> str:
        """The one line that says why, while nothing changes."""
        before = self.accounts.read_bytes() if self.accounts.is_file() else None
        found, out, err = self.run_with(piped, *words)
        self.assertEqual((found, out, len(err.splitlines())), (status, "", 1), err)
        self.assertTrue(err.startswith(f"ftpalg account {words[0]}: "), err)
        self.assertEqual(self.accounts.read_bytes() if self.accounts.is_file() else None, before)
        self.assertEqual([one for one in os.listdir(self.folder) if one.startswith(".")], [])
        return err

    def fits(self, name: bytes, password: bytes) -> bool:
        """Whether it is the account's."""
        return accounts_in(str(self.accounts))[name].fits(password)


class Add(AccountCase):
    """One more account, or another password."""

    def test_new(self) -> None:
        """The file is made, its owner's alone whatever the umask is; the gateway reads it."""
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        self.add("joe")
        self.assertEqual(stat.S_IMODE(self.accounts.stat().st_mode), 0o600)
        self.assertTrue(self.fits(b"joe", b"s3cret"))
        self.assertNotIn(b"s3cret", self.accounts.read_bytes())
        self.assertEqual(list(self.folder.iterdir()), [self.accounts])

    def test_default_cost(self) -> None:
        """What is written without a patch costs what it should."""
        self.patch(account, "made", password_hashes.made)
        self.add("joe")
        (found,) = accounts_in(str(self.accounts)).values()
        assert isinstance(found, Hash)
        self.assertEqual(found.cost, Cost())

    def test_beside(self) -> None:
        """Everything else in the file stays, comments and line ends too."""
        for before in (b"", b"# who\n\nann:other", b"ann:other\r\n# last\r\n", b"m\xfc:x\n"):
            self.accounts.write_bytes(before)
            self.accounts.chmod(0o600)
            self.add("joe")
            text = self.accounts.read_bytes()
            self.assertTrue(text.startswith(before), text)
            end = b"\r\n" if b"\r" in before else b"\n"
            added = text.removeprefix(before).removeprefix(b"" if before[-1:] == b"\n" else end)
            self.assertRegex(added, rb"\Ajoe:\$scrypt\$\S+" + end + rb"\Z")

    def test_mode_and_owner(self) -> None:
        """The new file is as the old one was; a link that leads to it stays one."""
        self.accounts.write_text("ann:x\n")
        self.accounts.chmod(0o400)
        owner = (1, 1) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
        os.chown(self.accounts, *owner)
        was = self.accounts.stat()
        link, self.accounts = self.accounts, self.folder / "link"
        self.accounts.symlink_to(link)
        status, _, err = self.run_with(b"x\n", "add", "joe")
        self.assertEqual((status, err), (0, ""))
        now = link.stat()
        self.assertEqual(
            (now.st_uid, now.st_gid, now.st_mode), (was.st_uid, was.st_gid, was.st_mode)
        )
        self.assertNotEqual(now.st_ino, was.st_ino)
        self.assertTrue(self.accounts.is_symlink())

    def test_there(self) -> None:
        """One that is there keeps his password, unless it is asked for; then he keeps his place."""
        self.accounts.write_text("ann:x\njoe:old\ngus:y\n")
        self.accounts.chmod(0o600)
        err = self.refused("add", "joe")
        self.assertIn("joe is there already; --force gives it another password", err)
        self.add("joe", b"new\n", "--force")
        self.assertEqual(list(accounts_in(str(self.accounts))), [b"ann", b"joe", b"gus"])
        self.assertTrue(self.fits(b"joe", b"new"))
        self.assertTrue(self.fits(b"gus", b"y"))

    def test_names(self) -> None:
        """A name that no line can hold is told by its reason; 2."""
        for name, why in (
            ("", "it is empty"),
            ("a:b", "a colon ends"),
            ("#a", "is a comment"),
            ("a\nb", "a control character"),
            ("a\rb", "a control character"),
            ("\ufeffa", "a byte order mark"),
            ("a" * 256, "longer than 255 bytes"),
        ):
            self.assertIn(why, self.refused("add", "--", name, status=2), repr(name))
        self.assertFalse(self.accounts.exists())
        for name in ("ann@corp.example", "Jörg M", os.fsdecode(b"m\xfc"), "a" * 255, "-x", "a#"):
            status, _, err = self.run_with(b"x\n", "add", "--", name)
            self.assertEqual((status, err), (0, ""))
            self.assertTrue(self.fits(os.fsencode(name), b"x"))

    def test_open_to_others(self) -> None:
        """No hash goes into a file that the gateway would refuse then."""
        self.accounts.write_text("ann:x\n")
        self.accounts.chmod(0o640)
        self.assertIn("(mode 0640), and the gateway takes no hashed", self.refused("add", "joe"))

    def test_damaged(self) -> None:
        """A file that cannot be read is not touched; the line at fault is told."""
        self.accounts.write_text("ann:x\ns3cret\n")
        for words in (("add", "joe"), ("remove", "ann"), ("list",)):
            err = self.refused(*words)
            self.assertIn(f"{self.accounts}:2: write name:password", err)
            self.assertNotIn("s3cret", err)

    def test_cannot(self) -> None:
        """A folder that is not there, a file that is none, another's file."""
        place, self.accounts = self.accounts, self.folder / "none" / "accounts"
        self.patch(account, "password", lambda name: self.fail("asked for nothing"))
        self.assertIn(f"there is no folder {self.accounts.parent}", self.refused("add", "joe"))
        self.accounts = place
        with mock.patch.object(os, "access", return_value=False):
            self.assertIn(f"may not write into {self.folder}; run", self.refused("add", "joe"))
        self.accounts = self.folder
        self.assertIn("is no regular file", self.refused("add", "joe"))
        self.patch(account, "password", lambda name: b"s3cret")
        self.accounts = place
        place.write_text("ann:x\n")
        place.chmod(0o600)
        with mock.patch.object(os, "fchown", side_effect=PermissionError):
            os.chown(place, *((1, 1) if os.geteuid() == 0 else (-1, -1)))
            if os.geteuid() == 0:
                self.assertIn("belongs to another user", self.refused("add", "joe"))

    def test_lost(self) -> None:
        """Where the file cannot be put in its place the old one stays, and nothing is left beside it."""
        self.accounts.write_text("ann:x\n")
        self.accounts.chmod(0o600)
        with mock.patch.object(os, "replace", side_effect=OSError(28, "No space left on device")):
            self.assertIn("cannot be changed: No space left", self.refused("add", "joe"))


class Remove(AccountCase):
    """One less."""

    def test_removed(self) -> None:
        """Its line goes, and no other."""
        self.accounts.write_text("# a\nann:x\njoe:y\r\n\n#joe:z\njoey:z\n")
        self.assertEqual(self.run_with(b"", "remove", "joe")[0], 0)
        self.assertEqual(self.accounts.read_text(), "# a\nann:x\n\n#joe:z\njoey:z\n")

    def test_nobody(self) -> None:
        """No account of that name, or no file; 1."""
        self.assertIn("no such file; ftpalg account add", self.refused("remove", "joe"))
        self.accounts.write_text("joey:x\n")
        self.assertIn("there is no account joe", self.refused("remove", "joe"))
        self.assertIn("it is empty", self.refused("remove", "", status=2))


class Names(AccountCase):
    """Who is there."""

    def test_list(self) -> None:
        """A line for each, with the kind of its secret and without that."""
        self.accounts.write_bytes(line("joe", "s3cret").encode() + b"# x\nm\xfc:s3cret\n")
        status, out, err = self.run_with(b"", "list")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(out, f"joe\tscrypt {CHEAP}\nm\\udcfc\tin clear\n")

    def test_no_file(self) -> None:
        """That is no empty list; 1."""
        self.assertIn("there is no such file", self.refused("list"))


class Passwords(AccountCase):
    """What comes from standard input."""

    def test_piped(self) -> None:
        """The first line, with all its signs; its end may be any, or none."""
        for piped, password in (
            (b"a:b c\xff$\n", b"a:b c\xff$"),
            (b"x\r\n", b"x"),
            (b"x", b"x"),
            (b" x \nmore\n", b" x "),
            (b"x" * 1024 + b"\n", b"x" * 1024),
        ):
            self.add("joe", piped, "--force")
            self.assertTrue(self.fits(b"joe", password), piped)

    def test_never_words(self) -> None:
        """No word of the command is taken for a password."""
        status, _, err = self.run_with(b"x\n", "add", "joe", "s3cret")
        self.assertEqual(status, 2)
        self.assertIn("none of its words", err)
        self.assertFalse(Path(self.accounts).exists())


class Lines(CommandCase):
    """Texts with one line changed."""

    def test_kept_form(self) -> None:
        """What is written is read as a hash, of any form in clear as that."""
        self.assertIsInstance(secret_of(b"x"), Clear)
        for text, changed in (
            (b"", b"joe:x\n"),
            (b"a:b", b"a:b\njoe:x\n"),
            (b"a:b\n\n", b"a:b\n\njoe:x\n"),
            (b"joe:old\na:b\n", b"joe:x\na:b\n"),
            (b"a:b\r\njoe:old\r\n", b"a:b\r\njoe:x\r\n"),
        ):
            self.assertEqual(account.with_line(text, b"joe", b"joe:x"), changed)
            self.assertEqual(
                account.with_line(changed, b"joe", None).replace(b"\r", b""),
                text.replace(b"joe:old\n", b"").replace(b"joe:old\r\n", b"").replace(b"\r", b"")
                + (b"\n" if text == b"a:b" else b""),
            )
