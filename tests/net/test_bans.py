"""Where there are no bans."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.bans import Kind
from ftpalg.net.bans import NO_BANS


class Nobody(SynchronousTestCase):
    """No answer stands against anybody."""

    def test_each(self) -> None:
        """A right login changes nothing."""
        NO_BANS.right("joe", "192.0.2.1")
        self.assertEqual(NO_BANS.counts, {Kind.PEER: 0, Kind.ACCOUNT: 0})
        self.assertIsNone(NO_BANS.of_peer("192.0.2.1"))
        self.assertIsNone(NO_BANS.of_account("joe", "192.0.2.1"))
        self.assertFalse(NO_BANS.is_safe("192.0.2.1"))
        self.assertFalse(NO_BANS.knows("joe", "192.0.2.1"))
