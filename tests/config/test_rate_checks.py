"""Bandwidth in the settings."""

from __future__ import annotations

import zoneinfo

from ftpalg.config.command_checks import zone
from ftpalg.config.rate_checks import rates
from ftpalg.core.rates import Rate
from ftpalg.core.week import span_of
from tests.config.cases import ConfigTest

OFFICE = "Mon-Fri 08:00-18:00"


class Checks(ConfigTest):
    """What a rate may be, and a time zone."""

    def test_rates(self) -> None:
        """A number, a text, or a list of texts."""
        for value, found in (
            (0, ()),
            (2048, (Rate(2048),)),
            ("10MiB/s", (Rate(10 << 20),)),
            ([], ()),
            ([f"2MiB/s {OFFICE}", "unlimited"], (Rate(2 << 20, span_of(OFFICE)), Rate(0))),
        ):
            self.assertEqual(rates(value), found)

    def test_wrong(self) -> None:
        """Everything else is told what to write."""
        for value in (1, -1, True, 1.5, "", "fast", [2048], {"a": 1}, None, ["1MiB/s", "1MiB/s x"]):
            error = self.assertRaises(ValueError, rates, value)
            self.assertIn("must be bytes a second", str(error))

    def test_zone(self) -> None:
        """One that the machine knows; UTC needs no files."""
        self.assertEqual(zone("Europe/Berlin"), "Europe/Berlin")
        for value in ("Mars/Olympus", "", "../etc", 1, None):
            self.assertRaises(ValueError, zone, value)
        self.patch(zoneinfo, "ZoneInfo", None)
        self.assertEqual(zone("UTC"), "UTC")


class Limited(ConfigTest):
    """When there is anything to do."""

    def test_off(self) -> None:
        """Nothing is limited unless something says so."""
        self.assertFalse(self.settings("").limits_bandwidth)
        self.assertFalse(self.settings("[bandwidth]\ntotal-upload = 0").limits_bandwidth)
        self.assertFalse(self.settings('[[routes]]\nserver = "ftp://h"').limits_bandwidth)

    def test_on(self) -> None:
        """Any of the keys does."""
        for text in (
            *(f"[bandwidth]\n{of}-{way} = 2048" for of in ("total", "account", "session")
              for way in ("download", "upload")),
            *(f'[[routes]]\nserver = "ftp://h"\n{way}-bandwidth = 2048' for way in ("download", "upload")),
        ):  # fmt: skip
            self.assertTrue(self.settings(text).limits_bandwidth, text)
