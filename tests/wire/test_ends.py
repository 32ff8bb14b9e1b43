"""Every way in which a session ends has letters and a reason of its own, and exactly one record."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable
from typing import Any

from tests.tls.certificates import client_context, server_context
from tests.tls.peers import explicit
from tests.wire.clients import Client
from tests.wire.ends import SECURE, EndsTestCase
from tests.wire.servers import Control


class Clients(EndsTestCase):
    """What clients do."""

    def test_quit(self) -> None:
        """QUIT, as the server answers it."""
        client = self.inside(lambda control: control.answer(b"QUIT", b"221 Bye."))
        self.assertEqual(client.ask(b"QUIT").code, 221)
        self.ended()

    def test_quit_before_any_server(self) -> None:
        """QUIT of one that has named none."""
        self.assertEqual(self.greeted().ask(b"QUIT").code, 221)
        self.ended()

    def test_client_closes(self) -> None:
        """A client that goes without a word."""
        self.inside(Control.until_end).close()
        self.ended()

    def test_client_resets(self) -> None:
        """One that is torn away."""
        self.inside(Control.until_end).reset()
        self.ended()

    def in_a_transfer(self) -> Client:
        """A client in the middle of a download."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            with port.open():
                control.until_end()

        client = self.inside(script)
        data = client.pasv()
        self.addCleanup(data.close)
        self.assertEqual(client.ask(b"RETR x").code, 150)
        return client

    def test_client_resets_in_a_transfer(self) -> None:
        """One that is torn away in a transfer."""
        self.in_a_transfer().reset()
        self.ended()

    def test_client_closes_in_a_transfer(self) -> None:
        """One that goes in a transfer."""
        self.in_a_transfer().close()
        self.ended()

    def test_http(self) -> None:
        """A browser that was led here."""
        client = self.greeted()
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.read_out(client)
        self.ended()

    def test_no_server_named(self) -> None:
        """A client that does not know how to name its server."""
        client = self.greeted()
        for _ in range(3):
            client.ask(b"LIST")
        self.read_out(client)
        self.ended()

    def test_bad_lines(self) -> None:
        """What is no command of anything."""
        client = self.greeted()
        client.send(b"\x16\x03\r\n?\r\n!\r\n")
        self.read_out(client)
        self.ended()


class ClientsTls(EndsTestCase):
    """What clients do to TLS."""

    def auth(self) -> Client:
        """A client that may begin its handshake."""
        client = self.greeted()
        self.assertEqual(client.ask(b"AUTH TLS").code, 234)
        return client

    def fails(self, context: ssl.SSLContext) -> None:
        """A handshake that comes to nothing."""
        client = self.auth()
        with self.assertRaises(ssl.SSLError):
            context.wrap_socket(client.sock, server_hostname="localhost")
        client.sock.close()
        self.ended()

    def test_old_tls(self) -> None:
        """A scanner of ten years ago."""
        context = client_context()
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        self.fails(context)

    def test_distrusted(self) -> None:
        """A client that does not know our CA."""
        self.fails(ssl.create_default_context())

    def test_no_tls_at_all(self) -> None:
        """Something else than a handshake behind AUTH."""
        client = self.auth()
        client.send(b"USER joe\r\n")
        client.rest()
        self.ended()

    def test_client_cuts_tls(self) -> None:
        """A connection that ends under TLS without its sign."""
        client = self.auth()
        client.sock = client_context().wrap_socket(client.sock, server_hostname="localhost")
        self.assertEqual(client.ask(b"NOOP").code, 200)
        client.sock.close()
        self.ended()

    def test_clear_behind_auth(self) -> None:
        """Commands in clear behind AUTH, which would run inside TLS."""
        client = self.greeted()
        client.send(b"AUTH TLS\r\nUSER joe\r\n")
        client.rest()
        self.ended()


class Servers(EndsTestCase):
    """What servers do."""

    def test_server_greets_421(self) -> None:
        """A server that is full."""
        self.read_out(self.known(lambda control: control.say(b"421 Full.")))
        self.ended()

    def test_server_closes_at_once(self) -> None:
        """A server that closes before its greeting."""
        self.read_out(self.known(lambda control: None))
        self.ended()

    def test_server_is_no_ftp(self) -> None:
        """A port of something else."""
        self.read_out(self.known(lambda control: control.say(b"\x05\x00\x00\x01?").until_end()))
        self.ended()

    def test_bad_logins_there(self) -> None:
        """Wrong passwords at the server."""

        def script(control: Control) -> None:
            control.say(b"220 Ready.")
            for _ in range(2):
                control.answer(b"USER", b"331 Password, please.")
                control.answer(b"PASS", b"530 Login incorrect.")
            control.until_end()

        client = self.known(script)
        self.assertEqual(client.code(), 220)
        for _ in range(2):
            client.ask(b"USER joe")
            self.assertEqual(client.ask(b"PASS wrong").code, 530)
        self.read_out(client)
        self.ended()

    def test_server_closes(self) -> None:
        """A server that goes."""
        self.read_out(self.inside(lambda control: None))
        self.ended()

    def test_server_resets(self) -> None:
        """One that is torn away."""
        self.read_out(self.inside(Control.reset))
        self.ended()

    def test_server_says_goodbye(self) -> None:
        """A server whose own patience is over."""
        self.read_out(self.inside(lambda control: control.say(b"421 Timeout.")))
        self.ended()

    def test_server_talks_too_much(self) -> None:
        """Replies that answer nothing."""
        self.read_out(self.inside(lambda control: control.say(*[b"200 Hm."] * 9).until_end()))
        self.ended()


class ServersTls(EndsTestCase):
    """What servers do to TLS."""

    def secured(self, script: Callable[[Control], Any]) -> None:
        """A session whose server must begin TLS, and runs this script."""
        self.serve_at(1, script)
        self.read_out(self.connect(SECURE))
        self.ended()

    def shown(self, kind: str) -> None:
        """A session whose server shows a certificate of that kind."""

        def script(control: Control) -> None:
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                explicit(control, server_context(kind))
                control.sock.recv(1)

        self.secured(script)

    def test_unknown_ca(self) -> None:
        """Nobody knows who issued it."""
        self.shown("unknown")

    def test_expired(self) -> None:
        """It was good yesterday."""
        self.shown("expired")

    def test_wrong_host(self) -> None:
        """It is another's."""
        self.shown("other")

    def test_server_without_tls(self) -> None:
        """A server that knows no AUTH."""

        def script(control: Control) -> None:
            control.say(b"220 Ready.")
            for _ in range(2):
                control.answer(b"AUTH", b"502 What?")
            control.until_end()

        self.secured(script)

    def test_server_fails_in_tls(self) -> None:
        """A server that agrees, and then speaks something else."""

        def script(control: Control) -> None:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"234 Go on.")
            control.sock.recv(1)
            control.say(b"421 I am no TLS server.")
            control.rest()

        self.secured(script)
