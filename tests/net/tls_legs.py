"""Legs under TLS over real sockets; the far end is OpenSSL, driven by the test."""

from __future__ import annotations

import os
import select
import socket
from errno import ECONNRESET
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from OpenSSL import SSL
from twisted.internet.testing import MemoryReactorClock

from ftpalg.config import ClientTlsSettings, ServerTlsSettings
from ftpalg.net.legs.sockets import DataSocket
from ftpalg.net.legs.tls import RECORD, TlsDataSocket
from ftpalg.net.tls.towards_clients import ClientSide
from ftpalg.net.tls.towards_servers import ServerSide
from tests.net.pairs import SocketCase, read_some
from tests.net.tls_sides import TlsCase

NAME = "a.example"
VERSIONS = ("1.2", "1.3")
DATA = os.urandom(3 * RECORD + 5)
RESET = os.strerror(ECONNRESET)
DONE = "done"


class Far:
    """The peer of a leg.  Nothing is read, said or shaken but by the test's order."""

    def __init__(self, sock: socket.socket, tls: SSL.Connection) -> None:
        self.sock = sock
        self.tls = tls
        self.stands = False

    def take(self) -> bytes:
        """What OpenSSL wants written."""
        found = b""
        try:
            while True:
                found += self.tls.bio_read(1 << 16)
        except SSL.WantReadError:
            return found

    def write(self) -> None:
        """Write it."""
        self.sock.sendall(self.take())

    def read(self) -> bool:
        """Give OpenSSL what has come; False where that is nothing."""
        came = read_some(self.sock)
        if came:
            self.tls.bio_write(came)
        return bool(came)

    def shake(self) -> bool:
        """One more step of the handshake; True once it is done.  Its last words are not written."""
        if self.stands:
            return True
        self.read()
        try:
            self.tls.do_handshake()
        except SSL.WantReadError:
            self.write()
            return False
        self.stands = True
        return True

    def said(self) -> bytes:
        """All that was said and can be decrypted by now."""
        found = b""
        while self.read():
            pass
        try:
            while True:
                found += self.tls.recv(1 << 16)
        except (SSL.WantReadError, SSL.ZeroReturnError):
            return found

    @property
    def notified(self) -> bool:
        """True once the leg has said that its data is whole."""
        return bool(self.tls.get_shutdown() & SSL.RECEIVED_SHUTDOWN)


class Forger:
    """Says for a client what OpenSSL has no call for, in TLS 1.3's records (RFC 8446 5.2 and 7.1).

    Made before the handshake.  The client itself must say nothing any more once this has spoken.
    """

    ALERT, HANDSHAKE, DATA = 21, 22, 23
    CLOSE_NOTIFY, USER_CANCELED = b"\x01\x00", b"\x01\x5a"
    KEY_UPDATE = b"\x18\x00\x00\x01\x01"  # update_requested
    ANSWER = 5 + len(KEY_UPDATE) + 1 + 16
    """Bytes of a record that holds a KeyUpdate."""

    def __init__(self, context: SSL.Context) -> None:
        self._lines: list[bytes] = []
        self._count = 0
        self._secret = b""
        context.set_keylog_callback(lambda tls, line: self._lines.append(line))

    def record(self, kind: int, content: bytes) -> bytes:
        """The next record."""
        if not self._secret:
            (line,) = [line for line in self._lines if line.startswith(b"CLIENT_TRAFFIC_SECRET_0")]
            self._secret = bytes.fromhex(line.split()[2].decode())
        key, start = self._expand(b"key", 32), self._expand(b"iv", 12)
        nonce = int.from_bytes(start, "big") ^ self._count
        inner = content + bytes([kind])
        head = b"\x17\x03\x03" + (len(inner) + 16).to_bytes(2, "big")
        self._count += 1
        return head + AESGCM(key).encrypt(nonce.to_bytes(12, "big"), inner, head)

    def key_update(self) -> bytes:
        """The record that asks for new keys; the next one has them."""
        asked = self.record(self.HANDSHAKE, self.KEY_UPDATE)
        self._secret, self._count = self._expand(b"traffic upd", 48), 0
        return asked

    def _expand(self, label: bytes, size: int) -> bytes:
        label = b"tls13 " + label
        info = size.to_bytes(2, "big") + bytes([len(label)]) + label + b"\x00"
        return HKDFExpand(hashes.SHA384(), size, info).derive(self._secret)


