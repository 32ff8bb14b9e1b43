"""systemd's watchdog: food at half its time, none from a reactor that is stuck."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.life.notify import Notify
from ftpalg.life.watchdog import Watchdog
from tests.wire.gateways import TREE

STUCK = """
import os, sys
from twisted.internet import reactor
from ftpalg.life.notify import Notify
from ftpalg.life.watchdog import Watchdog

watched = Watchdog(reactor, Notify(os.environ))
fed = []
say = watched._notify.say

def count(*lines):
    say(*lines)
    fed.append(lines)
    if len(fed) == 2:
        reactor.callLater(0, spin)

def spin():
    print("spins", flush=True)
    while True:
        pass

watched._notify.say = count
reactor.run(installSignalHandlers=False)
"""
"""A program whose reactor is stuck in a call behind its second food."""


class Feeding(SynchronousTestCase):
    """A socket in the manager's place, and a clock."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-watchdog-")
        self.addCleanup(holder.cleanup)
        self.path = str(Path(holder.name) / "socket")
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.bind(self.path)
        self.manager.setblocking(False)
        self.clock = Clock()

    def watch(self, **environ: str) -> Watchdog:
        """As a unit with ``WatchdogSec=30`` has it."""
        named = {"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": "30000000", **environ}
        return Watchdog(self.clock, Notify(named))

    def fed(self) -> int:
        """How often since the last time; nothing else is said."""
        found = 0
        while True:
            try:
                self.assertEqual(self.manager.recv(4096), b"WATCHDOG=1")
            except BlockingIOError:
                return found
            found += 1

    def test_half(self) -> None:
        """Every half of its time, first after one: READY has begun it."""
        self.watch()
        self.assertEqual(self.fed(), 0)
        for seconds, times in ((14.9, 0), (0.1, 1), (14.9, 0), (0.2, 1)):
            self.clock.advance(seconds)
            self.assertEqual(self.fed(), times)

    def test_whose(self) -> None:
        """Ours by our PID or by none; another's is not fed, nor is one that is not there."""
        for environ, times in (
            ({"WATCHDOG_PID": str(os.getpid())}, 1),
            ({"WATCHDOG_PID": str(os.getppid())}, 0),
            ({"WATCHDOG_USEC": "0"}, 0),
            ({"WATCHDOG_USEC": "x"}, 0),
        ):
            watchdog = self.watch(**environ)
            self.clock.advance(15)
            self.assertEqual(self.fed(), times, environ)
            watchdog.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stop(self) -> None:
        """Nothing comes behind it."""
        watchdog = self.watch()
        self.clock.advance(15)
        watchdog.stop()
        self.clock.advance(60)
        self.assertEqual(self.fed(), 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stuck(self) -> None:
        """A reactor in a call that does not end feeds no more, for ten halves of the time."""
        self.manager.settimeout(60)
        child = subprocess.Popen(
            [sys.executable, "-c", STUCK],
            env={
                **os.environ,
                "PYTHONPATH": str(TREE),
                "NOTIFY_SOCKET": self.path,
                "WATCHDOG_USEC": "40000",
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        try:
            self.assertEqual(child.stdout.readline(), "spins\n")
            self.manager.setblocking(False)
            self.assertEqual(self.fed(), 2)
            self.manager.settimeout(0.2)
            self.assertRaises(TimeoutError, self.manager.recv, 4096)
            self.assertIsNone(child.poll())
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
