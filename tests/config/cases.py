"""Settings read from TOML, or refused with a message."""

from __future__ import annotations

import tomllib
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Settings, SettingsError, structure

AUTH = '[accounts]\nauth = ["memory:a:b"]\n'
SOCKS = '[[parents]]\nname = "p"\nurl = "socks5://h"\n'
"""Tables that others speak of."""


class ConfigTest(SynchronousTestCase):
    """A test case with TOML texts."""

    def settings(self, text: str) -> Settings:
        """The settings of a text."""
        return structure(tomllib.loads(text), "x.toml")

    def faults(self, text: str) -> list[str]:
        """What is wrong with a text; each fault names the file and is one line."""
        found = self.assertRaises(SettingsError, self.settings, text).faults
        for fault in found:
            self.assertTrue(fault.startswith("x.toml: "), fault)
            self.assertNotIn("\n", fault)
        return [fault.removeprefix("x.toml: ") for fault in found]

    def file(self, content: bytes) -> Path:
        """A file of its own."""
        path = Path(self.mktemp())
        path.write_bytes(content)
        return path
