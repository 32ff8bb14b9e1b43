"""The text of a settings file: what cannot be one, and where."""

from __future__ import annotations

import tempfile
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from ftpalg.config import SettingsError
from ftpalg.config.loading import load
from ftpalg.config.reading import LARGEST


class Reading(SynchronousTestCase):
    """Each file with one fault."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-reading-")
        self.addCleanup(holder.cleanup)
        self.path = Path(holder.name, "f.toml")

    def fault(self, octets: bytes) -> SettingsError:
        """What is wrong with a file that has these."""
        self.path.write_bytes(octets)
        error: SettingsError = self.assertRaises(SettingsError, load, self.path, {})
        return error

    def test_mark(self) -> None:
        """The line that is no TOML is quoted, with a mark, and its place is told once."""
        for octets, place, quoted, mark in (
            (b"a = 1\nb = [1,,]\r\n", "2:8", "     2 | b = [1,,]", 16),
            (b"[log\n", "1:5", "     1 | [log", 13),
            (b"a = [1", "1:7", "     1 | a = [1", 15),
            (b"a = '\x1b[31m'", "1:6", "     1 | a = '?[31m'", 14),
        ):
            error = self.fault(octets)
            (sentence,) = error.faults
            self.assertTrue(sentence.startswith(f"{self.path}:{place}: is not TOML: "), sentence)
            self.assertNotIn("(at", sentence)
            marked = " " * 6 + " | " + " " * (mark - 9) + "^"
            self.assertEqual(error.report.split("\n"), [sentence, quoted, marked])

    def test_no_password(self) -> None:
        """Nothing is quoted where a password may stand: the list may have begun above."""
        error = self.fault(b'[accounts]\nauth = [\n"memory:bob:hunter2" "x"]\n')
        self.assertEqual(error.report, error.faults[0])
        self.assertNotIn("hunter2", error.report)

    def test_no_utf8(self) -> None:
        """The byte is told, and its place in characters."""
        error = self.fault(
            "server = 'ü'\nlisten = 'ü\xff'".encode("latin-1").replace(b"\xfc", b"\xc3\xbc")
        )
        place, said = "2:12", "is not TOML: the byte 0xff is no UTF-8"
        self.assertEqual(error.faults, [f"{self.path}:{place}: {said}"])

    def test_endless(self) -> None:
        """What has no end is not read to it."""
        if not Path("/dev/zero").exists():
            raise SkipTest("no /dev/zero")
        error = self.assertRaises(SettingsError, load, Path("/dev/zero"), {})
        self.assertEqual(error.faults, ["/dev/zero: has more than 16 MiB, and is no settings file"])

    def test_largest(self) -> None:
        """A file of just that size is read."""
        self.path.write_bytes(b"#" * LARGEST)
        load(self.path, {})
        self.fault(b"#" * (LARGEST + 1))

    def test_control_characters(self) -> None:
        """A key's are written out: a terminal obeys none, and the sentence stays one line."""
        error = self.fault(b'"\\u001b[31ma\\nb" = 1\n')
        said = r"\x1b[31ma\nb: no such setting"
        self.assertEqual(error.faults, [f"{self.path}:1:1: {said}"])
