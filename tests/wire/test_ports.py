"""The ports that tests listen on."""

from __future__ import annotations

import socket
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.gateways import TREE
from tests.wire.ports import FIRST, RANGES, SIZE, Ports, ports
from tests.wire.sockets import bound, port_of

RANGE = "from tests.wire.ports import ports; print(ports().first)"


class OwnPorts(SynchronousTestCase):
    """Each process has its own, as long as there are some."""

    def test_of_each_process(self) -> None:
        """They lie outside of another process's, and of those that the kernel gives."""
        others = subprocess.run(
            [sys.executable, "-c", RANGE], cwd=TREE, capture_output=True, check=True, text=True
        )
        with bound() as mine:
            self.assertIn(port_of(mine), range(ports().first, ports().first + SIZE))
            self.assertNotIn(port_of(mine), range(int(others.stdout), int(others.stdout) + SIZE))
        self.assertLess(FIRST + RANGES * SIZE, 32768)

    def test_in_turn(self) -> None:
        """One that is left is not used again at once, and one that is taken is passed over."""
        with bound() as first:
            left = port_of(first)
        with bound() as second:
            self.assertNotEqual(port_of(second), left)
            again = Ports()
            assert again._held is not None
            self.addCleanup(again._held.close)
            again.first = port_of(second)
            with socket.socket() as third:
                again.bind(third, "127.0.0.1")
                self.assertGreater(port_of(third), port_of(second))
