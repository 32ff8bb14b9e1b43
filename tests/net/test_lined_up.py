"""Clients that wait for their turn to come in: their connections, and the entrance."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from ftpalg.config import Listener, Settings
from ftpalg.core.ends import Refusal
from ftpalg.core.session_settings import ClientTls, Rules
from ftpalg.net import arrivals as module
from ftpalg.net.admission import Entrance
from ftpalg.net.arrivals import LEAST, Arrivals
from ftpalg.net.control.attached import ACCEPTS, accept_from
from ftpalg.net.control.client import ClientFactory
from ftpalg.net.gateway import Gateway
from ftpalg.net.ledger import Line
from tests.net.doubles import POLICIES, Log
from tests.net.pairs import REACTOR, SocketCase

HERE = "127.0.0.1"


class LinedUp(SocketCase):
    """All come from here, and the clock of their line is the test's."""

    def setUp(self) -> None:
        super().setUp()
        log: Any = Log()
        self.log = log
        self.clock = Clock()
        self.gateway = Gateway(REACTOR, Settings(), log, POLICIES)
        self.addCleanup(self.gateway.close)
        self.shared = self.gateway.shared._replace(arrivals=Arrivals(self.clock))
        self.entrance = Entrance(self.shared)
        factory = ClientFactory(self.entrance, Rules(), Listener("tcp:0", ClientTls.OFF, False))
        self.port: Any = REACTOR.listenTCP(0, factory, interface=HERE)
        accept_from(self.port, factory)
        self.addCleanup(self.port.stopListening)
        self.addCleanup(self._all_gone)

    async def _all_gone(self) -> None:
        """Who is in line still has gone, and is asked in: nobody's descriptor is left."""
        while self.held:
            self.clock.advance(LEAST)
            await self.turn()

    def come(self) -> socket.socket:
        """One more."""
        far = self.kept(socket.create_connection((HERE, self.port.getHost().port)))
        far.setblocking(False)
        return far

    @property
    def held(self) -> int:
        """Descriptors that are charged to all of them."""
        return self.gateway.ledger.held(HERE, Line.DESCRIPTORS)

    @property
    def refused(self) -> list[str]:
        """Why somebody was, as it was told."""
        return [why for who, why in self.log.words if who == f"refused {HERE}"]

    def said(self, client: socket.socket) -> bytes:
        """What a client has been told up to now."""
        try:
            return client.recv(1000, socket.MSG_PEEK)
        except BlockingIOError:
            return b""

    @property
    def sessions(self) -> int:
        return len(self.shared.sessions.open)

    async def _turn(self) -> None:
        clients = [self.come() for _ in range(3)]
        clients[1].send(b"NOOP\r\n")
        await self.until(lambda: self.held == 3)
        self.assertEqual(self.sessions, 1)
        self.clock.advance(LEAST)
        self.assertEqual(self.sessions, 3)
        await self.until(lambda: self.said(clients[1]).count(b"\r\n") == 2)
        self.assertEqual(self.said(clients[2]).count(b"\r\n"), 1)

    def test_turn(self) -> Deferred[None]:
        """They have a session when it is their turn, and what they have said meanwhile is answered then."""
        return Deferred.fromCoroutine(self._turn())

    async def _gone(self) -> None:
        kept, gone, reset = (self.come() for _ in range(3))
        await self.until(lambda: self.held == 3)
        gone.close()
        reset.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        reset.close()
        self.clock.advance(LEAST)
        self.assertEqual(self.sessions, 1)
        await self.until(lambda: self.held == 1)
        self.assertEqual(self.refused, [])
        self.assertTrue(self.said(kept).startswith(b"220"))

    def test_gone(self) -> Deferred[None]:
        """Who has gone meanwhile gets none, and holds nothing."""
        return Deferred.fromCoroutine(self._gone())

    async def _full(self) -> None:
        self.patch(module, "LONGEST", 2)
        for _ in range(3):
            self.come()
        await self.until(lambda: self.held == 3)
        clients = [self.come() for _ in range(40)]
        await self.until(lambda: all(self.over(client) for client in clients))
        self.assertEqual((self.held, self.sessions), (3, 1))
        (why,) = self.refused
        self.assertIn("not heard, 1 times", why)

    def over(self, client: socket.socket) -> bool:
        """Whether it was closed, without a word."""
        try:
            return client.recv(1) == b""
        except BlockingIOError:
            return False

    def test_full(self) -> Deferred[None]:
        """Behind the end of the line nobody is heard, and one record tells it."""
        return Deferred.fromCoroutine(self._full())

    def test_who_is_not(self) -> None:
        """Others are heard, balancers always, and what has no address."""
        self.patch(module, "LONGEST", 0)
        self.entrance.arrivals.may_enter(HERE, self)
        self.assertTrue(self.entrance.turns_away(IPv4Address("TCP", HERE, 1)))
        self.assertFalse(self.entrance.turns_away(IPv4Address("TCP", "127.0.0.2", 1)))
        self.assertFalse(self.entrance.turns_away(UNIXAddress("x")))
        self.assertFalse(self.entrance.turns_away(None))
        self.patch(self.entrance, "is_balancer", lambda peer: True)
        self.assertFalse(self.entrance.turns_away(IPv4Address("TCP", HERE, 1)))

    def go_in(self) -> bool:
        """As somebody who waits (``arrivals.Waiting``)."""
        return True

    def test_few(self) -> None:
        """A port does not accept more and more in one turn."""
        self.assertEqual(self.port.numberAccepts, ACCEPTS)
        self.port.numberAccepts += 20
        self.assertEqual(self.port.numberAccepts, ACCEPTS)
        self.assertEqual(Refusal.DESCRIPTORS_OF_PEER.rule, "limits.descriptors-per-peer")
