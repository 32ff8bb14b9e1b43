"""Peers that never go on, under TLS and on the way to it."""

from __future__ import annotations

import socket
from typing import Any

from tests.tls.certificates import server_context
from tests.tls.peers import (
    REFUSED,
    TlsTestCase,
    as_server,
    ending,
    explicit,
    finish,
    last_words,
    private,
    verbs,
)
from tests.wire.peers import BLOCK, TIMEOUT, Control, echo_site, impatient, pasv_port, untouched

LOGIN = {b"USER", b"PASS", b"ACCT"}


class Stuck(TlsTestCase):
    """Handshakes that never go on."""

    scheme = "ftpes"
    client_tls = 'mode = "offer"\nimplicit-listen = ["tcp:0:interface=127.0.0.1"]'
    listeners = 2

    def works(self) -> None:
        """Another session does a whole transfer meanwhile."""
        context = server_context()

        def script(control: Control) -> Any:
            private(control)
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            data = as_server(port.open(), context)
            data.sendall(BLOCK)
            finish(data)
            control.say(b"226 Sent.")

        client, _ = self.talk(script, tls=True)
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226

    @impatient(login=4.0, handshake=4.0)
    def test_client_control(self) -> None:
        """A client that says nothing after AUTH, or on an implicit port, is sent away in time."""

        def script(control: Control) -> list[bytes]:
            context = server_context()
            explicit(control, context)
            return last_words(control)

        for which in (0, 1):
            served = None if which else self.serve(script)  # implicit: no server before TLS
            client = self.connect(which=which)
            if not which:
                assert client.code() == 220
                assert client.ask(b"AUTH TLS").code == 234
            client.send(b"\x16\x03\x01")  # a record that never goes on
            self.works()
            client.rest()
            assert served is None or not verbs(served.result(TIMEOUT)) & LOGIN

    @impatient(handshake=2.5)
    def test_server_control(self) -> None:
        """A server that says nothing after its 234: told after timeouts.handshake."""

        def script(control: Control) -> list[bytes]:
            control.say(b"220 Ready.")
            control.answer(b"AUTH", b"234 Go on.")
            return last_words(control)

        self.serve(script)
        client = self.connect()
        self.works()
        found = client.reply()
        assert found.code == 421 and b"TLS" in found.text, found

    def refused(self, control: Control) -> str:
        """The server's part of a transfer that the gateway gives up; how its data ended."""
        context = server_context()
        private(control)
        port = control.data()
        verb, _ = control.command()
        if verb == b"SITE":  # the client's leg had failed before RETR came: we are not asked
            control.say(b"200 here")
            assert port.listener is not None
            return "reset" if untouched(port.listener) else ending(port.open())[1]
        assert verb == b"RETR", verb
        control.say(b"150 Here it comes.")
        data = port.open()
        try:
            data = as_server(data, context)
            how = ending(data)[1]
        except REFUSED:
            how = "reset"  # within the handshake already
        control.say(b"426 Broken.")
        verb, _ = control.command()
        if verb == b"ABOR":
            control.say(b"226 Nothing to abort.")
            verb, _ = control.command()
        assert verb == b"SITE", verb
        control.say(b"200 here")
        return how

    @impatient(data_open=2.5)
    def test_client_data(self) -> None:
        """A client that connects its data port and says nothing, or garbage, or leaves."""

        def silent(_: socket.socket) -> None:
            pass

        def garbage(data: socket.socket) -> None:
            data.sendall(b"RETR is not a ClientHello\r\n" * 20)

        def leaves(data: socket.socket) -> None:
            data.shutdown(socket.SHUT_WR)

        for early in (False, True):
            for what in (silent, garbage, leaves):
                client, served = self.talk(self.refused, tls=True)
                port = pasv_port(client.ask(b"PASV"))
                if early:
                    data = client.reach(port)
                    what(data)
                    client.send(b"RETR file\r\n")
                else:
                    client.send(b"RETR file\r\n")
                    assert client.code() == 150
                    data = client.reach(port)
                    what(data)
                if what is silent:
                    self.works()
                data.settimeout(TIMEOUT)
                code = client.code()
                if code == 150:
                    code = client.code()
                assert code in (425, 426, 522), (what.__name__, early, code)
                got, how = ending(data)
                assert BLOCK[:64] not in got and how != "cut", (got, how)
                found = client.ask(b"SITE here")
                assert found.text == b"200 here", (what.__name__, early, found)
                assert served.result(TIMEOUT) == "reset", (what.__name__, early)

    @impatient(stalled=2.5)
    def test_server_data(self) -> None:
        """A server that never shakes hands on its data connection."""

        def script(control: Control) -> str:
            private(control)
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            data = port.open()
            how = ending(data)[1]
            control.say(b"425 TLS failed.")
            verb, _ = control.command()
            if verb == b"ABOR":
                control.say(b"226 Nothing to abort.")
                verb, _ = control.command()
            assert verb == b"SITE", verb
            control.say(b"200 here")
            return how

        client, served = self.talk(script, tls=True)
        raw = client.pasv()
        assert client.ask(b"RETR file").code == 150
        self.works()
        try:
            got = ending(client.wrapped(raw))
        except REFUSED:
            got = b"", "reset"
        assert got == (b"", "reset")
        assert client.code() in (425, 426)
        assert client.in_step()
        assert served.result(TIMEOUT) == "reset"

    @impatient(data_open=2.5)
    def test_no_transfer_follows(self) -> None:
        """Data connections that were prepared and shaken but never used do not stay; they end cleanly."""

        def script(control: Control) -> Any:
            private(control)
            for _ in range(3):
                control.data()
            echo_site(control)

        client, _ = self.talk(script, tls=True)
        first = client.wrapped(client.pasv())
        second = client.wrapped(client.pasv())
        assert ending(first)[1] == "end"
        client.pasv()
        assert ending(second)[1] == "end"
        assert client.in_step()
