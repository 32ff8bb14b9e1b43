"""Two ledgers that are one: what each holds, and what both may."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.ledger import Bound, Line, Short
from ftpalg.net.rates import ALL, Event
from ftpalg.workers.board import WIDTH
from ftpalg.workers.ledger import WholeLedger
from tests.net.test_ledger import Drain
from tests.workers.test_board import boards

A, B, C = "192.0.2.1", "192.0.2.2", "192.0.2.3"
S = Line.SESSIONS


class LedgersCase(SynchronousTestCase):
    """Six sessions, four of a peer; four fit into one process."""

    now = 1_700_000_000.0

    def setUp(self) -> None:
        self.pressed: list[Short] = []
        self.supervisor, *self.boards = boards(self, 2)
        bounds = {
            S: Bound(4, 5),
            Line.MEMORY: Bound(100, 301),
            Line.DESCRIPTORS: Bound(2, 3),
            Line.HANDSHAKES: Bound(2, 3),
        }
        self.one, self.two = (
            WholeLedger(board, 6, bounds, 64, lambda: self.now, self.pressed.append)
            for board in self.boards
        )

    def locked_out(self) -> None:
        """Somebody else has the lock."""
        for board in self.boards:
            self.patch(board, "lock", lambda: False)


class Counts(LedgersCase):
    """Ask, grant, give back."""

    def test_of_one(self) -> None:
        """A peer's share is one, wherever it comes; who is refused is told what all hold."""
        found = [ledger.ask(A, S) for ledger in (self.one, self.two) * 3]
        self.assertEqual(found, [None] * 4 + [Short(S, 4, 4, of_one=True)] * 2)
        self.assertEqual((self.one.held(A, S), self.one.in_all(S)), (4, 2))
        self.assertEqual((self.two.elsewhere(A, S), dict(self.two.holders(S))), (2, {A: 2}))
        self.one.give(A, S)
        self.assertEqual([self.two.ask(A, S), self.two.held(A, S)], [None, 4])

    def test_in_all(self) -> None:
        """So is what all peers may have, and what fits into a process is that one's own."""
        for key in (A, B, C):
            self.assertIsNone(self.one.ask(key, S))
        self.assertIsNone(self.one.ask(C, S, 2))
        self.assertEqual(self.one.ask(B, S), Short(S, 5, 5, of_one=False))
        self.assertIsNone(self.two.ask(B, S))
        self.assertEqual(self.two.ask(B, S), Short(S, 6, 6, of_one=False))
        self.one.give(A, S)
        self.assertIsNone(self.two.ask(B, S))

    def test_another_bound(self) -> None:
        """Bounds that are given count what all hold."""
        bound = Bound(1)
        self.assertIsNone(self.one.ask("h", Line.OF_LISTENER, bound=bound))
        short = Short(Line.OF_LISTENER, 1, 1, of_one=True)
        self.assertEqual(self.two.ask("h", Line.OF_LISTENER, bound=bound), short)
        self.one.give("h", Line.OF_LISTENER)
        self.assertIsNone(self.two.ask("h", Line.OF_LISTENER, bound=bound))

    def test_unbound(self) -> None:
        """What has no limit is counted too: it may have one soon, and others want to know."""
        line = Line.OF_SERVER
        self.assertIsNone(self.one.ask("h:21", line))
        self.locked_out()
        self.assertIsNone(self.one.ask("h:21", line))
        self.assertEqual(self.two.elsewhere("h:21", line), 2)
        for board in self.boards:
            del board.lock
        self.two.renew({line: Bound(2)}, 64)
        self.assertEqual(self.two.ask("h:21", line), Short(line, 2, 2, of_one=True))

    def test_own(self) -> None:
        """Descriptors are each process's; of memory each has its part."""
        for ledger in (self.one, self.two):
            self.assertIsNone(ledger.ask(A, Line.DESCRIPTORS, 2))
            self.assertIsNone(ledger.ask(A, Line.MEMORY, 50))
            short = Short(Line.MEMORY, 50, 50, of_one=True)
            self.assertEqual(ledger.ask(A, Line.MEMORY), short)
            self.assertEqual(ledger.held(A, Line.MEMORY), 50)
            ledger.give(A, Line.DESCRIPTORS, 2)
        self.assertEqual(self.one.bound(Line.MEMORY), Bound(50, 150))

    def test_dead(self) -> None:
        """What a dead worker held is free; its successor begins with nothing."""
        for ledger in (self.one, self.two):
            ledger.ask(A, S, 2)
        self.supervisor.forget(1)
        self.assertIsNone(self.two.ask(A, S, 2))
        self.assertEqual(self.two.held(A, S), 4)

    def test_given_back_twice(self) -> None:
        """What is not held is not given back."""
        self.one.ask(A, S)
        self.assertRaises(ValueError, self.two.give, A, S)
        self.assertEqual(self.one.held(A, S), 1)

    def test_lingering(self) -> None:
        """What lingers here is reset for who asks here, and told; the asker's first."""
        line = Line.HANDSHAKES
        mine, other = Drain(self.one, A, line), Drain(self.one, B, line)
        self.assertIsNone(self.one.ask(A, line))
        self.assertIsNone(self.one.ask(A, line))
        self.assertEqual((mine.aborted, other.aborted), (True, False))
        self.assertIsNone(self.one.ask(C, line))
        self.assertTrue(other.aborted)
        shorts = [Short(line, 2, 2, of_one=True), Short(line, 3, 3, of_one=False)]
        self.assertEqual(self.pressed, shorts)
        self.assertEqual(self.two.ask(B, line), shorts[1])

    def test_turns(self) -> None:
        """They go on in the other."""
        self.assertEqual([self.one.turn("s"), self.two.turn("s"), self.one.turn("s")], [0, 1, 2])

    def test_no_lock(self) -> None:
        """Where the lock cannot be had it goes by what it knows, and is counted by the others again later."""
        self.assertIsNone(self.one.ask(A, S))
        self.locked_out()
        self.assertIsNone(self.one.ask(B, S))
        self.assertIsNone(self.one.ask(A, S))
        self.assertEqual([ledger.held(A, S) for ledger in (self.one, self.two)], [2, 2])
        self.assertEqual([ledger.held(B, S) for ledger in (self.one, self.two)], [1, 0])
        del self.boards[0].lock
        self.assertIsNone(self.one.ask(B, S))
        self.assertEqual(self.two.held(B, S), 2)
        self.one.give(B, S, 2)
        self.assertEqual(self.two.held(B, S), 0)

    def test_no_room(self) -> None:
        """Of a key that the board has no row for each counts its own."""
        for board in self.boards:
            self.patch(board.keys, "made", lambda digest: None)
        found = [self.one.ask(A, S, 4), self.one.ask(A, S), self.two.ask(A, S, 2)]
        self.assertEqual(found, [None, Short(S, 4, 4, of_one=True), None])
        self.assertEqual(self.two.ask(A, S), Short(S, 6, 6, of_one=False))
        self.one.give(A, S, 4)
        self.assertIsNone(self.two.ask(A, S))


