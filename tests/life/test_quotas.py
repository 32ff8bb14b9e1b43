"""The day of every account: midnight by the machine's clock, and restarts."""

from __future__ import annotations

import os
import time
from datetime import datetime
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.quotas import Counted
from ftpalg.life.quota_file import NAME, read
from ftpalg.life.quotas import NOWHERE, Days
from ftpalg.policy.quotas import Row

FILES = Counted.UPLOAD_FILES


class DaysCase(SynchronousTestCase):
    """A clock, and a folder of the test's own."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.clock = Clock()
        self.clock.advance(datetime(2026, 11, 27, 23, 59, 58).timestamp())
        self.told: list[str] = []
        self.days = self.made()

    def made(self, folder: Path | None = None) -> Days:
        """One that keeps there."""
        made = Days(self.clock, self.told.append)
        made.keep(folder or self.folder)
        return made

    def use(self, days: Days | None = None, account: str = "joe") -> None:
        """One more file."""
        days = days or self.days
        days.grant(account, FILES, 1, 0)
        days.settle(account, FILES, 1, 1)


class Midnight(DaysCase):
    """Where a day ends."""

    def test_local(self) -> None:
        """It is the machine's own, wherever that is; nothing is due then, whoever asks next finds it."""
        for zone in ("UTC0", "EST5", "JST-9"):
            self.patch_zone(zone)
            clock = Clock()
            clock.advance(datetime(2026, 11, 27, 23, 59, 59).timestamp())
            days = Days(clock, self.told.append)
            self.use(days)
            self.assertEqual(days.used("joe", FILES), 1)
            clock.advance(1)
            self.assertEqual((days.used("joe", FILES), days.rows), (0, ()))
            self.assertEqual(clock.getDelayedCalls(), [])

    def patch_zone(self, zone: str) -> None:
        """The machine is elsewhere."""
        before = os.environ.get("TZ")

        def back() -> None:
            if before is None:
                os.environ.pop("TZ", None)
            else:
                os.environ["TZ"] = before
            time.tzset()

        self.addCleanup(back)
        os.environ["TZ"] = zone
        time.tzset()

    def test_each_call(self) -> None:
        """Whatever is asked first on the new day begins it."""
        self.use()
        self.days.grant("joe", FILES, 1, 0)
        self.clock.advance(2)
        self.days.settle("joe", FILES, 1, 1)
        self.assertEqual(self.days.rows, (Row("joe", FILES, 1),))
        self.clock.advance(86400)
        self.assertEqual(self.days.grant("joe", FILES, 1, 1), 1)


class Kept(DaysCase):
    """Over restarts."""

    def test_restart(self) -> None:
        """What was used on this day counts; of the day before nothing does."""
        self.use()
        self.use()
        self.days.keeping.write()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        again = self.made()
        self.assertEqual(again.used("joe", FILES), 2)
        self.use(again)
        again.keeping.write()
        self.assertEqual(read(self.folder / NAME).rows, (Row("joe", FILES, 3),))
        self.clock.advance(2)
        self.assertEqual(self.made().rows, ())

    def test_unused(self) -> None:
        """What is only granted, and given back, is no reason to write."""
        self.days.grant("joe", FILES, 1, 0)
        self.days.settle("joe", FILES, 1, 0)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_damaged(self) -> None:
        """It is set aside and said; what comes then is kept."""
        (self.folder / NAME).write_bytes(b'{"version": 1, "day"')
        days = self.made()
        self.assertIn("quotas.json.damaged", self.told[0])
        self.use(days)
        days.keeping.write()
        self.assertEqual(len(read(self.folder / NAME).rows), 1)

    def test_nowhere(self) -> None:
        """It is said that nothing is kept, and counted all the same."""
        days = Days(self.clock, self.told.append)
        days.keep(None)
        self.assertEqual(self.told, [NOWHERE])
        self.use(days)
        self.assertEqual((days.used("joe", FILES), self.clock.getDelayedCalls()), (1, []))

    def test_another_folder(self) -> None:
        """New settings name another folder: all of it is written there, and nothing is read twice."""
        self.use()
        other = Path(self.mktemp())
        other.mkdir()
        self.days.keep(self.folder)
        self.days.keep(other)
        self.days.keeping.write()
        self.assertEqual(read(other / NAME).rows, (Row("joe", FILES, 1),))
        self.assertEqual(self.days.used("joe", FILES), 1)

    def test_reset(self) -> None:
        """By the name as clients say it; the file knows of it, too."""
        self.use()
        self.use(account="ann")
        self.assertTrue(self.days.reset("JOE"))
        self.assertFalse(self.days.reset("joe"))
        self.days.keeping.write()
        self.assertEqual([row.account for row in read(self.folder / NAME).rows], ["ann"])
