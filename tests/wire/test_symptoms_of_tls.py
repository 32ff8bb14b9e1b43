"""What docs/symptoms.rst quotes of TLS that fails."""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import Any

from tests.tls.certificates import client_context, issued, server_context
from tests.tls.peers import admit, as_client, as_server, explicit, half_close, private
from tests.wire.clients import Client
from tests.wire.servers import Control
from tests.wire.symptoms import SymptomTestCase

PLAIN, SECURE, MAYBE, OTHER = "127.0.0.2", "127.0.0.3", "127.0.0.5", "127.0.0.6"
"""Where clients come from: to a server in clear, under TLS, under TLS if it has it, and a pinned one."""


class TlsTestCase(SymptomTestCase):
    """Four servers by the client's address; TLS is offered to clients."""

    hosts = ("127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1")

    @classmethod
    def settings(cls) -> str:
        return (
            f'[client-tls]\nmode = "offer"\n{issued("good").toml}'
            f'[server-tls]\nca = "{issued("good").certificate.parent}/ca.pem"\n'
            f'[[server-tls.rules]]\nserver = "127.0.0.1"\nmode = "explicit"\npin = "sha256:{"0" * 64}"\n'
            f'[[routes]]\nclients = ["{PLAIN}"]\nserver = ["ftp://localhost:PORT0"]\n'
            f'[[routes]]\nclients = ["{SECURE}"]\nserver = ["ftpes://localhost:PORT1"]\n'
            f'[[routes]]\nclients = ["{MAYBE}"]\nserver = ["ftp://localhost:PORT2"]\n'
            'server-tls = "auto"\n'
            f'[[routes]]\nclients = ["{OTHER}"]\nserver = ["ftpes://127.0.0.1:PORT3"]\n'
        )


class Servers(TlsTestCase):
    """Towards servers."""

    def shown(self, context: ssl.SSLContext, which: int = 1, source: str = SECURE) -> None:
        """A session whose server shows that certificate."""

        def script(control: Control) -> None:
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                explicit(control, context)
                control.sock.recv(1)

        self.serve_at(which, script)
        self.read_out(self.connect(source))
        self.assertQuoted()

    def test_the_server_s_certificate_is_not_trusted(self) -> None:
        """Nobody knows who issued it."""
        self.shown(server_context("unknown"))

    def test_the_server_s_certificate_has_expired(self) -> None:
        """It was good yesterday."""
        self.shown(server_context("expired"))

    def test_the_server_s_certificate_is_for_another_name(self) -> None:
        """It is another's."""
        self.shown(server_context("other"))

    def test_the_server_s_certificate_is_not_the_pinned_one(self) -> None:
        """A device that was set up anew."""
        self.shown(server_context(), 3, OTHER)

    def refuses_auth(self, control: Control) -> None:
        """A server that knows no AUTH."""
        control.say(b"220 Ready.")
        for _ in range(2):
            control.answer(b"AUTH", b"502 Command not implemented.")
        control.until_end()

    def test_the_server_does_not_begin_tls(self) -> None:
        """TLS is required."""
        self.serve_at(1, self.refuses_auth)
        self.read_out(self.connect(SECURE))
        self.assertQuoted()

    def test_the_server_has_no_tls_and_need_not(self) -> None:
        """TLS is welcome."""
        self.serve_at(2, self.refuses_auth)
        self.assertEqual(self.connect(MAYBE).code(), 220)
        self.assertQuoted()

    def test_the_tls_handshake_with_the_server_fails(self) -> None:
        """A server of ten years ago."""
        context = server_context()
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        self.shown(context)

    def test_the_server_refuses_to_protect_data(self) -> None:
        """PROT P is refused."""

        def script(control: Control) -> None:
            explicit(control, server_context())
            admit(control)
            control.answer(b"PBSZ", b"200 PBSZ=0")
            control.answer(b"PROT", b"536 Not here.")
            port = control.data()
            control.until_end()
            port.refuse()

        self.serve_at(1, script)
        client = self.enter(SECURE)
        data = client.pasv()
        client.ask(b"LIST")
        data.close()
        self.assertQuoted()

    def test_the_server_wants_its_session_resumed(self) -> None:
        """It refuses each data connection."""

        def script(control: Control) -> None:
            explicit(control, server_context())
            admit(control)
            private(control)
            for first in (True, False):
                port = control.data()
                control.answer(b"LIST", b"522 SSL session reuse required.")
                port.refuse()
                if first:
                    private(control)
            control.until_end()

        self.serve_at(1, script)
        client = self.enter(SECURE)
        data = client.pasv()
        client.ask(b"LIST")
        data.close()
        self.assertQuoted()

    def test_the_server_cuts_tls(self) -> None:
        """A download whose end is not said."""

        def script(control: Control) -> None:
            explicit(control, server_context())
            admit(control)
            private(control)
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            data = as_server(port.open(), server_context())
            data.sendall(b"x")
            half_close(data)
            control.say(b"226 Done.")
            control.until_end()
            data.close()

        self.serve_at(1, script)
        client = self.enter(SECURE)
        with client.pasv():
            client.send(b"RETR report.csv\r\n")
            self.hears(client, 426)
        self.assertQuoted()


