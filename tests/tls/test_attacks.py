"""Attacks on either leg: injected bytes, other protocols, downgrades."""

from __future__ import annotations

import socket
import ssl
from typing import Any

from tests.tls.certificates import client_context, server_context
from tests.tls.peers import (
    REFUSED,
    TlsClient,
    TlsTestCase,
    as_server,
    ending,
    last_words,
    private,
    refusal,
    secure,
    verbs,
)
from tests.wire.peers import BLOCK, TIMEOUT, Control, impatient


class Injection(TlsTestCase):
    """Plain bytes behind AUTH TLS (CVE-2011-1575)."""

    client_tls = 'mode = "offer"'

    def greeted(self) -> TlsClient:
        """A client that has read the greeting."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            return last_words(control)

        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        return client

    def dropped(self, client: TlsClient) -> None:
        """The connection ends without TLS; the server saw no command of the attacker's."""
        try:
            client.sock = client.context.wrap_socket(client.sock, server_hostname="localhost")
            found = client.rest()
        except (*REFUSED, OSError):
            found = b""
        assert b"331" not in found and b"200" not in found, found
        client.sock.close()
        said = self.served[-1].result(TIMEOUT)
        assert not verbs(said) & {b"USER", b"SITE", b"NOOP"}, said

    def test_same_segment(self) -> None:
        """A command, half a command, or a mere line end in the same segment."""
        for behind in (
            b"USER mallory\r\n",
            b"USER mall",
            b"\r\n",
            b"NOOP\r\nNOOP\r\n",
            b"\xff\xf4",
        ):
            client = self.greeted()
            client.send(b"AUTH TLS\r\n" + behind)
            self.dropped(client)

    def test_later_segment(self) -> None:
        """The same before the handshake, in a segment of its own, behind the 234."""
        for behind in (b"USER mallory\r\n", b"SITE here\r\n", b"\x00" * 64):
            client = self.greeted()
            assert client.ask(b"AUTH TLS").code == 234
            client.send(behind)
            self.dropped(client)

    def test_hello_in_the_same_segment(self) -> None:
        """A ClientHello glued behind AUTH is no plain command; at worst the connection ends."""
        client = self.greeted()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        half = client.context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        try:
            half.do_handshake()
        except ssl.SSLWantReadError:
            pass
        client.send(b"AUTH TLS\r\n" + outgoing.read())
        found = client.rest()
        assert not found or found.startswith((b"234", b"421", b"5")), found

    @impatient(login=2.5)
    def test_garbage_for_hello(self) -> None:
        """Garbage, HTTP, and a TLS record with nonsense in it instead of a ClientHello."""
        for garbage in (
            bytes(range(256)),
            b"GET / HTTP/1.1\r\n\r\n",
            b"\x16\x03\x01\x40\x00" + b"\xff" * 300,
            b"\x80\x2e\x01\x00\x02",
        ):
            client = self.greeted()
            assert client.ask(b"AUTH TLS").code == 234
            client.send(garbage)
            self.served[-1].result(TIMEOUT)
        self.greeted().auth()

    def test_injected_behind_ccc(self) -> None:
        """CCC is refused here, with or without something behind it."""
        client = self.greeted()
        client.auth()
        client.send(b"CCC\r\nNOOP\r\n")
        assert client.code() in (534, 421)


class OtherProtocols(TlsTestCase):
    """Browsers led to this port (ALPACA, CVE-2021-3618)."""

    client_tls = 'mode = "require"\nimplicit-listen = ["tcp:0:interface=127.0.0.1"]'
    listeners = 2

    def test_http(self) -> None:
        """HTTP under TLS ends the connection at its first line and is not echoed."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            return last_words(control)

        for which in (0, 1):
            for method in (b"GET", b"POST", b"HEAD", b"OPTIONS"):
                served = self.serve(script)
                client = self.connect(which=which)
                if which:
                    client.secure()
                assert client.code() == 220
                if not which:
                    client.auth()
                client.send(
                    method + b" /<script>alert(1)</script> HTTP/1.1\r\nHost: localhost\r\n"
                    b"Cookie: secret=1\r\n\r\nUSER joe\r\n"
                )
                got, how = ending(client.sock)
                assert how in ("end", "reset") and got.startswith(b"421"), (got, how)
                assert got.count(b"\r\n") == 1 and b"script" not in got, got
                assert not served.result(TIMEOUT)

    def test_no_echo(self) -> None:
        """What is sent before the login is not sent back."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            return last_words(control)

        self.serve(script)
        client = self.connect(which=1)
        client.secure()
        assert client.code() == 220
        for line in (
            b"<script>alert(1)</script>",
            b"X-Header: <script>",
            b"AUTH <script>",
            b"PROT <script>",
            b"PBSZ <script>",
        ):
            assert b"script" not in client.ask(line).text, line


