"""Data connections under TLS over real sockets; the far end is OpenSSL, driven by the test."""

from __future__ import annotations

import gc
import os
import select
import socket
from collections.abc import Callable
from errno import ECONNRESET
from typing import Any, cast

from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock

from ftpalg.config import ClientTlsSettings, ServerTlsSettings
from ftpalg.net.data import DataSocket, reset
from ftpalg.net.relay import CopyRelay
from ftpalg.net.tls import ClientSide, ServerSide, TlsConnection
from ftpalg.net.tlsdata import OVERHEAD, PIECE, RECORD, TlsDataSocket
from tests.net.pairs import REACTOR, SocketCase, read_some, send_some
from tests.net.test_parents import Stingy
from tests.net.test_tls import TlsCase

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

    @property
    def watched(self) -> list[Any]:
        """What the reactor watches."""
        return [*self.reactor.getReaders(), *self.reactor.getWriters()]


class Handshakes(LegCase):
    """How they succeed."""

    def test_each(self) -> None:
        """In both roles and versions; afterwards both sides understand each other."""
        for role in ("client", "server"):
            for version in VERSIONS:
                leg, far = self.stand(role, version)
                self.assertEqual(leg.tls.get_protocol_version_name(), f"TLSv{version}")
                leg.send(memoryview(b"down"))
                self.assertEqual(far.said(), b"down")
                far.tls.send(b"up")
                far.write()
                self.assertEqual(some(leg), b"up")
                self.told.clear()

    def test_tickets_wait(self) -> None:
        """As TLS 1.3's server nothing follows the client's last words until there is a reason."""
        _, far = self.stand("server", "1.3")
        self.assertIsNone(read_some(far.sock))

    def test_last_words(self) -> None:
        """Where the handshake cannot do without our last words they are said at once."""
        for role, version in (("server", "1.2"), ("client", "1.3")):
            leg, far = self.leg(role, version)
            for _ in range(10):
                far.shake()
                self.work()
            self.assertTrue(far.shake(), (role, version))
            self.assertEqual((self.told, self.watched), ([DONE], []))
            self.told.clear()
            leg.close()

    def test_stingy(self) -> None:
        """A socket that takes one byte at a time, and every second time none, is enough."""
        for role in ("client", "server"):
            for version in VERSIONS:
                near, far_sock = self.pair()
                stingy = Stingy(fileno=near.detach())
                stingy.setblocking(False)
                _, far = self.leg(role, version, sockets=(self.kept(stingy), far_sock))
                for _ in range(20000):
                    if self.told:
                        break
                    if far.shake():
                        far.write()
                    self.work()
                self.assertEqual((self.told, self.watched), ([DONE], []), (role, version))
                self.told.clear()

    def test_blocked(self) -> None:
        """While the peer takes nothing, what it says is not listened to, again and again."""
        near, far_sock = self.pair()
        stingy = Stingy(fileno=near.detach())
        leg, far = self.leg("server", "1.3", sockets=(self.kept(stingy), far_sock))
        far.shake()
        far.sock.send(b"more than it should")
        leg.doRead()
        self.assertEqual(self.watched, [leg])
        self.assertEqual(self.reactor.getWriters(), [leg])

    def test_resumed(self) -> None:
        """The far end knows a session that was set beforehand; ours knows theirs."""
        for version in VERSIONS:
            makers = self.near_and_far("client", version)
            leg, far = self.stand("client", version, makers=makers)
            self.assertTrue(far.tls.full)
            far.tls.send(b"x")
            far.write()
            some(leg)
            self.told.clear()
            session = leg.tls.get_session()
            _, far = self.stand("client", version, makers=makers, session=session)
            self.assertFalse(far.tls.full)
            self.told.clear()