class Clients(TlsTestCase):
    """Towards clients."""

    def auth(self, source: str = "") -> Client:
        """A client that may begin its handshake."""
        client = self.connect(source)
        self.assertEqual(client.code(), 220)
        client.ask(b"AUTH TLS")
        return client

    def fails(self, context: ssl.SSLContext) -> None:
        """A handshake that comes to nothing."""
        client = self.auth()
        with self.assertRaises(ssl.SSLError):
            context.wrap_socket(client.sock, server_hostname="localhost")
        self.assertQuoted()

    def test_the_client_s_tls_is_too_old(self) -> None:
        """A scanner of ten years ago."""
        context = client_context()
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        self.fails(context)

    def test_the_client_does_not_accept_the_gateway_s_certificate(self) -> None:
        """A client that does not know our CA."""
        self.fails(ssl.create_default_context())

    def test_the_client_goes_without_ending_tls(self) -> None:
        """A connection that ends under TLS without its sign."""
        client = self.auth()
        client.sock = client_context().wrap_socket(client.sock, server_hostname="localhost")
        self.assertEqual(client.ask(b"NOOP").code, 200)
        self.assertQuoted()

    def test_the_client_speaks_in_clear_behind_auth(self) -> None:
        """Commands in clear behind AUTH, which would run inside TLS."""
        client = self.greeted()
        client.send(b"AUTH TLS\r\nUSER joe\r\n")
        client.rest()
        self.assertQuoted()

    def secured(self) -> Client:
        """A client that is logged in under TLS, its data too."""
        client = self.auth(PLAIN)
        client.sock = as_client(client.sock, client_context())
        client.login()
        client.ask(b"PBSZ 0")
        client.ask(b"PROT P")
        return client

    def test_the_client_cuts_tls(self) -> None:
        """An upload whose end is not said."""

        def script(control: Control) -> Any:
            port = control.data()
            control.answer(b"STOR", b"150 Send it.")
            with port.open() as data, contextlib.suppress(OSError):
                while data.recv(4096):
                    pass
            control.say(b"426 Torn.").until_end()

        self.serve_at(0, lambda control: script(control.login()))
        client = self.secured()
        data = client.pasv()
        client.ask(b"STOR report.csv")
        data = as_client(data, client_context())
        data.sendall(b"x")
        twin = socket.socket(fileno=data.detach())
        twin.shutdown(socket.SHUT_WR)
        self.assertEqual(client.code(), 426)
        twin.close()
        self.assertQuoted()


class Required(SymptomTestCase):
    """TLS is required of clients."""

    @classmethod
    def settings(cls) -> str:
        return (
            f'[client-tls]\nmode = "require"\n{issued("good").toml}[log]\nladder = true\n'
            f'[[routes]]\nclients = ["{PLAIN}"]\nserver = ["ftp://127.0.0.1:PORT0"]\n'
        )

    def test_data_in_clear_is_refused(self) -> None:
        """A client that forgets PROT P."""

        def script(control: Control) -> Any:
            with control.login().data().open():
                control.until_end()

        self.serve_at(0, script)
        client = self.connect(PLAIN)
        self.assertEqual(client.code(), 220)
        client.ask(b"AUTH TLS")
        client.sock = as_client(client.sock, client_context())
        client.login()
        with client.pasv():
            client.ask(b"LIST")
        self.assertQuoted()


class NoTls(SymptomTestCase):
    """None is offered."""

    @classmethod
    def settings(cls) -> str:
        return "[log]\nladder = true\n"

    def test_tls_is_not_offered(self) -> None:
        """A client that wants it."""
        self.greeted().ask(b"AUTH TLS")
        self.assertQuoted()
