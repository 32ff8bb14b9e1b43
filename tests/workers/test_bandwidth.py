"""Limits of bandwidth that workers share: the parts of each, and what really moves."""

from __future__ import annotations

from time import monotonic
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Settings
from ftpalg.config.bandwidth import Bandwidth as Said
from ftpalg.core.events import Side
from ftpalg.core.rates import Rate
from ftpalg.net.bandwidth import Bandwidth
from ftpalg.net.bucket import BURST, PIECE, Bucket
from ftpalg.workers.bandwidth import ALL, OFTEN, Claim, Parts, part_of
from tests.net.test_bucket import Greedy, run
from tests.wire.crowd import CrowdClient, crowd
from tests.wire.filing import FilingServer, moved
from tests.workers.companies import WorkersCase
from tests.workers.test_board import boards

RATE = 1 << 20


class Of(SynchronousTestCase):
    """Who has which part."""

    def test_part(self) -> None:
        """As many transfers, so much; what slow ones leave goes to those that wait."""
        greedy, two, slow, slower = Claim(1, ALL), Claim(2, ALL), Claim(1, 10.0), Claim(4, 4.0)
        for own, others, expected in (
            (greedy, [], 1.0),
            (greedy, [two], 1 / 3),
            (two, [greedy], 2 / 3),
            (greedy, [slow], 0.9),
            (slow, [greedy], 0.5),
            (greedy, [slow, slower, greedy], 0.43),
            (slow, [slower], 96 / 100),
            (Claim(1, 60.0), [greedy], 0.5),
        ):
            self.assertAlmostEqual(part_of(100.0, own, others), expected, 7, (own, others))


class Looks(SynchronousTestCase):
    """Two workers that share an account's limit, by one clock."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.supervisor, *self.boards = boards(self, 2)
        said = Said(account_download=(Rate(RATE),))
        self.both = [Bandwidth(self.clock, Settings(bandwidth=said)) for _ in range(2)]
        self.now: list[Bandwidth | None] = list(self.both)
        self.parts = [
            Parts(self.clock, board, lambda at=at: self.now[at])  # type: ignore[misc]
            for at, board in enumerate(self.boards)
        ]
        for parts in self.parts:
            for _ in range(2):
                parts.begin()
            self.addCleanup(parts.stop)

    def bucket(self, at: int) -> Bucket:
        (found,) = self.both[at].shared("joe", "", Side.SERVER)
        return found

    def moves(self, at: int, most: int = 1 << 62) -> Greedy:
        """One more transfer of that worker."""
        bucket = self.bucket(at)
        bucket.users += 1
        one = Greedy(bucket, most)
        one.go_on()
        return one

    def test_settles(self) -> None:
        """From the next look on they have the rate together, each transfer as much; who is alone has all."""
        three = [self.moves(at) for at in (0, 0, 1)]
        run(self.clock, OFTEN + 0.1)
        before = [one.sum for one in three]
        run(self.clock, 10.0)
        sums = [one.sum - was for one, was in zip(three, before, strict=True)]
        self.assertLessEqual(sum(sums), RATE * (10 + BURST))
        for size in sums:
            self.assertAlmostEqual(size / (RATE * 10 / 3), 1.0, 1)
        assert three[2].place is not None
        three[2].place.cancel()
        self.bucket(1).users -= 1
        run(self.clock, 2 * OFTEN)
        before = [one.sum for one in three]
        run(self.clock, 10.0)
        found = sum(one.sum for one in three) - sum(before)
        self.assertAlmostEqual(found / (RATE * 10), 1.0, 1)
        self.assertEqual(self.bucket(1).rate, RATE // 3)

    def test_slow(self) -> None:
        """What a slow client leaves the others have."""
        self.bucket(0).users += 1
        fast = self.moves(1)
        for _ in range(100):
            self.bucket(0).take(1000)
            run(self.clock, 0.1)
        before = fast.sum
        for _ in range(100):
            self.bucket(0).take(1000)
            run(self.clock, 0.1)
        self.assertGreater(fast.sum - before, RATE * 10 * 0.95)

    def test_dead(self) -> None:
        """Of a dead worker's part nothing stays, nor of settings that limit no more."""
        self.moves(0)
        run(self.clock, 2 * OFTEN)
        self.assertEqual(self.bucket(1).rate, RATE)
        fast = self.moves(1)
        run(self.clock, 2 * OFTEN)
        self.assertEqual([self.bucket(at).rate for at in (0, 1)], [RATE // 2] * 2)
        self.parts[0].stop()
        self.supervisor.forget(1)
        run(self.clock, 2 * OFTEN)
        self.assertEqual((self.bucket(1).rate, fast.sum > 0), (RATE, True))
        self.now[1] = None
        run(self.clock, 2 * OFTEN)
        self.assertFalse(any(self.boards[0].columns[1]))

    def test_no_room(self) -> None:
        """Where the board has no room, or the lock cannot be had, each has what it had."""
        self.patch(self.boards[0].keys, "made", lambda digest: None)
        self.patch(self.boards[1], "lock", lambda: False)
        for at in (0, 1):
            self.moves(at)
        run(self.clock, 2 * OFTEN)
        self.assertEqual([self.bucket(at).rate for at in (0, 1)], [RATE, RATE])


class Moved(WorkersCase):
    """Real transfers."""

    SIZE, FILES, CLIENTS = 30_000, 10, 18

    async def gets(self, client: CrowdClient) -> tuple[int, str]:
        """Its downloads, one behind the other: how much came, and how the last one ended."""
        await client.enter()
        whole, how = 0, ""
        for _ in range(self.FILES):
            _, size, how = await moved(client, "127.0.0.1")
            whole += size
        return whole, how

    def test_total(self) -> None:
        """Three workers move no more in a second than the settings say, once they have looked."""
        filing = FilingServer(self.SIZE)
        rest = f"[bandwidth]\ntotal-download = '{RATE}B/s'\n"
        here = '"tcp:0:interface=127.0.0.1:backlog=1024"'
        text = self.company_text(rest, here, 3).replace(f":{self.server.port}", f":{filing.port}")
        gateway = self.begun(text).joined()
        began = monotonic()
        found: Any = crowd(gateway.address, "127.0.0.1", self.gets, self.CLIENTS)
        took = monotonic() - began
        self.assertEqual(found, {(self.FILES * self.SIZE, "end"): self.CLIENTS})
        before_they_look = 3 * OFTEN + 3 * (BURST + PIECE)
        least = self.CLIENTS * self.FILES * self.SIZE / RATE - before_they_look
        self.assertGreater(took, least)