class FailedHandshakes(LegCase):
    """How they fail: once, with words, and nothing watched."""

    def failed(self, leg: TlsDataSocket) -> str:
        """The one reason."""
        while self.work():
            pass
        (reason,) = self.told
        self.assertEqual(self.watched, [])
        self.told.clear()
        leg.abort()
        return reason

    def test_end(self) -> None:
        """The peer closes, before its first word or between two."""
        for role, steps in (("client", 0), ("client", 1), ("server", 0), ("server", 1)):
            leg, far = self.leg(role, "1.2")
            for _ in range(steps):
                far.shake()
                self.work()
            far.read()
            far.sock.close()
            self.assertEqual(self.failed(leg), "the connection ended in the TLS handshake")

    def test_end_within_a_record(self) -> None:
        """Half a word is none."""
        leg, far = self.leg("client", "1.3")
        far.read()
        self.assertRaises(SSL.WantReadError, far.tls.do_handshake)
        far.sock.sendall(far.take()[:-10])
        far.sock.close()
        self.assertEqual(self.failed(leg), "the connection ended in the TLS handshake")

    def test_reset(self) -> None:
        """The peer resets; the reactor may notice that before we read."""
        for notice in (TlsDataSocket.doRead, lambda leg: leg.connectionLost(cast(Any, None))):
            leg, far = self.leg("server")
            reset(far.sock)
            far.sock.close()
            notice(leg)
            self.assertEqual(self.failed(leg), RESET)

    def test_garbage(self) -> None:
        """What is no TLS is told in OpenSSL's words, and to the peer by an alert."""
        for role in ("client", "server"):
            for garbage in (b"220 ready\r\n", b"GET / HTTP/1.0\r\n\r\n", bytes(100), b"\xff" * 100):
                leg, far = self.leg(role)
                far.sock.send(garbage)
                self.assertRegex(self.failed(leg), "^TLS failed: ")

    def test_no_common_version(self) -> None:
        """A peer that is too old is told so by an alert, before the reset."""
        files = self.files
        ours = ClientSide(
            ClientTlsSettings(
                certificate=files.certificate, private_key=files.private_key, minimum="1.3"
            )
        ).for_session()
        theirs = ServerSide(ServerTlsSettings(ca=self.ca, maximum="1.2")).for_server(NAME)
        leg, far = self.leg(makers=(ours, theirs))
        far.shake()
        self.assertRegex(self.failed(leg), "^TLS failed: unsupported protocol")
        far.read()
        error = self.assertRaises(SSL.Error, far.tls.do_handshake)
        self.assertIn("alert protocol version", str(error))

    def test_refused_certificate(self) -> None:
        """A certificate that we refuse is told with the reason; the alert reaches its owner."""
        for version in VERSIONS:
            ours, theirs = self.near_and_far("client", version)
            ours = ServerSide(ServerTlsSettings(maximum=version)).for_server(NAME)
            leg, far = self.leg(makers=(ours, theirs))
            far.shake()
            self.assertEqual(self.failed(leg), "its certificate is refused: its issuer is unknown")
            far.read()
            error = self.assertRaises(SSL.Error, far.tls.do_handshake)
            self.assertIn("alert unknown ca", str(error))
            self.assertRaises(ConnectionResetError, far.sock.recv, 1)

    def test_refused_by_the_peer(self) -> None:
        """A client that refuses our certificate says so, and that is the reason."""
        ours, _ = self.near_and_far("server", "1.2")
        theirs = ServerSide(ServerTlsSettings(maximum="1.2")).for_server(NAME)
        leg, far = self.leg(makers=(ours, theirs))
        far.shake()
        self.work()
        far.read()
        self.assertRaises(SSL.Error, far.tls.do_handshake)
        far.write()
        self.assertRegex(self.failed(leg), "^TLS failed: .*alert unknown ca")


