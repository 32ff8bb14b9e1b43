"""A token bucket by a clock of its own."""

from __future__ import annotations

from collections import Counter
from datetime import UTC
from functools import partial
from itertools import accumulate
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.rates import Rate, Rates, rate_of
from ftpalg.net.bucket import BURST, LARGEST, PIECE, SERVED, SMALLEST, Bucket, Waiting

RATE = 1 << 20
BERLIN = ZoneInfo("Europe/Berlin")


def bucket(clock: Clock, *rates: Rate | str) -> Bucket:
    """One of these rates, in UTC."""
    found: Rates = tuple(rate_of(one) if isinstance(one, str) else one for one in rates)
    return Bucket(clock, found, UTC)


class Greedy:
    """Somebody who takes all that he gets, and counts it."""

    def __init__(self, limit: Bucket, most: int = 1 << 62) -> None:
        self.limit, self.most = limit, most
        self.sum = 0
        self.place: Waiting | None = None

    def go_on(self) -> None:
        while self.sum < self.most:
            size = self.limit.piece
            taken = self.limit.take(size)
            if not taken:
                self.place = self.limit.wait(size, partial(self.come, size))
                return
            self.sum += taken

    def come(self, size: int) -> None:
        self.place = None
        self.sum += size
        self.go_on()


def empty(limit: Bucket) -> None:
    """Take all that it holds."""
    while limit.take(limit.piece):
        pass


def run(clock: Clock, seconds: float, step: float = 0.001) -> None:
    """So much time passes."""
    for _ in range(round(seconds / step)):
        clock.advance(step)


class One(SynchronousTestCase):
    """Who is alone."""

    def setUp(self) -> None:
        self.clock = Clock()

    def test_rate(self) -> None:
        """A hundred seconds' bytes are the rate's, to a piece: nothing drifts, however time steps."""
        for step in (0.007, 0.05, 0.2):
            clock = Clock()
            one = Greedy(bucket(clock, Rate(RATE)))
            one.go_on()
            run(clock, 100.0, step)
            wanted = RATE * (clock.seconds() + PIECE)
            self.assertLessEqual(abs(one.sum - wanted), RATE * (PIECE + step))

    def test_late(self) -> None:
        """A reactor that was busy for longer than the burst lends nothing for that time."""
        one = Greedy(bucket(self.clock, Rate(RATE)))
        one.go_on()
        self.clock.advance(10.0)
        self.clock.pump([0.0] * 50)
        self.assertLessEqual(one.sum, 2 * RATE * BURST)

    def test_clock_set_back(self) -> None:
        """It grants nothing for it, and goes on from there."""
        self.clock.advance(1000.0)
        limit = bucket(self.clock, Rate(RATE))
        empty(limit)
        self.clock.rightNow -= 900.0
        self.assertEqual(limit.take(limit.piece), 0)
        self.clock.advance(PIECE + 0.001)
        self.assertEqual(limit.take(limit.piece), limit.piece)

    def test_wakes_up_seldom(self) -> None:
        """Its timer fires some fifty times a second, not for each byte."""
        limit = bucket(self.clock, Rate(RATE))
        one = Greedy(limit)
        one.go_on()
        calls: list[float] = []
        later = self.clock.callLater

        def counted(delay: float, *what: object) -> object:
            calls.append(delay)
            return later(delay, *what)  # type: ignore[arg-type]

        self.patch(self.clock, "callLater", counted)
        run(self.clock, 1.0)
        self.assertTrue(20 <= len(calls) <= 60, len(calls))

    def test_pieces(self) -> None:
        """A piece is what the rate gives in a fiftieth of a second, within bounds."""
        for rate, piece in (
            (1024, SMALLEST),
            (RATE, int(RATE * PIECE)),
            (1 << 40, LARGEST),
        ):
            limit = bucket(self.clock, Rate(rate))
            self.assertEqual((limit.rate, limit.piece), (rate, piece))
            self.assertGreaterEqual(limit.most, limit.piece)
        free = bucket(self.clock)
        self.assertEqual((free.piece, free.most, free.full), (LARGEST, LARGEST, True))

    def test_given_back(self) -> None:
        """What was not used is there again, and no more than the bucket holds."""
        limit = bucket(self.clock, Rate(RATE))
        self.assertTrue(limit.full)
        empty(limit)
        self.assertFalse(limit.full)
        self.setUp()
        limit = bucket(self.clock, Rate(RATE))
        limit.take(1000)
        limit.give_back(1000)
        self.assertTrue(limit.full)
        limit.give_back(1 << 40)
        one = Greedy(limit)
        one.go_on()
        self.assertLessEqual(one.sum, RATE * BURST)

    def test_left(self) -> None:
        """Who leaves gets nothing, and the last one takes the timer with him; twice is no harm."""
        limit = bucket(self.clock, Rate(RATE))
        many = [Greedy(limit) for _ in range(3)]
        for one in many:
            one.go_on()
        places = [one.place for one in many]
        self.assertNotIn(None, places)
        before = [one.sum for one in many]
        for place in places:
            assert place is not None
            place.cancel()
            place.cancel()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        run(self.clock, 1.0)
        self.assertEqual([one.sum for one in many], before)

    def test_bounded_turn(self) -> None:
        """However much has come together, one turn serves a bounded number; the next one goes on."""
        limit = bucket(self.clock, Rate(1 << 30))
        empty(limit)
        served: list[int] = []
        for at in range(3 * SERVED):
            limit.wait(limit.piece, partial(served.append, at))
        self.clock.rightNow += 1.0
        self.clock.calls[0].func()
        self.assertEqual(served, list(range(SERVED)))
        self.clock.calls.pop(0)
        self.clock.advance(0)
        self.assertEqual(served, list(range(3 * SERVED)))


