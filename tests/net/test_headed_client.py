"""Clients that a balancer elsewhere hands on: whom its header may name, and who is local."""

from __future__ import annotations

import socket
from ipaddress import ip_network
from typing import Any

from twisted.internet.defer import Deferred

from ftpalg.config import Listener, Settings
from ftpalg.config.tables import ProxyProtocol
from ftpalg.core.events import Link
from ftpalg.core.session_settings import ClientTls, Rules
from ftpalg.net.admission import Entrance
from ftpalg.net.control import client as module
from ftpalg.net.control.client import ClientFactory
from ftpalg.net.gateway import Gateway
from ftpalg.net.legs.sockets import established
from tests.net.doubles import POLICIES, Log
from tests.net.pairs import REACTOR, SocketCase

BALANCER = "192.0.2.9"


class Headed(SocketCase):
    """One connection of a balancer."""

    def setUp(self) -> None:
        super().setUp()
        log: Any = Log()
        self.log = log
        balancers = ProxyProtocol((ip_network("192.0.2.0/24"), ip_network("127.0.0.0/8")))
        self.gateway = Gateway(REACTOR, Settings(proxy_protocol=balancers), log, POLICIES)
        self.addCleanup(self.gateway.close)
        listener = Listener("tcp:0", ClientTls.OFF, False)
        factory = ClientFactory(Entrance(self.gateway.shared), Rules(), listener)
        self.port = REACTOR.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)

    async def handed_on(self, source: str, balancer: str) -> socket.socket:
        """A connection of that balancer's for that client, once it is refused or has its session."""
        self.patch(module, "link_of", lambda sock: Link(balancer, "192.0.2.254", 40000))
        self.log.words.clear()
        far = self.kept(socket.create_connection(("127.0.0.1", self.port.getHost().port)))
        far.sendall(f"PROXY TCP{6 if ':' in source else 4} {source} {source} 1 2\r\n".encode())
        far.setblocking(False)
        await self.until(lambda: self.log.words or self.gateway.shared.sessions.open)
        return far

    async def _refused(self) -> None:
        for source in (
            "127.0.0.1",
            "::1",
            "0.0.0.0",
            "169.254.1.1",
            "224.0.0.1",
            "::ffff:127.0.0.1",
        ):
            far = await self.handed_on(source, BALANCER)
            self.assertEqual(self.gateway.shared.sessions.open, {}, source)
            ((who, why),) = self.log.words
            self.assertEqual(who, f"refused {BALANCER}")
            self.assertIn("no address of a client elsewhere", why)
            await self.until(lambda: not established(far))  # noqa: B023

    def test_refused(self) -> Deferred[None]:
        """A client of a balancer elsewhere cannot be on loopback: no session, not a word, a record."""
        return Deferred.fromCoroutine(self._refused())

    async def _near(self) -> None:
        for source, balancer, near in (
            ("198.51.100.7", BALANCER, False),
            ("127.0.0.1", "127.0.0.1", True),
        ):
            await self.handed_on(source, balancer)
            session: Any
            (session,) = self.gateway.shared.sessions.open.values()
            self.assertEqual(
                (session.session.desk.client.peer, session.client.near), (source, near)
            )
            session.end("Enough.")
            await self.until(lambda: not self.gateway.shared.sessions.open)

    def test_near(self) -> Deferred[None]:
        """Only a connection that comes from this machine itself makes a client local."""
        return Deferred.fromCoroutine(self._near())
