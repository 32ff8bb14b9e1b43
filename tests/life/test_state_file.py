"""A file of the state: read safely, set aside, written soon and beside, by one program at a time."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.life import state_file
from ftpalg.life.state_file import SOON, Damaged, Keeping, read, set_aside, write


class FileCase(SynchronousTestCase):
    """A folder of the test's own."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.file = self.folder / "kept.json"


class Reading(FileCase):
    """What is there."""

    def test_round(self) -> None:
        """It comes back; nobody else may read it; before the first time there is nothing."""
        self.assertIsNone(read(self.file))
        write(self.file, b"kept")
        self.assertEqual(read(self.file), b"kept")
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)

    def test_set_aside(self) -> None:
        """It is there under another name, over the one before; where that cannot be nothing happens."""
        for text in ("one", "two"):
            self.file.write_text(text)
            aside = set_aside(self.file)
            self.assertEqual((aside.read_text(), self.file.exists()), (text, False))
        set_aside(self.file)

    def test_no_plain_file(self) -> None:
        """A link leads nowhere, a pipe holds nobody up, a folder and a file that is too long are none."""
        other = self.folder / "other"
        write(other, b"secret")
        self.file.symlink_to(other)
        self.assertRaises(Damaged, read, self.file)
        self.file.unlink()
        os.mkfifo(self.file)
        self.assertRaises(Damaged, read, self.file)
        self.file.unlink()
        self.file.mkdir()
        self.assertRaises(Damaged, read, self.file)
        self.file.rmdir()
        self.patch(state_file, "MOST_BYTES", 10)
        write(self.file, bytes(11))
        self.assertRaises(Damaged, read, self.file)

    def test_unreadable(self) -> None:
        """Where a folder of the path is none."""
        (self.folder / "x").write_text("")
        self.assertRaises(Damaged, read, self.folder / "x" / "y")


class Kept(FileCase):
    """Over time."""

    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()
        self.told: list[str] = []
        self.now = b"one"
        self.keeping = Keeping(self.clock, self.told.append, "things", lambda: self.now, write)
        self.keeping.file = self.file

    def test_beside(self) -> None:
        """Soon, in a thread, and once for all changes until then; then not again for nothing."""
        for self.now in (b"one", b"two"):
            self.keeping.changed()
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.clock.advance(SOON)
        self.keeping.write()  # waits for the thread
        self.assertEqual(read(self.file), b"two")
        self.file.unlink()
        self.keeping.write()
        self.assertFalse(self.file.exists())

    def test_now(self) -> None:
        """What has changed is written at the end, and nothing is left to come."""
        self.keeping.changed()
        self.keeping.write()
        self.assertEqual(read(self.file), b"one")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_older_write_loses(self) -> None:
        """A thread that was slow does not write what was before."""
        self.keeping.changed()
        self.keeping.write()
        self.keeping._write(self.file, b"older", 0)
        self.assertEqual(read(self.file), b"one")

    def test_cannot_be_written(self) -> None:
        """It is said."""
        self.file.mkdir()
        self.keeping.changed()
        self.keeping.write()
        self.assertIn("things are not kept", self.told[0])

    def test_handed_on(self) -> None:
        """The next program has the file: this one writes it no more."""
        self.keeping.changed()
        self.keeping.hand_on()
        self.assertEqual(read(self.file), b"one")
        self.file.unlink()
        self.keeping.changed()
        self.keeping.write()
        self.assertFalse(self.file.exists())

    def test_nowhere(self) -> None:
        """Without a file nothing is kept."""
        self.keeping.file = None
        self.assertIsNone(self.keeping.taken_up(lambda file: self.fail("there is none")))
        self.keeping.changed()
        self.keeping.write()
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_damaged(self) -> None:
        """It is set aside, and said with its name and why."""
        self.file.write_bytes(b"?")

        def parsed(file: Path) -> bytes:
            raise Damaged("is no list")

        self.assertIsNone(self.keeping.taken_up(parsed))
        self.assertEqual(
            self.told,
            [f"{self.file}: is no list; set aside as kept.json.damaged, no things are kept"],
        )
        self.assertFalse(self.file.exists())
