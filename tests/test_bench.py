"""bench: the CPU of a process with its children, and the table of proxies."""

from __future__ import annotations

import asyncio
import contextlib
import ftplib
import io
import os
import select
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import nan
from unittest import skipUnless

from twisted.trial.unittest import SynchronousTestCase

from bench import family, simple_table
from bench.cases import Idle, Work, jain
from bench.measure import child, line_with
from bench.peers import Figures, Party, measured, short, turns, written
from bench.proxies import Proxy
from bench.running import Running
from bench.work import reply
from tests.simple_tables import tables

BURNT = 0.3
"""CPU seconds that each process below burns, and some that does so by itself."""

PARENT = f"""
import os, signal, time

def burn():
    while time.process_time() < {BURNT}:
        pass
    os.write(out, b"%f " % time.process_time())

def fork(then):
    process = os.fork()
    if not process:
        then()
        os._exit(0)
    return process

def stay():  # an orphan, in a group of its own
    os.setpgid(0, 0)
    if not os.fork():
        burn()
        os.write(out, b"%d" % os.getpid())
        os.close(out)
        signal.pause()

back, out = os.pipe()
os.waitpid(fork(burn), 0)
os.waitid(os.P_PID, fork(burn), os.WEXITED | os.WNOWAIT)
burn()
os.waitpid(fork(stay), 0)
os.close(out)
said = b""
while got := os.read(back, 1000):
    said += got
*used, orphan = said.split()
print("used", *map(bytes.decode, used), flush=True)
print("orphan", int(orphan), flush=True)
signal.pause()
"""
"""A child that was waited for, a zombie, the parent itself, and one that lives."""


WORKERS = """
import os, signal
back, out = os.pipe()
if not (worker := os.fork()):
    os.setsid()
    if not (below := os.fork()):
        os.setsid()
        os.write(out, b"%d" % os.getpid())
    signal.pause()
print(worker, int(os.read(back, 100)), flush=True)
signal.pause()
"""
"""A child, and a child of that, each with a session of its own."""


@skipUnless(os.path.exists("/proc/self/stat"), "the kernel is not Linux")
class Families(SynchronousTestCase):
    """A process and what it has started."""

    def test_cpu(self) -> None:
        """Whether they live, are waited for or not: each counts, and counts once."""
        with child(sys.executable, "-c", PARENT) as parent:
            used = [float(one) for one in line_with(parent, r"^used (.*)$").split()]
            line_with(parent, r"^orphan (\d+)$")
            self.assertEqual(len(used), 4)
            self.assertGreaterEqual(min(used), BURNT)
            self.assertApproximates(family.cpu(parent.pid), sum(used), BURNT / 2)

    def test_own_session(self) -> None:
        """A child with a session of its own belongs to it while its parent lives, and so does its child."""
        with child(sys.executable, "-c", WORKERS) as parent:
            worker, below = map(int, line_with(parent, r"^(\d+ \d+)$").split())
            self.assertEqual(family.members(parent.pid), {parent.pid, worker, below})
            ends = [os.pidfd_open(pid) for pid in (worker, below)]
        for end in ends:
            self.addCleanup(os.close, end)
            self.assertTrue(select.select([end], [], [], 60)[0], "it outlives its parent")

    def test_memory(self) -> None:
        """Those of the whole family."""
        with child(sys.executable, "-c", PARENT) as parent:
            orphan = int(line_with(parent, r"^orphan (\d+)$"))
            self.assertGreater(family.share(orphan), 0)
            both = family.share(parent.pid) + family.share(orphan)
            self.assertApproximates(family.memory(parent.pid), both, both / 4)

    def test_end(self) -> None:
        """Who is left when the parent has ended is ended too."""
        with child(sys.executable, "-c", PARENT) as parent:
            orphan = os.pidfd_open(int(line_with(parent, r"^orphan (\d+)$")))
            self.addCleanup(os.close, orphan)
            self.assertEqual(select.select([orphan], [], [], 0)[0], [])
        self.assertEqual(select.select([orphan], [], [], 10)[0], [orphan])

    def test_settled(self) -> None:
        """Newcomers are waited for; a family that has ended is said to have."""
        pause = "import signal; print('there', flush=True); signal.pause()"
        with child(sys.executable, "-c", pause) as parent:
            line_with(parent, "(there)")
            family.settled(parent, {parent.pid})
            self.patch(family, "PATIENCE", 2)
            stays = self.assertRaises(SystemExit, family.settled, parent, set())
            self.assertIn("children of", str(stays))
        with child(sys.executable, "-c", pause) as parent:
            line_with(parent, "(there)")
            there = family.members(parent.pid)
            parent.kill()
            ended = self.assertRaises(SystemExit, family.settled, parent, set())
            self.assertIn("has ended", str(ended))
            self.assertEqual(there, {parent.pid})


def nothing(*words: object, **names: object) -> None:
    """No work."""


@dataclass(frozen=True, slots=True)
class Played(Work):
    """Work whose figures are known, by the port."""

    figures: dict[int, list[tuple[float | None, float]]] = field(default_factory=dict)

    def of(self, one: Running) -> tuple[float | None, ...]:
        """The next."""
        return self.figures[one.port].pop(0)


def played(figures: dict[int, list[tuple[float | None, float]]], *, client: bool = False) -> Played:
    """Such work, in this unit."""
    return Played("work", nothing, 1, "files/s", "CPU ms", 1e3, client=client, figures=figures)


def party(port: int, *clients: bool) -> Party:
    """Somebody with this port, before a server without TLS."""
    return Party("x", {(tls, False): Running("x", port, 0) for tls in clients}, {})