class OddServers(TlsTestCase):
    """Servers that leave TLS."""

    scheme = "ftpes"

    def test_plain_oops(self) -> None:
        """vsftpd dies with a plain `500 OOPS` inside TLS: 421."""

        def script(control: Control) -> Any:
            raw = socket.socket(fileno=control.sock.detach())
            raw.sendall(b"500 OOPS: child died\r\n")
            raw.close()

        client, _ = self.talk(script)
        assert client.code() == 421
        assert ending(client.sock) == (b"", "end")

    def test_plain_oops_within_a_command(self) -> None:
        """The same as the answer to a command."""

        def script(control: Control) -> Any:
            control.expect(b"CWD")
            raw = socket.socket(fileno=control.sock.detach())
            raw.sendall(b"500 OOPS: child died\r\n")
            raw.close()

        client, _ = self.talk(script)
        found = client.ask(b"CWD x")
        assert found.code == 421 and b"OOPS" not in found.text, found

    def test_plain_oops_within_a_download(self) -> None:
        """The same in the middle of a download: the data does not end cleanly."""
        context = server_context()

        def script(control: Control) -> Any:
            private(control)
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            data = as_server(port.open(), context)
            data.sendall(BLOCK)
            raw = socket.socket(fileno=control.sock.detach())
            raw.sendall(b"500 OOPS: child died\r\n")
            raw.close()
            return ending(data)[1]

        client, served = self.talk(script)
        assert ending(client.begin(b"RETR file"))[1] == "reset"
        assert client.code() in (421, 426)
        assert served.result(TIMEOUT) != "end"

    def test_control_cut(self) -> None:
        """A control connection that ends without close_notify is an end like any other: 421."""

        def script(control: Control) -> Any:
            control.sock.close()

        client, _ = self.talk(script)
        assert client.code() == 421


class Untrusting(TlsTestCase):
    """A client that refuses our certificate."""

    client_tls = 'mode = "require"'

    def test_alert_on_data(self) -> None:
        """A client's alert on its data connection breaks the transfer, and only that."""

        def script(control: Control) -> Any:
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            data = port.open()
            how = ending(data)[1]
            control.say(b"426 Broken.")
            verb, _ = control.command()
            if verb == b"ABOR":
                control.say(b"226 Nothing to abort.")
                verb, _ = control.command()
            control.say(b"200 here")
            return how

        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            client, served = self.talk(script, client_context(version), tls=True)
            raw = client.pasv()
            assert client.ask(b"RETR file").code == 150
            stranger = ssl.create_default_context()
            stranger.maximum_version = version
            raw.settimeout(TIMEOUT)

            def shake(context: ssl.SSLContext = stranger, sock: socket.socket = raw) -> object:
                return context.wrap_socket(sock, server_hostname="localhost")

            error = refusal(shake)
            assert isinstance(error, ssl.SSLCertVerificationError), error
            assert client.code() in (425, 426)
            assert client.in_step()
            assert served.result(TIMEOUT) == "reset"


class Downgrade(TlsTestCase):
    """The server's control connection is secured, then the server misbehaves."""

    scheme = "ftpes"

    def test_multi_line_answers(self) -> None:
        """A 234 of several lines is one reply; TLS begins behind its last line."""
        context = server_context()

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"234-Well,", b" let us", b"234 begin.")
            secure(control, context)
            control.answer(b"USER", b"331 Password, please.")

        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        assert client.ask(b"USER joe").code == 331