class Rated(LedgersCase):
    """How often something may happen."""

    def spend(self, ledger: WholeLedger, key: str = A, of_one: float = 2.0) -> str | None:
        """A session."""
        return ledger.spend(Event.SESSION, (key, of_one), (ALL, 3.0))

    def test_whole(self) -> None:
        """A token that one takes the other has not; they come back with the time."""
        found = [self.spend(ledger) for ledger in (self.one, self.two) * 2]
        self.assertEqual(found, [None, None, A, A])
        self.assertEqual([self.spend(ledger, B) for ledger in (self.one, self.two)], [None, ALL])
        self.now += 0.5
        self.assertEqual([self.spend(self.two), self.spend(self.one)], [None, A])

    def test_refund(self) -> None:
        """What is given back is there for the other."""
        self.assertEqual([self.spend(self.one) for _ in range(3)], [None, None, A])
        self.one.refund(Event.SESSION, 1.0, (A, 2.0), (ALL, 3.0))
        self.assertIsNone(self.spend(self.two))

    def test_room(self) -> None:
        """Buckets that are full again make room for others."""
        for at in range(3):
            self.assertIsNone(self.spend(self.one, str(at)))
        board = self.boards[0]
        self.assertEqual(len(list(board.buckets)), 4)
        self.patch(board.buckets, "_parts", 1)
        for at in range(2 * WIDTH):
            self.assertIsNotNone(board.bucket(f"x {at}", self.now + 1))

    def test_no_lock(self) -> None:
        """Each has its own buckets meanwhile."""
        self.locked_out()
        self.assertEqual([self.spend(self.one) for _ in range(3)], [None, None, A])
        self.assertIsNone(self.spend(self.two))
        self.one.refund(Event.SESSION, 1.0, (A, 2.0))
        self.assertIsNone(self.spend(self.one, of_one=2.0))
