"""Accounts at the gateway: checkers by their descriptions, and what a refusal gives away."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from unittest import mock

from twisted.cred import strcred
from twisted.cred.checkers import ANONYMOUS, ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from ftpalg.config import SettingsError
from ftpalg.net.accounts import Accounts, CannotCheck, Check, checkers_of

DELAY = 3.0
SECRET = "s3cret"


@implementer(ICredentialsChecker)
class Checker:
    """Answers what the test says: a value, an exception that it raises, or a Deferred."""

    credentialInterfaces = (IUsernamePassword,)

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

    def check(
        self,
        *checkers: ICredentialsChecker,
        account: bytes = b"joe",
        password: bytes = SECRET.encode(),
    ) -> Check:
        """Ask these checkers."""
        accounts = Accounts(self.clock, checkers, DELAY)
        return accounts.check(account, password, self.accepted.append, self.refused.append)

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


class Descriptions(AccountsCase):
    """Checkers by what ``--auth`` would be given."""

    def setUp(self) -> None:
        super().setUp()
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-accounts-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def faults(self, *descriptions: str) -> list[str]:
        """What is wrong with them."""
        return list(self.assertRaises(SettingsError, checkers_of, descriptions).faults)

    def plug_in(self, generate: Callable[[str], Any]) -> None:
        """A third party's plug-in is the only one."""
        self.patch(strcred, "findCheckerFactories", lambda: [Plugin(generate)])

    def test_file(self) -> None:
        """A file's accounts log in with their own passwords."""
        file = self.folder / "accounts"
        file.write_text(f"ann:other\njoe:{SECRET}\n")
        self.check(*checkers_of([f"file:{file}"]))
        self.assertEqual(self.accepted, ["joe"])
        self.check(*checkers_of([f"file:{file}"]), password=b"other")
        self.assertEqual((len(self.accepted), self.refused), (1, []))

    def test_memory(self) -> None:
        """strcred's accounts in memory are text, a client's are bytes: they meet as UTF-8."""
        checkers = checkers_of([f"memory:ann:b:jörg:{SECRET}ß"])
        self.check(*checkers, account="jörg".encode(), password=f"{SECRET}ß".encode())
        self.assertEqual(self.accepted, ["jörg"])

    def test_in_order(self) -> None:
        """The checkers come in the order of their descriptions."""
        first, second = checkers_of(["memory:joe:one", "memory:joe:two"])
        self.check(first, password=b"one")
        self.check(second, password=b"two")
        self.assertEqual(self.accepted, ["joe", "joe"])

    def test_third_party(self) -> None:
        """A plug-in gets what stands behind the first colon."""
        given: list[str] = []
        checker = Checker(b"joe")

        def generate(argument: str) -> Checker:
            given.append(argument)
            return checker

        self.plug_in(generate)
        self.assertEqual((checkers_of(["third:a:b"]), given), ([checker], ["a:b"]))

    def test_unknown_kind(self) -> None:
        """The sentence names those that check passwords, and nothing behind the colon."""
        (fault,) = self.faults(f"joe:{SECRET}")
        self.assertRegex(
            fault,
            r"^accounts\.auth: joe: no such kind of accounts; use one of file,.* memory, unix",
        )
        self.assertNotIn("anonymous", fault)
        self.assertNotIn(SECRET, fault)

    def test_missing_file(self) -> None:
        """A file that is not there is told now, in the system's words, and only so."""
        errors = io.StringIO()
        self.patch(strcred.findCheckerFactory("file"), "errorOutput", errors)
        nowhere = self.folder / "none"
        self.assertEqual(
            self.faults(f"file:{nowhere}", f"file:{self.folder}", "file:", "file:a\0"),
            [
                f"accounts.auth: file:{nowhere}: cannot be read: No such file or directory",
                f"accounts.auth: file:{self.folder}: cannot be read: Is a directory",
                "accounts.auth: file:: cannot be read: No such file or directory",
                "accounts.auth: file:a\0: cannot be read: embedded null byte",
            ],
        )
        self.assertEqual(errors.getvalue(), "")

    def test_bad_arguments(self) -> None:
        """A password in a description that cannot be used stays out of the sentence."""
        (fault,) = self.faults(f"memory:joe:{SECRET}:ann")
        self.assertEqual(
            fault,
            "accounts.auth: memory: cannot use what follows the colon; give:"
            " A colon-separated list (name:password:...)",
        )

    def test_quoting_plugin(self) -> None:
        """Nor does a plug-in's own exception get it in."""

        def generate(argument: str) -> Checker:
            raise ValueError(f"{argument!r} is wrong")

        self.plug_in(generate)
        (fault,) = self.faults(f"third:{SECRET}")
        self.assertEqual(
            fault,
            "accounts.auth: third: cannot use what follows the colon; give: account/password",
        )

    def test_own_plugin(self) -> None:
        """A plug-in that raises SettingsError has chosen its words."""

        def generate(argument: str) -> Checker:
            raise SettingsError(["third: has no door"])

        self.plug_in(generate)
        self.assertEqual(self.faults("third:"), ["accounts.auth: third: has no door"])

    def test_no_passwords(self) -> None:
        """A checker for something else than passwords is none for FTP."""
        (fault,) = self.faults("anonymous")
        self.assertRegex(fault, r"^accounts\.auth: anonymous: checks no passwords; use one of file")

    def test_unix(self) -> None:
        """Without the modules that went with Python 3.13 the remedy is told; with them it works."""
        for module in ("crypt", "spwd"):
            with mock.patch.dict(sys.modules, {"crypt": mock.Mock(), "spwd": mock.Mock()}):
                sys.modules["crypt"].__spec__ = sys.modules["spwd"].__spec__ = mock.Mock()
                self.assertEqual(len(checkers_of(["unix"])), 1)
                sys.modules[module] = None  # type: ignore[assignment]
                self.assertEqual(
                    self.faults("unix"),
                    [
                        "accounts.auth: unix: needs crypt and spwd, which left Python with 3.13;"
                        " use file or ldap instead"
                    ],
                )

    def test_all_at_once(self) -> None:
        """Every description's fault is told, whatever stands beside it."""
        self.assertEqual(len(self.faults("nothing", "memory:joe:x", "memory:joe", "anonymous")), 3)


