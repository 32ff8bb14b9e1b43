"""Checkers of accounts that a test plays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from ftpalg.net.accounts import Accounts, Check

DELAY = 3.0
SECRET = "s3cret"


@implementer(ICredentialsChecker)
class Checker:
    """Answers what the test says: a value, an exception that it raises, or a Deferred."""

    credentialInterfaces = (IUsernamePassword,)
    blocks = False

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[tuple[bytes, bytes]] = []

    def requestAvatarId(self, credentials: Any) -> Any:
        self.asked.append((credentials.username, credentials.password))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Plugin:
    """A third party's plug-in for strcred."""

    authType = "third"
    argStringFormat = "account/password"
    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, generate: Callable[[str], Any]) -> None:
        self.generateChecker = generate


class AccountsCase(SynchronousTestCase):
    """One client that logs in, on a clock of the test's own."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.accepted: list[str] = []
        self.refused: list[str] = []
        self.too_busy = 0

    def busy(self) -> None:
        """Nobody could be asked."""
        self.too_busy += 1

    def check(
        self,
        *checkers: ICredentialsChecker,
        account: bytes = b"joe",
        password: bytes = SECRET.encode(),
    ) -> Check:
        """Ask these checkers."""
        accounts = Accounts(self.clock, checkers, DELAY)
        return accounts.check(
            account, password, self.accepted.append, self.refused.append, self.busy
        )

    def assertRefusedAfter(self, seconds: float) -> str:
        """Not before, and once; the reason."""
        self.clock.advance(seconds - 0.25)
        self.assertEqual((self.accepted, self.refused), ([], []))
        self.clock.advance(0.25)
        self.assertEqual((self.accepted, len(self.refused)), ([], 1))
        self.assertNothingLeft()
        return self.refused[0]

    def assertNothingLeft(self) -> None:
        """No timer runs, and nothing more comes."""
        self.assertEqual(self.clock.getDelayedCalls(), [])
