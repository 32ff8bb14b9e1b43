"""Answers that are long: more sessions than one turn takes, more bytes than a socket holds."""

from __future__ import annotations

import json
import re
import socket

from ftpalg.admin.who import BATCH
from tests.admin.cases import AdminCase
from tests.admin.test_web import GET, read
from tests.wire.gateways import sockets_of
from tests.wire.peers import Client

MANY = 5 * BATCH + 1


class Many(AdminCase):
    """Clients that have named no server yet."""

    def setUp(self) -> None:
        super().setUp()
        text = f'listen = ["tcp:0:interface=127.0.0.1"]\n[admin]\nsocket = "{self.path}"\n'
        self.gateway = self.begin(text + '[log]\nformat = "text"\n').serve()
        self.clients: list[Client] = []
        while len(self.clients) < MANY:
            self.clients.append(client := Client(self.gateway.address))
            self.addCleanup(client.close)
            self.assertEqual(client.code(), 220)

    def test_slices(self) -> None:
        """All of them, each once, in the order of their time; a piece of the answer for each turn."""
        answer = read(self.raw(GET.replace(b"Host: x", b"Connection: close")))
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertIn(b"chunked", head.lower())
        sizes, text = [], b""
        while found := re.match(rb"([0-9a-f]+)\r\n", body):
            size = int(found[1], 16)
            sizes.append(size)
            text += body[found.end() : found.end() + size]
            body = body[found.end() + size + 2 :]
        names = [one["session"] for one in json.loads(text)["sessions"]]
        self.assertEqual((len(names), names), (MANY, sorted(set(names))))
        self.assertGreater(len(sizes), MANY // BATCH)
        self.assertLess(max(sizes), len(text) / 4)

    def test_goes_in_the_middle(self) -> None:
        """A client that goes before it has read all of it, another that does not read: nobody minds."""
        before = sockets_of(self.gateway.process.pid)
        for _ in range(5):
            sock = self.raw(GET)
            sock.recv(1000)
            sock.close()
        slow = self.raw()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(GET)
        slow.recv(1000)
        self.assertTrue(self.gateway.rests())
        self.assertEqual(len(self.sessions()), MANY)
        self.assertEqual(self.clients[0].ask(b"NOOP").code, 200)
        slow.close()
        self.assertTrue(self.gateway.until(lambda: sockets_of(self.gateway.process.pid) <= before))
        self.assertNotIn("Traceback", self.gateway.whole_log())

    def test_kick(self) -> None:
        """All of them, each with its word."""
        status, found = self.ask("POST", "/kick", {"filter": ["state=naming"], "say": "Out."})
        self.assertEqual((status, found), (200, {"kicked": MANY, "marked": 0}))
        for client in self.clients:
            self.assertEqual(client.reply().text, b"421 Out.")
        self.assertEqual(self.sessions(), [])