class Accepted(AccountsCase):
    """A right password."""

    def test_at_once(self) -> None:
        """Nobody waits for being let in, and nothing follows."""
        checker = Checker(b"joe")
        check = self.check(checker)
        self.assertEqual((self.accepted, checker.asked), (["joe"], [(b"joe", b"s3cret")]))
        self.assertNothingLeft()
        check.cancel()
        self.assertEqual(self.refused, [])

    def test_late(self) -> None:
        """An answer after the delay is still a yes."""
        answer: Deferred[bytes] = Deferred()
        self.check(Checker(answer))
        self.clock.advance(DELAY + 1)
        self.assertEqual((self.accepted, self.refused), ([], []))
        answer.callback(b"joe")
        self.assertEqual((self.accepted, self.refused), (["joe"], []))
        self.assertNothingLeft()

    def test_cancelled_by_the_caller(self) -> None:
        """A caller that gives up while it is told changes nothing."""
        answer: Deferred[bytes] = Deferred()

        def accepted(name: str) -> None:
            self.accepted.append(name)
            check.cancel()

        accounts = Accounts(self.clock, [Checker(answer)], DELAY)
        check = accounts.check(b"joe", b"x", accepted, self.refused.append)
        answer.callback(b"joe")
        self.assertEqual((self.accepted, self.refused), (["joe"], []))
        self.assertNothingLeft()

    def test_by_another(self) -> None:
        """The next checker is asked after a no or a fault, and none after a yes."""
        first: Deferred[bytes] = Deferred()
        checkers = [Checker(first), Checker(OSError()), Checker(b"joe"), Checker(b"ann")]
        self.check(*checkers)
        self.assertEqual([len(checker.asked) for checker in checkers], [1, 0, 0, 0])
        first.errback(UnauthorizedLogin())
        self.assertEqual([len(checker.asked) for checker in checkers], [1, 1, 1, 0])
        self.assertEqual(self.accepted, ["joe"])

    def test_the_checkers_name(self) -> None:
        """The account is what the checker calls it: bytes of any kind survive, text is taken."""
        for avatar in (b"J\xf6rg", "Jörg"):
            self.check(Checker(avatar))
        self.assertEqual(self.accepted[0].encode("utf-8", "surrogateescape"), b"J\xf6rg")
        self.assertEqual(self.accepted[1], "Jörg")


