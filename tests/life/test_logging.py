"""A log that takes nothing holds nobody up; and ``[log]`` that is read again."""

from __future__ import annotations

import fcntl
import os
import signal
from pathlib import Path
from threading import Thread
from typing import BinaryIO

from tests.life.programs import Foreground, LifeCase

SESSIONS = 12
"""Enough to fill the pipe several times."""


class Piped(Foreground):
    """Its log is a small pipe, which nobody reads before the test does."""

    def _outlet(self) -> BinaryIO:
        self.reads, writes = os.pipe()
        fcntl.fcntl(writes, fcntl.F_SETPIPE_SZ, 4096)
        return open(writes, "wb")  # the one who starts the process closes it

    def ports_only(self) -> None:
        """Wait until it listens: the log says nothing."""
        self.ports = self._wait_for_ports(1)
        self.addresses = [("127.0.0.1", port) for port in self.ports]


class Held(LifeCase):
    """Standard error is a pipe whose reader rests."""

    def setUp(self) -> None:
        super().setUp()
        self.gateway = Piped(self.text() + "ladder = true\n")
        self.addCleanup(os.close, self.gateway.reads)
        self.addCleanup(self.gateway.stop)
        self.gateway.ports_only()
        for _ in range(SESSIONS):
            self.idle(self.gateway)

    def test_goes_on(self) -> None:
        """Sessions go on, and all that they did is in the pipe once it is read."""
        found: list[bytes] = []
        pipe = self.gateway.reads
        reader = Thread(target=lambda: found.extend(iter(lambda: os.read(pipe, 4096), b"")))
        reader.start()
        self.gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.gateway.status(), 0)
        reader.join()
        text = b"".join(found).decode()
        self.assertEqual(text.count("C -> P  PASS ****"), SESSIONS)
        self.assertTrue(all(line[:2] == "20" for line in text.splitlines()), text)
        self.assertIn(" stopped", text.splitlines()[-1])

    def test_ends(self) -> None:
        """Nor does it keep the process from its end."""
        self.gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.gateway.status(), 0)


class Full(LifeCase):
    """A disk without room."""

    def test_goes_on(self) -> None:
        """Sessions go on; when there is room again, it is told how many records were lost."""
        place = self.scratch / "log"
        place.symlink_to("/dev/full")
        gateway = self.begin(self.text() + f'to = "file:{place}"\n')
        gateway.ports = gateway._wait_for_ports(1)
        gateway.addresses = [("127.0.0.1", port) for port in gateway.ports]
        self.idle(gateway)
        place.unlink()
        gateway.process.send_signal(signal.SIGUSR1)
        self.assertTrue(gateway.until(place.exists))
        self.idle(gateway)
        self.assertTrue(gateway.until(lambda: "records could not be written" in said(place)))
        self.assertTrue(gateway.until(lambda: "logged in" in said(place)))


class Renewed(LifeCase):
    """SIGHUP."""

    def test_taken(self) -> None:
        """Records go where the file says now, in its form, with what it says they have."""
        gateway = self.run_it()
        new = self.scratch / "new"
        whole = self.text() + f'to = "file:{new}"\nusers = "none"\nladder = true\n'
        gateway.file.write_text(whole.replace('"text"', '"json"'), encoding="utf-8")
        gateway.process.send_signal(signal.SIGHUP)
        self.assertTrue(gateway.until(lambda: '"event":"reloaded"' in said(new)))
        self.assertIn(f"log.to stderr -> file:{new}", said(new))
        self.assertNotIn("restart", said(new))
        self.idle(gateway)
        self.assertTrue(gateway.until(lambda: '"event":"login"' in said(new)))
        self.assertIn('"event":"line"', said(new))
        self.assertNotIn('"user"', said(new))
        self.assertNotIn("logged in", gateway.whole_log())

    def test_fault(self) -> None:
        """A file that cannot be had: no setting is taken, and the old log says so."""
        gateway = self.run_it()
        whole = self.text("[limits]\nsessions = 1\n") + 'to = "file:/no/such/log"\n'
        gateway.file.write_text(whole, encoding="utf-8")
        gateway.process.send_signal(signal.SIGHUP)
        self.assertTrue(gateway.logged("not reloaded"))
        self.assertIn('log.to = "file:/no/such/log": cannot be written', gateway.whole_log())
        self.idle(gateway), self.idle(gateway)
        self.assertTrue(gateway.logged("logged in", 2))


def said(file: Path) -> str:
    """What that file holds."""
    return file.read_text(encoding="utf-8") if file.exists() else ""