class Replies(SynchronousTestCase):
    """What tells a login that was refused from one that was not."""

    def test_code(self) -> None:
        """The code of a reply is in its last line; nothing is said by who has gone."""

        async def codes() -> list[bytes]:
            reader = asyncio.StreamReader()
            reader.feed_data(b"230-Welcome\r\n 230 lines\r\n230 In\r\n221 Bye\r\n")
            reader.feed_eof()
            return [await reply(reader) for _ in range(3)]

        self.assertEqual(asyncio.run(codes()), [b"230", b"221", b""])


class Tables(SynchronousTestCase):
    """What is printed."""

    def test_lines(self) -> None:
        """What is written is read again, cells without words too."""
        head, rows = ["case", "a", "beside it"], [["one", "", "1"], ["the second", "12.5 (3)", ""]]
        text = "\n".join(simple_table.lines(head, rows))
        self.assertEqual(list(tables(f"Before\n\n{text}\n\nAfter")), [(head, rows)])
        self.assertEqual([line for line in text.splitlines() if line != line.rstrip()], [])

    def test_rows(self) -> None:
        """Medians, and costs as multiples of the first proxy's; nothing where nothing was measured."""
        case = played(
            {
                1: [(None, 30), (None, 10), (None, 20)],
                2: [(2, 9), (0.5, 7), (0.4, 8)],
                3: [(10, 1), (1.26, 2.04), (1, 300)],
            }
        )
        found = measured(case, [party(1, False), party(2, False), party(3, False)], 3)
        self.assertEqual(
            written(case, found),
            [
                ["work, CPU ms", "", "0.50", "1.3 (2.5)"],
                ["work, files/s", "20", "8.0", "2.0"],
            ],
        )

    def test_without(self) -> None:
        """Who takes no such clients, or has no such server, is left out."""
        everyone = [party(1, False), party(2, False, True), party(3, False)]
        case = played({2: [(1, 1)]}, client=True)
        found = measured(case, everyone, 1)
        self.assertEqual(
            written(case, found),
            [["work, CPU ms", "", "1.0", ""], ["work, files/s", "", "1.0", ""]],
        )
        elsewhere = Work("work", nothing, 1, "files/s", "CPU ms", server=True)
        self.assertEqual(measured(elsewhere, everyone, 1), [[[], []]] * 3)

    def test_once(self) -> None:
        """What takes minutes is measured in one round."""
        case = Played("w", nothing, 1, "/s", "s", once=True, figures={1: [(1, 1)], 2: [(2, 2)]})
        found = measured(case, [party(1, False), party(2, False)], 5)
        self.assertEqual(found, [[[1], [1]], [[2], [2]]])

    def test_fresh(self) -> None:
        """Memory is that of a proxy which has done nothing before."""
        begun: list[int] = []

        @contextlib.contextmanager
        def fresh() -> Iterator[Running]:
            begun.append(1)
            yield Running("x", 7, 0)

        used = party(1, False)
        at = Party("x", used.serving, {False: fresh}).at(Idle("idle"))
        assert at is not None
        with at as one:
            self.assertEqual((one.port, begun), (7, [1]))

    def test_fails(self) -> None:
        """What does not serve is named, and what it was asked for."""

        def work(port: int) -> None:
            raise ftplib.error_perm("530 no")

        broken = Work("login", work, 1, "files/s", "CPU ms")
        failed = self.assertRaises(family.Failed, broken.of, Running("Squid", 0, 0))
        self.assertEqual(str(failed), "bench: login by Squid fails: error_perm('530 no')")

    def test_failed(self) -> None:
        """A cell says so, though other rounds went well, and the others have theirs."""
        case = played({})
        found: list[Figures] = [[[nan], [nan]], [[4.0], [1.0]], [[nan, 2.0], [nan, 3.0]]]
        self.assertEqual(
            written(case, found),
            [["work, CPU ms", "fails", "4.0", "fails"], ["work, files/s", "fails", "1.0", "fails"]],
        )

        def work(port: int) -> None:
            raise AssertionError(port)

        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            broken = Work("login", work, 1, "files/s", "CPU ms")
            found = measured(broken, [party(1, False), party(2, False)], 1)
        self.assertEqual(written(broken, found)[1][1:], ["fails", "fails"])
        self.assertIn("login by x fails: AssertionError(2)", said.getvalue())

    def test_jain(self) -> None:
        """1 where all have as much; one part of so many where one has all."""
        self.assertEqual(jain([3, 3, 3]), 1)
        self.assertEqual(jain([8, 0, 0, 0]), 0.25)

    def test_short(self) -> None:
        """Two digits that count."""
        for value, text in (
            (0.2149, "0.21"),
            (0.998, "1.0"),
            (1.26, "1.3"),
            (9.96, "10"),
            (43.9, "44"),
        ):
            self.assertEqual(short(value), text)

    def test_turns(self) -> None:
        """Everybody once in a round; nobody is always first."""
        self.assertEqual(list(turns(3, 4)), [0, 1, 2, 1, 2, 0, 2, 0, 1, 0, 1, 2])

    def test_missing(self) -> None:
        """The packages of what is not there, and of nothing else."""
        needs = {"/nowhere/one": "one", "/": "two", "/nowhere/three": "three"}
        missing = Proxy("x", lambda place: [], needs).missing()
        self.assertEqual(missing, "not installed; Debian has it in one and three")
        self.assertEqual(Proxy("x", lambda place: [], {}).missing(), "")
