"""What workers count together: rows, columns, the lock."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import count
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.workers import board as module
from ftpalg.workers.board import LONGEST, WIDTH, Board, Rows
from tests.wire.gateways import TREE

HOLDS = (
    "import fcntl, sys\n"
    "fcntl.lockf(int(sys.argv[1]), fcntl.LOCK_EX)\n"
    "print('holds', flush=True)\n"
    "sys.stdin.read()\n"
)


def boards(case: SynchronousTestCase, workers: int) -> list[Board]:
    """The supervisor's, and that of each worker."""
    first = Board.made(workers)
    case.addCleanup(os.close, first.descriptor)
    return [first, *(Board(first.descriptor, workers, at) for at in range(1, workers + 1))]


class Columns(SynchronousTestCase):
    """Three workers."""

    def test_sums(self) -> None:
        """Each writes its own, all read the sum; what a dead one held is free, and that of no other."""
        supervisor, one, two, three = boards(self, 3)
        row = one.keys.made(one.digest("a"))
        assert row is not None
        self.assertEqual(
            [row] * 2, [two.keys.made(two.digest("a")), three.keys.found(two.digest("a"))]
        )
        one.own[row], two.own[row], three.own[row] = 5, 7, 1 << 40
        two.held[1][9] = 3
        self.assertEqual(one.sum(row), 12 + (1 << 40))
        supervisor.forget(3)
        self.assertEqual((two.sum(row), one.held[1][9]), (12, 3))
        supervisor.forget(2)
        self.assertEqual((two.sum(row), one.held[1][9]), (5, 0))

    def test_secret(self) -> None:
        """Nobody outside knows which keys are alike: another gateway has other digests."""
        first, second = boards(self, 1)[0], boards(self, 1)[0]
        self.assertNotEqual(first.digest("a"), second.digest("a"))

    def test_turns(self) -> None:
        """They are taken by all workers in turn."""
        _, one, two = boards(self, 2)
        self.assertEqual([each.turn("s t") for each in (one, two, two, one)], [0, 1, 2, 3])
        self.assertEqual(two.turn("other"), 0)


class Table(SynchronousTestCase):
    """Which key has which row."""

    def setUp(self) -> None:
        self.free: set[int] = set()
        self.rows = Rows(memoryview(bytearray(16 * WIDTH)).cast("Q"), self.free.__contains__)

    def test_same(self) -> None:
        """A key keeps its row; one that has none has none."""
        found = {digest: self.rows.made(digest) for digest in (2, 4, 3, 5)}
        self.assertEqual(found, {2: 0, 4: 1, 3: WIDTH, 5: WIDTH + 1})
        self.assertEqual([self.rows.found(digest) for digest in (2, 5, 7)], [0, WIDTH + 1, None])
        self.assertEqual(list(self.rows), [0, 1, WIDTH, WIDTH + 1])

    def test_full(self) -> None:
        """Where a part is full those that nobody needs make room; else there is none, elsewhere there is."""
        for digest in range(2, 2 * WIDTH + 2, 2):
            self.assertIsNotNone(self.rows.made(digest))
        self.assertIsNone(self.rows.made(2 * WIDTH + 2))
        self.assertEqual(self.rows.made(1), WIDTH)
        self.free.add(7)
        self.assertEqual(self.rows.made(2 * WIDTH + 2), 7)
        self.assertIsNone(self.rows.found(16))


class Locks(SynchronousTestCase):
    """Another process holds it."""

    def setUp(self) -> None:
        self.board, _ = boards(self, 1)
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDS, str(self.board.descriptor)],
            env={**os.environ, "PYTHONPATH": str(TREE)},
            pass_fds=[self.board.descriptor],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        for done in (self.process.wait, self.process.stdout.close, self.process.stdin.close):
            self.addCleanup(done)
        self.assertEqual(self.process.stdout.readline(), b"holds\n")

    def test_held(self) -> None:
        """It is waited for, not long, and then for a while not at all; a dead one holds nothing."""
        with self.board.locked() as locked:
            self.assertFalse(locked)
        with patch("os.sched_yield") as yields:
            self.assertFalse(self.board.lock())
            self.assertFalse(yields.called)
            with patch.object(module, "monotonic", count(self.board._tried, LONGEST / 2).__next__):
                self.assertFalse(self.board.lock())
            self.assertTrue(yields.called)
        self.process.kill()
        self.process.wait()
        self.assertTrue(self.board.lock())
        self.board.unlock()

    def test_free_meanwhile(self) -> None:
        """Who waits has it as soon as it is free."""

        def dies() -> None:
            self.process.kill()
            self.process.wait()

        with patch("os.sched_yield", dies):
            self.assertTrue(self.board.lock())
