"""A worker without its supervisor ends, whatever it does meanwhile."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.gateways import TREE

SPINS = (
    "import sys\n"
    "from ftpalg.workers import attached\n"
    "attached.GRACE = 0.1\n"
    "attached.watch(int(sys.argv[1]))\n"
    "print('spins', flush=True)\n"
    "while True: pass\n"
)


class Orphans(SynchronousTestCase):
    """Its reactor does not come to it."""

    def setUp(self) -> None:
        self.ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SPINS, str(theirs.fileno())],
                env={**os.environ, "PYTHONPATH": str(TREE)},
                pass_fds=[theirs.fileno()],
                stdout=subprocess.PIPE,
            )
        self.addCleanup(self.ours.close)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        assert self.process.stdout is not None
        self.addCleanup(self.process.stdout.close)
        self.assertEqual(self.process.stdout.readline(), b"spins\n")

    def test_spins(self) -> None:
        """It is ended once nobody has the other end of its channel."""
        self.ours.close()
        self.assertEqual(self.process.wait(60), 1)
