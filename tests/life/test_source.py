"""Settings that are read again, and what is told of them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import SettingsError, examine
from ftpalg.life.faults import CannotStart
from ftpalg.life.source import Source
from ftpalg.ops.log import LogFault


class Sources(SynchronousTestCase):
    """A file, read again and again."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-source-")
        self.addCleanup(holder.cleanup)
        self.path = Path(holder.name) / "f.toml"
        self.source = Source(lambda: examine(self.path, {}), str(self.path))

    def write(self, text: str) -> None:
        """A new file."""
        self.path.write_text(text, "utf-8")

    def told(self, error: SettingsError) -> list[str]:
        """Its faults, without the file's name."""
        return [fault.removeprefix(f"{self.path}:") for fault in error.faults]

    def test_load(self) -> None:
        """What the file says now."""
        self.write("[limits]\nsessions = 3\n")
        self.assertEqual(self.source.load().limits.sessions, 3)
        self.write("[limits]\nsessions = 4\n")
        self.assertEqual(self.source.load().limits.sessions, 4)

    def test_faults(self) -> None:
        """Wrong values and files that are not there are told together."""
        self.write("[limits]\nsessions = 0\n[server-tls]\nca = 'noca'\n")
        self.assertEqual(
            self.told(self.assertRaises(SettingsError, self.source.load)),
            [
                "2:12: limits.sessions = 0: must be a whole number, 1 or more",
                "4:6: server-tls.ca = 'noca': cannot be read: No such file or directory",
            ],
        )

    def test_found_later(self) -> None:
        """What turns up in use is told at its place, once, beside what else is wrong."""
        self.write("[server-tls]\nca = 'noca'\n[accounts]\nauth = ['file:no']\n")
        self.source.load()

        def use() -> None:
            with self.source.telling():
                sentence = "server-tls.ca = 'noca': cannot be read: No such file or directory"
                raise SettingsError([sentence, "log.to: is odd"])

        self.assertEqual(
            self.told(self.assertRaises(SettingsError, use)),
            [
                "4:8: accounts.auth: file:no: cannot be read: No such file or directory",
                "2:6: server-tls.ca = 'noca': cannot be read: No such file or directory",
                " log.to: is odd",
            ],
        )

    def test_one_sentence(self) -> None:
        """So is one that begins with a key; any other stays as it is."""
        self.write("[data]\nsource-port = 20\n")
        self.source.load()
        for kind in (CannotStart, LogFault):
            for sentence, expected in (
                ("data.source-port = 20: is taken", f"{self.path}:2:15: "),
                ("cannot listen on :21: it is taken", ""),
            ):

                def use(error: Exception) -> None:
                    with self.source.telling():
                        raise error

                raised = self.assertRaises(kind, use, kind(sentence))
                self.assertEqual(str(raised), expected + sentence)
