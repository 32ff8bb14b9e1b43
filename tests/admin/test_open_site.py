"""The pages over TCP, and whoever comes there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.asking import Refusal
from ftpalg.admin.open_site import check_host
from ftpalg.admin.web import IDLE, MOST
from ftpalg.core.news import GatewayTold
from tests.admin.everybody import METRICS, Client, SiteCase

HEAD = b"GET /ready HTTP/1.1\r\nHost: localhost\r\n"
OURS = frozenset(("gw.example.net",))


class Hosts(SynchronousTestCase):
    """By which names one may ask."""

    def refused(self, *hosts: bytes, old: bool = False) -> int:
        """The status of the refusal, 0 where there is none."""
        try:
            check_host(hosts, OURS, old=old)
        except Refusal as refusal:
            return refusal.status
        return 0

    def test_ours(self) -> None:
        """Addresses, localhost, names of the settings; with and without a port."""
        for host in (
            *(b"127.0.0.1", b"127.0.0.1:8021", b"192.0.2.7:9", b"[::1]", b"[::1]:8021"),
            *(b"[2001:DB8::1]:1", b"localhost", b"LocalHost:8021", b"localhost."),
            *(b"gw.example.net", b"GW.EXAMPLE.NET:8021", b"gw.example.net.:80", b"127.0.0.1:"),
        ):
            self.assertEqual(self.refused(host), 0, host)

    def test_others(self) -> None:
        """A browser that was led here says the name that led it."""
        for host in (
            *(
                b"evil.example",
                b"evil.example:8021",
                b"127.0.0.1.evil.example",
                b"gw.example.net.evil",
            ),
            *(b"localhost.evil.example", b"xlocalhost", b"127.1", b"0x7f000001", b"2130706433"),
            *(b"gw.example.ne", b"wgw.example.net", b"127.0.0.1.nip.io", b"gw.example.net..", b"."),
        ):
            self.assertEqual(self.refused(host), 421, host)

    def test_none(self) -> None:
        """What is no host at all, and two of them, one of ours."""
        for hosts in (
            *((b"",), (b"a b",), (b"evil@127.0.0.1",), (b"127.0.0.1/x",), (b"[::1",), (b"::1",)),
            *((b"[::1]x",), (b"[1.2.3.4]",), (b"[:::]",), (b"localhost:80:80",), (b"localhost:x",)),
            *((b"loc\xe4lhost",), (b"localhost\0",), (b"localhost\xa0",), (b"a" * 300,)),
            *((b"localhost", b"evil.example"), (b"localhost", b"localhost"), ()),
        ):
            self.assertEqual(self.refused(*hosts), 400, hosts)

    def test_old(self) -> None:
        """HTTP/1.0 may be silent on it; what it says counts all the same."""
        self.assertEqual(self.refused(old=True), 0)
        self.assertEqual(self.refused(b"evil.example", old=True), 421)

    @given(st.lists(st.binary(max_size=40), max_size=3))
    def test_anything(self, hosts: list[bytes]) -> None:
        """Nothing but a refusal comes of any bytes."""
        self.assertIn(self.refused(*hosts), (0, 400, 421))


class Served(SiteCase):
    """What is asked well."""

    def test_metrics(self) -> None:
        """The text, with its kind."""
        head, _, body = self.ask("/metrics", "Host: 127.0.0.1", version="1.0").partition(
            b"\r\n\r\n"
        )
        self.assertTrue(head.startswith(b"HTTP/1.0 200 "), head)
        self.assertIn(b"Content-Type: text/plain; version=0.0.4; charset=utf-8", head)
        self.assertEqual(body, b"".join(METRICS))

    def test_head(self) -> None:
        """The head alone."""
        for path in ("/metrics", "/ready", "/live"):
            head, _, body = self.ask(path, method="HEAD").partition(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.1 200 "), head)
            self.assertEqual(body, b"")

    def test_ready(self) -> None:
        """200 and 503."""
        self.assertEqual(self.status("/ready"), 200)
        self.gateway.ready = False
        self.assertEqual((self.status("/ready"), self.status("/live")), (503, 200))

    def test_query(self) -> None:
        """Words behind the path are nobody's."""
        self.assertEqual(self.status("/ready?verbose=1"), 200)

    def test_again(self) -> None:
        """One connection has as many answers as it asks for."""
        request = b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n"
        self.assertEqual(self.said(request * 3).count(b"HTTP/1.1 200 OK"), 3)

    def test_in_turns(self) -> None:
        """Nothing is made in the turn of the request, and nothing for a client that has gone."""
        client, made = self.connect()
        made.dataReceived(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.go()
        made.connectionLost()
        self.gateway.reactor.advance(0)
        self.assertEqual(self.gateway.steps, 0)


class Refused(SiteCase):
    """What is not."""

    def test_paths(self) -> None:
        """Nothing of the admin socket is here, and nothing else; which pages there are is said."""
        for path in (
            *("/", "/sessions", "/kick", "/openapi.json", "/reload", "/metrics/", "/../metrics"),
            *("*", "http://127.0.0.1/metrics", "//metrics", "/%6detrics", "/metrics%00"),
        ):
            self.assertEqual(self.status(path), 404, path)
        self.assertIn(b"there are: /metrics, /ready, /live", self.ask("/"))

    def test_methods(self) -> None:
        """GET and HEAD alone."""
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get"):
            self.assertEqual(self.status("/metrics", method=method), 405, method)

    def test_names(self) -> None:
        """A name that is not ours has nothing of what there is."""
        said = self.ask("/metrics", "Host: evil.example")
        self.assertTrue(said.startswith(b"HTTP/1.1 421 Misdirected Request\r\n"), said)
        self.assertIn(b"admin.names", said)
        self.assertNotIn(METRICS[0], said)
        self.assertEqual(self.status("/", "Host: evil.example"), 421)
        self.assertEqual(self.status("/ready", "Host: localhost", "Host: evil.example"), 400)
        self.assertEqual(self.status("/ready", "X: y"), 400)
        self.assertEqual(self.status("/ready", "X: y", version="1.0"), 200)

    def test_no_http(self) -> None:
        """Other protocols hear so and are closed."""
        for words in (
            b"USER anonymous\r\nPASS x\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 300 + b"\r\n",
            b"GET\r\n\r\n",
            b"GET /ready HTTP/1.1\r\nHost : localhost\r\n\r\n",
            b"GET /ready HTTP/1.1\r\nno colon\r\n\r\n",
            HEAD + b"Content-Length: -1\r\n\r\n",
            HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        ):
            said = self.said(words)
            self.assertTrue(said.startswith(b"HTTP/1.1 400 "), (words, said))

    def test_too_long(self) -> None:
        """Headers and bodies without an end, and long before it."""
        for words, status in (
            (b"GET /" + b"a" * 100_000, b"4"),
            (b"GET /ready HTTP/1.1\r\n" + b"X: y\r\n" * 50_000, b"4"),
            (b"GET /ready HTTP/1.1\r\nX: " + b"y" * 100_000, b"4"),
            (
                b"POST /ready HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n"
                + b"z" * 70_000,
                b"413",
            ),
        ):
            client, made = self.connect()
            made.dataReceived(words)
            said = client.value()
            self.assertTrue(said.startswith(b"HTTP/1.1 " + status), (words[:40], said[:80]))
            self.assertTrue(client.over, words[:40])

    def test_fault(self) -> None:
        """An exception is an answer of 500, and in the log; not a word of it goes out."""
        self.patch(self.gateway, "scrape", lambda: 1 // 0)
        said = self.ask("/metrics")
        self.assertTrue(said.startswith(b"HTTP/1.1 500 "), said)
        self.assertNotIn(b"ZeroDivision", said)
        told = self.gateway.news[0]
        assert isinstance(told, GatewayTold)
        self.assertIn("ZeroDivisionError", told.text)


class Bounds(SiteCase):
    """How many there may be, and for how long."""

    def test_slow(self) -> None:
        """Whoever takes longer for a request than it may is cut off, whatever little it says."""
        client, made = self.connect()
        for _ in range(IDLE):
            self.assertFalse(client.over)
            made.dataReceived(b"G")
            self.gateway.reactor.advance(1)
        self.gateway.reactor.advance(1)
        self.assertTrue(client.over)

    def test_many(self) -> None:
        """One more takes the place of the one that has been silent longest."""
        clients: list[Client] = [self.connect()[0] for _ in range(MOST)]
        self.assertFalse(any(client.gone for client in clients))
        self.assertIsNotNone(self.connect()[1])
        self.assertEqual([client.gone for client in clients], [True] + [False] * (MOST - 1))

    def test_not_reading(self) -> None:
        """Who does not take what it has asked for is let go."""
        client, made = self.connect()
        made.dataReceived(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        made.pauseProducing()
        self.gateway.reactor.advance(10)
        before = self.gateway.steps
        self.gateway.reactor.advance(10)
        self.assertEqual(self.gateway.steps, before)
        self.gateway.reactor.advance(60)
        self.assertTrue(client.over)
