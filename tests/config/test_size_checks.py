"""A number of bytes in the settings."""

from __future__ import annotations

from typing import Any

from ftpalg.config.size_checks import MOST, size
from tests.config.cases import ConfigTest


class Sizes(ConfigTest):
    """What it may be."""

    def test_right(self) -> None:
        """A number, or one with a unit."""
        for value, found in (
            (0, 0),
            (5, 5),
            (MOST, MOST),
            ("7B", 7),
            ("500MiB", 500 << 20),
            (" 1.5 kib ", 1536),
            ("10GiB", 10 << 30),
            ("2TiB", 2 << 40),
        ):
            self.assertEqual(size(value), found)

    def test_wrong(self) -> None:
        """Everything else is told what to write."""
        wrong: tuple[Any, ...] = (
            *(-1, True, 1.5, MOST + 1, "", "5", "MiB", "-1MiB", "5MB", "5 bytes", "1e9B", "9PiB"),
            *("5MiB/s", "999999999999999TiB", [], None, {"a": 1}),
        )
        for value in wrong:
            error = self.assertRaises(ValueError, size, value)
            self.assertIn('like "500MiB"', str(error))

    def test_setting(self) -> None:
        """It is told with its key."""
        (fault,) = self.faults('limits = { upload-bytes-per-transfer = "much" }')
        self.assertTrue(
            fault.startswith("limits.upload-bytes-per-transfer = 'much': must be"), fault
        )
