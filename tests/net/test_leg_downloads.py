"""Data connections under TLS that are written to, and how they are aborted."""

from __future__ import annotations

import gc
import os
import socket
from typing import Any, cast

from OpenSSL import SSL

from ftpalg.net.legs.sockets import reset
from ftpalg.net.legs.tls import OVERHEAD, PIECE
from tests.net.pairs import read_some
from tests.net.parents import Stingy
from tests.net.tls_legs import DONE, VERSIONS, LegCase, some


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
