"""Accounts of the system."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from threading import Event, Thread
from time import thread_time
from types import SimpleNamespace
from unittest import mock

from twisted.cred.credentials import UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from ftpalg.net import unix_accounts
from ftpalg.net.unix_accounts import UnixAccounts, crypted

RIGHT = (
    "$6$saltstring$sWxm9GdnWvq354Rrr3cJ49bnU42uWlCgjcwLSQEwSw4oss"
    "4XrvyKNtQ0I48ftPb9O6s9ikPaKTH42CwjipwvU."
)
SLOW = b"$6$rounds=300000$saltstring"
PASSWD = {"gus": "x", "old": RIGHT, "locked": "x", "open": "x", "ghost": "x", "star": "*"}
SHADOW = {"gus": RIGHT, "locked": "!" + RIGHT, "open": "", "star": "*"}


class Passwords(SynchronousTestCase):
    """passwd and shadow."""

    def setUp(self) -> None:
        if find_spec("_crypt") is None:
            raise SkipTest("crypt left Python with 3.13")
        shadow = {name: SimpleNamespace(sp_pwdp=stored) for name, stored in SHADOW.items()}
        self.spwd = SimpleNamespace(
            getspnam=shadow.__getitem__, getspall=lambda: list(shadow.values())
        )
        passwd = {name: SimpleNamespace(pw_passwd=stored) for name, stored in PASSWD.items()}
        pwd = SimpleNamespace(getpwnam=passwd.__getitem__)
        patch = mock.patch.dict(sys.modules, {"pwd": pwd, "spwd": self.spwd})
        patch.start()
        self.addCleanup(patch.stop)

    def lets_in(self, name: bytes, password: bytes) -> bool:
        """Whether that is the account's password."""
        try:
            asked = UnixAccounts().requestAvatarId(UsernamePassword(name, password))
        except UnauthorizedLogin:
            return False
        return self.successResultOf(asked) == name

    def test_right(self) -> None:
        """The password, and no other, of an account that has one."""
        for name in (b"gus", b"old"):
            self.assertTrue(self.lets_in(name, b"right"), name)
            for wrong in (b"wrong", b"", b"right\0", b"right ", RIGHT.encode(), b"\xff"):
                self.assertFalse(self.lets_in(name, wrong), wrong)
        for name in (b"locked", b"open", b"ghost", b"star", b"nobody", b"\xff"):
            for wrong in (b"right", b"", b"!", b"*", b"x"):
                self.assertFalse(self.lets_in(name, wrong), (name, wrong))

    def test_unknown_names(self) -> None:
        """One that nobody has takes one hash too; nobody is let in by somebody else's password."""
        hashed: list[bytes] = []

        def counted(password: bytes, setting: bytes) -> bytes:
            hashed.append(setting)
            return crypted(password, setting)

        self.patch(unix_accounts, "crypted", counted)
        names = (b"gus", b"nobody", b"open", b"locked", b"star")
        for name in names:
            self.assertFalse(self.lets_in(name, b"wrong"))
        self.assertEqual(hashed, [RIGHT.encode()] * len(names))
        self.spwd.getspall = list
        self.assertFalse(self.lets_in(b"nobody", b"right"))

    def test_holds_nobody(self) -> None:
        """While a password is hashed other threads go on, the reactor's among them."""
        begun, took = Event(), [0.0]

        def hash_one() -> None:
            begun.set()
            crypted(b"guess", SLOW)
            took[0] = thread_time()

        thread = Thread(target=hash_one)
        thread.start()
        begun.wait(20)
        before = thread_time()
        while thread.is_alive():
            pass  # processor time, of which a busy machine gives both threads their share
        self.assertGreater(thread_time() - before, took[0] / 10)
