"""Accounts at the gateway: checkers by their descriptions, and what a refusal gives away."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any
from unittest import mock

from twisted.cred.checkers import ANONYMOUS
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import CancelledError, Deferred, fail, maybeDeferred

from ftpalg.net.accounts import Accounts, CannotCheck, Check, checkers_of
from ftpalg.net.threads import Busy
from tests.net.accounts import DELAY, SECRET, AccountsCase, Checker


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
        check = accounts.check(b"joe", b"x", accepted, self.refused.append, self.busy)
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
        """A checker's fault is a no; its text is not in the log: it may quote; nor is a class's name."""
        failing: Deferred[bytes] = Deferred()
        failing.errback(LookupError(f"no {SECRET}"))
        for answer, reason in (
            (ValueError(f"bad password {SECRET}"), "accounts.auth[0]: could not tell"),
            (failing, "accounts.auth[0]: could not tell"),
            (CancelledError(), "accounts.auth[0]: could not tell"),
            (CannotCheck("down"), "accounts.auth[0]: down"),
        ):
            self.refused.clear()
            self.check(Checker(answer))
            self.assertEqual(self.assertRefusedAfter(DELAY), reason)

    def test_no_account(self) -> None:
        """Anonymous access and whatever else is no name of an account is refused."""
        for avatar in (ANONYMOUS, None, True, b"", "", 7, object()):
            self.refused.clear()
            self.check(Checker(avatar))
            self.assertEqual(self.assertRefusedAfter(DELAY), "accounts.auth[0]: named no account")

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
            "accounts.auth[0]: unknown account or wrong password; accounts.auth[1]: could not tell",
        )


class Blocking(AccountsCase):
    """Checkers that take their time."""

    def ask(self, *checkers: Checker, busy: bool = False) -> list[Checker]:
        """Log in; those of the checkers that were asked apart."""
        apart: list[Checker] = []

        def ask(peer: str, question: Callable[[], Any]) -> Deferred[Any]:
            self.assertEqual(peer, "192.0.2.1")
            if busy:
                return fail(Busy())
            answer = maybeDeferred(question)
            apart.extend(c for c in checkers if c.asked and c not in apart)
            return answer

        accounts = Accounts(self.clock, checkers, DELAY, ask)
        tell = (self.accepted.append, self.refused.append, self.busy)
        accounts.check(b"joe", b"x", *tell, "192.0.2.1")
        return apart

    def test_apart(self) -> None:
        """Those that block are asked apart, the others at once."""
        slow, quick = Checker(b"joe"), Checker(b"joe")
        slow.blocks = True
        self.assertEqual(self.ask(slow), [slow])
        self.assertEqual(self.ask(quick), [])
        self.assertEqual(self.accepted, ["joe", "joe"])

    def test_unix_blocks(self) -> None:
        """strcred's unix is one that blocks."""
        with mock.patch.dict(sys.modules, {"crypt": mock.Mock(), "spwd": mock.Mock()}):
            sys.modules["crypt"].__spec__ = sys.modules["spwd"].__spec__ = mock.Mock()
            (checker,) = checkers_of(["unix"])
        self.assertTrue(checker.blocks)  # type: ignore[attr-defined]

    def test_busy(self) -> None:
        """Where there is no room that is told, at once and as no refusal."""
        slow = Checker(b"joe")
        slow.blocks = True
        self.ask(slow, Checker(UnauthorizedLogin()), busy=True)
        self.assertEqual((self.too_busy, self.accepted, slow.asked), (1, [], []))
        self.assertNothingLeft()
        self.assertEqual(self.refused, [])

    def test_busy_and_known_elsewhere(self) -> None:
        """Another checker's yes is one."""
        slow = Checker(b"joe")
        slow.blocks = True
        self.ask(slow, Checker(b"joe"), busy=True)
        self.assertEqual((self.too_busy, self.accepted), (0, ["joe"]))


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
