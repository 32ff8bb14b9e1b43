"""Peers that end TLS without close_notify where that is allowed, and transfers beside each other."""

from __future__ import annotations

import os
import socket
from threading import Event, Semaphore, Thread
from typing import Any

from tests.tls.broken import server_data
from tests.tls.certificates import server_context
from tests.tls.peers import (
    TlsClient,
    TlsTestCase,
    as_server,
    ending,
    finish,
    half_close,
    notify,
    private,
)
from tests.wire.peers import BLOCK, TIMEOUT, Control, die, exactly, reset


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
