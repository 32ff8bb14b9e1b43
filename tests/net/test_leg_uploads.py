"""Data connections under TLS that are read."""

from __future__ import annotations

import os
import socket
from typing import Any, cast

from OpenSSL import SSL

from ftpalg.net.legs.relay import CopyRelay
from ftpalg.net.legs.sockets import DataSocket, reset
from ftpalg.net.legs.tls import EMPTY, OVERHEAD, PIECE, SHORTS
from ftpalg.net.tls.connection import TlsConnection
from tests.net.pairs import read_some, send_some
from tests.net.tls_legs import DATA, DONE, VERSIONS, LegCase, everything, some


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

    def test_canceled(self) -> None:
        """JSSE (Java 11 and later) says user_canceled, then close_notify: the file is whole."""
        for pieces in (1, 2, 3):
            leg, far, forger = self.forged()
            records = [
                forger.record(forger.DATA, b"file"),
                forger.record(forger.ALERT, forger.USER_CANCELED),
                forger.record(forger.ALERT, forger.CLOSE_NOTIFY),
            ]
            found = b""
            for at in range(3 - pieces):
                records[at + 1] = records[at] + records[at + 1]
                records[at] = b""
            for record in records[:-1]:
                far.sock.send(record)
                try:
                    found += some(leg)
                except BlockingIOError:
                    pass
            far.sock.send(records[-1])
            self.assertEqual((found + everything(leg), leg.cut), (b"file", False), pieces)
            self.assertEqual(everything(leg), b"")
            self.told.clear()

    def test_canceled_and_cut(self) -> None:
        """user_canceled alone is no end."""
        leg, far, forger = self.forged()
        far.sock.send(forger.record(forger.DATA, b"file"))
        far.sock.send(forger.record(forger.ALERT, forger.USER_CANCELED))
        far.sock.close()
        self.assertEqual(some(leg), b"file")
        error = self.assertRaises(OSError, some, leg)
        self.assertEqual(str(error), "TLS ended without close_notify")

    def test_other_alerts(self) -> None:
        """An alert that says what is wrong is a failure, and a late close_notify mends nothing."""
        leg, far, forger = self.forged()
        far.sock.send(forger.record(forger.ALERT, b"\x02\x50"))
        far.sock.send(forger.record(forger.ALERT, forger.CLOSE_NOTIFY))
        for _ in range(2):
            self.assertRegex(str(self.assertRaises(OSError, some, leg)), "^TLS failed: ")

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

    def test_short_records(self) -> None:
        """A file in records of a byte each, all in one piece, is moved without further readiness."""
        leg, far = self.stand()
        data = os.urandom(5 * SHORTS)
        for at in range(len(data)):
            far.tls.send(data[at : at + 1])
        far.tls.shutdown()
        far.write()
        found, portions = b"", 0
        while more := some(leg):
            found += more
            portions += 1
            self.assertLessEqual(len(more), SHORTS)
            self.assertTrue(leg.waiting or len(found) == len(data))
        self.assertTrue(found == data, f"{len(found)} bytes, or others")
        self.assertGreaterEqual(portions, 5)

    def test_byte_by_byte(self) -> None:
        """Records that come in pieces, their heads too, are put together."""
        for version in VERSIONS:
            leg, far = self.stand("server", version)
            far.tls.send(b"file")
            far.tls.send(b" and more")
            far.tls.shutdown()
            found = b""
            for byte in far.take():
                self.assertFalse(leg.tls.notified)
                far.sock.send(bytes([byte]))
                try:
                    found += some(leg)
                except BlockingIOError:
                    pass
            self.assertEqual((found, everything(leg)), (b"file and more", b""))
            self.assertEqual((leg._to_go, leg._unfed), (0, b""))
            self.told.clear()

    def test_ends_in_a_head(self) -> None:
        """An end within a record's head is a cut."""
        leg, far = self.stand()
        far.tls.send(b"file")
        far.write()
        far.sock.send(b"\x17\x03")
        far.sock.close()
        self.assertEqual(some(leg), b"file")
        error = self.assertRaises(OSError, some, leg)
        self.assertEqual(str(error), "TLS ended without close_notify")

    def test_keys_and_keys(self) -> None:
        """A flood of KeyUpdate, each of which costs OpenSSL as much as 30 kB of data, ends soon."""
        leg, far, forger = self.forged()
        far.sock.sendall(b"".join(forger.key_update() for _ in range(2 * EMPTY)))
        before = leg._fed
        self.assertIn("carries no data", str(self.assertRaises(OSError, some, leg)))
        self.assertLessEqual(leg._fed - before, (EMPTY + SHORTS) * forger.ANSWER)

    def test_keys_between_data(self) -> None:
        """Some between the data are no flood, and few of them are worked off at a time."""
        leg, far, forger = self.forged()
        said = bytearray()
        for _ in range(10):
            for _ in range(SHORTS - 1):
                said += forger.key_update()
            said += forger.record(forger.DATA, b"x")
        far.sock.sendall(said + forger.record(forger.ALERT, forger.CLOSE_NOTIFY))
        for _ in range(10):
            self.assertEqual(some(leg), b"x")
        self.assertEqual(everything(leg), b"")