class Uploads(LegCase):
    """Reading."""

    def test_glued(self) -> None:
        """Bytes in one segment with the client's last words are read without further readiness."""
        for version in VERSIONS:
            leg, far = self.leg("client" if version == "1.2" else "server", version)
            # the far end's is the last word in both
            while not far.shake():
                self.work()
            far.tls.send(DATA)
            far.tls.shutdown()
            far.write()
            self.work()
            self.assertEqual((self.told, leg.waiting), ([DONE], True))
            self.assertEqual(everything(leg), DATA)
            self.told.clear()

    def test_glued_and_relayed(self) -> None:
        """So a relay moves them though the socket stays silent."""
        leg, far = self.leg("server", "1.3")
        self.shake(far)
        far.tls.send(DATA)
        far.write()
        self.work()
        sink, taker = self.pair()
        relay = CopyRelay(
            self.reactor,
            leg,
            DataSocket(self.reactor, sink),
            lambda: self.told.append("ended"),
            self.told.append,
            self.told.append,
        )
        self.addCleanup(relay.stop)
        relay.start(10.0)
        self.reactor.advance(0)
        self.assertEqual((relay.moved, read_some(taker)), (len(DATA), DATA))
        far.tls.shutdown()
        far.write()
        while self.work():
            pass
        self.assertEqual((self.told, self.watched), ([DONE, "ended"], []))

    def test_client_that_never_reads(self) -> None:
        """lftp, curl: a client that uploads and closes without ever reading is read to its end."""
        for version in VERSIONS:
            leg, far = self.stand("server", version)
            far.tls.send(DATA)
            far.tls.shutdown()
            far.write()
            far.sock.close()
            self.assertEqual(everything(leg), DATA)
            leg.close_ended()
            self.told.clear()

    def test_unread_tickets_would_reset(self) -> None:
        """The reason why tickets wait: said at once and unread, they cost the tail of the file."""
        self.patch(TlsConnection, "ends_in_tickets", False)
        leg, far = self.stand("server", "1.3")
        far.tls.send(DATA)
        far.tls.shutdown()
        far.write()
        far.sock.close()
        for _ in range(2):  # Linux gives what had come before the reset, then tells of it
            try:
                leg.socket.recv(1 << 20)
            except ConnectionResetError:
                return
        self.fail("no reset: the tickets need not wait")

    def test_tickets_at_the_end(self) -> None:
        """They and the answer to close_notify go when the upload has ended, for the next time."""
        leg, far = self.stand("server", "1.3")
        far.tls.send(DATA)
        far.tls.shutdown()
        far.write()
        self.assertEqual(everything(leg), DATA)
        self.assertIsNone(read_some(far.sock))
        leg.close_ended()
        self.assertEqual((far.said(), far.notified, leg.fileno()), (b"", True, -1))
        session = far.tls.get_session()
        self.assertIsNotNone(session)
        self.assertEqual(read_some(far.sock), b"")

    def test_waits(self) -> None:
        """Where there is nothing, or half a record, the leg waits; nothing is lost."""
        for version in VERSIONS:
            leg, far = self.stand("server", version)
            self.assertRaises(BlockingIOError, some, leg)
            self.assertFalse(leg.waiting)
            far.tls.send(b"file")
            data = far.take()
            far.sock.send(data[:10])
            self.assertRaises(BlockingIOError, some, leg)
            far.sock.send(data[10:])
            self.assertEqual(some(leg), b"file")
            self.told.clear()

    def test_cut(self) -> None:
        """Rule 1: an end without close_notify is a failure, after all that had come before it."""
        for version in VERSIONS:
            leg, far = self.stand("server", version)
            far.tls.send(DATA)
            far.write()
            far.sock.shutdown(socket.SHUT_WR)
            self.assertEqual(some(leg), DATA)
            error = self.assertRaises(OSError, some, leg)
            self.assertEqual(str(error), "TLS ended without close_notify")
            self.assertFalse(leg.cut)
            self.told.clear()

    def test_lenient(self) -> None:
        """Where the setting says so it is an end, and known to be one of that kind."""
        leg, far = self.stand(lenient=True)
        far.tls.send(DATA)
        far.write()
        far.sock.shutdown(socket.SHUT_WR)
        self.assertEqual((everything(leg), leg.cut), (DATA, True))
        self.told.clear()
        leg, far = self.stand(lenient=True)
        far.tls.shutdown()
        far.write()
        self.assertEqual((everything(leg), leg.cut), (b"", False))

    def test_lenient_reset(self) -> None:
        """A reset is a failure whatever the setting says."""
        leg, far = self.stand(lenient=True)
        reset(far.sock)
        far.sock.close()
        self.assertRaises(ConnectionResetError, some, leg)

    def test_tampered(self) -> None:
        """A record that was changed on the way is a failure."""
        for version in VERSIONS:
            leg, far = self.stand("server", version, lenient=True)
            far.tls.send(b"file")
            data = bytearray(far.take())
            data[-1] ^= 1
            far.sock.send(data)
            self.assertRegex(str(self.assertRaises(OSError, some, leg)), "^TLS failed: ")
            self.told.clear()

    def test_behind_the_end(self) -> None:
        """What comes behind close_notify is nothing of the file."""
        leg, far = self.stand()
        far.tls.send(b"file")
        far.tls.shutdown()
        far.sock.send(far.take() + b"and more")
        self.assertEqual(everything(leg), b"file")
        self.assertEqual(everything(leg), b"")

    def test_asks_and_asks(self) -> None:
        """A peer that makes OpenSSL answer (renegotiation, 31 bytes for 33) is bounded."""
        leg, far = self.stand("client", "1.2")

        class Answering:
            notified = False
            fresh = False

            def recv_into(self, buffer: memoryview, size: int) -> int:
                if not self.fresh:
                    raise SSL.WantReadError
                self.fresh = False
                return 1

            def bio_write(self, data: memoryview) -> None:
                self.fresh = True
                self.out = bytes(len(data) * 31 // 33)

            def bio_read(self, size: int) -> bytes:
                found, self.out = getattr(self, "out", b""), b""
                if not found:
                    raise SSL.WantReadError
                return found

        leg.tls = cast(Any, Answering())
        for _ in range(1000):
            send_some(far.sock, bytes(1024))
            try:
                some(leg)
            except BlockingIOError:
                continue
            except OSError as error:
                self.assertIn("asks and asks", str(error))
                break
        self.assertLess(len(leg._out), OVERHEAD + PIECE)
        self.assertGreater(len(leg._out), OVERHEAD)

    def test_no_data(self) -> None:
        """Records without data (a flood of KeyUpdate) end the leg: they would keep the gateway busy."""
        leg, far = self.stand()

        class Empty:
            notified = False
            fed = 0

            def recv_into(self, buffer: memoryview, size: int) -> int:
                raise SSL.WantReadError

            def bio_write(self, data: memoryview) -> None:
                self.fed += len(data)

            def bio_read(self, size: int) -> bytes:
                raise SSL.WantReadError

        leg.tls = empty = cast(Any, Empty())
        send_some(far.sock, bytes(1 << 20))
        self.assertIn("carries no data", str(self.assertRaises(OSError, some, leg)))
        self.assertLessEqual(empty.fed, OVERHEAD + PIECE)


class Downloads(LegCase):
    """Writing."""

    def test_tickets_first(self) -> None:
        """A download's client gets its tickets before the first byte of the file."""
        leg, far = self.stand("server", "1.3")
        self.assertEqual(leg.send(memoryview(b"file")), 4)
        raw = read_some(far.sock) or b""
        records = []
        while raw:
            size = 5 + int.from_bytes(raw[3:5], "big")
            records.append(raw[:size])
            raw = raw[size:]
        self.assertGreater(len(records), 1)
        for record in records[:-1]:
            far.tls.bio_write(record)
            self.assertRaises(SSL.WantReadError, far.tls.recv, 10)
        session = far.tls.get_session()
        far.tls.bio_write(records[-1])
        self.assertEqual(far.tls.recv(10), b"file")
        self.assertIsNotNone(session)

    def test_pieces(self) -> None:
        """No more is taken at a time than a piece, in whole records."""
        leg, _ = self.stand()
        with_room = memoryview(bytes(PIECE * 2))
        try:
            self.assertEqual(leg.send(with_room), PIECE)
        except BlockingIOError:
            pass
        self.assertLessEqual(len(leg._out), PIECE + OVERHEAD)

    def test_same_again(self) -> None:
        """A full socket is told; the same data given again is encrypted once and arrives once."""
        for version in VERSIONS:
            leg, far = self.stand("server", version, sockets=self.tiny())
            data = memoryview(os.urandom(PIECE + 7))
            came, left, blocked = b"", data, 0
            while left:
                try:
                    left = left[leg.send(left) :]
                except BlockingIOError:
                    blocked += 1
                    came += far.said()
            while more := far.said():
                came += more
            self.assertTrue(came == bytes(data), f"{len(came)} of {len(data)} bytes, or others")
            self.assertGreater(blocked, 0)
            self.told.clear()

    def tiny(self) -> tuple[socket.socket, socket.socket]:
        """A pair whose first end takes little at a time."""
        near, far = self.pair()
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        return near, far

    def test_end(self) -> None:
        """close_notify and FIN, behind the data."""
        for role, version in (("server", "1.2"), ("server", "1.3"), ("client", "1.3")):
            leg, far = self.stand(role, version)
            leg.send(memoryview(b"file"))
            leg.finish(lambda: self.told.append("finished"), self.told.append)
            self.assertEqual((far.said(), far.notified), (b"file", True))
            self.assertEqual((read_some(far.sock), self.told), (b"", [DONE, "finished"]))
            self.told.clear()

    def test_nothing(self) -> None:
        """A file of nothing has its tickets too, and a clean end."""
        leg, far = self.stand("server", "1.3")
        leg.finish(lambda: self.told.append("finished"), self.told.append)
        self.assertEqual((far.said(), far.notified), (b"", True))
        self.assertIsNotNone(far.tls.get_session())

    def test_end_waits(self) -> None:
        """A clean end that does not fit waits for room, says close_notify once, then is done."""
        near, far_sock = self.pair()
        stingy = Stingy(fileno=near.detach())
        stingy.setblocking(False)
        leg, far = self.leg("server", "1.2", sockets=(self.kept(stingy), far_sock))
        while not self.told:
            if far.shake():
                far.write()
            self.work()
        leg.finish(lambda: self.told.append("finished"), self.told.append)
        self.assertEqual((self.told, self.watched), ([DONE], [leg]))
        while self.work():
            pass
        self.assertEqual((self.told, self.watched), ([DONE, "finished"], []))
        self.assertEqual((far.said(), far.notified), (b"", True))

    def test_broken(self) -> None:
        """A peer that has reset is told as a failure by whichever comes first."""
        leg, far = self.stand()
        reset(far.sock)
        far.sock.close()
        self.assertRaises(OSError, leg.send, memoryview(b"x"))
        leg.finish(lambda: self.told.append("finished"), lambda reason: self.told.append("failed"))
        self.assertEqual((self.told, leg.fileno()), ([DONE, "failed"], -1))


class Aborts(LegCase):
    """A leg that fails visibly."""

    def test_reset(self) -> None:
        """RST, no close_notify: what had come is no whole file."""
        for role in ("client", "server"):
            leg, far = self.stand(role)
            leg.send(memoryview(b"half a file"))
            leg.abort()
            leg.abort()
            self.assertEqual(far.tls.get_shutdown() & SSL.RECEIVED_SHUTDOWN, 0)
            with self.assertRaises(ConnectionResetError):
                while True:
                    far.tls.bio_write(far.sock.recv(1 << 16))
            self.assertEqual(far.said(), b"half a file")
            self.assertFalse(far.notified)
            self.told.clear()

    def test_unsaid(self) -> None:
        """What a full socket had not taken is not said any more."""
        leg, far = self.stand()
        far.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        with self.assertRaises(BlockingIOError):
            while True:
                leg.send(memoryview(bytes(PIECE)))
        leg.abort()
        self.assertEqual((leg.fileno(), self.watched), (-1, []))

    def test_session_survives(self) -> None:
        """The session that a failed leg shared is good for the next transfer."""
        for version in VERSIONS:
            makers = self.near_and_far("client", version)
            control, far = self.stand("client", version, makers=makers)
            far.tls.send(b"230 Welcome.")
            far.write()
            some(control)
            self.told.clear()
            for _ in range(3):
                session = control.tls.get_session()
                leg, far = self.stand("client", version, makers=makers, session=session)
                self.assertFalse(far.tls.full, version)
                far.tls.send(b"half a file")
                far.write()
                some(leg)
                leg.abort()
                leg.tls = cast(Any, None)  # OpenSSL judges a session when its connection is freed
                gc.collect()
                self.told.clear()


class Relayed(LegCase):
    """Whole files through a relay, with the real reactor."""

    def setUp(self) -> None:
        super().setUp()
        self.reactor = REACTOR
        self.data = os.urandom(3_000_000)

    async def stood(self, role: str, version: str, *, small: bool) -> tuple[TlsDataSocket, Far]:
        """A leg that stands."""
        leg, far = self.leg(role, version, sockets=self.pair(small=small))
        while not self.told:
            if far.shake():
                far.write()
            await self.turn(0)
        while not far.shake():
            await self.turn(0)
        self.assertEqual(self.told, [DONE])
        self.told.clear()
        return leg, far

    def relay(self, source: DataSocket, sink: DataSocket) -> None:
        """A running relay; ``told`` keeps how it ends."""
        made = CopyRelay(
            REACTOR,
            source,
            sink,
            lambda: self.told.append("ended"),
            lambda reason: self.told.append(f"source: {reason}"),
            lambda reason: self.told.append(f"sink: {reason}"),
        )
        self.addCleanup(made.stop)
        made.start(60.0)

    async def _upload(self) -> None:
        for version in VERSIONS:
            leg, far = await self.stood("server", version, small=False)
            sink, taker = self.pair(small=True)
            self.relay(leg, DataSocket(REACTOR, sink))
            far.tls.send(self.data)
            far.tls.shutdown()
            left, came = memoryview(far.take()), b""
            while not self.told or len(came) < len(self.data):
                left = left[send_some(far.sock, left) :] if left else left
                came += read_some(taker) or b""
                await self.turn(0)
            self.assertEqual(self.told, ["ended"])
            self.assertTrue(came == self.data, "the bytes differ")
            self.told.clear()

    def test_upload(self) -> Deferred[None]:
        """From TLS to plain, the reader slower than the writer."""
        return Deferred.fromCoroutine(self._upload())

    async def _download(self) -> None:
        for version in VERSIONS:
            leg, far = await self.stood("server", version, small=True)
            source, giver = self.pair()
            self.relay(DataSocket(REACTOR, source), leg)
            left, came = memoryview(self.data), b""
            while len(came) < len(self.data):
                left = left[send_some(giver, left) :] if left else left
                if not left:
                    giver.close()
                came += far.said()
                await self.turn(0)
            await self.until(lambda: self.told)
            self.assertEqual(self.told, ["ended"])
            leg.finish(lambda: self.told.append("finished"), self.told.append)
            while not far.notified:
                self.assertEqual(far.said(), b"")
                await self.turn()
            self.assertEqual(self.told, ["ended", "finished"])
            self.assertTrue(came == self.data, "the bytes differ")
            self.told.clear()

    def test_download(self) -> Deferred[None]:
        """From plain to TLS, the reader slower than the writer."""
        return Deferred.fromCoroutine(self._download())

    async def _cut(self, end: Callable[[socket.socket], None], reason: str) -> None:
        leg, far = await self.stood("server", "1.3", small=False)
        sink, taker = self.pair()
        self.relay(leg, DataSocket(REACTOR, sink))
        far.tls.send(b"half a file")
        far.write()
        await self.until(lambda: read_some(taker))
        end(far.sock)
        await self.until(lambda: self.told)
        self.assertEqual(self.told, [f"source: {reason}"])
        self.unwatched(leg)

    def test_cut(self) -> Deferred[None]:
        """A source that ends without close_notify has failed."""
        end = socket.socket.close
        return Deferred.fromCoroutine(self._cut(end, "TLS ended without close_notify"))

    def test_reset(self) -> Deferred[None]:
        """So has one that is reset."""

        def end(sock: socket.socket) -> None:
            reset(sock)
            sock.close()

        return Deferred.fromCoroutine(self._cut(end, RESET))