class Many(SynchronousTestCase):
    """Who shares."""

    def shares(self, many: int, seconds: float) -> list[int]:
        """What each of so many gets, of whom the first was there alone before."""
        clock = Clock()
        limit = bucket(clock, Rate(RATE))
        first = Greedy(limit)
        first.go_on()
        run(clock, 1.0)
        all_of_them = [first, *(Greedy(limit) for _ in range(many - 1))]
        before = first.sum
        for one in all_of_them[1:]:
            one.go_on()
        run(clock, seconds, 0.01)
        found = [one.sum for one in all_of_them]
        found[0] -= before
        return found

    def test_hundred(self) -> None:
        """A hundred have equal shares within 10 %, whoever came first, and all of it together."""
        found = self.shares(100, 60.0)
        wanted = 60.0 * RATE / 100
        self.assertTrue(all(0.9 * wanted <= one <= 1.1 * wanted for one in found), sorted(found))
        self.assertLessEqual(abs(sum(found) - 60.0 * RATE), 0.01 * 60.0 * RATE)

    def test_order(self) -> None:
        """Nobody is served again before all who wait were."""
        clock = Clock()
        limit = bucket(clock, Rate(RATE))
        order: list[int] = []

        def ask(name: int) -> None:
            order.append(name)
            while limit.take(limit.piece):
                pass
            limit.wait(limit.piece, lambda: ask(name))

        for name in range(10):
            ask(name)
        order.clear()
        run(clock, 2.0)
        rounds = [order[at : at + 10] for at in range(0, len(order) - 9, 10)]
        self.assertGreater(len(rounds), 5)
        for one in rounds:
            self.assertEqual(Counter(one), Counter(range(10)))

    @settings(max_examples=150, deadline=None)
    @given(
        st.integers(1024, 1 << 24),
        st.lists(
            st.tuples(st.floats(0.0005, 0.5), st.integers(0, 3), st.integers(1, 8)),
            min_size=1,
            max_size=30,
        ),
    )
    def test_bound(self, rate: int, steps: list[tuple[float, int, int]]) -> None:
        """Whoever asks for whatever, leaves, and gives back: in any window it is rate and burst."""
        clock = Clock()
        limit = bucket(clock, Rate(rate))
        granted: list[tuple[float, int]] = [(0.0, 0)]
        places: list[Waiting] = []
        for wait, kind, part in steps:
            size = max(limit.most // part, 1)
            if kind == 0 and places:
                places.pop().cancel()
            elif kind == 1 and granted[-1][1] >= size:
                limit.give_back(size)
                granted.append((clock.seconds(), -size))
            else:

                def grant(size: int = size) -> None:
                    granted.append((clock.seconds(), size))

                taken = limit.take(size)
                if taken:
                    grant(taken)
                else:
                    places.append(limit.wait(size, grant))
            clock.advance(wait)
        sums = list(accumulate(size for _, size in granted))
        burst = max(rate * BURST, SMALLEST)
        for begin in range(1, len(granted)):
            for end in range(begin, len(granted)):
                moved = sums[end] - sums[begin - 1]
                back = sum(-size for _, size in granted[begin : end + 1] if size < 0)
                window = granted[end][0] - granted[begin][0]
                self.assertLessEqual(moved + back, rate * window + burst + back + 1e-3 * rate + 1)

    def test_newcomer(self) -> None:
        """Who comes while others wait gets nothing before them, however much there is meanwhile."""
        clock = Clock()
        limit = bucket(clock, Rate(RATE))
        empty(limit)
        served: list[str] = []
        limit.wait(limit.piece, partial(served.append, "first"))
        clock.rightNow += 0.2  # the reactor is late
        self.assertEqual(limit.take(limit.piece), 0)
        clock.advance(0)
        self.assertEqual(served, ["first"])
        self.assertGreater(limit.take(limit.piece), 0)


class Times(SynchronousTestCase):
    """Rates that change with the time of the week; the clocks of tests begin on a Thursday."""

    def test_windows(self) -> None:
        """In each window its own rate, to whoever waits as well, and none where none holds."""
        clock = Clock()
        limit = bucket(clock, "64KiB/s 00:01-00:02", "128KiB/s 00:02-00:03")
        self.assertEqual(limit.rate, 0)
        clock.advance(60.0)
        one = Greedy(limit)
        one.go_on()
        run(clock, 60.0, 0.01)
        self.assertLessEqual(abs(one.sum - 65536 * 60), 16384)
        before = one.sum
        run(clock, 60.0, 0.01)
        self.assertLessEqual(abs(one.sum - before - 131072 * 60), 32768)
        one.most = one.sum + 10 * LARGEST
        clock.pump([0.05] * 3)
        self.assertGreaterEqual(one.sum, one.most, "nothing limits it now")
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_sizes(self) -> None:
        """What may be asked for follows the window, whatever is looked at first."""
        for look in ("piece", "most"):
            clock = Clock()
            limit = bucket(clock, "64KiB/s 00:00-00:01", "128KiB/s")
            before = getattr(limit, look)
            clock.advance(60.0)
            self.assertLessEqual(abs(getattr(limit, look) - 2 * before), 1, look)

    def test_zone(self) -> None:
        """The clocks are those of the zone, its summer time too."""
        for day, hour in ((1 << 14, 8), (16384 + 180, 8)):  # 2014-11-10, 2015-05-09
            clock = Clock()
            clock.rightNow = day * 86400.0
            limit = Bucket(clock, (rate_of("2KiB/s 08:00-09:00"), Rate(4096)), BERLIN)
            found = []
            for _ in range(24):
                found.append(limit.rate)
                clock.advance(3600.0)
            offset = 1 if day == 1 << 14 else 2
            self.assertEqual(found.index(2048), hour - offset)
            self.assertEqual(found.count(2048), 1)

    def test_changed(self) -> None:
        """New rates hold at once for who waits: a faster one, one that his piece is too large for, none."""
        clock = Clock()
        limit = bucket(clock, Rate(1024))
        one = Greedy(limit)
        one.go_on()
        clock.advance(0.1)
        before = one.sum
        limit.change((Rate(1 << 20),), UTC)
        run(clock, 0.1)
        self.assertGreater(one.sum - before, 50_000)
        limit.change((Rate(1024),), UTC)
        before = one.sum
        run(clock, 30.0, 0.01)
        self.assertGreater(one.sum, before)
        self.assertLess(one.sum - before, 30 * 1024 + 2 * (1 << 15))
        one.most = one.sum + 5 * LARGEST
        limit.change((), UTC)
        clock.advance(0)
        self.assertGreaterEqual(one.sum, one.most)
        self.assertEqual(clock.getDelayedCalls(), [])
