"""What systemd is told."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.life.notify import Notify


class Telling(SynchronousTestCase):
    """A socket in the service manager's place."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-notify-")
        self.addCleanup(holder.cleanup)
        self.path = str(Path(holder.name) / "socket")
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.setblocking(False)

    def test_lines(self) -> None:
        """All that is said at once is one datagram."""
        self.manager.bind(self.path)
        Notify({"NOTIFY_SOCKET": self.path}).say("READY=1", "STATUS=serving")
        self.assertEqual(self.manager.recv(4096), b"READY=1\nSTATUS=serving")

    def test_abstract(self) -> None:
        """A name that begins with @ is in the abstract namespace."""
        name = "@" + self.path
        self.manager.bind("\0" + self.path)
        Notify({"NOTIFY_SOCKET": name}).say("READY=1")
        self.assertEqual(self.manager.recv(4096), b"READY=1")

    def test_nobody(self) -> None:
        """No manager, none that listens, and one that does not read: nothing happens."""
        Notify({}).say("READY=1")
        absent = Notify({"NOTIFY_SOCKET": self.path})
        absent.say("READY=1")
        self.manager.bind(self.path)
        for _ in range(2000):
            absent.say("STATUS=" + "x" * 500)
        self.assertTrue(self.manager.recv(4096).startswith(b"STATUS="))

    def test_watchdog(self) -> None:
        """It is fed within its time; nonsense and no manager mean never."""
        named = {"NOTIFY_SOCKET": self.path}
        self.assertEqual(Notify({**named, "WATCHDOG_USEC": "30000000"}).watchdog, 30.0)
        for wrong in ({**named, "WATCHDOG_USEC": "-1"}, named, {"WATCHDOG_USEC": "30000000"}):
            self.assertEqual(Notify(wrong).watchdog, 0.0)
