"""The day's book: whatever transfers ask and give back, no more is granted than there is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.quotas import Counted
from ftpalg.policy.quotas import LEAST, PART, Book, Row

FILES, BYTES = Counted.UPLOAD_FILES, Counted.UPLOAD_BYTES


class Granting(SynchronousTestCase):
    """Ask, grant, give back."""

    def setUp(self) -> None:
        self.book = Book(1)

    def test_files(self) -> None:
        """One at a time, up to the limit; what is given back unused is there again."""
        found = [self.book.grant("joe", FILES, 1, 3) for _ in range(5)]
        self.assertEqual(found, [1, 1, 1, 0, 0])
        self.book.settle("joe", FILES, 1, 0)
        self.assertEqual(self.book.grant("joe", FILES, 1, 3), 1)
        for _ in range(3):
            self.book.settle("joe", FILES, 1, 1)
        self.assertEqual(self.book.used("joe", FILES), 3)
        self.assertEqual(self.book.grant("joe", FILES, 1, 3), 0)
        self.assertEqual(self.book.held, {})

    def test_others(self) -> None:
        """Accounts and directions do not know each other's."""
        self.assertEqual(self.book.grant("joe", FILES, 1, 1), 1)
        self.assertEqual(self.book.grant("ann", FILES, 1, 1), 1)
        self.assertEqual(self.book.grant("joe", Counted.DOWNLOAD_FILES, 1, 1), 1)

    def test_unlimited(self) -> None:
        """Without a limit all that is asked for is granted, and counted."""
        self.assertEqual(self.book.grant("joe", BYTES, 10**12, 0), 10**12)
        self.book.settle("joe", BYTES, 10**12, 5)
        self.assertEqual(self.book.rows, (Row("joe", BYTES, 5),))

    def test_pieces(self) -> None:
        """Nobody is granted all that is left, unless that is little."""
        limit = 100 * LEAST
        self.assertEqual(self.book.grant("joe", BYTES, limit, limit), limit // PART)
        self.book.settle("joe", BYTES, limit // PART, limit - 10)
        self.assertEqual(self.book.grant("joe", BYTES, LEAST, limit), 10)
        self.assertEqual(self.book.grant("joe", BYTES, 1, limit), 0)

    def test_lowered(self) -> None:
        """A limit below what is used grants nothing, and takes nothing away."""
        self.book.grant("joe", FILES, 1, 5)
        self.book.settle("joe", FILES, 1, 1)
        self.book.grant("joe", FILES, 1, 5)
        self.assertEqual(self.book.grant("joe", FILES, 1, 1), 0)

    def test_too_much_back(self) -> None:
        """What was not granted is not given back."""
        self.book.grant("joe", BYTES, 5, 0)
        self.assertRaises(ValueError, self.book.settle, "joe", BYTES, 6, 0)

    @given(st.integers(1, 20), st.lists(st.tuples(st.integers(0, 7), st.booleans()), max_size=200))
    def test_never_more(self, limit: int, steps: list[tuple[int, bool]]) -> None:
        """Eight transfers begin and end as they like: used and held are never more than the limit, and
        nothing is lost."""
        book, holds, complete = Book(1), set[int](), 0
        for who, good in steps:
            if who in holds:
                holds.discard(who)
                book.settle("joe", FILES, 1, int(good))
                complete += good
            elif book.grant("joe", FILES, 1, limit):
                holds.add(who)
            else:
                self.assertEqual(complete + len(holds), limit)
            self.assertEqual(book.used("joe", FILES), complete)
            self.assertEqual(book.held.get(("joe", FILES), 0), len(holds))
            self.assertLessEqual(complete + len(holds), limit)

    @given(
        st.integers(1, 10**7),
        st.lists(st.tuples(st.integers(0, 3), st.integers(1, 2**21), st.floats(0, 1)), max_size=80),
    )
    def test_never_more_bytes(self, limit: int, steps: list[tuple[int, int, float]]) -> None:
        """The same of bytes, of which a part is used; who alone asks on comes to all of them."""
        book, held = Book(1), dict.fromkeys(range(4), 0)
        for who, size, part in steps:
            got = book.grant("joe", BYTES, size, limit)
            self.assertLessEqual(got, size)
            held[who] += got
            self.assertLessEqual(book.used("joe", BYTES) + sum(held.values()), limit)
            used = int(held[who] * part)
            book.settle("joe", BYTES, held[who], used)
            held[who] = 0
        while got := book.grant("joe", BYTES, 1 << 20, limit):
            book.settle("joe", BYTES, got, got)
        self.assertEqual(book.used("joe", BYTES), limit)


class Days(SynchronousTestCase):
    """A new day, a clock that is set, a restart, an order."""

    def setUp(self) -> None:
        self.book = Book(10)
        for _ in range(2):
            self.book.grant("joe", FILES, 1, 0)
        self.book.settle("joe", FILES, 1, 1)

    def test_midnight(self) -> None:
        """What was used is forgotten, what is under way is not: it counts for the day on which it ends."""
        self.assertFalse(self.book.turn(10))
        self.assertTrue(self.book.turn(11))
        self.assertEqual(self.book.rows, ())
        self.assertEqual(self.book.grant("joe", FILES, 1, 1), 0)
        self.book.settle("joe", FILES, 1, 1)
        self.assertEqual(self.book.used("joe", FILES), 1)

    def test_clock_set_back(self) -> None:
        """Nothing is forgotten, and the next midnight is one again."""
        self.book.turn(3)
        self.assertEqual(self.book.used("joe", FILES), 1)
        self.book.turn(4)
        self.assertEqual(self.book.used("joe", FILES), 0)

    def test_restored(self) -> None:
        """What was kept of today counts beside what has been used since; yesterday's does not, and one of
        a day to come does: a clock has been set back."""
        for day, used in ((9, 1), (10, 5), (11, 9)):
            self.book.restore(day, [Row("joe", FILES, 4)])
            self.assertEqual(self.book.used("joe", FILES), used)

    def test_forgotten(self) -> None:
        """An account's day begins anew; where there is nothing to forget that is said."""
        self.book.restore(10, [Row("joe", BYTES, 4), Row("ann", BYTES, 4)])
        self.assertTrue(self.book.forget("joe"))
        self.assertFalse(self.book.forget("joe"))
        self.assertEqual(self.book.rows, (Row("ann", BYTES, 4),))
