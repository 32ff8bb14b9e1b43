"""A client that is not read just now, for whichever reason, and goes away."""

from __future__ import annotations

import socket
from functools import partial
from typing import Any

from ftpalg.config import Listener
from ftpalg.core.session_settings import Rules
from ftpalg.net.control.attached import adopt
from ftpalg.net.control.client import ClientControl
from ftpalg.net.control.flow_control import Hold
from ftpalg.net.watch import Watch
from tests.net.controls import ControlCase
from tests.net.pairs import REACTOR
from tests.wire.peers import reset

KEPT = b"NOOP\r\n"


class Held(ControlCase):
    """Watched as the gateway watches it."""

    def setUp(self) -> None:
        super().setUp()
        self.watch = Watch(REACTOR)

    def held(self, reason: Hold) -> tuple[Any, socket.socket]:
        """A client for which that reason stands, and its far end."""
        near, far = self.pair()
        control = ClientControl(self.door, Rules(), Listener(""))
        adopt(self.watch, near, control)
        self.addCleanup(self.gone, control)
        control.pauses.hold(reason)
        return control, far

    async def test_failing(self) -> None:
        """It is gone at once, with all that it has, though nobody reads what it has said."""
        for reason in Hold:
            self.owner.heard.clear()
            control, far = self.held(reason)
            far.sendall(KEPT)
            await self.turn()
            self.assertTrue(control.connected and self.watch.fileno() >= 0, reason)
            reset(far)
            await self.until(partial(getattr, control.transport, "disconnected"))
            self.assertEqual(self.owner.names, ["ClientLost"], reason)
            self.assertEqual((self.watch.fileno(), control.pauses.reasons), (-1, (reason,)))

    async def test_ending(self) -> None:
        """What has ended its side only is still answered: what it has said is read when it may be."""
        for reason in Hold:
            self.owner.heard.clear()
            control, far = self.held(reason)
            far.sendall(KEPT)
            far.shutdown(socket.SHUT_WR)
            for _ in range(3):
                await self.turn()
            self.assertEqual(self.owner.names, [], reason)
            control.pauses.release(reason)
            await self.until(lambda: len(self.owner.heard) == 2)
            self.assertEqual(self.owner.names, ["CommandReceived", "ClientDone"], reason)

    async def test_writing(self) -> None:
        """So it is while something is written meanwhile, and behind that."""
        control, far = self.held(Hold.RATE)
        self.watch.addWriter(control.transport)
        await self.turn()
        self.assertEqual(self.owner.names, [])
        reset(far)
        await self.until(lambda: control.transport.disconnected)
        self.assertEqual(self.owner.names, ["ClientLost"])
