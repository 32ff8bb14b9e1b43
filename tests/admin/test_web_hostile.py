"""HTTP on the admin socket: nobody who may write there harms the gateway."""

from __future__ import annotations

import errno
import json
import socket
from pathlib import Path

from ftpalg.admin.web import LONGEST_BODY, MOST
from tests.admin.cases import AdminCase
from tests.life.programs import Foreground, Probed
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


class Hostile(AdminCase):
    """Whoever may write to the socket, and means ill."""

    kind = Probed

    def serves(self, gateway: Foreground) -> None:
        """It is well: an operator and a client are answered, and no exception was seen."""
        self.assertEqual(self.ask("GET", "/sessions")[0], 200)
        self.idle(gateway)
        log = gateway.whole_log()
        self.assertNotIn("Traceback", log)
        self.assertNotIn("Unhandled", log)
        self.assertEqual(gateway.turns.wrong, "")

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
