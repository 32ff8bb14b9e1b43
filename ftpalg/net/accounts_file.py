"""Accounts in a file: a line for each, ``name:password``.

The name ends at the first colon, and the password is all the rest of the line.  Empty lines and those
that begin with ``#`` are none.  A line that cannot be read is a fault and is never skipped: whoever
wrote it meant somebody to get in, or nobody any more.  No fault shows a line's text.
"""

from __future__ import annotations

import hmac
import os
from codecs import BOM_UTF8
from hashlib import sha256
from pathlib import Path
from typing import Any

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from zope.interface import implementer

NOBODY = sha256(b"").digest()
"""What the password of an unknown account is compared with, so that its name takes as long."""


class BadAccounts(Exception):
    """A file of accounts that cannot be used; the text says where and why."""


def read_accounts(text: bytes) -> dict[bytes, bytes]:
    """Each account's password.  Raise BadAccounts with the number of the first line at fault."""
    found: dict[bytes, bytes] = {}
    for number, line in enumerate(text.split(b"\n"), 1):
        line = line.removesuffix(b"\r")
        if not line or line.startswith(b"#"):
            continue
        if line.startswith(BOM_UTF8):
            raise BadAccounts(f"line {number}: a byte order mark stands in it")
        name, colon, password = line.partition(b":")
        if not (name and colon and password):
            raise BadAccounts(f"line {number}: write name:password")
        if {0, 13}.intersection(line):
            raise BadAccounts(f"line {number}: a NUL or CR stands in it")
        if name in found:
            raise BadAccounts(f"line {number}: this account stands in an earlier line too")
        found[name] = password
    return found


@implementer(ICredentialsChecker)
class AccountsFile:
    """Reads its file again when that changes; while it cannot be read nobody is let in by it."""

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, file: str) -> None:
        self._file = file
        self._stamp: tuple[int, ...] = ()
        self._accounts: dict[bytes, bytes] = {}

    def read(self) -> dict[bytes, bytes]:
        """Each account's password as the file has it now.  Raise BadAccounts."""
        try:
            seen = os.stat(self._file)
            stamp = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
            if stamp != self._stamp:
                self._stamp = ()
                self._accounts = read_accounts(Path(self._file).read_bytes())
                self._stamp = stamp
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise BadAccounts(f"cannot be read: {why}") from None
        return self._accounts

    def knows(self, name: bytes) -> bool:
        """Whether there is an account of that name."""
        try:
            return name in self.read()
        except BadAccounts:
            return False

    def requestAvatarId(self, credentials: IUsernamePassword) -> Any:
        """The account's name in bytes, at once.  Raise UnauthorizedLogin, or BadAccounts."""
        name: bytes = credentials.username
        password = self.read().get(name)
        right = NOBODY if password is None else sha256(password).digest()
        same = hmac.compare_digest(right, sha256(credentials.password).digest())
        if password is None or not same:
            raise UnauthorizedLogin
        return name
