"""A TestCase per pair of server and gateway; a cell is one client's whole exchange.

Set FTPALG_PEERS_DIRECT to let the clients reach the servers without the gateway: what fails then
too is no fault of the gateway's.
"""

from __future__ import annotations

import ftplib
import os
import re
from typing import ClassVar
from unittest import SkipTest

from twisted.trial.unittest import SynchronousTestCase

from tests.peers.clients import Client
from tests.peers.exchange import DELETED, Exchange
from tests.peers.servers import Account, Gateway, Server
from tests.peers.stage import Stage

DIRECT = bool(os.environ.get("FTPALG_PEERS_DIRECT"))


class Cells(SynchronousTestCase):
    """One server, one gateway in front of it, for all tests of the class."""

    server_type: ClassVar[type[Server]]
    mode: ClassVar[str] = "passive"
    client_host: ClassVar[str] = "127.0.0.1"
    server_host: ClassVar[str] = "127.0.0.1"
    routed: ClassVar[bool] = False

    @classmethod
    def server_of(cls) -> Server:
        """The server, to be started."""
        return cls.server_type(cls.server_host)

    @classmethod
    def gateway_for(cls, server: Server) -> Gateway:
        """The gateway in front of it."""
        return Gateway(None if cls.routed else server.account, cls.mode, cls.client_host)

    def setUp(self) -> None:
        """Have the server and the gateway run."""
        why = self.server_type.missing()
        if why:
            raise SkipTest(why)
        stage = Stage.of(type(self))
        self.server, self.gateway, self.base = stage.server, stage.gateway, stage.base

    def account(self) -> Account:
        """Whom the client logs in to: the gateway."""
        there = self.server.account
        if DIRECT:
            return there
        user = f"{there.user}@{there.authority}" if self.routed else there.user
        return Account(self.gateway.host, self.gateway.port, user, there.password)

    def cell(self, kind: type[Client]) -> None:
        """Let a client do its exchange; fail with its words and the ladder where it went wrong."""
        why = kind.missing()
        if why:
            raise SkipTest(why)
        before = len(self.gateway.said())
        exchange = Exchange.prepare(self.account(), kind.__name__, self.server.root, self.base)
        try:
            said = kind().run(exchange)
        except (OSError, EOFError, ftplib.Error) as error:
            said = repr(error).encode()
        faults = exchange.faults(said)
        ladder = self.gateway.said()[before:]
        if not DIRECT and not re.search(rf"DELE \S*{re.escape(DELETED.decode())}", ladder):
            faults.add("the gateway saw nothing of it")
        if faults:
            words = said.decode(errors="backslashreplace")
            self.fail(f"{sorted(faults)}\n--- the client:\n{words}\n--- the gateway:\n{ladder}")
