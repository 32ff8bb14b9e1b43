"""A worker's process as the supervisor has it: any program in its place."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from ftpalg.life.reactor import installed
from ftpalg.workers import process
from ftpalg.workers.channel import told
from ftpalg.workers.handed import Snapshot
from ftpalg.workers.process import Stage, Words, Worker

READY = ["1-2", "3-4", 5, 6]


class Owner:
    """Whom it is told to."""

    def __init__(self) -> None:
        self.came: Deferred[Worker] = Deferred()
        self.went: Deferred[Worker] = Deferred()
        self.lines: list[bytes] = []
        self.times = 0

    def ready(self, worker: Worker) -> None:
        self.times += 1
        if self.times == 1:
            self.came.callback(worker)

    def gone(self, worker: Worker) -> None:
        self.went.callback(worker)

    def line(self, text: bytes) -> None:
        self.lines.append(text)


class Programs(TestCase):
    """What it may be."""

    timeout = 120

    def setUp(self) -> None:
        self.owner = Owner()

    def start(self, code: str, bound: float = 600.0, lines: bool = False) -> Worker:
        """A Python program; ``say`` writes to its channel, ``READY`` is what says that it is ready."""
        head = (
            "import json, os, signal, sys\n"
            "channel = json.loads(os.environ['FTPALG_WORKER'])[0]\n"
            "def say(words): os.write(channel, words)\n"
            f"READY = {told('ready', READY)!r}\n"
        )
        worker = Worker(installed(), self.owner, 3, bound, {})
        words = Words((sys.executable, "-c", head + code), "/", 4, 0, (), lines)
        worker.start(words, {}, Snapshot("", None, {}, 1))
        self.addCleanup(worker.kill, "the test is over")
        return worker

    async def over(self, worker: Worker, why: str, name: str = "SIGKILL") -> None:
        """It ends so, and is reaped."""
        self.assertIs(await self.owner.went, worker)
        self.assertEqual((worker.why, worker.signal), (why, name))
        self.assertEqual(worker.stage, Stage.GONE)
        self.assertFalse(Path(f"/proc/{worker.pid}").exists())
        self.assertEqual(self.flushLoggedErrors(), [])

    async def test_ready(self) -> None:
        """It says what it has, and lives until it is killed."""
        worker = self.start("say(READY); signal.pause()")
        await self.owner.came
        assert worker.facts is not None
        self.assertEqual([*worker.facts], READY)
        self.assertEqual(worker.stage, Stage.SERVING)
        worker.kill("no use")
        await self.over(worker, "no use")

    async def test_refuses(self) -> None:
        """Why it cannot start."""
        refused = told("refused", "limits: kühn")
        worker = self.start(f"say({refused!r}); sys.exit(1)")
        await self.over(worker, "", "")
        self.assertEqual((worker.refusal, worker.status), ("limits: kühn", 1))

    async def test_dies(self) -> None:
        """By a signal of its own, without a word."""
        worker = self.start("os.kill(os.getpid(), signal.SIGABRT)")
        await self.over(worker, "", "SIGABRT")

    async def test_silent_start(self) -> None:
        """It is not ready in time."""
        self.patch(process, "STARTS", 0.1)
        worker = self.start("signal.pause()")
        await self.over(worker, "it was not ready in 0 s")

    async def test_silent(self) -> None:
        """It is ready, and gives no sign of life; nor does one that spins."""
        worker = self.start("say(READY)\nwhile True: pass", 0.2)
        await self.over(worker, "no sign of life for 0.2 s (timeouts.worker)")

    async def test_beats(self) -> None:
        """What it says of itself counts, for as long as it says it."""
        beat = told("beat", [7, 2])
        worker = self.start(f"say(READY)\nfor at in range(9): say({beat!r})\nsignal.pause()", 0.2)
        await self.over(worker, "no sign of life for 0.2 s (timeouts.worker)")
        self.assertEqual((worker.sessions, worker.transfers), (7, 2))

    async def test_garbage(self) -> None:
        """What it says is none of what is spoken: it is killed at once."""
        self.patch(process, "GRACE", 600.0)
        worker = self.start("say(READY + b'HELO\\r\\n'); signal.pause()")
        await self.over(worker, "what it says is not what is spoken here")

    async def test_lies(self) -> None:
        """Words that cannot be are refused, and change nothing."""
        lies = b"".join((told("ready", ["x"]), told("beat", "many"), told("stopped", [1])))
        worker = self.start(f"say({lies!r} + READY + READY); signal.pause()")
        await self.owner.came
        installed().callLater(0, worker.kill, "no use")
        await self.over(worker, "no use")
        assert worker.facts is not None
        self.assertEqual(([*worker.facts], worker.sessions, self.owner.times), (READY, 0, 1))

    async def test_lingers(self) -> None:
        """It has closed its channel and does not end."""
        self.patch(process, "GRACE", 0.1)
        worker = self.start("os.close(channel); signal.pause()")
        await self.over(worker, "its end of the channel is closed")

    async def test_lines(self) -> None:
        """Its standard error is read, where it has no other."""
        worker = self.start("sys.stderr.write('a\\nb\\nc'); sys.stderr.flush()", lines=True)
        await self.owner.went
        self.assertEqual(worker.status, 0)
        self.assertEqual(self.owner.lines[:2], [b"a", b"b"])

    async def test_what_it_has(self) -> None:
        """No descriptor but those that are handed on, an empty standard input, no signal ignored."""
        end, mouth = os.pipe()
        os.set_inheritable(mouth, True)
        self.addCleanup(os.close, end)
        self.addCleanup(os.close, mouth)
        code = (
            "assert os.read(0, 1) == b''\n"
            "found = sorted(map(int, os.listdir('/proc/self/fd')))\n"
            "sys.exit(len(found))"
        )
        worker = self.start(code)
        await self.owner.went
        self.assertEqual(worker.status, len((0, 1, 2, 3, 4, 5, "that of the folder")))

    def test_no_program(self) -> None:
        """It cannot be started: nothing is left open, and nobody waits."""
        before = len(os.listdir("/proc/self/fd"))
        worker = Worker(installed(), self.owner, 1, 1.0, {})

        def fail(*words: object, **more: object) -> None:
            raise OSError(11, "no more processes")

        self.patch(installed(), "spawnProcess", fail)
        snapshot = Snapshot("", None, {}, 1)
        self.assertRaises(OSError, worker.start, Words(("x",), "/", 1, 0), {}, snapshot)
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)
