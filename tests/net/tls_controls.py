"""Control connections under TLS, with a peer that a test plays."""

from __future__ import annotations

import socket
from typing import Any

from OpenSSL import SSL

from ftpalg.core.session_settings import ClientTls
from tests.net.controls import ControlCase
from tests.net.pairs import read_some

LINE = b"NOOP\r\n"
POURED = 4 << 20


class FarTls:
    """TLS at the far end, by hand."""

    def __init__(self, sock: socket.socket, connection: SSL.Connection) -> None:
        self.sock = sock
        self.tls = connection

    def flush(self) -> None:
        """Write what OpenSSL wants written."""
        try:
            while True:
                self.sock.sendall(self.tls.bio_read(1 << 16))
        except SSL.WantReadError:
            pass

    def read(self) -> bytes:
        """Plain text that has come; empty where none has."""
        raw = read_some(self.sock)
        if raw:
            self.tls.bio_write(raw)
        try:
            return self.tls.recv(1 << 16)
        except (SSL.WantReadError, SSL.ZeroReturnError):
            return b""

    def shake(self) -> bool:
        """One more step; whether it is done."""
        raw = read_some(self.sock)
        if raw:
            self.tls.bio_write(raw)
        try:
            self.tls.do_handshake()
        except SSL.WantReadError:
            return False
        finally:
            self.flush()
        return True

    def say(self, data: bytes) -> None:
        """Send that text."""
        self.tls.send(data)
        self.flush()


class TlsControlCase(ControlCase):
    """Under TLS."""

    async def secured_client(self, tls: ClientTls = ClientTls.OFFER) -> tuple[Any, FarTls]:
        """A client behind its handshake."""
        control, far = self.client(tls)
        if tls is not ClientTls.IMPLICIT:
            control.start_tls(self.for_clients())
        there = FarTls(far, self.for_server().connection())
        await self.until(there.shake)
        await self.until(lambda: "ClientSecured" in self.owner.names)
        return control, there

    async def secured_server(self) -> tuple[Any, FarTls]:
        """A server behind its handshake."""
        control, far = self.server()
        control.start_tls(self.for_server())
        there = FarTls(far, self.for_clients().connection())
        await self.until(there.shake)
        await self.until(lambda: "ServerSecured" in self.owner.names)
        return control, there
