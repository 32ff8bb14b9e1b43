"""What the peer of a data connection says under TLS while we send."""

from __future__ import annotations

import os
import socket
from typing import Any, cast

from OpenSSL import SSL

from ftpalg.net.legs.relay import CopyRelay
from ftpalg.net.legs.sockets import DataSocket, reset
from ftpalg.net.legs.tls import OVERHEAD, PIECE, SHORTS
from tests.net.pairs import read_some
from tests.net.tls_legs import DATA, LegCase


def records(raw: bytes) -> list[bytes]:
    """TLS records, one by one."""
    found = []
    while raw:
        size = 5 + int.from_bytes(raw[3:5], "big")
        found.append(raw[:size])
        raw = raw[size:]
    return found


class Sinks(LegCase):
    """Its peer is listened to, bounded."""

    def relay(self, leg: DataSocket) -> tuple[CopyRelay, socket.socket]:
        """A relay into the leg, and the end that gives it bytes."""
        near, giver = self.pair()
        made = CopyRelay(
            self.reactor,
            DataSocket(self.reactor, near),
            leg,
            lambda: self.told.append("ended"),
            self.told.append,
            self.told.append,
        )
        self.addCleanup(made.stop)
        made.start(60.0)
        self.told.clear()
        return made, giver

    def test_keys_asked_for(self) -> None:
        """RFC 8446 4.6.3: a peer that asks for new keys gets them before the next data."""
        leg, far, forger = self.forged()
        _, giver = self.relay(leg)
        giver.send(b"one")
        while self.work():
            pass
        self.assertEqual(far.said(), b"one")
        far.sock.send(forger.key_update())
        while self.work():
            pass
        giver.send(b"two")
        while self.work():
            pass
        raw = read_some(far.sock) or b""
        self.assertEqual(len(records(raw)[0]), forger.ANSWER)
        far.tls.bio_write(raw)
        self.assertEqual((far.said(), self.told), (b"two", []))
        self.assertIn(leg, self.reactor.getReaders())

    def test_answered_at_once(self) -> None:
        """What OpenSSL wants to say to what it hears (to a renegotiation: no) waits for no data."""
        leg, far = self.stand("server", "1.2")

        class Answering:
            notified = False
            out = b""

            def recv_into(self, buffer: memoryview) -> int:
                raise SSL.WantReadError

            def bio_write(self, data: memoryview) -> None:
                self.out = b"no to " + bytes(data)

            def bio_read(self, size: int) -> bytes:
                found, self.out = self.out, b""
                if not found:
                    raise SSL.WantReadError
                return found

        leg.tls = cast(Any, Answering())
        question = b"\x16\x03\x03\x00\x04this"
        far.sock.send(question)
        self.assertTrue(leg.look())
        self.assertEqual(read_some(far.sock), b"no to " + question)

    def test_while_full(self) -> None:
        """Nor does the answer lose or change a byte where the socket is full of others."""
        near, far_sock = self.pair()
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        leg, far, forger = self.forged(sockets=(near, far_sock))
        data = os.urandom(PIECE)
        self.assertRaises(BlockingIOError, leg.send, memoryview(data))
        for _ in range(3):
            far.sock.send(forger.key_update())
            self.assertTrue(leg.look())
        came, left = b"", memoryview(data)
        while left:
            try:
                left = left[leg.send(left) :]
            except BlockingIOError:
                came += far.said()
        while more := far.said():
            came += more
        self.assertTrue(came == data, f"{len(came)} bytes, or others")

    def test_flood(self) -> None:
        """A peer that asks and asks is heard for a while, little at a time; the file goes on."""
        leg, far, forger = self.forged()
        relay, giver = self.relay(leg)
        asked = [forger.key_update() for _ in range(2 * OVERHEAD // forger.ANSWER)]
        far.sock.sendall(b"".join(asked))
        while leg in self.reactor.getReaders():
            before = leg._heard
            self.assertLess(before, OVERHEAD)
            self.assertTrue(self.work())
            self.assertLessEqual(leg._heard - before, (SHORTS + 1) * forger.ANSWER)
        self.assertGreaterEqual(leg._heard, OVERHEAD)
        self.assertLess(len(leg._out), 2 * OVERHEAD)
        giver.send(DATA)
        giver.close()
        while self.work():
            pass
        self.assertEqual((relay.moved, self.told), (len(DATA), ["ended"]))
        answers = records(read_some(far.sock, 1 << 20) or b"")
        self.assertLessEqual(len(answers), OVERHEAD // forger.ANSWER + 2 * SHORTS)

    def test_says_data(self) -> None:
        """Data, its close_notify and its FIN change nothing for the file."""
        leg, far = self.stand()
        far.tls.send(b"stray")
        far.write()
        self.assertTrue(leg.look())
        self.assertRaises(BlockingIOError, leg.look)
        far.tls.shutdown()
        far.write()
        self.assertFalse(leg.look())
        far.sock.shutdown(socket.SHUT_WR)
        self.assertFalse(leg.look())
        leg.send(memoryview(b"file"))
        leg.finish(lambda: self.told.append("finished"), self.told.append)
        self.assertEqual((far.said(), self.told[1:]), (b"file", ["finished"]))
        self.assertEqual(read_some(far.sock), b"")

    def test_user_canceled(self) -> None:
        """Nor does an end in JSSE's words."""
        leg, far, forger = self.forged()
        far.sock.send(
            forger.record(forger.ALERT, forger.USER_CANCELED)
            + forger.record(forger.ALERT, forger.CLOSE_NOTIFY)
        )
        self.assertFalse(leg.look())

    def test_fails(self) -> None:
        """What is no TLS, an alert, a reset: the sink has failed, and is told so."""
        leg, far = self.stand()
        far.sock.send(bytes(100))
        self.assertRegex(str(self.assertRaises(OSError, leg.look)), "^TLS failed: ")
        self.told.clear()
        leg, far, forger = self.forged()
        far.sock.send(forger.record(forger.ALERT, b"\x02\x50"))
        self.assertRegex(str(self.assertRaises(OSError, leg.look)), "^TLS failed: .*alert")
        self.told.clear()
        leg, far = self.stand()
        reset(far.sock)
        far.sock.close()
        self.assertRaises(ConnectionResetError, leg.look)

    def test_tickets_of_a_server(self) -> None:
        """A server's tickets come while we upload; the next data connection can use them."""
        makers = self.near_and_far("client", "1.3")
        leg, far = self.stand("client", makers=makers)
        far.write()
        self.assertTrue(leg.look())
        self.told.clear()
        _, far = self.stand("client", makers=makers, session=leg.tls.get_session())
        self.assertFalse(far.tls.full)


class Ending(LegCase):
    """A clean end that its peer gives no room for."""

    def stuck(self) -> tuple[Any, Any]:
        """A leg whose close_notify does not fit, and its far end."""
        near, far_sock = self.pair(small=True)
        leg, far = self.stand(sockets=(near, far_sock))
        with self.assertRaises(BlockingIOError):
            while True:
                leg.send(memoryview(bytes(PIECE)))
        self.told.clear()
        leg.finish(
            lambda: self.told.append("done"),
            self.told.append,
            lambda: self.told.append("moved"),
            taken=True,
        )
        self.assertEqual((self.told, self.reactor.getWriters()), ([], [leg]))
        return leg, far

    def test_aborted(self) -> None:
        """It waits for its owner, who aborts: a reset, no close_notify, and nothing is told."""
        leg, far = self.stuck()
        self.assertFalse(self.work())
        leg.abort()
        self.assertEqual((leg.fileno(), self.watched, self.reactor.getDelayedCalls()), (-1, [], []))
        for notice in (leg.doWrite, leg.doRead, lambda: leg.connectionLost(cast(Any, None))):
            notice()
        leg.abort()
        self.assertEqual(self.told, [])
        with self.assertRaises(ConnectionResetError):
            while True:
                far.tls.bio_write(far.sock.recv(1 << 20))
        try:
            while True:
                far.tls.recv(1 << 16)
        except SSL.WantReadError:
            pass
        self.assertFalse(far.notified)

    def test_moves(self) -> None:
        """What the peer takes while its end waits is told; then the end, once."""
        _, far = self.stuck()
        for _ in range(1000):
            self.work()
            far.said()
            if "done" in self.told:
                break
            self.reactor.advance(1.0)
        self.assertEqual(
            (self.told[0], self.told[-1], self.told.count("done")), ("moved", "done", 1)
        )
        far.said()
        self.assertTrue(far.notified)

    def test_peer_goes(self) -> None:
        """A peer that resets instead is told as a failure, once."""
        leg, far = self.stuck()
        reset(far.sock)
        far.sock.close()
        while self.work():
            pass
        self.assertEqual((self.told.count("done"), leg.fileno(), self.watched), (0, -1, []))
        self.assertEqual(
            [word for word in self.told if word != "moved"], ["Connection reset by peer"]
        )
