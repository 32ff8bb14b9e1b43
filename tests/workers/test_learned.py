"""What one worker has learned of a server all know."""

from __future__ import annotations

import json
import os
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.events import Traits
from ftpalg.core.routes import Server
from ftpalg.net.reach.traits import Remembered
from ftpalg.workers.learned import TOPIC, Learned, hear, row
from tests.wire.gateways import STARTS
from tests.wire.peers import Control, listener, port_of
from tests.workers.companies import KILL, Company, WorkersCase

SERVER = Server("2001:db8::1", 2121)
LEARNED = Traits(epsv=False, passive=False, surplus=frozenset((b"\xffX", b"RETR")))


class Rows(SynchronousTestCase):
    """As they are told."""

    def test_same(self) -> None:
        """Who hears it knows it as it was learned; so does who comes later."""
        clock = Clock()
        clock.advance(100)
        told: list[Any] = []
        learned = Learned(Remembered(clock, 60.0), lambda topic, body: told.append((topic, body)))
        body = json.loads(json.dumps([row(SERVER, LEARNED, 70.0)]))
        learned.hears[TOPIC](body)
        self.assertEqual(told, [(TOPIC, body)])
        for rows in (told[0][1], json.loads(json.dumps(learned.rows))):
            known = Remembered(clock, 60.0)
            hear(known, rows)
            self.assertEqual(list(known), [(SERVER, LEARNED, 70.0)])


class Known(WorkersCase):
    """Over real workers."""

    def setUp(self) -> None:
        super().setUp()
        self.verbs: list[bytes] = []
        data = listener()
        self.addCleanup(data.close)
        self.port = port_of(data)

    def agrees(self, control: Control) -> None:
        """The server agrees to either verb."""
        verb, _ = control.command()
        self.verbs.append(verb)
        pair = b"%d,%d" % divmod(self.port, 256)
        agreed = {b"EPSV": b"229 (|||%d|)" % self.port, b"PASV": b"227 (127,0,0,1,%b)" % pair}
        control.say(agreed[verb])
        control.until_end()

    def refuses(self, control: Control) -> None:
        """It knows no EPSV."""
        control.answer(b"EPSV", b"500 What?")
        self.agrees(control)

    def verb(self, gateway: Company, worker: int) -> bytes:
        """What a new session of that worker asks the server first."""
        self.spread(gateway, self.agrees)[worker][0].passive()
        return self.verbs[-1]

    def test_known(self) -> None:
        """The other one asks for nothing that the server does not know; one that comes later neither."""
        gateway = self.company()
        self.assertEqual(self.verb(gateway, 2), b"EPSV")
        self.spread(gateway, self.refuses)[1][0].passive()
        self.assertTrue(gateway.until(lambda: self.verb(gateway, 2) == b"PASV"))
        os.kill(gateway.pids[2], KILL)
        self.assertTrue(gateway.logged("worker 2 serves", timeout=STARTS))
        self.assertTrue(gateway.until(lambda: self.verb(gateway, 2) == b"PASV"))
