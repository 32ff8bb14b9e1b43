"""PROXY headers from a balancer on 127.0.0.1, for clients elsewhere on loopback; others send none."""

from __future__ import annotations

import socket
import ssl
import struct

from tests.tls.certificates import client_context, issued
from tests.tls.peers import as_client
from tests.wire.peers import (
    TIMEOUT,
    Client,
    Control,
    SceneTestCase,
    drained,
    echo_site,
    epsv_port,
    impatient,
    listener,
    pasv_port,
    port_of,
    six,
    stranger,
)

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
REAL, FRONT, ADVERTISED = "127.0.0.5", "127.0.0.99", "127.0.0.77"
"""The client, the balancer's address as the client knows it, and this node's."""


def line(source: str = REAL, front: str = FRONT, port: int = 40000) -> bytes:
    """Version 1."""
    kind = b"TCP6" if ":" in source else b"TCP4"
    return b"PROXY %b %b %b %d 21\r\n" % (kind, source.encode(), front.encode(), port)


def block(source: str = REAL, front: str = FRONT, extensions: bytes = b"") -> bytes:
    """Version 2."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    packed = socket.inet_pton(family, source) + socket.inet_pton(family, front)
    body = packed + struct.pack("!HH", 40000, 21) + extensions
    kind = b"\x21" if ":" in source else b"\x11"
    return SIGNATURE + b"\x21" + kind + struct.pack("!H", len(body)) + body


LOCAL = SIGNATURE + b"\x20\x00\x00\x00"
"""A balancer's own connection, for instance its check."""


class ProxyTestCase(SceneTestCase):
    """A gateway behind a balancer."""

    listeners = ("127.0.0.1",)
    sessions = 100
    head = 'server = "ftp://127.0.0.1:PORT0"\n'

    @classmethod
    def settings(cls) -> str:
        return (
            '[proxy-protocol]\nbalancers = ["127.0.0.1/32"]\n'
            f'[data]\nclient-address = "{ADVERTISED}"\n'
            f"[limits]\nsessions-per-peer = {cls.sessions}\n"
            '[access]\nclients = ["127.0.0.4/30", "fd01::/64"]\n'
            '[[listeners]]\nendpoint = "tcp:0:interface=127.0.0.1"\nclient-tls = "implicit"\n'
            f"[client-tls]\n{issued('good').toml}"
        )

    def headed(self, header: bytes, which: int = 0) -> Client:
        """The balancer's connection after its header."""
        client = self.connect(which=which)
        client.send(header)
        return client

    def admitted(self, client: Client, peer: str = REAL) -> None:
        """The session works, and the log has the real client."""
        self.serve(lambda c: (c.login(), echo_site(c), c.until_end()))
        self.assertEqual(client.code(), 220)
        client.login()
        self.assertTrue(client.in_step())
        shown = f"[{peer}]:" if ":" in peer else f"{peer}:"
        self.assertTrue(self.gateway.logged(shown))
        self.assertIn(f" {shown}", self.gateway.new_log())

    def turned_away(self, client: Client, why: str) -> None:
        """Not a word to whoever it is, and the reason in the log."""
        self.assertEqual(client.rest(), b"")
        self.assertTrue(self.gateway.logged(f"127.0.0.1 refused: {why}"), why)


