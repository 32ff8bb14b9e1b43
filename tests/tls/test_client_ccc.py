"""CCC from clients: refused, or obeyed where it is allowed."""

from __future__ import annotations

from typing import Any

from tests.tls.peers import TlsClient, TlsTestCase, ending, last_words
from tests.tls.plain import send_file
from tests.wire.peers import BLOCK, TIMEOUT, Control, echo_site


class Ccc(TlsTestCase):
    """Clear command channel."""

    client_tls = 'mode = "offer"'

    def test_refused(self) -> None:
        """By default 534, and TLS stays."""

        def script(control: Control) -> Any:
            self.greet(control)
            echo_site(control)

        self.serve(script)
        client = self.enter(tls=True)
        assert client.ask(b"CCC").code == 534
        assert client.in_step()


class CccAllowed(TlsTestCase):
    """client-tls.ccc = true."""

    client_tls = 'mode = "require"\nccc = true'

    def cleared(self, script: Any) -> TlsClient:
        """A client whose control connection has left TLS."""
        client, _ = self.talk(script, tls=True)
        found = client.ask(b"CCC")
        assert found.code == 200, found
        assert not client.buffer
        client.sock = client.tls.unwrap()
        client.sock.settimeout(TIMEOUT)
        return client

    def test_goes_on_in_clear(self) -> None:
        """Commands and replies go in clear, data stays protected."""

        def script(control: Control) -> Any:
            echo_site(control)
            send_file(control)
            echo_site(control)
            control.answer(b"QUIT", b"221 Goodbye.")

        client = self.cleared(script)
        assert client.in_step()
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226
        assert client.in_step()
        assert client.ask(b"QUIT").code == 221
        assert ending(client.sock) == (b"", "end")

    def test_many_commands(self) -> None:
        """More than one buffer of pipelined commands passes afterwards."""

        def script(control: Control) -> Any:
            for _ in range(2000):
                echo_site(control)

        client = self.cleared(script)
        client.send(b"SITE here\r\n" * 2000)
        for _ in range(2000):
            assert client.reply().lines == (b"200 here",)

    def test_client_gone(self) -> None:
        """The end of such a client ends its session."""
        client = self.cleared(last_words)
        client.sock.close()
        self.served[-1].result(TIMEOUT)

    def test_features(self) -> None:
        """FEAT lists CCC."""

        def script(control: Control) -> Any:
            control.answer(b"FEAT", b"502 No.")
            last_words(control)

        client, _ = self.talk(script, tls=True)
        assert b" CCC" in client.ask(b"FEAT").lines

    def test_before_tls(self) -> None:
        """Without TLS still 533."""

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            last_words(control)

        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        assert client.ask(b"CCC").code == 533
