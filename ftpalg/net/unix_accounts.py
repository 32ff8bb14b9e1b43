"""Accounts of the system, whose passwords are hashed without the interpreter's lock.

Python's own crypt keeps it, so that every session would stand still for each guess, in whatever thread
that is made; ctypes lets it go.  A name that nobody has takes as long as one that somebody has.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache
from hmac import compare_digest
from importlib import import_module
from typing import Any

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword, UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

ELSEWHERE = ("x", "*")
"""What stands in passwd for a password that is in shadow."""
LOCKED = ("!", "*")
"""What no hash begins with: a locked account, or one without a password."""
CRYPT_DATA = 1 << 18
"""Bytes of crypt_r's ``struct crypt_data``: 32768 of libxcrypt's, 131232 of the C library's before it."""


@cache
def _crypt_r() -> Any:
    """The function of the very library that Python's own crypt uses; it need not be anywhere else."""
    found = ctypes.CDLL(getattr(import_module("_crypt"), "__file__", None)).crypt_r
    found.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)
    found.restype = ctypes.c_char_p
    return found


def crypted(password: bytes, setting: bytes) -> bytes:
    """crypt(3): the password's hash by the method and with the salt of another; empty for neither."""
    return _crypt_r()(password, setting, ctypes.create_string_buffer(CRYPT_DATA)) or b""


@implementer(ICredentialsChecker)
class UnixAccounts:
    """What strcred's ``unix`` checks, passwd and shadow; no PAM."""

    credentialInterfaces = (IUsernamePassword,)
    blocks = True

    def requestAvatarId(self, credentials: UsernamePassword) -> Deferred[bytes | tuple[()]]:
        """The account's name.  Raise UnauthorizedLogin, and OSError where shadow may not be read."""
        name, password = credentials.username, credentials.password
        stored = _stored(os.fsdecode(name)).encode()
        setting = stored or _another().encode()
        right = compare_digest(crypted(password, setting), setting) if setting else False
        if not (right and stored) or b"\0" in password:  # C reads no further than a NUL
            raise UnauthorizedLogin
        return succeed(name)


def _stored(name: str) -> str:
    """The hash of an account's password; empty where there is none."""
    pwd, spwd = import_module("pwd"), import_module("spwd")
    try:
        found: str = pwd.getpwnam(name).pw_passwd
        if found in ELSEWHERE:
            found = spwd.getspnam(name).sp_pwdp
    except KeyError:
        return ""
    return "" if found.startswith(LOCKED) else found


def _another() -> str:
    """Some account's hash, which takes as long as any."""
    every = import_module("spwd").getspall()
    return next((one.sp_pwdp for one in every if one.sp_pwdp.startswith("$")), "")
