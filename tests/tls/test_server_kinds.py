"""Servers under implicit TLS, under TLS if they can, in clear where that is allowed, and mixed."""

from __future__ import annotations

import ssl
from typing import Any

from tests.tls.certificates import server_context
from tests.tls.peers import (
    REFUSED,
    TlsTestCase,
    admit,
    ending,
    explicit,
    last_words,
    private,
    secure,
    verbs,
)
from tests.tls.protected import LOGIN, send_file, take_file
from tests.wire.peers import BLOCK, TIMEOUT, Control, echo_site


class Implicit(TlsTestCase):
    """ftps://: TLS before the greeting."""

    scheme = "ftps"

    def test_whole_session(self) -> None:
        """The greeting comes under TLS; PBSZ and PROT are sent all the same; no AUTH."""
        self.context = context = server_context()

        def script(control: Control) -> Any:
            private(control)
            first = send_file(control, context)
            control.say(b"226 Sent.")
            found = take_file(control, context)
            control.say(b"226 Taken.")
            return (*found, first)

        client, served = self.talk(script)
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226
        data = client.begin(b"STOR file", active=True)
        data.sendall(BLOCK)
        data.close()
        assert client.code() == 226
        found = served.result(TIMEOUT)
        assert (len(found[0]), *found[1:]) == (len(BLOCK), "end", True, True), found[1:]

    def test_plain_greeting(self) -> None:
        """A server that greets in clear: 421, USER is never sent."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            return last_words(control)

        served = self.serve(script)
        client = self.connect()
        found = client.reply()
        assert found.code == 421 and b"TLS" in found.text, found
        assert not verbs(served.result(TIMEOUT)) & LOGIN


class ClearAllowed(TlsTestCase):
    """server-tls.clear-data = true."""

    scheme = "ftpes"
    server_tls = "clear-data = true"

    def test_works(self) -> None:
        """PROT P refused: data goes in clear, and the log says so, at the start as well."""

        def script(control: Control) -> Any:
            control.answer(b"PBSZ", b"200 PBSZ=0")
            control.answer(b"PROT", b"534 No.")
            for _ in range(2):
                port = control.data()
                control.answer(b"RETR", b"150 Here it comes.")
                data = port.open()
                data.sendall(BLOCK)
                data.close()
                control.say(b"226 Sent.")

        client, _ = self.talk(script)
        for _ in range(2):
            assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
            assert client.code() == 226
        assert "server-tls.clear-data = true" in self.gateway.whole_log()
        assert "goes in clear" in self.gateway.whole_log()


class Auto(TlsTestCase):
    """server-tls.mode = "auto"."""

    server_tls = 'mode = "auto"'

    def test_offered(self) -> None:
        """TLS is used where the server offers it."""
        context = server_context()

        def script(control: Control) -> Any:
            explicit(control, context)
            admit(control)
            private(control)
            send_file(control, context)
            control.say(b"226 Sent.")

        self.serve(script)
        client = self.enter()
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226

    def test_not_offered(self) -> None:
        """Otherwise it goes on in clear, data too, and the log says so."""

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            assert control.answer(b"AUTH", b"500 What?") == b"TLS"
            assert control.answer(b"AUTH", b"500 What?") == b"SSL"
            admit(control)
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            data = port.open()
            data.sendall(BLOCK)
            data.close()
            control.say(b"226 Sent.")

        self.serve(script)
        client = self.enter()
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226
        assert "in clear" in self.gateway.new_log()

    def test_bad_certificate(self) -> None:
        """A server that offers TLS with a bad certificate is refused, not downgraded."""
        context = server_context("unknown")

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"234 Go on.")
            try:
                secure(control, context)
            except REFUSED:
                return []
            return last_words(control)

        served = self.serve(script)
        client = self.connect()
        assert client.code() == 421
        assert not verbs(served.result(TIMEOUT)) & LOGIN

    def test_odd_answer(self) -> None:
        """A 2xx that is no 234 is an offer: where no TLS follows there is no login in clear."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"200 Whatever.")
            assert control.sock.recv(1) == b"\x16"  # a ClientHello
            control.say(b"500 What?")
            return last_words(control)

        served = self.serve(script)
        client = self.connect()
        assert client.code() == 421
        assert not verbs(served.result(TIMEOUT)) & LOGIN


class Mixed(TlsTestCase):
    """Both control connections under TLS."""

    scheme = "ftpes"
    client_tls = 'mode = "require"'

    def test_levels_are_independent(self) -> None:
        """The server is asked for P whatever the client's level is, and the client's is kept."""
        context = server_context()

        def script(control: Control) -> Any:
            private(control)
            send_file(control, context)
            control.say(b"226 Sent.")
            echo_site(control)

        client, _ = self.talk(script, tls=True)
        data = client.begin(b"RETR file")
        assert isinstance(data, ssl.SSLSocket)
        assert ending(data) == (BLOCK, "end")
        assert client.code() == 226
        assert client.in_step()
