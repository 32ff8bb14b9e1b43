"""Handshakes of data connections: how they succeed, and how they fail."""

from __future__ import annotations

from typing import Any, cast

from OpenSSL import SSL

from ftpalg.config import ClientTlsSettings, ServerTlsSettings
from ftpalg.net.legs.sockets import reset
from ftpalg.net.legs.tls import TlsDataSocket
from ftpalg.net.tls.towards_clients import ClientSide
from ftpalg.net.tls.towards_servers import ServerSide
from tests.net.pairs import read_some
from tests.net.parents import Stingy
from tests.net.tls_legs import DONE, NAME, RESET, VERSIONS, LegCase, some


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
