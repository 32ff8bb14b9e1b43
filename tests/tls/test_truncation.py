"""Rule 1 under TLS: a transfer that broke never looks complete, a whole one ends with close_notify.

Every case runs in all four combinations of plain and TLS legs.
"""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import Future
from threading import Event, Semaphore, Thread
from typing import Any

from tests.tls.certificates import VERSIONS, client_context, server_context
from tests.tls.peers import (
    TlsClient,
    TlsTestCase,
    absorb,
    as_server,
    ending,
    finish,
    half_close,
    notify,
    private,
)
from tests.wire.peers import BLOCK, TIMEOUT, Control, die, exactly, reset

BIG = 320  # blocks: 20 MB
Break = Callable[[Control, socket.socket], None]


def server_data(control: Control, verb: bytes, context: ssl.SSLContext | None) -> socket.socket:
    """The server's side of a transfer's data connection, under TLS where a context is given."""
    if context is not None:
        private(control)
    port = control.data()
    control.answer(verb, b"150 Go on.")
    data = port.open()
    return data if context is None else as_server(data, context)


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
            for _ in range(BIG):
                data.sendall(BLOCK)
            finish(data)

        go = Event()
        client, served = self.session(script)
        data = client.begin(b"STOR file")
        thread = Thread(target=upload)
        thread.start()
        thread.join(0.2)  # it is stuck by now: 20 MB fit into no buffer on the way
        assert thread.is_alive()
        go.set()
        thread.join(TIMEOUT)
        assert client.code() == 226
        assert served.result(TIMEOUT) == (hashlib.sha256(BLOCK * BIG).digest(), "end")

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


class Lenient(TlsTestCase):
    """lenient = true on both legs."""

    scheme = "ftpes"
    client_tls = 'mode = "offer"\nlenient = true'
    server_tls = "lenient = true"

    def test_told_at_the_start(self) -> None:
        """Both settings are warned of."""
        log = self.gateway.whole_log()
        assert "client-tls.lenient = true" in log and "server-tls.lenient = true" in log

    def test_cut_download(self) -> None:
        """FIN without close_notify from the server counts as the end, and is logged."""
        context = server_context()

        def script(control: Control) -> Any:
            data = server_data(control, b"RETR", context)
            data.sendall(BLOCK)
            half_close(data)
            data.close()
            control.say(b"226 Sent.")

        client, _ = self.talk(script, tls=True)
        assert ending(client.begin(b"RETR file")) == (BLOCK, "end")
        assert client.code() == 226
        assert "the server ended TLS without close_notify" in self.gateway.new_log()

    def test_cut_upload(self) -> None:
        """The same from the client; the server sees a clean end."""
        context = server_context()

        def script(control: Control) -> Any:
            data = server_data(control, b"STOR", context)
            found = ending(data)
            control.say(b"226 Taken.")
            return found

        client, served = self.talk(script, tls=True)
        data = client.begin(b"STOR file")
        data.sendall(BLOCK)
        half_close(data)
        assert client.code() == 226
        assert served.result(TIMEOUT) == (BLOCK, "end")
        assert "the client ended TLS without close_notify" in self.gateway.new_log()

    def test_reset_is_still_a_failure(self) -> None:
        """RST is no end under any setting."""
        context = server_context()

        def script(control: Control) -> Any:
            data = server_data(control, b"STOR", context)
            exactly(data, len(BLOCK))
            arrived.set()
            found = ending(data)
            control.say(b"226 Taken.")
            return found[1]

        arrived = Event()
        client, served = self.talk(script, tls=True)
        data = client.begin(b"STOR file")
        data.sendall(BLOCK)
        assert arrived.wait(TIMEOUT)
        reset(data)
        assert client.code() == 426
        assert served.result(TIMEOUT) == "reset"

    def test_dead_client_is_still_a_failure(self) -> None:
        """A client that dies, or leaves politely, with its upload: no clean end to the server."""
        context = server_context()

        def dies(client: TlsClient, data: socket.socket) -> None:
            die(data, client.sock)

        def leaves(client: TlsClient, data: socket.socket) -> None:
            half_close(data)
            notify(client.tls)
            client.sock.close()

        for way in (dies, leaves):
            for _ in range(5):
                arrived = Event()

                def script(control: Control, arrived: Event = arrived) -> Any:
                    data = server_data(control, b"STOR", context)
                    exactly(data, len(BLOCK))
                    arrived.set()
                    return ending(data)[1]

                client, served = self.talk(script, tls=True)
                data = client.begin(b"STOR file")
                data.sendall(BLOCK)
                assert arrived.wait(TIMEOUT)
                way(client, data)
                assert served.result(TIMEOUT) == "reset", way.__name__


class Beside(TlsTestCase):
    """Broken transfers leave nothing behind."""

    scheme = "ftpes"
    client_tls = 'mode = "offer"'
    alone = "beside"

    def test_no_descriptor_is_left(self) -> None:
        """Failed handshakes and cut transfers do not pile up sockets within a session."""
        context = server_context()
        counted: list[int] = []

        def script(control: Control) -> Any:
            private(control)
            for _ in range(10):
                port = control.data()
                control.answer(b"RETR", b"150 Here it comes.")
                data = as_server(port.open(), context)
                data.sendall(BLOCK)
                assert arrived.acquire(timeout=TIMEOUT)
                half_close(data)
                kept.append(data)
                control.say(b"426 Broken.")

        kept: list[socket.socket] = []
        arrived = Semaphore(0)
        client, _ = self.talk(script, tls=True)
        for _ in range(10):
            data = client.begin(b"RETR file")
            exactly(data, len(BLOCK))
            arrived.release()
            ending(data)
            data.close()
            assert client.code() == 426
            counted.append(len(os.listdir(f"/proc/{self.gateway.process.pid}/fd")))
        assert counted[-1] <= counted[0], counted

    def test_transfers_at_once(self) -> None:
        """Eight sessions move 4 MB at the same time, each its own bytes."""
        context = server_context()
        results: list[bool] = []

        def script(control: Control) -> Any:
            private(control)
            port = control.data()
            number = int(control.expect(b"RETR"))
            control.say(b"150 Here it comes.")
            data = as_server(port.open(), context)
            for _ in range(64):
                data.sendall(bytes([number]) * 65536)
            finish(data)
            control.say(b"226 Sent.")

        def download(number: int, client: TlsClient) -> None:
            got, how = ending(client.begin(b"RETR %d" % number))
            whole = got == bytes([number]) * (64 * 65536)
            results.append(whole and how == "end" and client.code() == 226)

        sessions = [self.talk(script, tls=True)[0] for _ in range(8)]
        threads = [Thread(target=download, args=each) for each in enumerate(sessions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TIMEOUT)
        assert results == [True] * 8
