"""Lines to a descriptor: none of them in two pieces, whatever the system takes at a time."""

from __future__ import annotations

import errno
import os
import select
from collections.abc import Callable
from pathlib import Path
from threading import Thread

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.ops import lines as module
from ftpalg.ops.lines import Lines, LinesFile, together


class Pipe(SynchronousTestCase):
    """What is everybody's."""

    def setUp(self) -> None:
        self.reads, self.writes = os.pipe()
        self.addCleanup(os.close, self.reads)
        self.lines = Lines(self.writes)

    def read(self) -> bytes:
        """All, to the end."""
        os.close(self.writes)
        with open(self.reads, "rb", closefd=False) as pipe:
            return pipe.read()

    def test_lines(self) -> None:
        """One behind the other, what is no UTF-8 written out."""
        self.assertTrue(self.lines.send(["Grüße"]))
        self.assertTrue(self.lines.send(["\udcff"]))
        self.lines.close()
        self.assertIs(self.lines.again(), self.lines)
        self.assertEqual(self.read(), "Grüße\n\\udcff\n".encode())

    def test_not_blocking(self) -> None:
        """Where somebody else made it so, what it has no room for waits for its reader."""
        os.set_blocking(self.writes, False)
        long = "x" * 300_000
        found: list[bytes] = []
        reader = Thread(target=lambda: found.extend(iter(lambda: os.read(self.reads, 65_536), b"")))
        reader.start()
        self.assertTrue(self.lines.send([long]))
        os.close(self.writes)
        reader.join()
        self.assertEqual(b"".join(found), long.encode() + b"\n")

    def test_nobody_reads(self) -> None:
        """A pipe without a reader takes nothing, and nothing is raised."""
        reads, writes = os.pipe()
        os.close(reads)
        self.addCleanup(os.close, writes)
        self.addCleanup(os.close, self.writes)
        self.assertFalse(Lines(writes).send(["x"]))


class Full(SynchronousTestCase):
    """A disk that takes so many bytes."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.lines = LinesFile(str(self.path))
        self.addCleanup(self.lines.close)

    def room_for(self, *rooms: int) -> None:
        """Bytes that are taken at each time it is asked from now on."""
        write: Callable[[int, bytes], int] = os.write
        left = list(rooms)

        def limited(descriptor: int, data: bytes) -> int:
            room = left.pop(0)
            if not room:
                raise OSError(errno.ENOSPC, "No space left on device")
            return write(descriptor, data[:room])

        class System:
            """What the module has of the system."""

            def __getattr__(self, name: str) -> object:
                return limited if name == "write" else getattr(os, name)

        self.patch(module, "os", System())

    @property
    def text(self) -> str:
        """What the file has."""
        return self.path.read_text(encoding="utf-8")

    def test_cut(self) -> None:
        """A line that was begun is ended before the next, as soon as there is room."""
        self.room_for(3, 2, 0)
        self.assertTrue(self.lines.send(["first"]))
        self.assertEqual(self.text, "first")
        self.room_for(0, 100)
        self.assertFalse(self.lines.send(["second"]))
        self.room_for(100, 2, 0)
        self.assertTrue(self.lines.send(["third"]))
        self.room_for(1, 0)
        self.assertFalse(self.lines.send(["fourth"]))
        self.room_for(100, 100)
        self.assertTrue(self.lines.send(["fifth"]))
        self.assertEqual(self.text, "first\nthird\nfifth\n")

    def test_cut_among_others(self) -> None:
        """Of several in one write those before the cut are there, and none behind it."""
        self.room_for(9, 0)
        self.assertEqual(self.lines.send(["first", "second", "third"]), 2)
        self.room_for(100, 100)
        self.assertEqual(self.lines.send(["fourth"]), 1)
        self.room_for(6, 0)
        self.assertEqual(self.lines.send(["fifth", "sixth"]), 1)
        self.room_for(100)
        self.assertEqual(self.lines.send(["seventh"]), 1)
        self.assertEqual(self.text, "first\nsecond\nfourth\nfifth\nseventh\n")

    def test_writes(self) -> None:
        """As many go in one write as stay together in a pipe; one that is longer goes alone."""
        longest = select.PIPE_BUF
        half, whole, over = (number * "x" for number in (longest // 2 - 1, longest - 1, longest))
        found = [list(map(len, lines)) for lines in together([half, half, "x", whole, over, ""])]
        self.assertEqual(found, [[longest // 2, longest // 2], [2], [longest], [longest + 1], [1]])

    def test_cut_between_writes(self) -> None:
        """Behind a write that was cut comes none."""
        long = "x" * select.PIPE_BUF
        self.room_for(100, 0)
        self.assertEqual(self.lines.send([long, "second"]), 1)

    def test_not_begun(self) -> None:
        """A line that was not begun is not there later either."""
        self.room_for(0)
        self.assertFalse(self.lines.send(["first"]))
        self.room_for(100)
        self.assertTrue(self.lines.send(["second"]))
        self.assertEqual(self.text, "second\n")

    def test_really_full(self) -> None:
        """What the system says where there is no room."""
        full = LinesFile("/dev/full")
        self.addCleanup(full.close)
        self.assertFalse(full.send(["x"]))


class File(SynchronousTestCase):
    """A file by its name."""

    def test_moved_away(self) -> None:
        """The same anew goes on in a new file; the old one has its lines."""
        path = Path(self.mktemp())
        old = LinesFile(str(path))
        old.send(["old"])
        moved = path.rename(f"{path}.1")
        new = old.again()
        new.send(["new"])
        for one in (old, new):
            one.close()
        self.assertEqual([moved.read_text(), path.read_text()], ["old\n", "new\n"])

    def test_rights(self) -> None:
        """Nobody else reads who is where."""
        path = self.mktemp()
        LinesFile(path).close()
        self.assertEqual(os.stat(path).st_mode & 0o137, 0)

    def test_no_such_folder(self) -> None:
        """Is an error of the system's."""
        self.assertRaises(FileNotFoundError, LinesFile, f"{self.mktemp()}/log")

    def test_nobody_reads(self) -> None:
        """A FIFO that nobody reads is an error too, and nobody waits for one to come."""
        path = self.mktemp()
        os.mkfifo(path)
        self.assertRaises(OSError, LinesFile, path)
