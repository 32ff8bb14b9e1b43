"""What is counted by the day, from the first settings on that count so."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.task import Clock

from ftpalg.config import Settings
from ftpalg.core.quotas import Counted
from ftpalg.life.counting import Counting
from ftpalg.life.quota_file import NAME
from tests.config.cases import ConfigTest

FILES = Counted.UPLOAD_FILES


class Taken(ConfigTest):
    """Settings that come one after the other."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.told: list[str] = []
        self.counting = Counting(
            Clock(), self.told.append, {"STATE_DIRECTORY": f"{self.folder}:/nowhere"}
        )

    def daily(self) -> Settings:
        """Those that count."""
        return self.settings("limits.upload-files-per-day = 5\n[accounts]\nauth = ['memory:a:b']")

    def test_none(self) -> None:
        """As long as nothing counts there is nothing, and nothing is written."""
        settings = self.settings("limits.upload-bytes-per-transfer = 5")
        self.assertIsNone(self.counting.of(settings))
        self.counting.take(settings)
        self.counting.write()
        self.counting.hand_on()
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_later(self) -> None:
        """It begins with the settings that ask for it, in systemd's folder, and stays the same."""
        days = self.counting.of(self.daily())
        assert days is not None
        self.counting.take(self.daily())
        days.grant("joe", FILES, 1, 5)
        days.settle("joe", FILES, 1, 1)
        self.assertIs(self.counting.of(self.daily()), days)
        self.counting.take(self.settings(""))
        self.counting.write()
        self.assertTrue((self.folder / NAME).exists())
        (self.folder / NAME).unlink()
        self.counting.hand_on()
        days.grant("joe", FILES, 1, 5)
        days.settle("joe", FILES, 1, 1)
        self.counting.write()
        self.assertFalse((self.folder / NAME).exists())
        self.assertEqual(self.told, [])
