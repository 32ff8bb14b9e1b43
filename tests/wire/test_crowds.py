"""One peer takes what it can get: others still come in, and what it may have is exact (attacks 4 and 8)."""

from __future__ import annotations

import resource
import socket
import ssl
import unittest
from collections import Counter
from time import monotonic

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.ops.seldom import IN_FULL
from tests.tls.certificates import client_context, issued
from tests.tls.peers import as_client
from tests.wire.clients import Client
from tests.wire.crowds import Crowd, Narrow, Site
from tests.wire.gateways import Gateway, descriptors
from tests.wire.sockets import TIMEOUT

GREEDY, BALANCER, OTHER = "127.0.0.2", "127.0.0.4", "127.0.0.3"
WAITS = "[timeouts]\ndrain = 60\nhandshake = 60\nlogin = {login}\n"
LISTENER = '[[listeners]]\nendpoint = "tcp:0:interface=127.0.0.1:backlog=1024"\n'
IMPLICIT = LISTENER + 'client-tls = "implicit"\n'


class CrowdCase(SynchronousTestCase):
    """A gateway of the test's own, before a site that serves hundreds."""

    def begin(
        self, toml: str, *, login: int = 60, kind: type[Gateway] = Gateway, fixed: bool = True
    ) -> None:
        """Start both; the second listener has implicit TLS."""
        self.site = Site()
        self.addCleanup(self.site.close)
        head = f'server = "ftp://127.0.0.1:{self.site.port}"\n' if fixed else ""
        tls = f"[client-tls]\n{issued('good').toml}"
        whole = head + WAITS.format(login=login) + toml + LISTENER + IMPLICIT + tls
        self.gateway = kind([], whole, (), ("127.0.0.1", "127.0.0.1"))
        self.addCleanup(self.gateway.stop)

    def crowd(self, source: str, size: int, which: int = 0) -> Crowd:
        """So many connections at once."""
        crowd = Crowd(self.gateway.addresses[which], source, size)
        self.addCleanup(crowd.close)
        return crowd

    def client(self, source: str) -> Client:
        """One that is logged in."""
        client = Client(self.gateway.address, source)
        self.addCleanup(client.close)
        self.assertEqual(client.code(), 220)
        client.login()
        return client

    def served(self) -> None:
        """Another peer logs in and has a file, at once."""
        began = monotonic()
        client = self.client(OTHER)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR empty").code, 150)
        self.assertEqual(data.recv(1), b"")
        data.close()
        self.assertEqual(client.code(), 226)
        self.assertEqual(client.ask(b"QUIT").code, 221)
        client.close()
        self.assertLess(monotonic() - began, TIMEOUT / 2)

    def finished(self) -> None:
        """The gateway is in order, and in time it holds nothing more."""
        log = self.gateway.whole_log()
        self.assertNotIn("Traceback", log)
        self.assertNotIn("Unhandled", log)
        self.assertIsNone(self.gateway.process.poll(), "the gateway has died")
        self.assertEqual(self.gateway.turns.wrong, "")


