"""HTTP on the admin socket: what is answered, and in which time."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Generator
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.http import HTTPChannel

from ftpalg.admin.asking import Flow, Json, Worked
from ftpalg.admin.web import IDLE, MOST, Connection, Site
from ftpalg.core.news import GatewayTold
from tests.admin.cases import AdminCase, Standing
from tests.admin.cases import Connection as Asking

GET = b"GET /sessions HTTP/1.1\r\nHost: x\r\n\r\n"


def read(sock: socket.socket) -> bytes:
    """All of it; what a close has cut off is none of it."""
    found = b""
    try:
        while piece := sock.recv(65536):
            found += piece
    except ConnectionError:
        pass
    return found


class Answers(AdminCase):
    """Statuses and sentences."""

    def test_description(self) -> None:
        """What there is, from the table."""
        self.seen()
        status, found = self.ask("GET", "/openapi.json")
        self.assertEqual((status, found["openapi"]), (200, "3.1.0"))
        self.assertIn("/kick", found["paths"])

    def refused(self, method: str, path: str, said: Any = None) -> tuple[int, str]:
        """Status and sentence."""
        status, found = self.ask(method, path, said)
        self.assertEqual(list(found), ["error"])
        return status, found["error"]

    def test_refusals(self) -> None:
        """Each with its status and one sentence in JSON; nothing has happened."""
        gateway = self.seen()
        client = self.idle(gateway)
        for method, path, said, wanted in (
            ("GET", "/", None, 404),
            ("GET", "/nope", None, 404),
            ("GET", "/sessions/", None, 404),
            ("GET", "//sessions", None, 404),
            ("GET", "http://x/sessions", None, 404),
            ("GET", "/..", None, 404),
            ("POST", "/nope", {}, 404),
            ("GET", "/kick?filter=state%3Didle", None, 405),
            ("PUT", "/kick", {"filter": ["state=idle"]}, 405),
            ("DELETE", "/sessions", None, 405),
            ("POST", "/sessions", {}, 405),
            ("POST", "/openapi.json", {}, 405),
            ("GET", "/sessions?nope=1", None, 400),
            ("GET", "/sessions?filter=cleint%3D1", None, 400),
            ("GET", "/sessions?filter=%ff", None, 400),
            ("GET", "/sessions", {"filter": []}, 400),
            ("POST", "/kick", {}, 400),
            ("POST", "/kick", {"filter": ["state=idle"], "nope": 1}, 400),
            ("POST", "/kick?filter=x", {"filter": ["state=idle"]}, 400),
            ("POST", "/kick", ["state=idle"], 400),
        ):
            status, sentence = self.refused(method, path, said)
            self.assertEqual(status, wanted, (method, path, said, sentence))
        self.assertTrue(client.hears_nothing())
        self.assertEqual(self.ask("POST", "/reload", {})[0], 200)
        self.assertTrue(gateway.logged(" by uid "))  # records come in their order
        self.assertNotIn("kick by uid ", gateway.whole_log())

    def test_allow(self) -> None:
        """405 says what is taken, and so does HEAD of what only POST changes."""
        self.seen()
        for method, path, allowed in (
            ("GET", "/kick", "POST"),
            ("HEAD", "/kick", "POST"),
            ("POST", "/sessions", "GET, HEAD"),
            ("PUT", "/metrics", "GET, HEAD"),
            ("DELETE", "/openapi.json", "GET, HEAD"),
        ):
            connection = Asking(self.path)
            self.addCleanup(connection.close)
            connection.request(method, path)
            answer = connection.getresponse()
            self.assertEqual((answer.status, answer.getheader("Allow")), (405, allowed))
            self.assertEqual(bool(answer.read()), method != "HEAD")

    def test_connection_stays(self) -> None:
        """Several questions one after another, and several at once, are answered in their order."""
        self.seen()
        connection = Asking(self.path)
        self.addCleanup(connection.close)
        for path, status in (("/sessions", 200), ("/nope", 404), ("/names", 200)):
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, status)
        last = GET.replace(b"/sessions", b"/nope").replace(b"Host: x", b"Connection: close")
        answers = read(self.raw(GET * 3 + last))
        self.assertEqual(answers.count(b"200 OK"), 3)
        self.assertEqual(answers.count(b"404 Not Found"), 1)

    def test_caller(self) -> None:
        """The record has the user and the process that the kernel tells, whatever the request says."""
        gateway = self.seen()
        self.assertEqual(self.ask("POST", "/reload", {})[0], 200)
        self.assertTrue(
            gateway.logged(f"reload by uid {os.getuid()}: reloaded (pid {os.getpid()})")
        )


class Timed(SynchronousTestCase):
    """With a clock in the place of the reactor's."""

    def setUp(self) -> None:
        self.gateway = Standing()
        self.site = Site(self.gateway)

    def client(self) -> tuple[Connection, StringTransport]:
        """One who has connected."""
        made = self.site.buildProtocol(None)
        assert made is not None
        transport = StringTransport()
        made.makeConnection(transport)
        return made, transport

    def test_slow(self) -> None:
        """A request has its time from the first byte to the last, however many come between."""
        connection, transport = self.client()
        for at in range(IDLE):
            self.assertFalse(transport.disconnecting)
            connection.dataReceived(GET[at : at + 1])
            self.gateway.reactor.advance(1)
        self.assertTrue(transport.disconnecting)
        self.gateway.reactor.advance(HTTPChannel.abortTimeout)
        self.assertTrue(transport.disconnected)

    def test_long_line(self) -> None:
        """A line that does not end is refused once it is longer than the whole header may be; what comes
        behind is not heard any more."""
        connection, transport = self.client()
        connection.dataReceived(b"GET /" + b"x" * (1 << 15))
        self.assertTrue(transport.disconnecting)
        answer = transport.value()
        self.assertIn(b" 431 ", answer.partition(b"\r\n")[0])
        self.assertEqual(list(json.loads(answer.partition(b"\r\n\r\n")[2])), ["error"])
        connection.dataReceived(b"\r\n\r\n" + GET)
        self.assertEqual(transport.value(), answer)

    def test_says_nothing(self) -> None:
        """Nor does one that says nothing stay."""
        _, transport = self.client()
        self.gateway.reactor.advance(IDLE)
        self.assertTrue(transport.disconnecting)

    def test_next_one(self) -> None:
        """Behind an answer the time begins anew."""
        connection, transport = self.client()
        self.gateway.reactor.advance(IDLE - 1)
        connection.dataReceived(GET.replace(b"/sessions", b"/nope"))
        self.assertIn(b"404", transport.value())
        self.gateway.reactor.advance(0)
        self.gateway.reactor.advance(IDLE - 1)
        self.assertFalse(transport.disconnecting)
        self.gateway.reactor.advance(1)
        self.assertTrue(transport.disconnecting)

    def test_pipeline(self) -> None:
        """Of requests that come together each turn of the reactor answers one; behind an end none."""
        connection, transport = self.client()
        connection.dataReceived(GET.replace(b"/sessions", b"/nope") * 3)
        self.assertEqual(transport.value().count(b"404"), 1)
        self.gateway.reactor.advance(0)
        self.assertEqual(transport.value().count(b"404"), 3)
        connection.dataReceived(GET.replace(b"/sessions", b"/nope") * 3)
        connection.connectionLost(Failure(ConnectionDone()))
        self.gateway.reactor.advance(0)
        self.assertEqual(transport.value().count(b"404"), 4)

    def test_long_answer(self) -> None:
        """An answer may take longer than that: it is not the client who is slow."""
        connection, transport = self.client()
        self.patch(self.site, "answer", lambda call: Flow(lambda write, end: lambda: None))
        connection.dataReceived(GET)
        self.gateway.reactor.advance(IDLE * 10)
        self.assertFalse(transport.disconnecting)
        self.assertIn(b"application/x-ndjson", transport.value().lower())

    def test_exception(self) -> None:
        """It is the gateway's fault: 500, the traceback goes to the log and not to the client."""
        connection, transport = self.client()

        def answer(call: object) -> None:
            raise ZeroDivisionError("xyzzy")

        self.patch(self.site, "answer", answer)
        connection.dataReceived(GET)
        self.assertIn(b" 500 ", transport.value())
        self.assertNotIn(b"xyzzy", transport.value())
        (told,) = self.gateway.told
        assert isinstance(told, GatewayTold)
        self.assertTrue(told.warning)
        self.assertIn("xyzzy", told.text)

    def test_work(self) -> None:
        """Steps, and then their answer."""

        def steps() -> Generator[None, None, Json]:
            yield
            yield
            return {"done": 2}

        connection, transport = self.client()
        self.patch(self.site, "answer", lambda call: Worked(steps()))
        connection.dataReceived(GET)
        self.assertEqual(transport.value(), b"")
        self.gateway.reactor.advance(0)
        self.assertIn(b'{"done":2}', transport.value())

    def test_room(self) -> None:
        """For one more than the most the oldest goes that is not being answered; where all are, the
        newcomer does."""
        clients = [self.client() for _ in range(MOST)]
        clients[0][0].answering = True
        self.client()
        self.client()
        self.assertEqual(
            [at for at, (_, transport) in enumerate(clients) if transport.disconnected], [1, 2]
        )
        self.setUp()
        for _ in range(MOST):
            self.client()[0].answering = True
        self.assertIsNone(self.site.buildProtocol(None))

    def test_close(self) -> None:
        """All go with the gateway."""
        _, transport = self.client()
        self.site.close()
        self.assertTrue(transport.disconnecting)
