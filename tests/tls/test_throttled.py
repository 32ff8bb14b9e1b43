"""Transfers under TLS that the gateway throttles: the cases of truncation, and waits in mid-file."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Event
from typing import Any

from tests.tls import test_truncation
from tests.tls.broken import server_data
from tests.tls.certificates import client_context, server_context
from tests.tls.peers import TlsClient, TlsTestCase, ending, finish
from tests.wire.patience import impatient
from tests.wire.peers import TIMEOUT, Control, die

LIMITED = '[bandwidth]\ntotal-download = "64MiB/s"\ntotal-upload = "64MiB/s"\n'
SLOW = '[bandwidth]\nsession-download = "32KiB/s"\nsession-upload = "32KiB/s"\n'
FILE = bytes(range(256)) * 256


class PlainToTls(test_truncation.PlainToTls):
    """TLS towards the server."""

    more = LIMITED


class TlsToPlain(test_truncation.TlsToPlain):
    """TLS towards the client."""

    more = LIMITED


class TlsToTls(test_truncation.TlsToTls):
    """TLS on both."""

    more = LIMITED


class InTheWait(TlsTestCase):
    """A record each half second; the subclasses choose TLS."""

    more = SLOW
    tls = False
    client_tls = 'mode = "offer"'

    def setUp(self) -> None:
        """The server's context, where its leg is under TLS."""
        super().setUp()
        if self.scheme == "ftpes":
            self.context = server_context()

    def session(self, script: Callable[[Control], Any]) -> tuple[TlsClient, Future[Any]]:
        """A logged-in client of this combination."""
        return self.talk(script, client_context(), tls=self.tls)

    @impatient(stalled=0.3)
    def test_whole(self) -> None:
        """A file arrives whole with a clean end, down and up, though each wait is longer than a stall."""

        def script(control: Control) -> Any:
            data = server_data(control, b"RETR", self.context)
            data.sendall(FILE)
            finish(data)
            control.say(b"226 Sent.")

        def taking(control: Control) -> Any:
            data = server_data(control, b"STOR", self.context)
            got = ending(data)
            finish(data)
            control.say(b"226 Taken.")
            return got

        client, served = self.session(script)
        data = client.begin(b"RETR file")
        assert ending(data) == (FILE, "end")
        finish(data)
        assert client.code() == 226
        served.result(TIMEOUT)
        client, served = self.session(taking)
        data = client.begin(b"STOR file")
        data.sendall(FILE)
        finish(data)
        assert client.code() == 226
        assert served.result(TIMEOUT) == (FILE, "end")

    def test_server_dies(self) -> None:
        """A server that dies while its file is held back: the client sees no clean end."""

        def script(control: Control) -> Any:
            data = server_data(control, b"RETR", self.context)
            data.sendall(FILE)
            assert began.wait(TIMEOUT)
            die(control.sock, data)

        began = Event()
        client, _ = self.session(script)
        data = client.begin(b"RETR file")
        first = data.recv(1)
        began.set()
        got, how = ending(data)
        got = first + got
        assert how != "end", how
        assert len(got) < len(FILE)


class PlainToTlsInTheWait(InTheWait):
    """TLS towards the server."""

    scheme = "ftpes"


class TlsToPlainInTheWait(InTheWait):
    """TLS towards the client."""

    tls = True


class TlsToTlsInTheWait(InTheWait):
    """TLS on both."""

    tls = True
    scheme = "ftpes"
