"""What the kernel tells of a process."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Any

from prometheus_client import ProcessCollector
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.ops import process as module
from ftpalg.ops.process import Number, process


def numbers(*words: Path) -> dict[str, Number]:
    """All that is found, by name."""
    return {one.name: one for some in process(*words) for one in some}


class Process(SynchronousTestCase):
    """This one, and made ones."""

    def folder(self) -> Path:
        """A /proc with a process of three descriptors."""
        place = Path(self.mktemp())
        (place / "self" / "fd").mkdir(parents=True)
        for name in "012":
            (place / "self" / "fd" / name).touch()
        words = " ".join(str(number) for number in range(4, 53))
        (place / "self" / "stat").write_text(f"98 (a ) name) S {words}\n")
        (place / "stat").write_text("cpu 1 2\nintr 5\nbtime 1000\nprocesses 4\n")
        return place

    def test_as_the_client_library(self) -> None:
        """The names, kinds and meanings that prometheus-client has for them, and its values nearly."""
        theirs = {
            sample.name: (family.type, family.documentation, sample.value)
            for family in ProcessCollector(registry=None).collect()
            for sample in family.samples
        }
        ours = numbers()
        self.assertEqual(set(ours), set(theirs))
        for name, (kind, meaning, number) in theirs.items():
            self.assertEqual((ours[name].kind, ours[name].meaning), (kind, meaning))
            near = max(1.5, number / 10)  # theirs counts the descriptor that it counts with
            self.assertLess(abs(ours[name].number - number), near, name)

    def test_descriptors(self) -> None:
        """One more is one more."""
        before = numbers()["process_open_fds"].number
        opened = os.open("/dev/null", os.O_RDONLY)
        self.addCleanup(os.close, opened)
        self.assertEqual(numbers()["process_open_fds"].number, before + 1)

    def test_places(self) -> None:
        """Each is the word that proc_pid_stat(5) says, whatever the process is called."""
        found = {name: one.number for name, one in numbers(self.folder()).items()}
        ticks = os.sysconf("SC_CLK_TCK")
        self.assertEqual(found["process_cpu_seconds_total"], (14 + 15) / ticks)
        self.assertEqual(found["process_start_time_seconds"], 1000 + 22 / ticks)
        self.assertEqual(found["process_virtual_memory_bytes"], 23)
        self.assertEqual(found["process_resident_memory_bytes"], 24 * resource.getpagesize())

    def test_old_kernel(self) -> None:
        """Where their number is not told they are counted, in steps."""
        place = self.folder()

        class NoSize:
            st_size = 0

        self.patch(os, "stat", lambda path: NoSize())
        self.patch(module, "AT_ONCE", 2)
        steps: list[Any] = list(process(place))
        self.assertEqual([len(some) for some in steps], [4, 0, 2])
        self.assertEqual(steps[-1][0].number, 3)

    def test_no_limit(self) -> None:
        """A process that may have as many as it wants."""
        self.patch(resource, "getrlimit", lambda which: (resource.RLIM_INFINITY,) * 2)
        self.assertEqual(numbers()["process_max_fds"].number, float("inf"))

    def test_elsewhere(self) -> None:
        """Where there is nothing of the kind nothing is said, nor where it is not what it should be."""
        self.assertEqual(numbers(Path(self.mktemp())), {})
        place = self.folder()
        (place / "self" / "stat").write_text("98 (name) S 1\n")
        self.assertEqual(len(numbers(place)), 2)
