"""Rule 1 under TLS: a transfer that broke never looks complete, a whole one ends with close_notify.

Every case runs in all four combinations of plain and TLS legs.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import Future
from threading import Event, Thread
from typing import Any

from tests.tls.broken import server_data
from tests.tls.certificates import VERSIONS, client_context, server_context
from tests.tls.peers import (
    TlsClient,
    TlsTestCase,
    absorb,
    ending,
    finish,
    half_close,
    notify,
)
from tests.wire.peers import BLOCK, TIMEOUT, Control, die, exactly, reset

BIG = 320  # blocks: 20 MB
Break = Callable[[Control, socket.socket], None]


def said_in_step(control: Control) -> None:
    """Answer what may come of a broken transfer, then the question whether all is in step."""
    verb, _ = control.command()
    if verb == b"ABOR":
        control.say(b"226 Nothing to abort.")
        verb, _ = control.command()
    assert verb == b"SITE", verb
    control.say(b"200 here")


class Combination(TlsTestCase):
    """Both legs plain; the subclasses choose TLS."""

    tls = False
    client_tls = 'mode = "offer"'
    version: ssl.TLSVersion | None = None

    def setUp(self) -> None:
        """The server's context, where its leg is under TLS."""
        super().setUp()
        if self.scheme == "ftpes":
            self.context = server_context(version=self.version)

    def session(self, script: Callable[[Control], Any]) -> tuple[TlsClient, Future[Any]]:
        """A logged-in client of this combination."""
        return self.talk(script, client_context(self.version), tls=self.tls)

    # -- whole transfers --------------------------------------------------

    def test_big_and_empty_downloads(self) -> None:
        """Every byte arrives, the end is clean, and the server's close_notify is answered."""
        for blocks in (0, BIG):

            def script(control: Control, blocks: int = blocks) -> Any:
                data = server_data(control, b"RETR", self.context)
                for _ in range(blocks):
                    data.sendall(BLOCK)
                finish(data)  # under TLS this waits for our close_notify
                control.say(b"226 Sent.")

            client, served = self.session(script)
            data = client.begin(b"RETR file")
            got, how = ending(data)
            assert (hashlib.sha256(got).digest(), how) == (
                hashlib.sha256(BLOCK * blocks).digest(),
                "end",
            ), (len(got), how)
            finish(data)
            assert client.code() == 226
            served.result(TIMEOUT)

    def test_big_and_empty_uploads(self) -> None:
        """The same upwards: close_notify reaches the server and is answered to the client."""
        for blocks in (0, BIG):

            def script(control: Control) -> Any:
                data = server_data(control, b"STOR", self.context)
                got, how = ending(data)
                finish(data)
                control.say(b"226 Taken.")
                return hashlib.sha256(got).digest(), how

            client, served = self.session(script)
            data = client.begin(b"STOR file", active=True)
            for _ in range(blocks):
                data.sendall(BLOCK)
            finish(data)
            assert client.code() == 226
            whole = hashlib.sha256(BLOCK * blocks).digest(), "end"
            assert served.result(TIMEOUT) == whole

    def test_slow_reader(self) -> None:
        """A sink that begins to read late gets every byte all the same."""

        def script(control: Control) -> Any:
            data = server_data(control, b"STOR", self.context)
            assert go.wait(TIMEOUT)
            got, how = ending(data)
            control.say(b"226 Taken.")
            return hashlib.sha256(got).digest(), how

        def upload() -> None:
            for _ in range(blocks):
                data.sendall(BLOCK)
            finish(data)

        blocks = 5 * BIG
        go = Event()
        client, served = self.session(script)
        data = client.begin(b"STOR file")
        thread = Thread(target=upload)
        thread.start()
        thread.join(0.2)  # it is stuck by now: 100 MB fit into no buffers on the way
        assert thread.is_alive()
        go.set()
        thread.join(TIMEOUT)
        assert client.code() == 226
        assert served.result(TIMEOUT) == (hashlib.sha256(BLOCK * blocks).digest(), "end")

    # -- a server that breaks a download --------------------------------------------------

    def broken_download(self, breaks: Break, *, control_lives: bool = True) -> None:
        """The client never sees a clean end nor 226, whatever the server says."""

        def script(control: Control) -> Any:
            data = server_data(control, b"RETR", self.context)
            data.sendall(BLOCK * 3)
            assert arrived.wait(TIMEOUT)
            breaks(control, data)
            if not control_lives:
                return
            control.say(b"226 All sent, says the server.")
            said_in_step(control)

        arrived = Event()
        client, served = self.session(script)
        data = client.begin(b"RETR file")
        assert exactly(data, len(BLOCK) * 3) == BLOCK * 3
        arrived.set()
        got, how = ending(data)
        assert got == b"" and how == "reset", (len(got), how)
        code = client.code()
        assert code in (426, 421), code
        if control_lives:
            assert client.in_step()
        served.result(TIMEOUT)

    def test_server_resets(self) -> None:
        """RST from the server in the middle of a download."""
        self.broken_download(lambda _, data: reset(data))

    def test_server_cuts(self) -> None:
        """FIN without close_notify from the server; its socket is let go as failed too."""
        if self.context is None:
            return

        def breaks(_: Control, data: socket.socket) -> None:
            half_close(data)
            assert ending(data)[1] == "reset", "the failed leg ended cleanly, or not at all"
            data.close()

        self.broken_download(breaks)

    def test_server_dies(self) -> None:
        """The server's process dies: control and data end at once."""
        self.broken_download(lambda control, data: die(data, control.sock), control_lives=False)

    def test_server_sends_garbage(self) -> None:
        """Bytes that are no TLS record in the middle of a download."""
        if self.context is None:
            return

        def breaks(_: Control, data: socket.socket) -> None:
            raw = socket.socket(fileno=data.detach())
            raw.sendall(b"this is no TLS record" * 50)
            raw.close()

        self.broken_download(breaks)

    # -- a client that breaks an upload --------------------------------------------------

    def broken_upload(
        self, breaks: Callable[[TlsClient, socket.socket], None], *, lives: bool = True
    ) -> None:
        """The server never sees a clean end; the client never 226."""

        def script(control: Control) -> Any:
            data = server_data(control, b"STOR", self.context)
            assert exactly(data, len(BLOCK)) == BLOCK
            arrived.set()
            _, how = ending(data)
            data.close()
            try:
                control.say(b"226 All taken, says the server.")
                if lives:
                    said_in_step(control)
            except OSError:
                pass  # the session is over
            return how

        arrived = Event()
        client, served = self.session(script)
        data = client.begin(b"STOR file")
        data.sendall(BLOCK)
        assert arrived.wait(TIMEOUT)
        absorb(data)
        breaks(client, data)
        if lives:
            assert client.code() == 426
            assert client.in_step()
        how = served.result(TIMEOUT)
        assert how == "reset", how

    def test_client_resets(self) -> None:
        """RST from the client in the middle of an upload."""
        self.broken_upload(lambda _, data: reset(data))

    def test_client_cuts(self) -> None:
        """FIN without close_notify from the client; its socket is let go as failed too."""
        if not self.tls:
            return

        def breaks(_: TlsClient, data: socket.socket) -> None:
            half_close(data)
            assert ending(data)[1] == "reset", "the failed leg ended cleanly, or not at all"
            data.close()

        self.broken_upload(breaks)

    def test_client_dies(self) -> None:
        """The client's process dies: control and data end at once."""
        self.broken_upload(lambda client, data: die(data, client.sock), lives=False)

    def test_client_dies_control_first(self) -> None:
        """Control lost while the data connection stays."""

        def breaks(client: TlsClient, data: socket.socket) -> None:
            client.sock.close()
            assert ending(data)[1] == "reset"

        self.broken_upload(breaks, lives=False)

    def test_client_leaves_politely_in_the_middle(self) -> None:
        """Control ended by close_notify in the middle of an upload."""

        def breaks(client: TlsClient, data: socket.socket) -> None:
            if self.tls:
                notify(client.tls)
            client.sock.close()
            assert ending(data)[1] == "reset"

        self.broken_upload(breaks, lives=False)

    # -- a client that says QUIT --------------------------------------------------

    def test_client_quits(self) -> None:
        """It does not wait for the end of its transfers, and they come to it, whole."""
        for verb in (b"STOR", b"RETR"):
            self.quits(verb, goodbye=False)
            if self.tls:
                self.quits(verb, goodbye=True)

    def quits(self, verb: bytes, *, goodbye: bool) -> None:
        """With close_notify on its control connection, or without."""

        def script(control: Control) -> Any:
            data = server_data(control, verb, self.context)
            assert gone.wait(TIMEOUT)
            if verb == b"RETR":
                data.sendall(BLOCK)
                finish(data)
            found = ending(data) if verb == b"STOR" else (BLOCK, "end")
            control.say(b"226 Taken.")
            control.answer(b"QUIT", b"221 Bye.")
            return found

        gone = Event()
        client, served = self.session(script)
        data = client.begin(verb + b" file")
        client.send(b"QUIT\r\n")
        if goodbye:
            notify(client.tls)
        client.sock.close()
        self.gateway.rests()
        gone.set()
        if verb == b"STOR":
            data.sendall(BLOCK)
            finish(data)
        else:
            assert ending(data) == (BLOCK, "end")
        assert served.result(TIMEOUT) == (BLOCK, "end")

    # -- a sink that breaks --------------------------------------------------

    def test_client_sink_resets(self) -> None:
        """A client that resets a download: the server's leg is reset, no 226."""

        def script(control: Control) -> Any:
            data = server_data(control, b"RETR", self.context)
            try:
                while True:
                    data.sendall(BLOCK)
            except (ConnectionError, ssl.SSLError) as error:
                found = type(error).__name__
            data.close()
            control.say(b"226 All sent, says the server.")
            said_in_step(control)
            return found

        client, served = self.session(script)
        data = client.begin(b"RETR file")
        exactly(data, 1000)
        reset(data)
        assert client.code() == 426
        assert client.in_step()
        assert served.result(TIMEOUT)

    def test_server_sink_resets(self) -> None:
        """A server that resets an upload: the client's leg is reset, no 226."""

        def script(control: Control) -> Any:
            data = server_data(control, b"STOR", self.context)
            exactly(data, 1000)
            reset(data)
            control.say(b"226 All taken, says the server.")
            said_in_step(control)

        client, served = self.session(script)
        data = client.begin(b"STOR file")
        failed = False
        try:
            for _ in range(2000):
                data.sendall(BLOCK)
        except (ConnectionError, ssl.SSLError):
            failed = True
        assert failed
        assert client.code() == 426
        assert client.in_step()
        served.result(TIMEOUT)

    def test_refused_in_the_middle(self) -> None:
        """A 451 after a clean end of data: the client's data ends as failed, and it is told."""

        def script(control: Control) -> Any:
            data = server_data(control, b"RETR", self.context)
            data.sendall(BLOCK)
            assert arrived.wait(TIMEOUT)
            control.say(b"451 Disk error.")
            finish(data)

        arrived = Event()
        client, _ = self.session(script)
        data = client.begin(b"RETR file")
        exactly(data, len(BLOCK))
        arrived.set()
        assert ending(data)[1] == "reset"
        assert client.code() in (451, 426)


class PlainToTls(Combination):
    """A plain client, a server under TLS 1.3."""

    scheme = "ftpes"


class TlsToPlain(Combination):
    """A client under TLS 1.3, a plain server."""

    tls = True


class TlsToTls(Combination):
    """TLS 1.3 on both legs."""

    tls = True
    scheme = "ftpes"


class OldTlsToTls(TlsToTls):
    """TLS 1.2 on both legs."""

    version = VERSIONS[0]
