"""What is written in a thread, what is lost, and how that is told."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.ops import writer as module
from ftpalg.ops.writer import Writer

TREE = Path(module.__file__).parents[2]


class Kept:
    """Keeps what comes while the gate is open; ``takes`` is False for a full disk."""

    def __init__(self, *, direct: bool = False) -> None:
        self.direct = direct
        self.came: list[str] = []
        self.sizes: list[int] = []
        self.by: set[threading.Thread] = set()
        self.gate, self.waits = threading.Event(), threading.Event()
        self.gate.set()
        self.takes = True
        self.closed = False
        self.next: Self | None = None

    def send(self, things: Sequence[str]) -> int:
        """What a sink does."""
        self.waits.set()
        self.gate.wait(20)
        self.by.add(threading.current_thread())
        self.sizes.append(len(things))
        if not self.takes:
            return 0
        self.came.extend(things)
        return len(things)

    def again(self) -> Self:
        """The one that was prepared."""
        if self.next is None:
            raise FileNotFoundError
        return self.next

    def close(self) -> None:
        """Nothing more."""
        self.closed = True


class WriterCase(SynchronousTestCase):
    """A writer and where it writes."""

    def setUp(self) -> None:
        self.others = set(threading.enumerate())
        self.sink = Kept()
        self.addCleanup(self.sink.gate.set)
        self.writer = self.writer_to(self.sink)

    def writer_to(self, sink: Kept) -> Writer[str]:
        """One that tells by a word of what was lost."""
        made = Writer[str](sink, lambda count: f"{count} lost")
        self.addCleanup(made.close)
        return made

    def join(self) -> None:
        """Wait until the thread of this test has ended."""
        for thread in set(threading.enumerate()) - self.others:
            thread.join(20)

    def write(self, text: str) -> None:
        """Each letter on its own."""
        for one in text:
            self.writer.write(one)


class Waiting(WriterCase):
    """Nobody waits."""

    def test_in_a_thread(self) -> None:
        """In the order in which it came, and not in the caller's thread."""
        self.write("abc")
        self.writer.flush()
        self.assertEqual(self.sink.came, ["a", "b", "c"])
        self.assertNotIn(threading.current_thread(), self.sink.by)

    def test_together(self) -> None:
        """What has come meanwhile is written in one go, but not more than so much."""
        self.patch(module, "MANY", 3)
        self.sink.gate.clear()
        self.write("a")
        self.sink.waits.wait(20)
        self.write("bcdef")
        self.sink.gate.set()
        self.writer.flush()
        self.assertEqual((self.sink.came, self.sink.sizes), (list("abcdef"), [1, 3, 2]))

    def test_direct(self) -> None:
        """What never waits is called at once."""
        sink = Kept(direct=True)
        self.writer_to(sink).write("a")
        self.assertEqual(sink.by, {threading.current_thread()})

    def test_full(self) -> None:
        """What there is no room for is lost, and behind the next that has room it is told how much."""
        self.patch(module, "MOST", 2)
        self.sink.gate.clear()
        self.write("a")
        self.sink.waits.wait(20)
        self.write("bcdef")
        self.assertEqual(self.sink.came, [])
        self.sink.gate.set()
        self.writer.flush()
        self.write("gh")
        self.writer.flush()
        self.assertEqual(self.sink.came, ["a", "b", "c", "g", "3 lost", "h"])

    def test_not_for_ever(self) -> None:
        """Whoever ends the process does not wait for what is held."""
        self.patch(module, "SECONDS", 0.01)
        self.sink.gate.clear()
        self.write("a")
        self.writer.flush()
        self.assertEqual(self.sink.came, [])

    def test_closed(self) -> None:
        """What came before is written, the sink is closed, and the thread ends."""
        self.sink.gate.clear()
        self.write("ab")
        self.writer.close()
        self.assertFalse(self.sink.closed)
        self.sink.gate.set()
        self.join()
        self.assertEqual((self.sink.came, self.sink.closed), (["a", "b"], True))


