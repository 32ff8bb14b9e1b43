"""Which connections are paced."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any
from unittest import SkipTest

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.legs import pacing
from ftpalg.net.legs.pacing import unpaced


class Pacing(SynchronousTestCase):
    """Connections that are not paced."""

    def test_unpaced(self) -> None:
        """Where the system paces, those with a peer of this host are not; nor asks a system that does not."""
        if not hasattr(socket, "TCP_CONGESTION"):
            raise SkipTest("no TCP_CONGESTION")
        set_to: list[object] = []
        sock: Any = SimpleNamespace(setsockopt=lambda *words: set_to.append(words))
        for paces in (False, True):
            self.patch(pacing, "_paces", lambda paces=paces: paces)
            for peer in ("127.0.0.1", "::1", "192.0.2.1"):
                unpaced(sock, peer)
        cubic = (socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
        self.assertEqual(set_to, [cubic, cubic])

    def test_inherited(self) -> None:
        """Linux gives it to what a port accepts."""
        if not hasattr(socket, "TCP_CONGESTION"):
            raise SkipTest("no TCP_CONGESTION")
        with socket.create_server(("127.0.0.1", 0)) as port:
            before = port.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)
            other = b"cubic" if before.startswith(b"reno") else b"reno"
            try:
                port.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, other)
            except OSError as error:
                raise SkipTest(f"there is nothing but {before!r}") from error
            with socket.create_connection(port.getsockname()), port.accept()[0] as found:
                name = found.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)
        self.assertTrue(name.startswith(other))