class Refused(AccountsCase):
    """A wrong password, and whatever is no yes."""

    def test_same_moment(self) -> None:
        """An unknown account and a wrong password look the same, to the clock and to the log."""
        checkers = checkers_of([f"memory:joe:{SECRET}"])
        reasons = []
        for account, password in ((b"joe", b"wrong"), (b"nobody", b"wrong")):
            self.refused.clear()
            self.check(*checkers, account=account, password=password)
            reasons.append(self.assertRefusedAfter(DELAY))
        self.assertEqual(reasons[0], reasons[1])

    def test_slow(self) -> None:
        """A no within the delay waits for its end; the check's begin counts, not the answer."""
        answer: Deferred[bytes] = Deferred()
        self.check(Checker(answer))
        self.clock.advance(DELAY - 1)
        answer.errback(UnauthorizedLogin())
        self.assertRefusedAfter(1)

    def test_slower(self) -> None:
        """A no after the delay is told at once."""
        answer: Deferred[bytes] = Deferred()
        self.check(Checker(UnauthorizedLogin()), Checker(answer))
        self.clock.advance(DELAY + 1)
        self.assertEqual(self.refused, [])
        answer.errback(UnauthorizedLogin())
        self.assertEqual(len(self.refused), 1)
        self.assertNothingLeft()

    def test_faults(self) -> None:
        """A checker's fault is a no; its name is in the log, its text is not: it may quote."""
        failing: Deferred[bytes] = Deferred()
        failing.errback(LookupError(f"no {SECRET}"))
        for answer, reason in (
            (ValueError(f"bad password {SECRET}"), "Checker: ValueError"),
            (failing, "Checker: LookupError"),
            (CancelledError(), "Checker: CancelledError"),
            (CannotCheck("down"), "Checker: down"),
        ):
            self.refused.clear()
            self.check(Checker(answer))
            self.assertEqual(self.assertRefusedAfter(DELAY), reason)

    def test_no_account(self) -> None:
        """Anonymous access and whatever else is no name of an account is refused."""
        for avatar in (ANONYMOUS, None, True, b"", "", 7, object()):
            self.refused.clear()
            self.check(Checker(avatar))
            self.assertEqual(self.assertRefusedAfter(DELAY), "Checker: named no account")

    def test_unfit(self) -> None:
        """No checker sees an empty password or a name that ends early; the wait is the same."""
        checker = Checker(b"joe")
        names = ((b"", b"x"), (b"joe", b""), (b"joe\0x", b"x"), (b"joe\r", b"x"), (b"\njoe", b"x"))
        for account, password in names:
            self.refused.clear()
            self.check(checker, account=account, password=password)
            self.assertRefusedAfter(DELAY)
        self.assertEqual(checker.asked, [])

    def test_nobody_to_ask(self) -> None:
        """Without a checker nobody is let in."""
        self.check()
        self.assertRefusedAfter(DELAY)

    def test_every_reason(self) -> None:
        """The log has each checker's reason."""
        self.check(Checker(UnauthorizedLogin(SECRET)), Checker(OSError(SECRET)))
        self.assertEqual(
            self.assertRefusedAfter(DELAY),
            "Checker: unknown account or wrong password; Checker: OSError",
        )


class Cancelled(AccountsCase):
    """A client that has gone."""

    def assertSilent(self, checks: Iterable[Check]) -> None:
        """Nothing is told, now or later."""
        for check in checks:
            check.cancel()
        self.assertNothingLeft()
        self.clock.advance(DELAY * 2)
        self.assertEqual((self.accepted, self.refused), ([], []))

    def test_asking(self) -> None:
        """The question is withdrawn and no other checker is asked."""
        answer: Deferred[bytes] = Deferred()
        second = Checker(b"joe")
        self.assertSilent([self.check(Checker(answer), second)])
        self.assertTrue(answer.called)
        self.assertEqual(second.asked, [])

    def test_stubborn(self) -> None:
        """A checker that answers its cancellation with a yes or a no is not heard."""
        second = Checker(b"joe")
        yes: Deferred[bytes] = Deferred(lambda d: d.callback(b"joe"))
        no: Deferred[bytes] = Deferred(lambda d: d.errback(UnauthorizedLogin()))
        self.assertSilent([self.check(Checker(yes), second), self.check(Checker(no), second)])
        self.assertEqual(second.asked, [])

    def test_waiting(self) -> None:
        """A refusal that waits for the end of its delay does not come."""
        check = self.check(Checker(UnauthorizedLogin()))
        self.assertSilent([check, check])

    def test_after_the_delay(self) -> None:
        """Only the checker is waited for: it is cancelled too."""
        answer: Deferred[bytes] = Deferred()
        check = self.check(Checker(answer))
        self.clock.advance(DELAY)
        self.assertSilent([check])
        self.assertTrue(answer.called)

    def test_refused(self) -> None:
        """Cancelling what is over changes nothing."""
        check = self.check(Checker(UnauthorizedLogin()))
        self.assertRefusedAfter(DELAY)
        check.cancel()
        self.assertEqual(len(self.refused), 1)
