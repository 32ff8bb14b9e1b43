"""Accounts in a file: a line for each, ``name:password`` or ``name:$scrypt$...``.

The name ends at the first colon, and the password, or its hash, is all the rest of the line.  Empty
lines and those that begin with ``#`` are none.  A line that cannot be read is a fault and is never
skipped: whoever wrote it meant somebody to get in, or nobody any more.  No fault shows a line's text.
"""

from __future__ import annotations

import os
import stat
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from hashlib import blake2b
from pathlib import Path
from secrets import token_bytes
from typing import Any, NamedTuple

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from zope.interface import implementer

from ftpalg.core.value import value
from ftpalg.net.password_hashes import Clear, Hash, Secret, secret_of
from ftpalg.net.secret_places import open_mode
from ftpalg.net.unreadable import OWNED, because

LARGEST = 1 << 24
"""Bytes of a file: some hundred thousand accounts."""
LONGEST_LINE = 8192
NOBODY = Clear.of(b"")
"""What a guess is compared with where there is no account at all."""


class BadAccounts(Exception):
    """A file of accounts that cannot be used; the text says where and why."""


Read = Callable[[bytes], Secret]
"""Takes the text of a secret apart.  Raises BadHash."""


class Reading:
    """Reads secrets, and those not again that stood there before: of a large file one line changes.

    ``hashes`` are those that it has come by.
    """

    def __init__(self, before: Mapping[bytes, Hash]) -> None:
        self._before = before
        self.hashes: dict[bytes, Hash] = {}

    def __call__(self, text: bytes) -> Secret:
        found: Secret = self._before.get(text) or secret_of(text)
        if isinstance(found, Hash):
            self.hashes[text] = found
        return found


def read_accounts(file: str, text: bytes, read: Read = secret_of) -> dict[bytes, Secret]:
    """Each account's secret.  Raise BadAccounts with the number of the first line at fault."""
    found: dict[bytes, Secret] = {}
    for number, line in enumerate(text.split(b"\n"), 1):
        try:
            account = account_of(line, read)
        except ValueError as error:
            raise BadAccounts(f"{file}:{number}: {error}") from None
        if account is None:
            continue
        name, secret = account
        if name in found:
            raise BadAccounts(f"{file}:{number}: this account stands in an earlier line too")
        found[name] = secret
    return found


def account_of(line: bytes, read: Read = secret_of) -> tuple[bytes, Secret] | None:
    """The name and the secret in a line, or None.  Raise ValueError with what is wrong with it."""
    line = line.removesuffix(b"\r")
    if not line or line.startswith(b"#"):
        return None
    if line.startswith(BOM_UTF8):
        raise ValueError("a byte order mark stands in it")
    if len(line) > LONGEST_LINE:
        raise ValueError(f"is longer than {LONGEST_LINE} bytes")
    name, colon, secret = line.partition(b":")
    if not (name and colon and secret):
        raise ValueError("write name:password, or let ftpalg account add write the line")
    if b"\0" in line or b"\r" in line:
        raise ValueError("a NUL or CR stands in it")
    return name, read(secret)


def _text_of(file: str) -> tuple[bytes, int]:
    """A file's text and its mode.  Raise OSError, and ValueError for what is no file."""
    with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
        mode = os.fstat(opened.fileno()).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a pipe would never end
            raise ValueError("it is no regular file")
        text = opened.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST} bytes")
    return text, mode


def accounts_in(file: str, read: Read = secret_of) -> dict[bytes, Secret]:
    """Each account's secret as the file has it now.  Raise BadAccounts."""
    try:
        text, mode = _text_of(file)
    except OSError as error:
        why = because(error, Path(file), OWNED)
        raise BadAccounts(f"file:{file}: cannot be read: {why}") from None
    except ValueError as error:
        raise BadAccounts(f"file:{file}: cannot be read: {error}") from None
    found = read_accounts(file, text, read)
    shown = open_mode(Path(file), mode)
    if shown and any(isinstance(one, Hash) for one in found.values()):
        raise BadAccounts(
            f"{file}: holds hashed passwords, and its group or others may read or write it (mode"
            f" {shown}); chmod 600 {file}, and let the gateway's user own it or get it as a"
            " credential of systemd's"
        )
    return found


@value
class Guess(NamedTuple):
    """A password that somebody tries.  ``slow`` is for a thread, and touches nothing but itself."""

    name: bytes
    password: bytes
    secret: Secret
    known: bool

    def __repr__(self) -> str:
        return f"Guess(name={self.name!r})"

    @property
    def slow(self) -> bool:
        """Whether the answer takes its time."""
        return self.secret.slow

    def answer(self) -> bytes:
        """The account's name.  Raise UnauthorizedLogin."""
        if not (self.secret.fits(self.password) and self.known):
            raise UnauthorizedLogin
        return self.name


@implementer(ICredentialsChecker)
class AccountsFile:
    """Reads its file again when that changes; what cannot be used then is told once, and not used."""

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, file: str, warned: Callable[[str], None] = lambda text: None) -> None:
        self.file = file
        self._warned = warned
        self._stamp: tuple[int, ...] = self._stamped()
        self._hashes: Mapping[bytes, Hash] = {}
        self._read()
        self._key = token_bytes(16)

    def _read(self) -> None:
        """Raise BadAccounts, and nothing has changed."""
        reading = Reading(self._hashes)
        self._accounts: Mapping[bytes, Secret] = accounts_in(self.file, reading)
        self._secrets = tuple(self._accounts.values())
        self._hashes = reading.hashes

    def _stamped(self) -> tuple[int, ...]:
        """What changes with the file, its mode and its readability."""
        try:
            seen = os.stat(self.file)
        except (OSError, ValueError):
            return ()
        return seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size, seen.st_ino

    def read(self) -> Mapping[bytes, Secret]:
        """Each account's secret, as the file had it when it could last be used."""
        stamp = self._stamped()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._read()
            except BadAccounts as error:
                self._warned(f"accounts.auth: {error}; the accounts read before go on")
        return self._accounts

    def knows(self, name: bytes) -> bool:
        """Whether there is an account of that name."""
        return name in self.read()

    def guess(self, credentials: IUsernamePassword) -> Guess:
        """To be asked: one for a name that nobody has costs what some account's does, always the same."""
        name: bytes = credentials.username
        secret = self.read().get(name)
        return Guess(name, credentials.password, secret or self._stand_in(name), secret is not None)

    def _stand_in(self, name: bytes) -> Secret:
        if not self._secrets:
            return NOBODY
        chosen = int.from_bytes(blake2b(name, key=self._key, digest_size=8).digest(), "big")
        return self._secrets[chosen % len(self._secrets)]

    def requestAvatarId(self, credentials: IUsernamePassword) -> Any:
        """The account's name in bytes, at once, however long that takes.  Raise UnauthorizedLogin."""
        return self.guess(credentials).answer()
