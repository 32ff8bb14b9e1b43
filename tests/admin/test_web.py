"""HTTP on the admin socket: what is answered, and that nobody who may write there harms the gateway."""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Generator
from pathlib import Path
from typing import Any

from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.http import HTTPChannel

from ftpalg.admin.asking import Flow, Json, Worked
from ftpalg.admin.web import IDLE, LONGEST_BODY, MOST, Connection, Site
from ftpalg.core.news import GatewayTold
from tests.admin.cases import AdminCase, Standing
from tests.admin.cases import Connection as Asking
from tests.life.programs import Foreground
from tests.wire.gateways import sockets_of

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
            ("POST", "/openapi.json", {}, 404),
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
            ("POST", "/sessions", "GET"),
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
        self.gateway.reactor.advance(IDLE - 1)
        self.assertFalse(transport.disconnecting)
        self.gateway.reactor.advance(1)
        self.assertTrue(transport.disconnecting)

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


class Hostile(AdminCase):
    """Whoever may write to the socket, and means ill."""

    def serves(self, gateway: Foreground) -> None:
        """It is well: an operator and a client are answered, and no exception was seen."""
        self.assertEqual(self.ask("GET", "/sessions")[0], 200)
        self.idle(gateway)
        log = gateway.whole_log()
        self.assertNotIn("Traceback", log)
        self.assertNotIn("Unhandled", log)

    def error(self, answer: bytes, status: int) -> str:
        """The sentence of an answer with that status."""
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertIn(f" {status} ".encode(), head.partition(b"\r\n")[0], answer[:200])
        sentence: str = json.loads(body)["error"]
        return sentence

    def test_no_http(self) -> None:
        """HTTP/0.9, binary, FTP, a TLS hello: 400, and the connection is closed."""
        gateway = self.seen()
        for data in (
            b"GET /sessions\r\n",
            b"GET\r\n\r\n",
            b"\x00\xff\x16\x03\x01\r\n\r\n",
            b"USER joe\r\n",
            b"\x16\x03\x01\x02\x00\x01\r\n",
            b"GET /sessions HTTP/9.9 x\r\n\r\n",
            b"G\x00ET /sessions HTTP/1.1\r\n\r\n",
            b"GET /sessions HTTP/1.1\r\nNo colon\r\n\r\n",
            b"GET /sessions HTTP/1.1\r\nA\x00b: c\r\n\r\n",
            b"GET /sessions HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            b"GET /sessions HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            b"GET /sessions HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"GET /sessions HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
            b"POST /reload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        ):
            self.assertIn(b" 400 ", read(self.raw(data))[:20], data)
        self.serves(gateway)

    def test_long_header(self) -> None:
        """A header of a megabyte, in one line, in many, and in one that does not end."""
        gateway = self.seen()
        start = b"GET /sessions HTTP/1.1\r\n"
        for data in (
            start + b"X: " + b"x" * (1 << 20) + b"\r\n\r\n",
            start + b"X: x\r\n" * (1 << 17) + b"\r\n",
            start + b"X: y\r\n" + b" folded\r\n" * (1 << 17) + b"\r\n",
            start + b"x" * (1 << 20),
            b"GET /" + b"x" * (1 << 20) + b" HTTP/1.1\r\n\r\n",
        ):
            sock = self.raw()
            try:
                sock.sendall(data)
            except OSError as error:  # it has closed before it was told all
                self.assertIn(error.errno, (errno.EPIPE, errno.ECONNRESET))
            answer = read(sock)
            self.assertTrue(not answer or b" 400 " in answer[:20] or b" 431 " in answer[:20])
            self.assertNotIn(b"sessions", answer)
        self.assertLess(gateway.rss, 200 << 20)
        self.serves(gateway)

    def test_long_body(self) -> None:
        """One that is said to be too long, one that is, and one in chunks without an end."""
        gateway = self.seen()
        start = b"POST /kick HTTP/1.1\r\n"
        body = b"x" * (LONGEST_BODY + 1)
        said = b"Content-Length: %d\r\n\r\n" % len(body)
        for data in (
            start + said + body,
            start + b"Content-Length: %d\r\n\r\nx" % (1 << 40),
            start + b"Transfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + b"x" * 4096 + b"\r\n",
        ):
            sock = self.raw(data)
            if b"chunked" in data:
                try:
                    for _ in range(10000):
                        sock.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
                    self.fail("it takes chunks without an end")
                except OSError as error:
                    self.assertIn(error.errno, (errno.EPIPE, errno.ECONNRESET))
            else:
                self.assertIn("65536 bytes", self.error(read(sock), 413))
        self.assertLess(gateway.rss, 200 << 20)
        self.serves(gateway)

    def test_forms(self) -> None:
        """A body that calls itself a form, as a page in a browser could send it, is no JSON."""
        gateway = self.seen()
        client = self.idle(gateway)
        for kind, body in (
            (b"application/x-www-form-urlencoded", b"filter=state%3Didle"),
            (b"multipart/form-data; boundary=x", b"--x\r\n\r\n--x--\r\n"),
            (b"multipart/form-data", b"x"),
        ):
            head = b"POST /kick HTTP/1.1\r\nConnection: close\r\nContent-Type: %b\r\n" % kind
            answer = read(self.raw(head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)))
            self.assertIn("no JSON", self.error(answer, 400))
        self.assertTrue(client.hears_nothing())

    def test_half_a_request(self) -> None:
        """It waits for nobody: others are answered, and who goes in the middle is forgotten."""
        gateway = self.seen()
        before = sockets_of(gateway.process.pid)
        for data in (
            b"",
            b"GET /ses",
            GET[:-2],
            b"POST /kick HTTP/1.1\r\nContent-Length: 9\r\n\r\n{",
        ):
            sock = self.raw(data)
            self.assertEqual(self.ask("GET", "/sessions")[0], 200)
            sock.close()
        self.assertTrue(gateway.until(lambda: sockets_of(gateway.process.pid) <= before))
        self.serves(gateway)

    def test_many_connections(self) -> None:
        """A thousand: of those that ask nothing the oldest goes, and an operator gets in."""
        gateway = self.seen()
        idle = [self.raw(GET[:-2] if at % 2 else b"") for at in range(1000)]
        self.assertEqual(self.ask("GET", "/sessions")[0], 200)
        held = len(sockets_of(gateway.process.pid))
        self.assertLess(held, MOST + 10)
        self.assertEqual(read(idle[0]), b"")
        for sock in idle:
            sock.close()
        self.serves(gateway)

    def test_goes_in_the_middle(self) -> None:
        """A client that goes while its answer is written, or before it is begun."""
        gateway = self.seen()
        before = sockets_of(gateway.process.pid)
        for _ in range(20):
            self.raw(GET * 50).close()
        self.assertTrue(gateway.until(lambda: sockets_of(gateway.process.pid) <= before))
        self.serves(gateway)

    def test_does_not_read(self) -> None:
        """What one that does not read asks for is not made in advance: its questions wait, too."""
        gateway = self.seen()
        sock = self.raw()
        sock.setblocking(False)
        sent = 0
        while sent < 64 << 20:
            try:
                sent += sock.send(GET.replace(b"/sessions", b"/openapi.json") * 100)
            except BlockingIOError:
                break
        self.assertLess(sent, 64 << 20)
        self.assertTrue(gateway.rests())
        self.assertLess(gateway.rss, 200 << 20)
        self.serves(gateway)

    def test_socket_alone(self) -> None:
        """The file is all there is: nothing listens on TCP for it."""
        gateway = self.seen()
        self.assertEqual(gateway.listened_on(), set(gateway.ports))
        self.assertEqual([one.name for one in Path(self.path).parent.iterdir()], [self.path.name])
