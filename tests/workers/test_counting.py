"""When the supervisor writes down what workers have counted."""

from __future__ import annotations

import threading
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Limits, Settings
from ftpalg.core.quotas import Counted
from ftpalg.life import quota_file
from ftpalg.life.quotas import NOWHERE
from ftpalg.life.state_file import SOON
from ftpalg.policy.quotas import Row
from ftpalg.workers.counting import OFTEN, KeptCounting, OwnCounting
from tests.workers.test_board import boards

FILES = Counted.UPLOAD_FILES


class Kept(SynchronousTestCase):
    """The supervisor's and a worker's."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.clock = Clock()
        self.clock.advance(1_700_000_000)
        self.told: list[str] = []
        board, own = boards(self, 1)
        self.kept = KeptCounting(self.clock, self.told.append, board)
        self.own = OwnCounting(self.clock, self.told.append, own)
        self.settings = Settings(limits=Limits(upload_files_per_day=3), state=self.folder)

    def use(self) -> int:
        """One more file, where there may be one."""
        days = self.own.of(self.settings)
        assert days is not None
        granted = days.grant("joe", FILES, 1, 3)
        days.settle("joe", FILES, granted, granted)
        return granted

    @property
    def written(self) -> tuple[Row, ...]:
        return quota_file.read(self.folder / quota_file.NAME).rows

    def test_written(self) -> None:
        """Soon, and at the end; at a restart it counts."""
        self.kept.take(self.settings)
        self.use()
        self.clock.pump([OFTEN, SOON])
        for call in self.threads():
            call.join()
        self.assertEqual(self.written, (Row("joe", FILES, 1),))
        self.use()
        self.kept.stop()
        self.assertEqual(
            (self.written, self.clock.getDelayedCalls()), ((Row("joe", FILES, 2),), [])
        )
        board, own = boards(self, 1)
        again = KeptCounting(self.clock, self.told.append, board)
        again.take(self.settings)
        self.own = OwnCounting(self.clock, self.told.append, own)
        self.assertEqual([self.use(), self.use()], [1, 0])
        again.hand_on()
        self.assertEqual(self.written, (Row("joe", FILES, 3),))
        again.stop()
        self.assertEqual(self.told, [])

    def threads(self) -> list[threading.Thread]:
        """Those that write."""
        return [one for one in threading.enumerate() if one.name == "quotas"]

    def test_nothing_counted(self) -> None:
        """Settings that count nothing have nothing; those that do later begin then, and say where it goes."""
        self.kept.take(Settings())
        self.kept.write()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.kept.take(Settings(limits=Limits(upload_files_per_day=3)))
        self.own.take(self.settings)
        self.assertEqual(self.told, [NOWHERE])
        self.kept.stop()
