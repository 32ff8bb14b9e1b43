"""Every data connection to a server resumes its control connection's session."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

from tests.tls.certificates import VERSIONS, server_context
from tests.tls.peers import TlsTestCase, as_server, ending, finish, half_close, private
from tests.tls.protected import send_file, take_file
from tests.wire.peers import BLOCK, TIMEOUT, Control, reset


class Resumption(TlsTestCase):
    """A server that insists on resumed data connections, like FileZilla Server and vsftpd."""

    scheme = "ftpes"
    client_tls = 'mode = "offer"'

    def many(self, *, tickets: bool, version: ssl.TLSVersion, tls: bool) -> None:
        """Ten downloads and uploads in one session, all resumed."""
        self.context = context = server_context(version=version, tickets=tickets)

        def script(control: Control) -> Any:
            private(control)
            found = []
            for _ in range(5):
                found.append(send_file(control, context))
                control.say(b"226 Sent.")
                found.append(take_file(control, context)[2])
                control.say(b"226 Taken.")
            return found

        client, served = self.talk(script, tls=tls)
        for turn in range(5):
            data = client.begin(b"RETR file", active=bool(turn % 2))
            assert ending(data) == (BLOCK, "end")
            assert client.code() == 226
            data = client.begin(b"STOR file", active=bool(turn % 2))
            data.sendall(BLOCK)
            finish(data)
            assert client.code() == 226
        resumed = served.result(TIMEOUT)
        assert resumed == [True] * 10, (version, tickets, resumed)

    def test_many_transfers(self) -> None:
        """TLS 1.2 and 1.3, with tickets and with session IDs."""
        for version in VERSIONS:
            for tickets in (True, False):
                self.many(tickets=tickets, version=version, tls=False)

    def test_many_transfers_of_a_tls_client(self) -> None:
        """The same with TLS to the client too."""
        for version in VERSIONS:
            self.many(tickets=True, version=version, tls=True)

    def after(self, breaks: Callable[[Control, ssl.SSLSocket], None], version: Any) -> None:
        """Break a download, then do three more: all resumed."""
        self.context = context = server_context(version=version)

        def script(control: Control) -> Any:
            private(control)
            found = []
            for turn in range(4):
                port = control.data()
                control.answer(b"RETR", b"150 Here it comes.")
                data = as_server(port.open(), context)
                found.append(data.session_reused)
                data.sendall(BLOCK)
                if turn == 0:
                    breaks(control, data)
                    control.say(b"426 Broken.")
                else:
                    finish(data)
                    control.say(b"226 Sent.")
            return found

        client, served = self.talk(script)
        assert ending(client.begin(b"RETR file"))[1] == "reset"
        assert client.code() == 426
        for _ in range(3):
            assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
            assert client.code() == 226
        assert served.result(TIMEOUT) == [True] * 4, version

    def test_after_a_cut_transfer(self) -> None:
        """FIN without close_notify does not spoil the session."""

        def breaks(_: Control, data: ssl.SSLSocket) -> None:
            half_close(data)
            ending(data)
            data.close()

        for version in VERSIONS:
            self.after(breaks, version)

    def test_after_a_reset_transfer(self) -> None:
        """Neither does a RST."""
        for version in VERSIONS:
            self.after(lambda _, data: reset(data), version)

    def test_after_the_client_went(self) -> None:
        """Neither does a client that resets its data connection: we are the ones who break."""
        for version in VERSIONS:
            self.context = context = server_context(version=version)

            def script(control: Control, context: ssl.SSLContext = context) -> Any:
                private(control)
                port = control.data()
                control.answer(b"RETR", b"150 Here it comes.")
                data = as_server(port.open(), context)
                try:
                    while True:
                        data.sendall(BLOCK)
                except OSError:
                    data.close()
                control.say(b"426 Broken.")
                found = []
                for _ in range(3):
                    found.append(send_file(control, context))
                    control.say(b"226 Sent.")
                return found

            client, served = self.talk(script)
            data = client.begin(b"RETR file")
            data.recv(1000)
            reset(data)
            assert client.code() == 426
            for _ in range(3):
                assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
                assert client.code() == 226
            assert served.result(TIMEOUT) == [True] * 3, version