class Headers(ProxyTestCase):
    """Good ones and others."""

    def test_versions(self) -> None:
        """Both versions, with extensions, and with commands glued behind them."""
        for header in (line(), block(), block(extensions=b"\x04\x00\x02ab")):
            self.admitted(self.headed(header))
            self.serve(lambda c: (c.login(), c.until_end()))
            client = self.headed(header + b"USER joe\r\nPASS secret\r\n")
            self.assertEqual([client.code() for _ in range(3)], [220, 331, 230])

    def test_byte_by_byte(self) -> None:
        """A header that comes in pieces, a segment for each byte."""
        for header in (line(), block()):
            client = self.connect()
            for at in range(len(header)):
                client.send(header[at : at + 1])
            self.admitted(client)

    def test_implicit_tls(self) -> None:
        """The TLS handshake comes right behind the header, glued to it or not."""
        for header in (line(), block()):
            client = self.headed(header, 1)
            client.sock = as_client(client.sock, client_context())
            self.admitted(client)
            self._glued(header)

    def _glued(self, header: bytes) -> None:
        """Header and ClientHello in one segment; the greeting comes under TLS."""
        self.serve(lambda c: (c.say(b"220 Hi."), c.until_end()))
        client = self.connect(which=1)
        received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = client_context().wrap_bio(received, sent, server_hostname="localhost")
        found = b""
        while not found:
            try:
                tls.do_handshake()
                found = tls.read(100)
            except ssl.SSLWantReadError:
                client.send(header + sent.read())
                header = b""
                received.write(client.sock.recv(65536))
        self.assertTrue(found.startswith(b"220"), found)
        client.close()

    def test_ipv6_client(self) -> None:
        """A client that has an IPv6 address, over the balancer's IPv4."""
        for header in (line("fd01::5", "fd01::99"), block("fd01::5", "fd01::99")):
            self.admitted(self.headed(header), "fd01::5")

    def test_mapped(self) -> None:
        """An IPv4 client written as IPv6 is the same client."""
        self.admitted(self.headed(block("::ffff:127.0.0.5", "::ffff:127.0.0.99")))

    def test_balancers_own(self) -> None:
        """LOCAL and UNKNOWN, a check for instance: greeted by the gateway itself, and no more."""
        for header in (LOCAL, b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN ffff::1 x 1 2\r\n"):
            self.assertEqual(self.headed(header).rest(), b"220 ftpalg ready.\r\n")

    def test_garbage(self) -> None:
        """What is no header ends the connection without a word."""
        for bad, why in (
            (b"USER joe\r\n", "the connection does not begin with a PROXY header"),
            (b"\x16\x03\x01\x02\x00\x01\x00", "the connection does not begin with a PROXY header"),
            (b"proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n", "the connection does not begin with a PROXY"),
            (b"PROXY TCP4 127.0.0.5 127.0.0.99 40000\r\n", "the PROXY header is malformed"),
            (b"PROXY TCP4 127.0.0.5 127.0.0.99 70000 21\r\n", "the PROXY header is malformed"),
            (b"PROXY TCP4 127.0.0.5 127.0.0.99 4 21\n", "the PROXY header is malformed"),
            (b"PROXY TCP4 127.1 127.0.0.99 4 21\r\n", "the PROXY header is malformed"),
            (b"PROXY TCP4 ::1 ::1 4 21\r\n", "the PROXY header is malformed"),
            (b"PROXY " + b"x" * 200, "the PROXY header is longer than 107 bytes"),
            (b"\r\n\r\n\x00\r\nQUIX\n" + b"\0" * 9, "the connection does not begin with a PROXY"),
            (SIGNATURE + b"\x31\x11\x00\x0c" + b"\0" * 12, "the PROXY header is malformed"),
            (
                SIGNATURE + b"\x21\x12\x00\x0c" + b"\0" * 12,
                "the PROXY header is for something else",
            ),
            (SIGNATURE + b"\x21\x11\x00\x04" + b"\0" * 4, "the PROXY header is malformed"),
            (SIGNATURE + b"\x21\x11\xff\xff" + b"\0" * 99, "the PROXY header is longer than"),
        ):
            self.turned_away(self.headed(bad), why)
        self.admitted(self.headed(line()))

    def test_ends_early(self) -> None:
        """A balancer that closes, or resets, in the midst of its header."""
        for part in (b"", b"PRO", line()[:-2], SIGNATURE, block()[:-1]):
            client = self.headed(part)
            client.sock.shutdown(socket.SHUT_WR)
            self.turned_away(client, "the peer closed the connection too soon")
            self.headed(part).reset()
        self.admitted(self.headed(line()))

    @impatient(handshake=2.0)
    def test_slow(self) -> None:
        """A header that does not come within timeouts.handshake; another connection goes on."""
        waiting = [self.headed(part) for part in (b"", b"P", line()[:-1], block()[:20])]
        self.admitted(self.headed(line()))
        for client in waiting:
            self.turned_away(client, "no PROXY header came within timeouts.handshake")

    @impatient(handshake=1.0)
    def test_slow_handshake(self) -> None:
        """A header without the handshake behind it."""
        self.assertEqual(self.headed(line(), 1).rest(), b"")

    def test_second_header(self) -> None:
        """Only the first one counts; another is no verb of FTP's, and does not reach the server."""
        client = self.headed(line() + line("127.0.0.6"))
        self.serve(lambda c: (c.say(b"220 Hi."), echo_site(c)))
        self.assertEqual([client.code(), client.code()], [220, 530])
        self.assertTrue(client.in_step())
        self.assertNotIn("127.0.0.6", self.gateway.new_log())

    def test_unlisted(self) -> None:
        """Who is no balancer is not believed."""
        for header in (line(), block()):
            self.serve(lambda c: (c.say(b"220 Hi."), c.line(), c.say(b"500 What?"), c.until_end()))
            client = self.connect("127.0.0.6")
            client.send(header + b"NOOP\r\n")
            self.assertEqual(client.code(), 220)
            self.assertGreaterEqual(client.code(), 500)
            self.assertNotIn(f" {REAL}", self.gateway.new_log())


class Checks(ProxyTestCase):
    """A balancer's own connections, where every client may come."""

    @classmethod
    def settings(cls) -> str:
        return super().settings().replace("127.0.0.4/30", "127.0.0.0/8")

    def test_no_session(self) -> None:
        """LOCAL and UNKNOWN are no session, and nobody is called at the server."""
        before = self.server.accepted
        for header in (LOCAL, b"PROXY UNKNOWN\r\n", block("::1", "::1")[:12] + b"\x21\0\0\0"):
            self.assertEqual(self.headed(header).rest(), b"220 ftpalg ready.\r\n")
        self.admitted(self.headed(line(REAL)))
        self.assertEqual(self.server.accepted, before + 1)


class WhoseSession(ProxyTestCase):
    """Limits, access and data connections are the real client's."""

    sessions = 2

    def test_access(self) -> None:
        """Who may come is the client's question, not the balancer's."""
        for header in (line("127.0.0.8"), block("127.0.0.8"), line("fd02::1", "fd02::2")):
            client = self.headed(header)
            self.assertEqual(client.reply().text, b"421 Your address is not admitted here.")
            self.assertEqual(client.rest(), b"")
        self.assertIn("127.0.0.8 refused: Your address is not admitted", self.gateway.new_log())

    @impatient(quit=1.0)
    def test_limits(self) -> None:
        """Each client has its own count of sessions."""
        held = []
        for source in (REAL, REAL, "127.0.0.6", "127.0.0.6"):
            self.serve(lambda c: (c.say(b"220 Hi."), c.until_end()))
            held.append(self.headed(line(source)))
            self.assertEqual(held[-1].code(), 220)
        for source in (REAL, "127.0.0.6"):
            self.assertIn(b"from your address", self.headed(line(source)).reply().text)
        held[0].send(b"QUIT\r\n")
        held[0].rest()
        self.serve(lambda c: (c.say(b"220 Hi."), c.until_end()))
        self.assertEqual(self.headed(line(REAL)).code(), 220)

    def entered(self, header: bytes) -> Client:
        """A logged-in client behind the balancer, and a server with one download."""

        def whole(control: Control) -> None:
            control.login()
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            data.sendall(b"file")
            data.close()
            control.say(b"226 Done.")
            echo_site(control)

        self.serve(whole)
        client = self.headed(header)
        self.assertEqual(client.code(), 220)
        client.login()
        return client

    def finished(self, client: Client, data: socket.socket) -> None:
        """The file has come, and the session is in step."""
        self.assertEqual(drained(data), (b"file", "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())

    def test_passive(self) -> None:
        """EPSV would lead to the balancer: refused; PASV tells this node's own address."""
        for header in (line(), block()):
            client = self.entered(header)
            self.assertEqual(client.ask(b"EPSV").code, 522)
            told = client.ask(b"PASV")
            self.assertIn(b"(127,0,0,77,", told.text)
            port = pasv_port(told)
            data = socket.create_connection((ADVERTISED, port), TIMEOUT, (REAL, 0))
            self.assertEqual(client.ask(b"RETR f").code, 150)
            self.finished(client, data)
            client.close()

    def test_passive_thief(self) -> None:
        """The balancer's own address is not the client's: it does not get the data."""
        client = self.entered(line())
        port = pasv_port(client.ask(b"PASV"))
        for thief in ("127.0.0.1", "127.0.0.6"):
            self.assertEqual(stranger(thief, port, ADVERTISED), (b"", "reset"))
        data = socket.create_connection((ADVERTISED, port), TIMEOUT, (REAL, 0))
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.finished(client, data)

    def test_direct(self) -> None:
        """Where the client reached the very address that this node advertises EPSV is no detour."""
        client = self.entered(line(front=ADVERTISED))
        port = epsv_port(client.ask(b"EPSV"))
        data = socket.create_connection((ADVERTISED, port), TIMEOUT, (REAL, 0))
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.finished(client, data)

    def test_active(self) -> None:
        """PORT leads to the header's client and to nobody else."""
        client = self.entered(line())
        waiting = listener(REAL)
        for other in ("127.0.0.1", FRONT, ADVERTISED):
            refused = client.ask(b"PORT " + six(other, port_of(waiting)))
            self.assertGreaterEqual(refused.code, 500, other)
        self.assertEqual(client.ask(b"PORT " + six(REAL, port_of(waiting))).code, 200)
        self.assertEqual(client.ask(b"RETR f").code, 150)
        data, _ = waiting.accept()
        waiting.close()
        self.finished(client, data)
