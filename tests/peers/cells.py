"""A TestCase per pair of server and gateway; a cell is one client's whole exchange.

Set FTPALG_PEERS_DIRECT to let the clients reach the servers without the gateway: what fails then
too is no fault of the gateway's.
"""

from __future__ import annotations

import atexit
import ftplib
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import ClassVar
from unittest import SkipTest

from twisted.trial.unittest import SynchronousTestCase

from tests.peers.clients import Client
from tests.peers.exchange import DELETED, Exchange
from tests.peers.servers import Account, Gateway, NotStarted, Server

DIRECT = bool(os.environ.get("FTPALG_PEERS_DIRECT"))


class Stage:
    """A server, the gateway in front of it, and the folder of the clients."""

    current: ClassVar[Stage | None] = None
    """The stage of the tests that run now; trial knows no setUpClass, so the next class's first
    test clears it away, and the end of the process the last one."""

    broken: ClassVar[dict[type[Cells], NotStarted]] = {}
    """What could not be started, so that it is tried only once."""

    def __init__(self, case: type[Cells]) -> None:
        self.case = case
        self.base = Path(tempfile.mkdtemp(prefix="ftpalg-peers-"))
        self.server = case.server_type(case.server_host)
        self.gateway: Gateway | None = None
        try:
            self.server.start()
            self.gateway = Gateway(
                None if case.routed else self.server.account, case.mode, case.client_host
            )
            self.gateway.start()
        except BaseException:
            self.clear()
            raise

    def clear(self) -> None:
        """Kill both and remove the folders."""
        if self.gateway is not None:
            self.gateway.stop()
        self.server.stop()
        shutil.rmtree(self.base, ignore_errors=True)

    @classmethod
    def of(cls, case: type[Cells]) -> Stage:
        """The stage of a class of tests; another class's is cleared away first."""
        if case in cls.broken:
            raise cls.broken[case]
        if cls.current is None or cls.current.case is not case:
            cls.clear_current()
            try:
                cls.current = Stage(case)
            except NotStarted as error:
                cls.broken[case] = error
                raise
        return cls.current

    @classmethod
    def clear_current(cls) -> None:
        """Leave no process behind."""
        last, cls.current = cls.current, None
        if last is not None:
            last.clear()


atexit.register(Stage.clear_current)


class Cells(SynchronousTestCase):
    """One server, one gateway in front of it, for all tests of the class."""

    server_type: ClassVar[type[Server]]
    mode: ClassVar[str] = "passive"
    client_host: ClassVar[str] = "127.0.0.1"
    server_host: ClassVar[str] = "127.0.0.1"
    routed: ClassVar[bool] = False

    def setUp(self) -> None:
        """Have the server and the gateway run."""
        why = self.server_type.missing()
        if why:
            raise SkipTest(why)
        stage = Stage.of(type(self))
        assert stage.gateway is not None
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