class Losing(WriterCase):
    """What the sink does not take."""

    def test_counted(self) -> None:
        """All that was lost is told of once, behind the first that is taken again."""
        self.sink.takes = False
        self.write("abc")
        self.writer.flush()
        self.sink.takes = True
        self.write("de")
        self.writer.flush()
        self.assertEqual(self.sink.came, ["d", "3 lost", "e"])

    def test_among_others(self) -> None:
        """What is not taken among several is lost alone."""
        send = self.sink.send

        def some(things: Sequence[str]) -> int:
            taken = [*"".join(things).partition("c")[0]] if "c" in things else things
            return send(taken) if taken else 0

        self.patch(self.sink, "send", some)
        self.sink.gate.clear()
        self.write("a")
        self.sink.waits.wait(20)
        self.write("bcde")
        self.sink.gate.set()
        self.writer.flush()
        self.assertEqual(self.sink.came, ["a", "b", "d", "1 lost", "e"])

    def test_not_told(self) -> None:
        """Where that itself is not taken, it is told later, and counts for nothing."""
        send = self.sink.send
        self.sink.takes = False
        self.write("ab")
        self.writer.flush()
        self.sink.takes = True
        self.patch(self.sink, "send", lambda them: 0 if "lost" in them[0] else send(them))
        self.write("c")
        self.writer.flush()
        self.patch(self.sink, "send", send)
        self.write("d")
        self.writer.flush()
        self.assertEqual(self.sink.came, ["c", "d", "2 lost"])

    def test_told_elsewhere(self) -> None:
        """Where it is told in another place: as soon as the next is taken, and not here."""
        told: list[int] = []
        writer = Writer[str](self.sink, told.append)
        self.addCleanup(writer.close)
        self.sink.takes = False
        for one in "abc":
            writer.write(one)
        writer.flush()
        self.assertEqual(told, [])
        self.sink.takes = True
        writer.write("d")
        writer.flush()
        self.assertEqual((told, self.sink.came), ([3], ["d"]))

    def test_fault(self) -> None:
        """An exception is shown by Python, and the next is written, with what was lost."""
        seen: list[object] = []
        self.patch(threading, "excepthook", seen.append)
        send = self.sink.send
        self.patch(self.sink, "send", lambda thing: 1 // 0)
        self.write("a")
        self.join()
        self.patch(self.sink, "send", send)
        self.write("b")
        self.writer.flush()
        self.assertEqual((len(seen), self.sink.came), (1, ["b", "1 lost"]))

    def test_no_thread(self) -> None:
        """Where the system has no thread left it waits for the next that comes."""
        start = threading.Thread.start

        def refused(thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        self.patch(threading.Thread, "start", refused)
        self.write("a")
        self.patch(threading.Thread, "start", start)
        self.write("b")
        self.writer.flush()
        self.assertEqual(self.sink.came, ["a", "b"])


class Turning(WriterCase):
    """Another sink."""

    def test_taken(self) -> None:
        """What came before goes to the old one, which is closed behind it; no count is forgotten."""
        self.sink.takes = False
        self.write("a")
        self.writer.flush()
        self.sink.gate.clear()
        self.write("b")
        new = Kept()
        self.writer.take(new)
        self.write("c")
        self.assertFalse(self.sink.closed)
        self.sink.gate.set()
        self.writer.flush()
        self.assertTrue(self.sink.closed)
        self.assertEqual(new.came, ["c", "2 lost"])

    def test_reopened(self) -> None:
        """The same opened anew; where that cannot be, the old one serves on."""
        self.assertRaises(FileNotFoundError, self.writer.reopen)
        self.write("a")
        self.sink.next = Kept()
        self.writer.reopen()
        self.write("b")
        self.writer.flush()
        self.assertEqual((self.sink.came, self.sink.next.came), (["a"], ["b"]))

    def test_nothing_to_open(self) -> None:
        """One that is its own successor stays open."""
        self.sink.next = self.sink
        self.writer.reopen()
        self.write("a")
        self.writer.flush()
        self.assertEqual((self.sink.came, self.sink.closed), (["a"], False))


class Processes(SynchronousTestCase):
    """The end of a process, and its fork."""

    def written(self, script: str) -> list[str]:
        """The lines of a file when the process with that script has ended."""
        path = Path(self.mktemp())
        head = (
            "import os, sys\n"
            "from ftpalg.ops.lines import LinesFile\n"
            "from ftpalg.ops.writer import Writer\n"
            "writer = Writer(LinesFile(sys.argv[1]), str)\n"
        )
        environment = {**os.environ, "PYTHONPATH": str(TREE)}
        words = (sys.executable, "-c", head + script, str(path))
        subprocess.run(words, env=environment, check=True, timeout=60)
        return path.read_text(encoding="utf-8").splitlines()

    def test_end(self) -> None:
        """All that came before the end is written."""
        found = self.written("for number in range(9000): writer.write(str(number))")
        self.assertEqual(found, list(map(str, range(9000))))

    def test_fork(self) -> None:
        """A process that was forked, as twistd does it, writes by a thread of its own."""
        found = self.written(
            "writer.write('before')\n"
            "writer.flush()\n"
            "if os.fork(): os.wait()\n"
            "else: writer.write('behind')\n"
        )
        self.assertEqual(found, ["before", "behind"])
