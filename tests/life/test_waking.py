"""No order is lost: a signal is obeyed at once, whichever thread it interrupts."""

from __future__ import annotations

import os
import signal
from functools import partial

from tests.life.programs import Foreground, LifeCase


class Interrupted(LifeCase):
    """A gateway at rest, and a signal that its main thread does not feel."""

    def setUp(self) -> None:
        super().setUp()
        record = self.scratch / "log"
        text = self.text().replace("[log]\n", f'[log]\nto = "file:{record}"\n')
        self.gateway = self.begin(text)
        self.assertTrue(
            self.gateway.until(lambda: record.exists() and "ready" in record.read_text())
        )
        self.record = record

    def interrupt(self, gateway: Foreground, number: int) -> None:
        """Another of its threads gets the signal: the one that writes the log, which waits too."""
        pid = gateway.process.pid
        others = [int(one) for one in os.listdir(f"/proc/{pid}/task") if int(one) != pid]
        self.assertTrue(others)
        os.kill(others[0], number)

    def test_stop(self) -> None:
        """The gateway ends."""
        self.interrupt(self.gateway, signal.SIGTERM)
        self.assertEqual(self.gateway.status(), 0)
        self.assertNotIn("Traceback", self.gateway.whole_log())

    def test_many(self) -> None:
        """Each of several is obeyed, and what wakes the reactor does not wake it for ever."""
        for times in range(1, 4):
            self.interrupt(self.gateway, signal.SIGUSR2)
            self.assertTrue(self.gateway.until(partial(self.shown, times)))
        self.assertTrue(self.gateway.until(self.rests))

    def shown(self, times: int) -> bool:
        """The sessions have been told of so often."""
        return self.record.read_text().count("0 sessions") == times

    def rests(self) -> bool:
        """Its main thread waits."""
        with open(f"/proc/{self.gateway.process.pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "S"
