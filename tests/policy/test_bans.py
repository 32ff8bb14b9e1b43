"""Scores and bans: the clock is an argument."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.bans import Ban, Kind, Offence, Who
from ftpalg.policy.bans import DOUBLINGS, Book, Scheme

EVE, MALLORY = Who(Kind.PEER, "192.0.2.1"), Who(Kind.PEER, "2001:db8::/64")
JOE = Who(Kind.ACCOUNT, "joe")
WRONG, UNKNOWN, NO_FTP = Offence.WRONG_PASSWORD, Offence.UNKNOWN_ACCOUNT, Offence.NO_FTP
SCHEME = Scheme(
    {**dict.fromkeys(Offence, 1), UNKNOWN: 2, NO_FTP: 0},
    threshold=4,
    account_threshold=6,
    observation=400.0,
    time=100.0,
    longest=1000.0,
    remember=5000.0,
    most=3,
)


class BookCase(SynchronousTestCase):
    """A book in which nothing stands."""

    def setUp(self) -> None:
        self.book = Book(SCHEME)

    def offend(self, who: Who, times: int, now: float, offence: Offence = WRONG) -> Ban | None:
        """The last of so many."""
        last = None
        for _ in range(times):
            last = self.book.offend(who, offence, now)
        return last


class Scores(BookCase):
    """What adds up, and runs out."""

    def test_threshold(self) -> None:
        """The one that reaches it bans, the one before does not."""
        self.assertIsNone(self.offend(EVE, 3, 10.0))
        self.assertIsNone(self.book.of(EVE, 10.0))
        ban = self.offend(EVE, 1, 10.0)
        self.assertEqual(ban, Ban(EVE, 10.0, 110.0, 1, WRONG))
        self.assertEqual(self.book.of(EVE, 109.9), ban)
        self.assertIsNone(self.book.of(EVE, 110.0))

    def test_banned_last(self) -> None:
        """Of the scores that go where there are too many, one of a new ban is the last."""
        self.offend(EVE, 1, 10.0)
        self.offend(MALLORY, 1, 10.0)
        self.book.add(EVE, 1.0, 10.0)
        for name in ("a", "b"):
            self.offend(Who(Kind.PEER, name), 1, 10.0)
        self.assertEqual(self.book.points(MALLORY, 10.0), 0)
        self.assertEqual(self.book.add(EVE, 1.0, 12.0).times, 2)

    def test_clock_set_back(self) -> None:
        """Who was banned in a year to come is not until then: as long as the ban is."""
        self.book.add(EVE, 100.0, 1e9)
        self.book.add(JOE, 50.0, 1e9)
        self.assertEqual(self.book.of(EVE, 1000.0), Ban(EVE, 1000.0, 1100.0, 1))
        self.assertEqual(self.book.over(1000.0), [])
        self.assertEqual([ban.until for ban in self.book.bans], [1100.0, 1050.0])
        self.assertEqual([ban.who for ban in self.book.over(1050.0)], [JOE])
        self.assertIsNone(self.book.of(EVE, 1100.0))

    def test_weights(self) -> None:
        """Each offence has its own; at 0 it is none, though it comes a thousand times."""
        self.assertIsNotNone(self.offend(EVE, 2, 10.0, UNKNOWN))
        self.assertIsNone(self.offend(MALLORY, 1000, 10.0, NO_FTP))
        self.assertEqual(self.book.points(MALLORY, 10.0), 0)

    def test_runs_out(self) -> None:
        """A whole threshold within the time of observation, evenly; below nothing there is nothing."""
        self.offend(EVE, 3, 0.0)
        self.assertEqual(self.book.points(EVE, 100.0), 2.0)
        self.assertEqual(self.book.points(EVE, 9999.0), 0.0)
        self.assertIsNone(self.offend(EVE, 1, 100.0))
        self.assertIsNotNone(self.offend(EVE, 1, 100.0))

    def test_moments(self) -> None:
        """What has run out between quick offences does not make it one more: four of four ban."""
        for at in range(3):
            self.assertIsNone(self.offend(EVE, 1, 10.0 + at / 10))
        self.assertIsNotNone(self.offend(EVE, 1, 10.3))

    def test_slow_enough(self) -> None:
        """One each hundred seconds never adds up."""
        for at in range(0, 100000, 100):
            self.assertIsNone(self.offend(EVE, 1, float(at)))

    def test_a_clock_that_goes_back(self) -> None:
        """Nothing is added for it."""
        self.offend(EVE, 3, 1000.0)
        self.assertEqual(self.book.points(EVE, 500.0), 3.0)

    def test_apart(self) -> None:
        """Everybody has a score of their own, and an account another threshold."""
        self.offend(EVE, 3, 0.0)
        self.assertIsNone(self.offend(MALLORY, 3, 0.0))
        self.assertIsNone(self.offend(JOE, 5, 0.0))
        self.assertIsNotNone(self.offend(JOE, 1, 0.0))

    def test_no_threshold(self) -> None:
        """At 0 nobody is counted."""
        self.book = Book(SCHEME._replace(account_threshold=0))
        self.assertIsNone(self.offend(JOE, 100, 0.0))
        self.assertEqual(self.book.points(JOE, 0.0), 0.0)

    def test_banned_already(self) -> None:
        """A ban is not made longer while it holds."""
        ban = self.offend(EVE, 4, 0.0)
        self.assertIsNone(self.offend(EVE, 100, 50.0))
        self.assertEqual(self.book.of(EVE, 50.0), ban)

    def test_bounded(self) -> None:
        """The score that was touched longest ago goes first."""
        for who, at in ((EVE, 0.0), (JOE, 1.0), (MALLORY, 2.0), (EVE, 3.0)):
            self.book.offend(who, WRONG, at)
        self.book.offend(Who(Kind.PEER, "192.0.2.9"), WRONG, 4.0)
        self.assertEqual(self.book.points(JOE, 4.0), 0.0)
        self.assertGreater(self.book.points(EVE, 4.0), 1.0)


class Bans(BookCase):
    """How long, and what becomes of them."""

    def lengths(self, *begins: float) -> list[float]:
        """Of bans that begin then."""
        found = []
        for begin in begins:
            ban = self.offend(EVE, 4, begin)
            assert ban is not None
            found.append(ban.until - ban.since)
        return found

    def test_growing(self) -> None:
        """Twice as long each time, up to the longest."""
        self.assertEqual(
            self.lengths(0, 200, 500, 1000, 2000, 3001), [100, 200, 400, 800, 1000, 1000]
        )

    def test_forgotten(self) -> None:
        """After as long without any as the longest is it begins anew."""
        self.assertEqual(self.lengths(0, 100 + 1000), [100, 200])
        self.book = Book(SCHEME)
        self.assertEqual(self.lengths(0, 100 + 1001), [100, 100])

    def test_many_times(self) -> None:
        """However often it was, there is no overflow."""
        self.book.restore((Ban(EVE, 0.0, 1.0, 10**6, WRONG),))
        self.assertEqual(self.lengths(2.0), [1000])
        self.assertGreater(2**DOUBLINGS, 10**12)

    def test_ended(self) -> None:
        """Those that are over are taken out once."""
        self.offend(EVE, 4, 0.0)
        self.offend(MALLORY, 4, 50.0)
        self.assertEqual([ban.who for ban in self.book.over(100.0)], [EVE])
        self.assertEqual(self.book.over(100.0), [])
        self.assertEqual([ban.who for ban in self.book.bans], [MALLORY])
        self.assertFalse(self.book.empty)
        self.book.over(150.0)
        self.assertTrue(self.book.empty)

    def test_operators(self) -> None:
        """As long as was said, instead of another; a removal forgets the score, too."""
        self.offend(EVE, 4, 0.0)
        ban = self.book.add(EVE, 5000.0, 10.0)
        self.assertEqual((ban.until, ban.offence, len(self.book.bans)), (5010.0, None, 1))
        self.assertEqual(self.book.remove(EVE), ban)
        self.assertIsNone(self.book.remove(EVE))
        self.assertIsNone(self.offend(EVE, 3, 10.0))
        self.book.remove(EVE)
        self.assertIsNone(self.offend(EVE, 3, 10.0))

    def test_too_many(self) -> None:
        """Those that end first go."""
        self.assertEqual(self.book.surplus(), [])
        for at, seconds in enumerate((50, 10, 40, 20, 30)):
            self.book.add(Who(Kind.PEER, f"192.0.2.{at}"), seconds, 0.0)
        self.assertEqual([ban.until for ban in self.book.surplus()], [10, 20])
        self.assertEqual(self.book.surplus(), [])
        self.assertEqual(len(self.book.bans), 3)


class AtHome(BookCase):
    """From where accounts have logged in."""

    def test_known(self) -> None:
        """That account, from there, until it is forgotten."""
        self.assertTrue(self.book.right("joe", "192.0.2.1", 10.0))
        self.assertTrue(self.book.knows("joe", "192.0.2.1", 5010.0))
        self.assertFalse(self.book.knows("joe", "192.0.2.1", 5010.1))
        self.assertFalse(self.book.knows("joe", "192.0.2.2", 10.0))
        self.assertFalse(self.book.knows("ann", "192.0.2.1", 10.0))

    def test_again(self) -> None:
        """Another login from there makes it last, and is no news."""
        self.book.right("joe", "192.0.2.1", 10.0)
        self.assertFalse(self.book.right("joe", "192.0.2.1", 4000.0))
        self.assertTrue(self.book.knows("joe", "192.0.2.1", 9000.0))
        self.assertTrue(self.book.right("joe", "192.0.2.1", 9001.0))

    def test_bounded(self) -> None:
        """The place of the login that was longest ago goes first."""
        for at, name in enumerate(("a", "b", "c", "a", "d")):
            self.book.right(name, "192.0.2.1", float(at))
        self.assertEqual([account for account, _, _ in self.book.known], ["c", "a", "d"])
