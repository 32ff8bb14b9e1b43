"""Clients under TLS from the first byte, beside others that begin in clear."""

from __future__ import annotations

from typing import Any

from tests.tls.certificates import VERSIONS, client_context
from tests.tls.peers import TlsTestCase, ending, last_words
from tests.tls.plain import send_file
from tests.wire.peers import BLOCK, Control


def idle(control: Control) -> list[bytes]:
    """A server that is asked nothing more."""
    return last_words(control)


class Implicit(TlsTestCase):
    """TLS from the first byte, beside explicit TLS in the same process."""

    client_tls = 'mode = "offer"\nimplicit-listen = ["tcp:0:interface=127.0.0.1"]'
    listeners = 2

    def test_side_by_side(self) -> None:
        """One listener greets in clear and knows AUTH, the other greets under TLS only."""

        def script(control: Control) -> Any:
            self.greet(control)
            send_file(control)

        for which in (0, 1):
            self.serve(script)
            client = self.connect(which=which)
            if which:
                client.secure()
            assert client.code() == 220
            if not which:
                client.auth()
            client.login()
            client.protect()
            assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
            assert client.code() == 226

    def test_data_is_protected_from_the_start(self) -> None:
        """Neither PBSZ nor PROT is needed, and both are answered."""

        def script(control: Control) -> Any:
            self.greet(control)
            send_file(control)
            send_file(control)

        self.serve(script)
        client = self.connect(which=1)
        client.secure()
        assert client.code() == 220
        client.login()
        client.level = b"P"
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226
        assert client.ask(b"AUTH TLS").code in (503, 534)
        client.protect()
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226

    def test_slow_handshake(self) -> None:
        """A client whose handshake ends after the server's greeting has come gets that greeting.

        lftp under TLS 1.3 is that slow, and so is every client that is far away.
        """

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            last_words(control)

        for version in VERSIONS:
            self.serve(script)
            client = self.connect(client_context(version), which=1)
            assert self.gateway.quiet(client)
            client.secure()
            assert client.code() == 220, version

    def test_no_greeting_in_clear(self) -> None:
        """A client that waits for a greeting in clear gets none."""
        self.serve(idle)
        client = self.connect(which=1)
        assert self.gateway.quiet(client)
