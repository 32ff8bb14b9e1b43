"""Wrong passwords over all sessions: what is charged, how long one waits, who is barred."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Settings
from ftpalg.config.tables import Accounts as Limits
from ftpalg.core.bans import Ban, Kind, Who
from ftpalg.net.accounts import Accounts, CannotCheck, Check
from ftpalg.net.bans import NoBans
from ftpalg.net.guesses import Barred, Guesses, key_of
from ftpalg.net.ledger import Line, OwnLedger
from ftpalg.net.threads import Busy
from tests.net.accounts import Checker

EVE = "192.0.2.1"
LIMITS = Limits(
    delay=2.0,
    failures_per_peer=8,
    failures_per_account=16,
    forget=100.0,
    longest_delay=10.0,
    failures=50,
)


class Bans(NoBans):
    """Those of the test."""

    def __init__(self) -> None:
        self.safe: set[str] = set()
        self.known: set[tuple[str, str]] = set()
        self.accounts: set[str] = set()
        self.peers: set[str] = set()

    def of_peer(self, peer: str) -> Ban | None:
        return Ban(Who(Kind.PEER, peer), 0.0, 1.0) if peer in self.peers else None

    def is_safe(self, peer: str) -> bool:
        return peer in self.safe

    def knows(self, account: str, peer: str) -> bool:
        return (account, peer) in self.known

    def right(self, account: str, peer: str) -> None:
        self.known.add((account, peer))

    def of_account(self, account: str, peer: str) -> Ban | None:
        banned = account in self.accounts
        return Ban(Who(Kind.ACCOUNT, account), 0.0, 1.0) if banned else None


class GuessesCase(SynchronousTestCase):
    """Nobody has been wrong yet."""

    def setUp(self) -> None:
        self.clock, self.ledger, self.bans = Clock(), OwnLedger({}), Bans()
        settings = Settings(accounts=LIMITS)
        self.guesses = Guesses(self.clock, self.ledger, settings, self.bans)

    def wrong(self, times: int, peer: str = EVE, account: bytes = b"joe") -> list[float]:
        """So many wrong ones, one after the other; how long each had to wait."""
        waits = []
        for _ in range(times):
            guess = self.guesses.begin(peer, account)
            waits.append(guess.wait)
            guess.wrong()
        return waits

    def held(self, key: str = EVE) -> int:
        return self.ledger.held(key, Line.FAILURES)


class Counted(GuessesCase):
    """By themselves."""

    def test_growing(self) -> None:
        """A quarter is free, then each waits twice as long, up to the longest; then nobody looks."""
        self.assertEqual(self.wrong(8), [0, 0, 2, 4, 8, 10, 10, 10])
        self.assertRaises(Barred, self.guesses.begin, EVE, b"joe")
        self.assertRaises(Barred, self.guesses.begin, EVE, b"somebody else")
        self.assertEqual(self.guesses.begin("192.0.2.2", b"ann").wait, 0)

    def test_at_once(self) -> None:
        """Those that are being asked count as they come: parallel guesses wait like a row of them."""
        asked = [self.guesses.begin(EVE, b"joe") for _ in range(8)]
        self.assertEqual([guess.wait for guess in asked], [0, 0, 2, 4, 8, 10, 10, 10])
        self.assertRaises(Busy, self.guesses.begin, EVE, b"joe")
        self.assertEqual(self.guesses.failures(EVE), 0)
        for guess in asked:
            guess.right()
        self.assertEqual((self.held(), self.guesses.begin(EVE, b"joe").wait), (0, 0))

    def test_forgotten(self) -> None:
        """Each after its time, whether anybody asks or not; with the last one nothing is left."""
        self.wrong(4)
        self.clock.advance(50)
        self.wrong(4)
        self.assertEqual(self.held(), 8)
        self.clock.advance(50)
        self.assertEqual(self.held(), 4)
        self.assertEqual(self.guesses.begin(EVE, b"joe").wait, 8)
        self.clock.advance(50)
        self.assertEqual((self.held(), self.clock.getDelayedCalls()), (1, []))

    def test_once(self) -> None:
        """A guess ends once."""
        guess = self.guesses.begin(EVE, b"joe")
        guess.wrong()
        guess.right()
        guess.nothing()
        self.assertEqual((self.held(), self.guesses.failures(EVE)), (1, 1))

    def test_account(self) -> None:
        """Guesses from many peers add up for the account, in whatever case it is written."""
        for at in range(16):
            self.wrong(1, f"198.51.100.{at}", (b"joe", b"JOE")[at % 2])
        self.assertEqual(self.held(key_of("joe")), 16)
        self.assertRaises(Barred, self.guesses.begin, "198.51.100.99", b"Joe")
        self.guesses.begin("198.51.100.99", b"ann")

    def test_owner(self) -> None:
        """Strangers do not lock the owner out from where the account has logged in rightly."""
        self.guesses.begin(EVE, b"joe").right()
        for at in range(16):
            self.wrong(1, f"198.51.100.{at}")
        self.assertRaises(Barred, self.guesses.begin, "198.51.100.99", b"joe")
        self.assertEqual(self.guesses.begin(EVE, b"joe").wait, 0)

    def test_owner_is_a_peer(self) -> None:
        """What comes from there counts for the peer, and not for the account."""
        self.guesses.begin(EVE, b"joe").right()
        self.wrong(8)
        self.assertEqual(self.held(key_of("joe")), 0)
        self.assertRaises(Barred, self.guesses.begin, EVE, b"joe")

    def test_safe(self) -> None:
        """Of a safe network nothing is counted."""
        self.bans.safe.add(EVE)
        self.assertEqual(self.wrong(100), [0.0] * 100)
        self.assertEqual((self.held(), self.held(key_of("joe"))), (0, 0))

    def test_banned_account(self) -> None:
        """Nobody looks at a password of a banned account, and nothing is charged."""
        self.bans.accounts.add("joe")
        self.assertRaises(Barred, self.guesses.begin, EVE, b"joe")
        self.assertEqual(self.held(), 0)

    def test_bounded(self) -> None:
        """Of more than there may be the last ones are remembered."""
        for at in range(100):
            self.wrong(1, f"198.51.100.{at}", b"a%d" % at)
        self.assertEqual(self.ledger.in_all(Line.FAILURES), 50)
        self.assertEqual([self.held("198.51.100.0"), self.held("198.51.100.99")], [0, 1])

    def test_forgiven(self) -> None:
        """By an operator: those of one key, and no other's."""
        self.wrong(8)
        self.wrong(2, "192.0.2.2")
        self.guesses.forgive(EVE)
        self.assertEqual((self.held(), self.held("192.0.2.2")), (0, 2))
        self.clock.advance(1000)
        self.assertEqual(self.ledger.in_all(Line.FAILURES), 0)

    def test_stop(self) -> None:
        """Nothing waits behind the end of the gateway."""
        self.guesses.stop()
        self.wrong(1)
        self.guesses.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class Checked(GuessesCase):
    """By the checks of passwords."""

    def setUp(self) -> None:
        super().setUp()
        self.told: list[str] = []

    def check(self, *checkers: Any, peer: str = EVE, password: bytes = b"x") -> Check:
        """A login by these."""
        accounts = Accounts(self.clock, checkers, LIMITS.delay, guesses=self.guesses)
        tell = self.told.append
        return accounts.check(
            b"joe",
            password,
            lambda name: tell("in"),
            lambda reason: tell("out"),
            lambda: tell("busy"),
            peer,
            lambda: tell("barred"),
        )

    def no(self) -> Checker:
        return Checker(None)

    def test_waits_before(self) -> None:
        """Behind the free ones nobody looks at the password before the wait is over, right or wrong."""
        self.wrong(3)
        checker = Checker(b"joe")
        self.check(checker)
        self.assertEqual((checker.asked, self.told), ([], []))
        self.clock.advance(3.9)
        self.assertEqual((checker.asked, self.told), ([], []))
        self.clock.advance(0.1)
        self.assertEqual((len(checker.asked), self.told), (1, ["in"]))
        self.assertEqual(self.held(), 3)

    def test_barred(self) -> None:
        """Nobody is asked, and it is told at once."""
        self.wrong(8)
        checker = Checker(b"joe")
        self.check(checker)
        self.assertEqual((checker.asked, self.told), ([], ["barred"]))
        self.clock.advance(50)
        self.assertEqual(self.told, ["barred"])

    def test_refused(self) -> None:
        """A wrong one is a failure when it is known, not when it is told."""
        self.check(self.no())
        self.assertEqual((self.guesses.failures(EVE), self.told), (1, []))
        self.clock.advance(2)
        self.assertEqual(self.told, ["out"])

    def test_banned_meanwhile(self) -> None:
        """Behind a ban that comes before the answer nobody hears what it was, right or wrong."""
        for banned, who in ((self.bans.accounts, "joe"), (self.bans.peers, EVE)):
            slow: Deferred[bytes] = Deferred()
            self.check(self.no())
            self.check(Checker(slow))
            banned.add(who)
            slow.callback(b"joe")
            self.assertEqual(self.told, ["barred"])
            self.clock.advance(2)
            self.assertEqual(self.told, ["barred", "barred"])
            self.assertEqual(self.bans.known, set())
            self.assertEqual(self.held(), 1)
            banned.clear()
            self.told.clear()
            self.clock.advance(100)

    def test_gone(self) -> None:
        """Hanging up before the answer saves nothing; before anybody has looked it costs nothing."""
        self.check(Checker(Deferred())).cancel()
        self.assertEqual(self.guesses.failures(EVE), 1)
        self.wrong(3)
        waiting = self.check(Checker(b"joe"))
        waiting.cancel()
        self.assertEqual((self.held(), self.told), (4, []))
        self.clock.advance(99)
        self.assertEqual(self.told, [])

    def test_cannot_tell(self) -> None:
        """A directory that is down makes nobody guilty; one that says no beside it does."""
        check = self.check(Checker(CannotCheck("down")))
        self.assertEqual((self.held(), check.sure), (0, False))
        check = self.check(Checker(CannotCheck("down")), self.no())
        self.assertEqual((self.held(), check.sure), (1, False))
        self.assertTrue(self.check(self.no()).sure)

    def test_empty(self) -> None:
        """A password that no checker may see is a wrong one."""
        self.check(self.no(), password=b"")
        self.assertEqual(self.guesses.failures(EVE), 1)

    def test_hundred_at_once(self) -> None:
        """A hundred guesses at once are eight, of which two are looked at within two seconds."""
        checkers = [self.no() for _ in range(100)]
        for checker in checkers:
            self.check(checker)
        self.clock.pump([0.5] * 3)
        self.assertEqual(sum(len(checker.asked) for checker in checkers), 2)
        self.assertEqual(self.told.count("busy"), 92)
        self.clock.pump([0.5] * 40)
        self.assertEqual(sum(len(checker.asked) for checker in checkers), 8)
        self.told.clear()
        self.check(self.no())
        self.assertEqual(self.told, ["barred"])
