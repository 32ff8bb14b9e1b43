"""Files and flags: how settings are found and read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ftpalg.config import SettingsError, load
from ftpalg.core.routes import Mode
from tests.config.cases import ConfigTest


class Loading(ConfigTest):
    """``load``."""

    def fault(self, path: Path, overrides: dict[str, Any] | None = None) -> str:
        """The one fault of a file, without the place in front of it."""
        (found,) = self.assertRaises(SettingsError, load, path, overrides or {}).faults
        match = re.fullmatch(rf"{re.escape(str(path))}(:\d+:\d+)?: (.*)", found)
        assert match is not None, found
        return str(match[2])

    def test_file(self) -> None:
        """A file is read as UTF-8 TOML."""
        found = load(self.file("# é\nserver-mode = 'active'".encode()), {})
        self.assertIs(found.server_mode, Mode.ACTIVE)

    def test_no_file(self) -> None:
        """Without a file the words of the command line are all."""
        found = load(None, {"server": "ftp://h", "listen": ["tcp:1"], "data.splice": False})
        self.assertEqual((found.listen, found.data.splice), (("tcp:1",), False))
        error = self.assertRaises(SettingsError, load, None, {"server": "h"})
        self.assertTrue(error.faults[0].startswith("command line: server = 'h': must be"))

    def test_overrides(self) -> None:
        """The words of the command line win over the file; the rest of the file stays."""
        path = self.file(b"server-mode = 'active'\n[data]\nsplice = true\nreplace-private = true")
        found = load(path, {"server-mode": "client", "data.splice": False})
        self.assertEqual(
            (found.server_mode, found.data.splice, found.data.replace_private),
            (Mode.CLIENT, False, True),
        )

    def test_override_of_no_table(self) -> None:
        """A word for a section that the file gives a value to is a fault, no traceback."""
        self.assertEqual(
            self.fault(self.file(b"data = 3"), {"data.splice": True}),
            "data = 3: must be a table: write its name in brackets and its keys below",
        )

    def test_missing(self) -> None:
        """A file that is not there is told by its name."""
        path = Path(self.mktemp())
        self.assertEqual(self.fault(path), "cannot be read: No such file or directory")

    def test_unreadable(self) -> None:
        """So is one that cannot be read."""
        path = Path(self.mktemp())
        path.mkdir()
        self.assertEqual(self.fault(path), "cannot be read: Is a directory")

    def test_not_toml(self) -> None:
        """What is no TOML, or not UTF-8, is told with the place."""
        self.assertIn("is not TOML: ", self.fault(self.file(b"server = ")))
        self.assertIn("is not TOML: ", self.fault(self.file(b"server = '\xff'")))

    def test_nested_too_deeply(self) -> None:
        """A file that Python cannot follow is a fault, no traceback."""
        path = self.file(b"a = " + b"[" * 100000)
        self.assertEqual(self.fault(path), "is not TOML: its lists are nested too deeply")
