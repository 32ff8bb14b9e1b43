"""What a session can order."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.routes import Server


class Servers(SynchronousTestCase):
    """``Server``."""

    def test_shown(self) -> None:
        """An IPv6 address is shown in brackets."""
        self.assertEqual(str(Server("ftp.example")), "ftp.example:21")
        self.assertEqual(str(Server("::1", 2121)), "[::1]:2121")