def everything(leg: DataSocket) -> bytes:
    """A leg's bytes up to its clean end, or to where it has none."""
    found, buffer = b"", memoryview(bytearray(4 * RECORD))
    while size := leg.receive_into(buffer):
        found += bytes(buffer[:size])
    return found


def some(leg: DataSocket) -> bytes:
    """What there is of a leg's bytes."""
    buffer = memoryview(bytearray(8 * RECORD))
    return bytes(buffer[: leg.receive_into(buffer)])


class LegCase(TlsCase, SocketCase):
    """Legs of both roles, on a reactor that asks ``select`` when the test says so."""

    def setUp(self) -> None:
        super().setUp()
        self.files = self.issue(NAME)
        self.reactor = MemoryReactorClock()
        self.told: list[str] = []

    def near_and_far(self, role: str, version: str) -> tuple[Any, Any]:
        """Makers of connections: ours in that role, and the far end's."""
        clients = ClientSide(
            ClientTlsSettings(
                certificate=self.files.certificate,
                private_key=self.files.private_key,
                maximum=version,
            )
        ).for_session()
        servers = ServerSide(ServerTlsSettings(ca=self.ca, maximum=version)).for_server(NAME)
        return (clients, servers) if role == "server" else (servers, clients)

    def leg(
        self,
        role: str = "server",
        version: str = "1.3",
        *,
        lenient: bool = False,
        makers: tuple[Any, Any] | None = None,
        session: Any = None,
        sockets: tuple[socket.socket, socket.socket] | None = None,
    ) -> tuple[TlsDataSocket, Far]:
        """A leg whose handshake is begun, and its far end; ``told`` keeps how that ends."""
        near, far = sockets or self.pair()
        for sock in (near, far):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ours, theirs = makers or self.near_and_far(role, version)
        tls = ours.connection()
        if session is not None:
            tls.set_session(session)
        leg = TlsDataSocket(self.reactor, near, tls, lenient=lenient)
        self.addCleanup(leg.close)
        leg.handshake(lambda: self.told.append(DONE), self.told.append)
        return leg, Far(far, theirs.connection())

    def work(self) -> bool:
        """One turn of the reactor; False where nothing was ready."""
        readers: list[Any] = self.reactor.getReaders()
        writers: list[Any] = self.reactor.getWriters()
        readable, writable, _ = select.select(readers, writers, [], 0)
        for descriptor in readable:
            descriptor.doRead()
        for descriptor in writable:
            if descriptor in self.reactor.getWriters():
                descriptor.doWrite()
        return bool(readable or writable)

    def shake(self, far: Far) -> None:
        """The handshake, up to the far end's last words, which wait."""
        for _ in range(100):
            if self.told or far.shake():
                break
            self.work()
        else:
            self.fail("the handshake does not end")

    def stand(self, *words: str, **more: Any) -> tuple[TlsDataSocket, Far]:
        """A leg that stands, all words of the handshake said and heard."""
        leg, far = self.leg(*words, **more)
        self.shake(far)
        far.write()
        while self.work():
            pass
        self.assertTrue(far.shake())
        self.assertEqual((self.told, self.watched), ([DONE], []))
        return leg, far

    def forged(self, **more: Any) -> tuple[TlsDataSocket, Far, Forger]:
        """A server's leg that stands, under TLS 1.3, and a forger of what its client says."""
        makers = self.near_and_far("server", "1.3")
        forger = Forger(makers[1]._context)
        leg, far = self.stand(makers=makers, **more)
        self.assertEqual(leg.tls.get_cipher_name(), "TLS_AES_256_GCM_SHA384")
        return leg, far, forger

    @property
    def watched(self) -> list[Any]:
        """What the reactor watches."""
        return [*self.reactor.getReaders(), *self.reactor.getWriters()]
