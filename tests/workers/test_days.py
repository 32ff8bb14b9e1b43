"""The day of every account over all workers: the book, and what really moves."""

from __future__ import annotations

import json
import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.quotas import Counted
from ftpalg.policy.quotas import LEAST, PART, Row
from ftpalg.workers.days import WholeBook
from tests.wire.crowd import CrowdClient, crowd
from tests.wire.filing import FilingServer, admitted, moved
from tests.wire.gateways import STARTS
from tests.workers.companies import KILL, Company, WorkersCase
from tests.workers.test_board import boards

FILES, BYTES = Counted.UPLOAD_FILES, Counted.UPLOAD_BYTES
LONG = "\U0001f600" * 128
"""The longest name there is."""


class Books(SynchronousTestCase):
    """The supervisor's and those of two workers, on one board."""

    def setUp(self) -> None:
        self.board, *self.each = boards(self, 2)
        self.kept, self.one, self.two = map(WholeBook, (self.board, *self.each))
        self.assertTrue(self.kept.turn(7))

    def test_granted(self) -> None:
        """What one has been granted the other has not; what is given back is there for it."""
        found = [book.grant("joe", FILES, 1, 3) for book in (self.one, self.two) * 2]
        self.assertEqual(found, [1, 1, 1, 0])
        self.one.settle("joe", FILES, 1, 1)
        self.two.settle("joe", FILES, 1, 0)
        self.assertEqual([self.two.grant("joe", FILES, 1, 3) for _ in range(2)], [1, 0])
        self.assertEqual([book.used("joe", FILES) for book in (self.two, self.kept)], [1, 1])
        self.assertEqual(self.two.grant("ann", FILES, 1, 1), 1)

    def test_parts(self) -> None:
        """Of bytes a part of what all have left is granted, and all without a limit."""
        left = LEAST * PART * 2
        self.assertEqual(self.one.grant("joe", BYTES, left, left), left // PART)
        self.assertEqual(self.two.grant("joe", BYTES, left, left), (left - left // PART) // PART)
        self.assertEqual(self.two.grant("joe", BYTES, left, 0), left)

    def test_not_held(self) -> None:
        """More than was granted is not given back."""
        self.one.grant("joe", BYTES, 5, 0)
        self.assertRaises(ValueError, self.two.settle, "joe", BYTES, 1, 1)
        self.assertRaises(ValueError, self.one.settle, "joe", BYTES, 6, 6)

    def test_dead(self) -> None:
        """What a dead worker was granted is free, what it has used is used."""
        self.one.grant("joe", BYTES, 60, 100)
        self.one.settle("joe", BYTES, 20, 20)
        self.assertEqual(self.two.grant("joe", BYTES, 100, 100), 40)
        self.board.forget(1)
        self.assertEqual(self.two.grant("joe", BYTES, 100, 100), 40)
        self.assertEqual(self.two.used("joe", BYTES), 20)

    def test_kept(self) -> None:
        """The supervisor knows who has used what, and that it is more; what was kept counts."""
        before = self.kept.changes
        self.one.grant(LONG, BYTES, 5, 0), self.two.grant("joe", FILES, 1, 0)
        self.assertEqual(self.kept.changes, before)
        self.one.settle(LONG, BYTES, 5, 5)
        self.assertNotEqual(self.kept.changes, before)
        self.two.settle("joe", FILES, 1, 1)
        rows = {Row(LONG, BYTES, 5), Row("joe", FILES, 1)}
        self.assertEqual(set(self.kept.rows), rows)
        self.kept.restore(6, [Row("joe", FILES, 9)])
        self.kept.restore(7, [Row("joe", FILES, 2), Row("ann", FILES, 4)])
        self.assertEqual([self.one.used(name, FILES) for name in ("joe", "ann")], [3, 4])

    def test_forgotten(self) -> None:
        """A day that begins anew does for all."""
        self.one.grant("joe", FILES, 1, 0)
        self.one.settle("joe", FILES, 1, 1)
        found = [book.forget(name) for book in (self.kept, self.two) for name in ("joe", "ann")]
        self.assertEqual(found, [True, False, False, False])
        self.assertEqual(self.one.used("joe", FILES), 0)

    def test_midnight(self) -> None:
        """Whoever finds it first begins the day, for all; what is granted stays so; places are free."""
        for name in ("joe", "ann"):
            self.one.grant(name, BYTES, 5, 0)
            self.one.settle(name, BYTES, 3, 3)
        self.one.settle("ann", BYTES, 2, 0)
        self.assertTrue(self.two.turn(8))
        self.assertFalse(self.one.turn(8))
        self.assertFalse(self.one.turn(7))
        self.assertEqual((self.one.used("joe", BYTES), self.kept.rows), (0, ()))
        self.assertEqual(len(list(self.board.accounts)), 1)
        self.assertEqual(self.two.grant("joe", BYTES, 100, 10), 8)
        self.assertEqual(self.one.grant("ann", BYTES, 100, 10), 10)
        self.one.settle("ann", BYTES, 10, 10)
        self.assertEqual(self.kept.rows, (Row("ann", BYTES, 10),))

    def test_no_room(self) -> None:
        """Whom the board has no place for each counts for himself, also once it has one."""
        made = self.each[0].accounts.made
        for board in self.each:
            self.patch(board.accounts, "made", lambda digest: None)
        found = [book.grant("joe", FILES, 1, 1) for book in (self.one, self.one, self.two)]
        self.assertEqual(found, [1, 0, 1])
        self.one.settle("joe", FILES, 1, 1)
        self.assertEqual((self.one.used("joe", FILES), self.two.used("joe", FILES)), (1, 0))
        self.assertTrue(self.one.forget("joe"))
        self.patch(self.each[1].accounts, "made", made)
        self.assertEqual(self.two.grant("joe", FILES, 1, 2), 1)
        self.two.settle("joe", FILES, 2, 2)
        self.assertEqual(self.two.used("joe", FILES), 2)

    def test_no_lock(self) -> None:
        """Who has a place goes on, by what he sees."""
        self.one.grant("joe", FILES, 1, 3)
        for board in self.each:
            self.patch(board, "lock", lambda: False)
        self.assertEqual([self.two.grant("joe", FILES, 1, 3) for _ in range(3)], [1, 1, 0])
        self.two.settle("joe", FILES, 1, 1)
        self.assertEqual(self.one.used("joe", FILES), 1)
        self.assertEqual(self.two.grant("ann", FILES, 1, 1), 1)


class Moved(WorkersCase):
    """Files of one account, by sessions of all workers."""

    def setUp(self) -> None:
        super().setUp()
        self.filing = FilingServer(1000)
        self.state = self.scratch / "state"
        self.state.mkdir()

    def counting(self, limit: str, workers: int = 3) -> Company:
        """A gateway with that limit."""
        accounts = '[accounts]\nauth = ["memory:gus:Gate-w0rd"]\n'
        here = '"tcp:0:interface=127.0.0.1:backlog=1024"'
        text = self.company_text(f"{accounts}[limits]\n{limit}\n", here, workers)
        text = text.replace(f":{self.server.port}", f":{self.filing.port}")
        return self.begun(text, {"STATE_DIRECTORY": str(self.state)}).joined()

    async def stores(self, client: CrowdClient) -> bytes:
        """One upload."""
        await admitted(client)
        return (await moved(client, "127.0.0.1", 1000))[0][:3]

    async def gets(self, client: CrowdClient) -> int:
        """Downloads until no more is given; the bytes that came."""
        await admitted(client)
        whole = 0
        for _ in range(8):
            _, size, _ = await moved(client, "127.0.0.1")
            whole += size
        return whole

    def kept(self) -> dict[str, dict[str, int]]:
        """What the file says of the accounts."""
        said = json.loads(Path(self.state, "quotas.json").read_text())
        found: dict[str, dict[str, int]] = said["accounts"]
        return found

    def test_files(self) -> None:
        """Of 60 at once as many as may be, and not one more; a death and a restart change nothing."""
        gateway = self.counting("upload-files-per-day = 11")
        found = crowd(gateway.address, "127.0.0.1", self.stores, 60)
        self.assertEqual((found[b"226"], len(self.filing.stored)), (11, 11), found)
        os.kill(gateway.pids[2], KILL)
        self.assertTrue(gateway.logged("worker 2 serves", timeout=STARTS))
        self.assertEqual(crowd(gateway.address, "127.0.0.1", self.stores, 20), {b"552": 20})
        gateway.process.terminate()
        gateway.status()
        self.assertEqual(self.kept(), {"gus": {"upload-files": 11, "upload-bytes": 11000}})
        gateway = self.counting("upload-files-per-day = 12")
        found = crowd(gateway.address, "127.0.0.1", self.stores, 20)
        self.assertEqual(found[b"226"], 1, found)

    def test_upgrade(self) -> None:
        """The next program knows it."""
        gateway = self.counting("upload-files-per-day = 2", 2)
        self.assertEqual(crowd(gateway.address, "127.0.0.1", self.stores, 2), {b"226": 2})
        self.upgrade(gateway.process.pid)
        self.addCleanup(self.end, gateway.successor(), gateway)
        self.assertEqual(crowd(gateway.address, "127.0.0.1", self.stores, 9), {b"552": 9})

    def test_bytes(self) -> None:
        """Downloads of many sessions get all there is, and no byte more.  Of those that were broken by that
        some bytes came to nobody."""
        self.filing.size = 300_000
        gateway = self.counting("download-bytes-per-day = 5000000")
        whole = 0
        for attempts in (40, 1, 1, 1):
            found = crowd(gateway.address, "127.0.0.1", self.gets, attempts)
            whole += sum(size * times for size, times in found.items())
        self.assertLessEqual(whole, 5_000_000)
        gateway.process.terminate()
        gateway.status()
        self.assertEqual(self.kept()["gus"]["download-bytes"], 5_000_000)