class Greed(CrowdCase):
    """Attack 4: descriptors."""

    def test_others_come_in(self) -> None:
        """600 sessions, 279 drains, as many waits for PROXY headers, 100 silent handshakes; 1,024
        descriptors in all."""
        self.begin(f'[proxy-protocol]\nbalancers = ["{BALANCER}/32"]\n', kind=Narrow)
        client = self.client(GREEDY)
        drains: list[socket.socket] = []
        for _ in range(279):
            data = client.pasv()
            self.addCleanup(data.close)
            self.assertEqual(client.ask(b"RETR empty").code, 150)
            self.assertEqual(client.code(), 226)
            drains.append(data)
        self.served()
        self.crowd(BALANCER, 279)
        self.crowd(GREEDY, 100, which=1)
        self.served()
        sessions = self.crowd(GREEDY, 600)
        self.assertTrue(sessions.hear(lambda crowd: crowd.answered))
        self.assertTrue(self.gateway.rests())
        self.served()
        self.assertGreater(sessions.count(b"220"), 70)
        self.assertGreater(sessions.count(b"421 Too many"), 300)
        self.assertLess(len(descriptors(self.gateway.process.pid)), 1000)
        self.assertEqual(client.ask(b"NOOP").code, 200)
        self.finished()

    def test_oldest_drains_go(self) -> None:
        """A client that leaves its data connections open loses the oldest of them, not its session."""
        self.begin("[limits]\ndescriptors-per-peer = 12\n")
        client = self.client(GREEDY)
        drains: list[socket.socket] = []
        for _ in range(30):
            data = client.pasv()
            self.addCleanup(data.close)
            self.assertEqual(client.ask(b"RETR empty").code, 150)
            self.assertEqual(client.code(), 226)
            self.assertEqual(data.recv(1), b"")
            drains.append(data)
        with self.assertRaises(ConnectionError):
            for _ in range(2):
                drains[0].send(b"x")
                self.gateway.rests()
        drains[-1].send(b"x")
        self.assertTrue(self.gateway.rests())
        drains[-1].send(b"x")
        self.finished()

    def test_refused_are_closed(self) -> None:
        """Who is turned away and does not close its end holds nothing beyond its share."""
        self.begin("[limits]\nsessions-per-peer = 1\ndescriptors-per-peer = 20\n")
        crowd = self.crowd(GREEDY, 400)
        self.assertTrue(crowd.hear(lambda crowd: crowd.answered))
        self.assertTrue(self.gateway.rests())
        self.assertLess(len(descriptors(self.gateway.process.pid)), 100)
        self.assertEqual(crowd.count(b"220"), 1)
        self.served()
        self.finished()


class Exact(CrowdCase):
    """Shares under 500 attempts at once."""

    def test_sessions(self) -> None:
        """So many have a session as may, and each other one hears why not; then again."""
        self.begin("[limits]\nsessions-per-peer = 37\n")
        for _ in range(2):
            crowd = self.crowd(GREEDY, 500)
            self.assertTrue(crowd.hear(lambda crowd: crowd.answered))
            self.assertEqual(crowd.count(b"220"), 37)
            refused = b"421 Too many sessions from your address; try again later.\r\n"
            self.assertEqual(crowd.count(refused), 463)
            crowd.close()
            self.assertTrue(self.gateway.left())
        self.finished()

    def test_descriptors(self) -> None:
        """The same of descriptors: two for each session."""
        self.begin("[limits]\ndescriptors-per-peer = 50\n")
        for _ in range(2):
            crowd = self.crowd(GREEDY, 500)
            self.assertTrue(crowd.hear(lambda crowd: crowd.answered))
            taken = crowd.count(b"220")
            self.assertEqual(taken, 25)
            self.assertEqual(
                crowd.count(b"421 Too many connections from your address;"), 500 - taken
            )
            self.assertTrue(self.gateway.rests())
            self.assertLess(len(descriptors(self.gateway.process.pid)), 50 + 64)
            self.served()
            crowd.close()
            self.assertTrue(self.gateway.left())
        alone = self.crowd(GREEDY, 25)
        self.assertTrue(alone.hear(lambda crowd: crowd.answered))
        self.finished()

    def test_handshakes(self) -> None:
        """Of handshakes that say nothing the oldest goes; whoever speaks comes through."""
        self.begin("[limits]\nhandshakes-per-peer = 10\n")
        crowd = self.crowd(GREEDY, 200, which=1)
        self.assertTrue(crowd.hear(lambda crowd: len(crowd.over) >= 190))
        sock = socket.create_connection(self.gateway.addresses[1], TIMEOUT, (GREEDY, 0))
        with client_context().wrap_socket(sock, server_hostname="localhost") as under:
            self.assertEqual(under.recv(4), b"220 ")
        self.assertTrue(self.gateway.rests())
        self.assertEqual(len(crowd.said) - len(crowd.over), 10)
        self.assertTrue(self.gateway.logged("share-used-up", IN_FULL))  # the others are counted
        self.finished()


