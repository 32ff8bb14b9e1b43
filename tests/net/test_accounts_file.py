"""Accounts in a file: where a line is cut, lines that cannot be read, a file that changes."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from twisted.cred.credentials import UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred, maybeDeferred

from ftpalg.config import SettingsError
from ftpalg.net import accounts_file, password_hashes, secret_places
from ftpalg.net.accounts import Accounts, checkers_of
from ftpalg.net.accounts_file import AccountsFile
from ftpalg.net.password_hashes import Cost, Hash, Secret
from ftpalg.net.threads import Question
from ftpalg.net.unreadable import user
from tests.net.accounts import DELAY, SECRET, AccountsCase
from tests.net.hashes import CHEAP, line


class FilesCase(AccountsCase):
    """A folder for files of accounts."""

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


class Files(FilesCase):
    """Whom a file lets in, and what cannot be read."""

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
        remedy = "write name:password, or let ftpalg account add write the line"
        for lines, number, why in (
            (SECRET, 1, remedy),
            (f"gus:x\n:{SECRET}", 2, remedy),
            (f"gus:x\n\n{SECRET}:", 3, remedy),
            (f"gus:x\nmax:{SECRET}\0", 2, "a NUL or CR stands in it"),
            (f"gus:x\nmax:\r{SECRET}", 2, "a NUL or CR stands in it"),
            (f"\N{BYTE ORDER MARK}gus:{SECRET}", 1, "a byte order mark stands in it"),
            (f"gus:x\n# a\ngus:{SECRET}", 3, "this account stands in an earlier line too"),
            (f"gus:{SECRET * 2000}", 1, "is longer than 8192 bytes"),
            (
                f"gus:$scrypt${SECRET}",
                1,
                "holds no whole hash; it reads $scrypt$ln=..,r=..,p=..$SALT$HASH",
            ),
        ):
            file.write_text(lines)
            expected = f"accounts.auth: {file}:{number}: {why}"
            self.assertEqual(self.faults(f"file:{file}"), [expected])

    def test_costs_too_much(self) -> None:
        """A hash that would take the machine is a fault at the start, and is not computed."""
        file = self.folder / "accounts"
        file.write_text("gus:x\n" + line("joe", SECRET).replace("ln=1,", "ln=40,"))
        (fault,) = self.faults(f"file:{file}")
        self.assertIn(f"{file}:2: asks for ln=40,r=1,p=1, which", fault)

    def test_no_file(self) -> None:
        """A pipe, which would never end, and a file that is too large."""
        os.mkfifo(self.folder / "pipe")
        (fault,) = self.faults(f"file:{self.folder}/pipe")
        self.assertTrue(fault.endswith("pipe: cannot be read: it is no regular file"), fault)
        self.patch(accounts_file, "LARGEST", 9)
        large = self.folder / "large"
        large.write_text("joe:x\n# 23")
        (fault,) = self.faults(f"file:{large}")
        self.assertTrue(fault.endswith("large: cannot be read: it is larger than 9 bytes"), fault)

    def test_denied(self) -> None:
        """Who has to own it: its group may not read it."""

        def denied(file: str) -> tuple[bytes, int]:
            raise PermissionError(errno.EACCES, "Permission denied")

        self.patch(accounts_file, "_text_of", denied)
        (fault,) = self.faults(f"file:{self.folder}/accounts")
        self.assertTrue(fault.endswith(f": Permission denied; let {user()} own it (chown)"), fault)

    def test_file_that_changes(self) -> None:
        """Another account is there at once; what cannot be used is told once, the old one goes on."""
        file = self.folder / "accounts"
        file.write_text("ann:other\n")
        told: list[str] = []
        checkers = checkers_of([f"file:{file}"], told.append)

        def open_to_others() -> None:
            file.write_text(line("joe", "new"))
            file.chmod(0o640)

        file.write_text(f"ann:other\njoe:{SECRET}\n")
        self.check(*checkers)
        self.assertEqual((self.accepted, told), (["joe"], []))
        for damage, why in (
            (lambda: file.write_text(f"ann:other\n{SECRET}\n"), f"{file}:2: write name:password"),
            (lambda: file.write_text(f"{SECRET}\n"), f"{file}:1: write name:password"),
            (file.unlink, f"file:{file}: cannot be read: No such file"),
            (open_to_others, f"{file}: holds hashed"),
        ):  # fmt: skip
            damage()
            for _ in range(3):
                self.accepted.clear()
                self.check(*checkers)
                self.assertEqual(self.accepted, ["joe"])
            (sentence,) = told
            self.assertTrue(sentence.startswith(f"accounts.auth: {why}"), sentence)
            self.assertTrue(sentence.endswith("; the accounts read before go on"), sentence)
            told.clear()
        file.chmod(0o600)
        self.check(*checkers)
        self.assertRefusedLater()
        self.check(*checkers, password=b"new")
        self.assertEqual((self.accepted, told), (["joe"], []))
        file.write_text("")
        self.check(*checkers, password=b"new")
        self.assertRefusedLater()
        self.assertEqual(told, [])


class Hashed(FilesCase):
    """Passwords that stand there as hashes."""

    def test_right_and_wrong(self) -> None:
        """Beside those in clear, with any signs; a hash is no password."""
        file = self.folder / "accounts"
        file.write_bytes(
            line("joe", SECRET).encode()
            + b"m\xfc:Gate-w0rd\r\n"
            + line("gus", "p w:\xf6$ ").encode()
        )
        file.chmod(0o600)
        checkers = checkers_of([f"file:{file}"])
        kept = file.read_bytes().split(b"\n")[0].partition(b":")[2]
        for account, password, right in (
            (b"joe", SECRET.encode(), True),
            (b"joe", kept, False),
            (b"joe", b"wrong", False),
            (b"m\xfc", b"Gate-w0rd", True),
            (b"gus", "p w:\xf6$ ".encode(), True),
            (b"gus", b"p w", False),
            (b"eve", SECRET.encode(), False),
        ):
            self.accepted.clear()
            self.check(*checkers, account=account, password=password).cancel()
            self.assertEqual(bool(self.accepted), right, (account, password))

    def test_closed(self) -> None:
        """Its group and others have no right to it; in clear they may have, which is a warning."""
        file = self.folder / "accounts"
        file.write_text(line("joe", SECRET))
        for mode in (0o640, 0o604, 0o660):
            file.chmod(mode)
            (fault,) = self.faults(f"file:{file}")
            self.assertIn(f"(mode {mode:04o}); chmod 600 {file}, and", fault)
        file.chmod(0o400)
        self.assertEqual(len(checkers_of([f"file:{file}"])), 1)
        file.chmod(0o644)
        self.patch(secret_places, "MOUNTED", self.folder)
        self.assertEqual(len(checkers_of([f"file:{file}"])), 1)

    def test_asked_apart(self) -> None:
        """A hash is computed where it holds nobody up, in its peer's turn; what is in clear is not."""
        file = self.folder / "accounts"
        file.write_text(line("joe", SECRET) + "ann:other\n")
        file.chmod(0o600)
        asked: list[str] = []

        def apart(peer: str, question: Question) -> Deferred[object]:
            asked.append(peer)
            return maybeDeferred(question)

        accounts = Accounts(self.clock, checkers_of([f"file:{file}"]), DELAY, hash=apart)
        tell = (self.accepted.append, self.refused.append, self.busy)
        accounts.check(b"joe", SECRET.encode(), *tell, "192.0.2.1")
        accounts.check(b"ann", b"other", *tell, "192.0.2.2")
        self.assertEqual((self.accepted, asked), (["joe", "ann"], ["192.0.2.1"]))

    def test_unknown(self) -> None:
        """A name that nobody has costs what one of the accounts does, and always the same."""
        file = self.folder / "accounts"
        dear = Cost(2, 1, 1)
        file.write_text(line("joe", SECRET) + line("gus", SECRET, dear))
        file.chmod(0o600)
        kept = AccountsFile(str(file))
        costs = set()
        for at in range(64):
            name = b"nobody%d" % at
            guesses = [kept.guess(UsernamePassword(name, SECRET.encode())) for _ in range(3)]
            self.assertEqual(guesses[1:], guesses[:1] * 2)
            self.assertFalse(guesses[0].known)
            self.assertRaises(UnauthorizedLogin, guesses[0].answer)
            secret = guesses[0].secret
            assert isinstance(secret, Hash)
            costs.add(secret.cost)
        self.assertEqual(costs, {CHEAP, dear})

    def test_nobody(self) -> None:
        """A file without accounts lets nobody in."""
        file = self.folder / "accounts"
        file.write_text("# none\n")
        self.check(*checkers_of([f"file:{file}"]))
        self.assertRefusedLater()


class Large(FilesCase):
    """A file of many accounts, of which one changes."""

    def test_again(self) -> None:
        """A hash is taken apart once, and a file that could not be read in between changes nothing."""
        taken: list[bytes] = []

        def secret_of(text: bytes) -> Secret:
            taken.append(text)
            return password_hashes.secret_of(text)

        self.patch(accounts_file, "secret_of", secret_of)
        file = self.folder / "accounts"
        lines = [line(name, SECRET) for name in ("ann", "gus", "max")]
        file.write_text("".join(lines[:2]))
        file.chmod(0o600)
        accounts = AccountsFile(str(file))
        file.write_text("".join([*lines, "nonsense\n"]))
        self.assertFalse(accounts.knows(b"max"))
        file.write_text("".join([*lines[1:]]))
        self.assertTrue(accounts.knows(b"max"))
        self.assertFalse(accounts.knows(b"ann"))
        hashes = [one.strip().partition(":")[2].encode() for one in lines]
        self.assertEqual(taken, [*hashes, hashes[2]])
        for name, secret in accounts.read().items():
            self.assertTrue(secret.fits(SECRET.encode()), name)
