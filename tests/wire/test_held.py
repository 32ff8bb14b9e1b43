"""A client that is held back and goes away, over real sockets."""

from __future__ import annotations

from tests.wire.clients import Client
from tests.wire.peers import SceneTestCase, reset

SLOW = 100
"""Seconds from one command to the next: nobody waits so long here."""


class Held(SceneTestCase):
    """One session per peer, and one command in a long time."""

    @classmethod
    def settings(cls) -> str:
        return (
            f"[limits]\nsessions-per-peer = 1\ncommand-rate = {1 / SLOW}\n"
            f"command-delay = {10 * SLOW}\n"
        )

    def test_rate(self) -> None:
        """Its place is free at once, and not when it would have been its turn."""
        client = self.connect()
        self.assertEqual(client.code(), 220)
        client.send(b"NOOP\r\n" * 20)
        self.assertEqual(client.code(), 200)
        reset(client.sock)
        self.assertTrue(self.gateway.until(self.comes_in))

    def comes_in(self) -> bool:
        """Whether the peer has a session."""
        client = Client(self.gateway.address, "127.0.0.1")
        try:
            return client.code() == 220
        finally:
            client.close()