class Memory(CrowdCase):
    """Attack 8: what waits."""

    def test_unread_replies(self) -> None:
        """Sessions that read no replies end where their peer's share does; others are served."""
        self.begin("[limits]\nmemory-per-peer = 4194304\n")
        before = self.gateway.rss
        greedy: list[Client] = []
        for _ in range(40):
            client = self.client(GREEDY)
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            greedy.append(client)
        for client in greedy:
            client.send(b"HELP\r\n" * 20)
        self.assertTrue(self.gateway.logged("share-used-up", 20))
        self.assertTrue(self.gateway.rests())
        self.served()
        self.assertLess(self.gateway.rss - before, 30 << 20)
        self.assertIn("memory-per-peer used up", self.gateway.whole_log())
        self.finished()

    def test_queued_commands(self) -> None:
        """What is asked before its turn waits at the client, not here."""
        self.begin("", login=600)
        before = self.gateway.rss
        greedy = [self.client(GREEDY) for _ in range(40)]
        for client in greedy:
            data = client.pasv()
            self.addCleanup(data.close)
            self.assertEqual(client.ask(b"RETR endless").code, 150)
        self.assertTrue(self.gateway.rests())
        base = self.gateway.rss
        for client in greedy:
            client.sock.setblocking(False)
            try:
                for _ in range(250):
                    client.sock.send(b"SITE " + 3900 * b"x" + b"\r\n")
            except BlockingIOError:
                pass
        self.assertTrue(self.gateway.rests())
        self.assertLess(self.gateway.rss - base, 10 << 20)
        self.assertGreater(base, before)
        self.finished()

    def test_stalled_transfers(self) -> None:
        """Transfers under TLS that nobody reads hold no more than the share; the others fail visibly."""
        self.begin("[limits]\nmemory-per-peer = 2097152\n")
        context = client_context()
        before = self.gateway.rss
        came: list[int] = []
        held: list[tuple[Client, ssl.SSLSocket]] = []
        for _ in range(24):
            client = Client(self.gateway.addresses[1], GREEDY)
            client.sock = as_client(client.sock, context)
            self.addCleanup(client.close)
            self.assertEqual(client.code(), 220)
            client.login()
            self.assertEqual((client.ask(b"PBSZ 0").code, client.ask(b"PROT P").code), (200, 200))
            data = client.pasv()
            self.addCleanup(data.close)
            data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.send(b"RETR endless\r\n")
            self.assertEqual(client.code(), 150)
            held.append((client, as_client(data, context, client.sock.session)))
            self.assertTrue(self.gateway.rests())
        for client, _ in held:
            if not client.silent(0.05):
                came.append(client.code())
        self.assertEqual(len(came), 24 - 16)
        self.assertEqual(set(came), {426})
        self.assertLess(self.gateway.rss - before, 16 << 20)
        self.served()
        self.finished()


NOFILE = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
EACH = min(500, (min(NOFILE, 40_000) - 1000) // 60)
"""Of ten peers: six descriptors stand for a session, and this process has one for each."""


class Silent(CrowdCase):
    """Who never speaks."""

    @unittest.skipIf(EACH < 100, "needs some 7,000 file descriptors")
    def test_shed(self) -> None:
        """Connections without a word, 5,000 where that many fit, end with the login's time, while others
        work."""
        self.begin("[limits]\nsessions = 6000\n", login=8, fixed=False)
        crowds = [self.crowd(f"127.0.1.{n}", EACH) for n in range(10)]
        for crowd in crowds:
            self.assertTrue(crowd.hear(lambda crowd: crowd.answered))
        heard = Counter(said[:60] for crowd in crowds for said in crowd.said.values())
        self.assertEqual(heard.total(), sum(crowd.count(b"220") for crowd in crowds), heard)
        self.assertGreater(len(descriptors(self.gateway.process.pid)), 10 * EACH)
        user = b"joe@127.0.0.1:%d" % self.site.port
        worked = 0
        while not all(len(crowd.over) == EACH for crowd in crowds):
            began = monotonic()
            client = Client(self.gateway.address, "127.0.0.1")
            self.assertEqual(client.code(), 220)
            client.login(user)
            self.assertEqual(client.ask(b"QUIT").code, 221)
            client.close()
            self.assertLess(monotonic() - began, 5.0)
            worked += 1
            for crowd in crowds:
                crowd.glance()
        self.assertGreater(worked, 3)
        for crowd in crowds:
            crowd.close()
        self.assertTrue(self.gateway.left())
        self.finished()
