"""client-tls.opaque: AUTH passes to the server, then bytes are copied (RFC 6384)."""

from __future__ import annotations

import re
from pathlib import Path
from threading import Event
from typing import Any

from tests.tls.certificates import issued, server_context
from tests.tls.peers import (
    TlsTestCase,
    admit,
    ending,
    last_words,
    secure,
)
from tests.wire.peers import BLOCK, TIMEOUT, Closed, Control, echo_site


class Opaque(TlsTestCase):
    """A server with TLS of its own behind a gateway that does not look inside."""

    client_tls = "opaque = true"

    def settings(self) -> str:
        """No certificate: there is nothing to terminate."""
        return super().settings().replace(issued("good").toml, "")

    def test_untouched(self) -> None:
        """The client's TLS is the server's, and what it says passes as it is."""
        context = server_context("localhost")

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            assert control.answer(b"AUTH", b"234 Go on.") == b"TLS"
            secure(control, context)
            admit(control)
            assert control.answer(b"PORT", b"200 Good.") == b"10,0,0,1,200,1"
            control.answer(b"PASV", b"227 Passive (192,0,2,7,200,1).")
            return last_words(control)

        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        client.auth()
        assert client.tls.getpeercert(binary_form=True) == issued("localhost").der
        client.login()
        assert client.ask(b"PORT 10,0,0,1,200,1").code == 200
        assert b"192,0,2,7" in client.ask(b"PASV").text

    def test_refused(self) -> None:
        """4xx and 5xx: the gateway goes on translating."""
        for answer in (b"500 What?", b"502 No.", b"534 No.", b"431 Later."):

            def script(control: Control, answer: bytes = answer) -> Any:
                control.say(b"220 Ready.")
                control.answer(b"AUTH", answer)
                admit(control)
                port = control.data()
                control.answer(b"RETR", b"150 Here it comes.")
                data = port.open()
                data.sendall(BLOCK)
                data.close()
                control.say(b"226 Sent.")
                echo_site(control)

            self.serve(script)
            client = self.connect()
            assert client.code() == 220
            assert client.ask(b"AUTH TLS").code == int(answer[:3])
            client.login()
            assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
            assert client.code() == 226
            assert client.in_step()

    def exchange(self, *, glued: bool) -> None:
        """Noise in both directions, behind the 234 or glued to it and to AUTH."""
        noise = bytes(range(256)) * 40

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            control.expect(b"AUTH")
            if glued:
                control.send(b"234 Go on.\r\n" + noise)
            else:
                control.say(b"234 Go on.")
                assert go.wait(TIMEOUT)
                control.send(noise)
            while len(control.buffer) < len(noise):
                control.buffer += control.sock.recv(65536)
            return control.buffer

        go = Event()
        served = self.serve(script)
        client = self.connect()
        assert client.code() == 220
        client.send(b"AUTH TLS-C\r\n")
        assert client.code() == 234
        client.send(noise)
        go.set()
        while len(client.buffer) < len(noise):
            client.buffer += client.sock.recv(65536)
        assert client.buffer == noise
        assert served.result(TIMEOUT) == noise

    def test_any_bytes(self) -> None:
        """Binary and half lines, in both directions and in order."""
        self.exchange(glued=False)

    def test_glued_bytes(self) -> None:
        """The same glued behind the 234: not even the first byte is read as FTP or Telnet."""
        self.exchange(glued=True)

    def test_features(self) -> None:
        """FEAT shows the server's own AUTH, PBSZ and PROT: they are for the client to use."""

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            control.answer(b"FEAT", b"211-Features:", b" AUTH TLS", b" PBSZ", b" PROT", b"211 End")
            last_words(control)

        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        lines = client.ask(b"FEAT").lines
        assert b" AUTH TLS" in lines and b" PROT" in lines, lines

    def test_ends(self) -> None:
        """Either side's end is the other's, behind the last byte."""

        def server_leaves(control: Control) -> Any:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"234 Go on.")
            control.send(b"last words")

        self.serve(server_leaves)
        client = self.connect()
        assert client.code() == 220
        assert client.ask(b"AUTH TLS").code == 234
        assert client.rest() == b"last words"

        def client_leaves(control: Control) -> Any:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"234 Go on.")
            try:
                while True:
                    control.line()
            except Closed as end:
                return end.args[0]

        served = self.serve(client_leaves)
        client = self.connect()
        assert client.code() == 220
        assert client.ask(b"AUTH TLS").code == 234
        client.send(b"last words")
        client.sock.close()
        assert served.result(TIMEOUT) == b"last words"

    def test_bounded(self) -> None:
        """A server that does not read makes the client wait, not the gateway grow (rule 7)."""

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"234 Go on.")
            done.wait(TIMEOUT)

        done = Event()
        self.serve(script)
        client = self.connect()
        assert client.code() == 220
        assert client.ask(b"AUTH TLS").code == 234
        before = self.gateway.rss
        client.sock.settimeout(0.5)
        sent = 0
        try:
            while sent < 1000:
                client.sock.sendall(BLOCK)
                sent += 1
        except TimeoutError:
            pass
        grown = self.gateway.rss - before
        done.set()
        assert grown < 24 << 20, f"grown by {grown >> 20} MiB after {sent} blocks of 64 KiB"

    def test_bounded_the_other_way(self) -> None:
        """A client that does not read makes the server wait."""

        def script(control: Control) -> Any:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"234 Go on.")
            control.sock.settimeout(0.5)
            sent = 0
            try:
                while sent < 1000:
                    control.sock.sendall(BLOCK)
                    sent += 1
            except TimeoutError:
                pass
            return sent

        served = self.serve(script)
        client = self.connect()
        assert client.code() == 220
        assert client.ask(b"AUTH TLS").code == 234
        before = self.gateway.rss
        sent = served.result(TIMEOUT)
        grown = self.gateway.rss - before
        assert grown < 24 << 20, f"grown by {grown >> 20} MiB after {sent} blocks of 64 KiB"

    def test_documented(self) -> None:
        """The settings file says what it costs."""
        text = (Path(__file__).parents[2] / "etc" / "ftpalg.toml").read_text(encoding="utf-8")
        assert re.search(r"opaque", text)
