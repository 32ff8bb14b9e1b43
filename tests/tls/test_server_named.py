"""TLS towards a server that the client names."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from tests.tls.certificates import server_context
from tests.tls.peers import TlsClient, TlsTestCase, admit, explicit, last_words, verbs
from tests.tls.protected import LOGIN
from tests.wire.peers import TIMEOUT, Control


class Named(TlsTestCase):
    """The client names the server; rules choose its TLS."""

    scheme = ""
    client_tls = 'mode = "offer"'
    server_tls = 'mode = "explicit"'
    more = """\
[[server-tls.rules]]
server = "localhost"
mode = "off"
[[server-tls.rules]]
server = "127.0.0.2"
mode = "implicit"
[[server-tls.rules]]
server = "127.0.0.3"
mode = "match"
[[server-tls.rules]]
server = "127.0.0.4"
mode = "auto"
"""

    def named(self, host: str, script: Callable[[Control], Any]) -> tuple[TlsClient, Future[Any]]:
        """A client that has named the server; its reply has not been read."""
        future = self.serve(script)
        client = self.connect()
        assert client.code() == 220
        client.send(b"USER joe@%b:%d\r\n" % (host.encode(), self.server.port))
        return client, future

    def test_default(self) -> None:
        """Where no rule speaks the general mode holds."""
        context = server_context()

        def script(control: Control) -> Any:
            explicit(control, context)
            assert control.answer(b"USER", b"331 Password, please.") == b"joe"
            control.answer(b"PASS", b"230 Welcome.")

        client, _ = self.named("127.0.0.1", script)
        assert client.code() == 331
        assert client.ask(b"PASS secret").code == 230

    def test_off(self) -> None:
        """A rule that switches TLS off, in any case of the name."""
        for host in ("localhost", "LOCALHOST"):

            def script(control: Control) -> Any:
                control.say(b"220 Ready.")
                admit(control)

            client, _ = self.named(host, script)
            assert client.code() == 331

    def test_refused_and_named_anew(self) -> None:
        """A wrong certificate: told which, USER never sent; the client may name another."""
        context = server_context()

        def wrong(control: Control) -> list[bytes]:
            explicit(control, context)
            return last_words(control)

        def plain(control: Control) -> Any:
            control.say(b"220 Ready.")
            admit(control)

        client, served = self.named("127.0.0.5", wrong)
        found = client.reply()
        assert 400 <= found.code < 600 and b"not for 127.0.0.5" in found.text, found
        assert not verbs(served.result(TIMEOUT)) & LOGIN
        self.serve(plain)
        client.send(b"USER joe@localhost:%d\r\n" % self.server.port)
        assert client.code() == 331
        assert client.ask(b"PASS secret").code == 230

    def test_match_with_a_secure_client(self) -> None:
        """match: a client under TLS gets a server under TLS or none."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"502 No TLS.")
            control.answer(b"AUTH", b"502 No SSL.")
            return last_words(control)

        served = self.serve(script)
        client = self.connect()
        assert client.code() == 220
        client.auth()
        client.send(b"USER joe@127.0.0.3:%d\r\n" % self.server.port)
        found = client.reply()
        assert found.code >= 400 and b"TLS" in found.text, found
        assert not verbs(served.result(TIMEOUT)) & LOGIN

    def test_match_with_a_plain_client(self) -> None:
        """match: a plain client gets a plain server."""

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            admit(control)

        client, _ = self.named("127.0.0.3", script)
        assert client.code() == 331

    def test_glued_bytes(self) -> None:
        """Bytes in clear behind the 234 here too."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"234 Go on.", b"331 Password, please.")
            return last_words(control)

        client, served = self.named("127.0.0.1", script)
        assert client.code() >= 400
        assert not verbs(served.result(TIMEOUT)) & LOGIN
