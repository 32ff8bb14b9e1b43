"""IPv6 on either side, and IPv4 in its clothes."""

from __future__ import annotations

import socket

from tests.wire.addresses import Cases, one_file
from tests.wire.peers import (
    TIMEOUT,
    Client,
    Control,
    dialled,
    echo_site,
    epsv_port,
    listener,
    port_of,
)


class V6ClientTests(Cases):
    """A client on IPv6, a server on IPv4 (RFC 6384)."""

    interfaces = ("::1",)

    def test_epsv(self) -> None:
        """EPSV works; the server sees IPv4 only."""
        client, served = self.talk(one_file)
        self.fetch(client, client.reach(epsv_port(client.ask(b"EPSV"))))
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), ["127.0.0.1"])

    def test_epsv_two(self) -> None:
        """EPSV 2 works, EPSV 1 is 522, EPSV ALL is 504; neither of these reaches the server."""
        client, _ = self.talk(one_file)
        self.assertEqual(client.ask(b"EPSV 1").code, 522)
        self.assertEqual(client.ask(b"EPSV ALL").code, 504)
        self.fetch(client, client.reach(epsv_port(client.ask(b"EPSV 2"))))
        self.assertTrue(client.in_step())

    def test_eprt(self) -> None:
        """EPRT with the client's own IPv6 address works, in any spelling."""
        client, _ = self.talk(lambda control: one_file(control, 2))
        for spelled in (b"::1", b"0:0:0:0:0:0:0:1"):
            waiting = listener("::1")
            self.assertEqual(client.ask(b"EPRT |2|%b|%d|" % (spelled, port_of(waiting))).code, 200)
            self.assertEqual(client.ask(b"RETR f").code, 150)
            self.fetch(client, waiting.accept()[0], early=True)
        self.assertTrue(client.in_step())

    def test_foreign_eprt(self) -> None:
        """EPRT to another IPv6 address, or to an IPv4 one, is refused."""
        client, _ = self.talk(echo_site)
        for bad in (
            b"EPRT |2|2001:db8::1|5000|",
            b"EPRT |1|127.0.0.1|5000|",
            b"EPRT |2|::ffff:127.0.0.1|5000|",
        ):
            self.assertGreaterEqual(client.ask(bad).code, 500)
        self.assertTrue(client.in_step())

    def test_pasv_and_port_cannot_be(self) -> None:
        """PASV and PORT have no meaning on IPv6: refused, and in step."""
        client, _ = self.talk(echo_site)
        self.assertGreaterEqual(client.ask(b"PASV").code, 400)
        self.assertGreaterEqual(client.ask(b"PORT 127,0,0,1,20,20").code, 500)
        self.assertTrue(client.in_step())

    def test_algs(self) -> None:
        """ALGS STATUS64, ENABLE64, DISABLE64 are 216, anything else 504 (RFC 6384)."""
        client, _ = self.talk(echo_site)
        for word in (b"STATUS64", b"ENABLE64", b"DISABLE64", b"status64"):
            found = client.ask(b"ALGS " + word)
            self.assertRegex(found.text, rb"\A216 (NONE|EPSV|EPSVEPRT)( |\Z)")
        self.assertEqual(client.ask(b"ALGS").code, 504)
        self.assertEqual(client.ask(b"ALGS ON").code, 504)
        self.assertTrue(client.in_step())


class MappedTests(Cases):
    """A dual-stack listener: an IPv4 client appears as ``::ffff:127.0.0.1``."""

    interfaces = ("::",)

    def test_mapped_client(self) -> None:
        """The client is an IPv4 client: PASV, EPSV 1 and PORT work."""
        client = self.mapped()
        self.fetch(client, client.pasv())
        self.fetch(client, client.reach(epsv_port(client.ask(b"EPSV 1"))))
        waiting = client.port()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.fetch(client, waiting.accept()[0], early=True)
        self.assertTrue(client.in_step())

    def mapped(self) -> Client:
        """A logged-in client that came over IPv4."""

        def script(control: Control) -> None:
            control.login()
            one_file(control, 3)

        self.serve(script)
        client = Client(("127.0.0.1", self.gateway.ports[0]))
        self.clients.append(client)
        self.assertEqual(client.code(), 220)
        client.login()
        return client


class V6ServerTests(Cases):
    """A client on IPv4, a server on IPv6."""

    fixed = "::1"

    def test_passive(self) -> None:
        """PASV from the client is EPSV at the server, never PASV."""
        client, served = self.talk(one_file)
        self.fetch(client, client.pasv())
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), ["::1"])

    def test_epsv_refused(self) -> None:
        """A server on IPv6 that refuses EPSV is asked EPRT, never PASV or PORT."""

        def script(control: Control) -> None:
            control.answer(b"EPSV", b"502 No.")
            control.answer(b"EPRT", b"502 No.")
            echo_site(control)

        client, _ = self.talk(script)
        self.assertGreaterEqual(client.ask(b"PASV").code, 400)
        self.assertTrue(client.in_step())


class V6ActiveServerTests(Cases):
    """The same with an active server."""

    fixed = "::1"
    mode = "active"

    def test_eprt(self) -> None:
        """The server gets EPRT with family 2 and our IPv6 address."""

        def script(control: Control) -> bytes:
            verb, argument = control.command()
            assert verb == b"EPRT" and argument is not None
            control.say(b"200 Good.")
            control.answer(b"RETR", b"150 Go.")
            data = socket.create_connection(("::1", dialled(verb, argument)), TIMEOUT)
            data.sendall(b"file")
            data.close()
            control.say(b"226 Done.")
            echo_site(control)
            return argument

        client, served = self.talk(script)
        self.fetch(client, client.pasv())
        self.assertTrue(client.in_step())
        self.assertTrue(served.result(TIMEOUT).startswith(b"|2|::1|"))
