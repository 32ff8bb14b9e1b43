"""Records of workers in the log of twistd."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from typing import cast

from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config.loading import structure
from ftpalg.ops.forms import flat
from ftpalg.ops.record_tables import Level, Record
from ftpalg.workers.relayed import Relayed, record_of
from tests.wire.peers import BIN, TREE, Client
from tests.workers.companies import WorkersCase

RECORD = Record(
    "worker_lost", 1_000_000.25, {"worker": 1, "worker_pid": 2, "sessions": 0, "why": "ü\n{}"}
)


class Lines(SynchronousTestCase):
    """What a worker writes."""

    def setUp(self) -> None:
        self.warned: list[str] = []
        settings = structure({"log": {"format": "text"}}, "f")
        self.relayed = Relayed(lambda: settings.log, self.warned.append)
        self.events: list[LogEvent] = []
        seen = cast(ILogObserver, self.events.append)
        globalLogPublisher.addObserver(seen)
        self.addCleanup(globalLogPublisher.removeObserver, seen)

    def test_same(self) -> None:
        """The record, with its time, its level and its fields."""
        for record in (
            RECORD,
            Record("ready", 2.5, {"version": "1", "pids": (1, 2)}),
            Record("warning", 3.0, {"sentence": "no"}, Level.ERROR),
        ):
            found = record_of(json.loads(flat(record)))
            self.assertEqual(
                (found.event, found.time, dict(found.fields), found.level),
                (record.event, record.time, dict(record.fields), record.level),
            )

    def test_line(self) -> None:
        """It goes into the log of the program as the supervisor's own do."""
        self.relayed.line(flat(RECORD).encode())
        (event,) = self.events
        self.assertEqual((event["event"], event["log_level"]), ("worker_lost", LogLevel.error))
        self.assertEqual((event["worker"], event["log_time"]), (1, 1_000_000.25))

    def test_others(self) -> None:
        """What is none is told as it stands."""
        lines = [b"Traceback", b"{}", b"[1]", b'{"time":"x","event":"a","level":"info"}', b"\xff"]
        for line in lines:
            self.relayed.line(line)
        self.assertEqual((len(self.warned), self.events), (len(lines), []))


class Twistd(WorkersCase):
    """``twistd -n``, whose log is on its standard output."""

    def test_log(self) -> None:
        """Records of workers are there; SIGTERM ends all of them with status 0."""
        file = self.scratch / "f.toml"
        file.write_text(self.company_text())
        process = subprocess.Popen(
            [str(BIN / "twistd"), "-n", "--pidfile=", "ftpalg", "--config", str(file)],
            cwd=TREE,
            env={**os.environ, "PYTHONPATH": str(TREE)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        assert process.stdout is not None
        self.addCleanup(process.stdout.close)
        ready = next(line for line in process.stdout if " ready: " in line)
        port = re.search(r"127\.0\.0\.1:(\d+)", ready)
        assert port
        self.server.then(lambda control: control.say(b"220 Ready."))
        client = Client(("127.0.0.1", int(port[1])))
        self.addCleanup(client.sock.close)
        self.assertEqual(client.code(), 220)
        self.assertIn(" opened", next(line for line in process.stdout if " opened" in line))
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        self.assertEqual(process.wait(60), 0)
        self.assertIn("stopped: ", rest)
        self.assertNotIn("Traceback", rest)
