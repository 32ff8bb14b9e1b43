"""TLS of a control connection, in memory: both roles, its end, CCC, and peers that carry nothing."""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL

from ftpalg.config import ClientTlsSettings, ServerTlsSettings
from ftpalg.net.control.tls import SILENT, TURN, ControlTls, Stage
from ftpalg.net.tls.towards_clients import ClientSide
from ftpalg.net.tls.towards_servers import ServerSide
from tests.net.libssl import NOT_REQUESTED, REQUESTED, LibsslClient
from tests.net.tls_sides import TlsCase

NAME = "a.example"
VERSIONS = ("1.2", "1.3")
ROLES = ("server", "client")


def pour(connection: SSL.Connection) -> bytes:
    """All that it wants written."""
    found = b""
    try:
        while True:
            found += connection.bio_read(1 << 16)
    except SSL.WantReadError:
        return found


def give(connection: SSL.Connection, data: bytes) -> None:
    """Let it have them; pyOpenSSL takes an empty write for an error."""
    if data:
        connection.bio_write(data)


def split(records: bytes) -> list[bytes]:
    """One by one."""
    found = []
    while records:
        size = 5 + int.from_bytes(records[3:5], "big")
        found.append(records[:size])
        records = records[size:]
    return found


class ControlTlsCase(TlsCase):
    """One of ours, and a far end that is pyOpenSSL by hand."""

    def setUp(self) -> None:
        super().setUp()
        self.files = self.issue(NAME)

    def ends(self, role: str, version: str, name: str = NAME) -> tuple[ControlTls, Any]:
        """Ours in that role, and the far end's connection."""
        clients = ClientSide(
            ClientTlsSettings(
                certificate=self.files.certificate,
                private_key=self.files.private_key,
                maximum=version,
            )
        ).for_session()
        servers = ServerSide(ServerTlsSettings(ca=self.ca, maximum=version)).for_server(name)
        if role == "server":
            return ControlTls(clients.for_control()), servers.connection()
        return ControlTls(servers.for_control()), clients.connection()

    def shake(self, ours: ControlTls, far: Any, piece: int = 1 << 16) -> bytes:
        """Shake hands, our input in pieces; return what of the far end's has not been fed."""
        ours.start()
        for _ in range(10):
            give(far, ours.outgoing())
            done = True
            try:
                far.do_handshake()
            except SSL.WantReadError:
                done = False
            words = pour(far)
            if done and not ours.shaking:
                return words
            for at in range(0, len(words), piece):
                self.assertEqual(ours.feed(words[at : at + piece]), b"")
        self.fail("the handshake does not end")

    def stand(self, role: str = "server", version: str = "1.3") -> tuple[ControlTls, Any]:
        """Both ends, hands shaken."""
        ours, far = self.ends(role, version)
        self.assertEqual(ours.feed(self.shake(ours, far)), b"")
        self.assertIs(ours.stage, Stage.SECURED)
        return ours, far

    def said(self, far: Any, data: bytes) -> bytes:
        """The far end's records for that text."""
        far.send(data)
        return pour(far)


class Talk(ControlTlsCase):
    """Where all goes well."""

    def test_both_ways(self) -> None:
        """Text passes in both roles and versions, however the bytes are cut."""
        for role in ROLES:
            for version in VERSIONS:
                for piece in (1, 7, 1 << 16):
                    ours, far = self.ends(role, version)
                    ours.feed(self.shake(ours, far, piece))
                    ours.seal(b"one\r\n")
                    give(far, ours.outgoing())
                    self.assertEqual(far.recv(100), b"one\r\n")
                    records = self.said(far, b"two\r\n") + self.said(far, b"three\r\n")
                    found = [
                        ours.feed(records[at : at + piece]) for at in range(0, len(records), piece)
                    ]
                    self.assertEqual(b"".join(found), b"two\r\nthree\r\n", (role, version, piece))

    def test_glued_to_the_handshake(self) -> None:
        """Text in the segment that ends the handshake is given, and the handshake is done by then."""
        ours, far = self.ends("server", "1.3")
        ours.start()
        self.assertRaises(SSL.WantReadError, far.do_handshake)
        ours.feed(pour(far))
        give(far, ours.outgoing())
        far.do_handshake()
        self.assertEqual(ours.feed(self.said(far, b"USER joe\r\n")), b"USER joe\r\n")
        self.assertTrue(ours.stood)

    def test_said_too_early(self) -> None:
        """Nothing is said, least of all in clear, before the handshake is done."""
        ours, _ = self.ends("server", "1.3")
        ours.start()
        ours.seal(b"421 Bye.\r\n")
        ours.say_goodbye()
        self.assertEqual((ours.outgoing(), ours.failure), (b"", None))

    def test_large(self) -> None:
        """What fills many records goes out whole."""
        ours, far = self.stand()
        ours.seal(b"x" * 300_000)
        give(far, ours.outgoing())
        found = 0
        try:
            while True:
                found += len(far.recv(1 << 16))
        except SSL.WantReadError:
            self.assertEqual(found, 300_000)


class End(ControlTlsCase):
    """How it ends."""

    def test_close_notify(self) -> None:
        """Text before the peer's close_notify is given, then it is over; ours is said once."""
        for role in ROLES:
            ours, far = self.stand(role)
            records = self.said(far, b"QUIT\r\n")
            far.shutdown()
            self.assertEqual(ours.feed(records + pour(far)), b"QUIT\r\n")
            self.assertEqual((ours.stage, ours.over, ours.failure), (Stage.ENDED, True, None))
            ours.say_goodbye()
            give(far, ours.outgoing())
            self.assertRaises(SSL.ZeroReturnError, far.recv, 10)

    def test_text_before_a_failure(self) -> None:
        """vsftpd's plain 500 OOPS behind a reply: the reply is given, then TLS has failed."""
        ours, far = self.stand("client")
        found = ours.feed(self.said(far, b"230 Welcome.\r\n") + b"500 OOPS: child died\r\n")
        self.assertEqual((found, ours.stage), (b"230 Welcome.\r\n", Stage.FAILED))
        assert ours.failure is not None
        self.assertFalse(ours.failure.shaking)
        self.assertTrue(ours.stood)

    def test_garbage_for_a_handshake(self) -> None:
        """It fails with OpenSSL's words, and nothing is kept of what comes then."""
        for garbage in (b"USER mallory\r\n" * 4, b"\x16\x03\x01\xff\xff" + bytes(300), bytes(64)):
            ours, _ = self.ends("server", "1.3")
            ours.start()
            self.assertEqual(ours.feed(garbage), b"")
            assert ours.failure is not None, garbage
            self.assertTrue(ours.failure.shaking and ours.failure.words)
            self.assertFalse(ours.stood)

    def test_refused(self) -> None:
        """A certificate that nobody trusts fails the handshake, and why is said in words."""
        ours, far = self.ends("client", "1.3")
        strangers = ServerSide(ServerTlsSettings(ca=self.issue("b.example").certificate))
        ours = ControlTls(strangers.for_server(NAME).for_control())
        ours.start()
        give(far, ours.outgoing())
        self.assertRaises(SSL.WantReadError, far.do_handshake)
        ours.feed(pour(far))
        assert ours.failure is not None
        self.assertEqual(
            (ours.failure.refused, ours.failure.shaking), ("its issuer is unknown", True)
        )
        self.assertNotEqual(ours.outgoing(), b"")  # the alert


class Clearing(ControlTlsCase):
    """CCC."""

    def test_left(self) -> None:
        """Behind both close_notify all is clear, to the byte, however it is cut."""
        for version in VERSIONS:
            for piece in (1, 3, 1 << 16):
                ours, far = self.stand("server", version)
                ours.seal(b"200 Clear.\r\n")
                ours.leave()
                give(far, ours.outgoing())
                self.assertEqual(far.recv(100), b"200 Clear.\r\n")
                self.assertRaises(SSL.ZeroReturnError, far.recv, 10)
                far.shutdown()
                words, behind = pour(far) + b"NOOP\r\n", b""
                for at in range(0, len(words), piece):
                    part = words[at : at + piece]
                    if ours.cleared:
                        behind += part
                    else:
                        self.assertEqual(ours.feed(part), b"")
                        behind += ours.take() if ours.cleared else b""
                self.assertEqual(behind, b"NOOP\r\n", (version, piece))

    def test_without_close_notify(self) -> None:
        """A client that simply goes on in clear."""
        ours, _ = self.stand()
        ours.leave()
        self.assertEqual(ours.feed(b"NOOP\r\n"), b"")
        self.assertEqual((ours.cleared, ours.take()), (True, b"NOOP\r\n"))

    def test_close_notify_came_first(self) -> None:
        """A client that says it right behind CCC: what follows was kept apart."""
        ours, far = self.stand()
        records = self.said(far, b"CCC\r\n")
        far.shutdown()
        self.assertEqual(ours.feed(records + pour(far) + b"NOOP\r\n"), b"CCC\r\n")
        ours.leave()
        self.assertEqual((ours.cleared, ours.take()), (True, b"NOOP\r\n"))

    def test_late(self) -> None:
        """Text under TLS behind our close_notify is still given: it is not lost without a word."""
        ours, far = self.stand()
        ours.leave()
        self.assertEqual(ours.feed(self.said(far, b"NOOP\r\n")), b"NOOP\r\n")
        self.assertIs(ours.stage, Stage.LEAVING)

    def test_pieces_of_a_record(self) -> None:
        """Half a record is kept until its rest comes, and no more than a record."""
        ours, far = self.stand()
        ours.leave()
        record = self.said(far, b"x" * 16384)
        for at in range(len(record) - 1):
            self.assertEqual(ours.feed(record[at : at + 1]), b"")
        self.assertEqual(ours.feed(record[-1:]), b"x" * 16384)


class Floods(ControlTlsCase):
    """Peers that send records and say nothing."""

    def met(self) -> tuple[ControlTls, LibsslClient]:
        """Ours as the server of a libssl client, hands shaken."""
        client = LibsslClient()
        self.addCleanup(client.close)
        ours, _ = self.ends("server", "1.3")
        ours.start()
        while not (client.shake() and ours.stood):
            ours.feed(client.outgoing())
            client.take(ours.outgoing())
        self.assertEqual(client.read(), b"")  # the tickets
        return ours, client

    def test_key_update(self) -> None:
        """RFC 8446 section 4.6.3: one that asks is answered "prior to ... next application data"."""
        ours, client = self.met()
        for kind, records in ((NOT_REQUESTED, 1), (REQUESTED, 2)):
            client.update_keys(kind)
            self.assertEqual(ours.feed(client.outgoing()), b"")
            ours.seal(b"200 Fine.\r\n")
            said = ours.outgoing()
            self.assertEqual(len(split(said)), records)
            client.take(said)
            self.assertEqual(client.read(), b"200 Fine.\r\n")
        client.write(b"NOOP\r\n")
        self.assertEqual(ours.feed(client.outgoing()), b"NOOP\r\n")

    def test_bounded(self) -> None:
        """KeyUpdate without end is the end of TLS; so many were looked at, and no more."""
        ours, client = self.met()
        client.write(b"x")
        self.assertEqual(ours.feed(client.outgoing()), b"x")
        for _ in range(SILENT):
            client.update_keys(REQUESTED)
            ours.feed(client.outgoing())
        self.assertFalse(ours.over)
        client.update_keys(REQUESTED)
        ours.feed(client.outgoing())
        assert ours.failure is not None
        self.assertEqual(ours.failure.words, "it carries no data")

    def test_a_turn(self) -> None:
        """One call takes so many records; the others wait for the next calls, none is lost."""
        ours, client = self.met()
        for _ in range(2 * TURN + 1):
            client.write(b"x")
        records, found = client.outgoing(), []
        found.append(ours.feed(records))
        while ours.waiting:
            found.append(ours.feed(b""))
        self.assertEqual([len(part) for part in found], [TURN, TURN, 1])
        self.assertEqual(ours.feed(b""), b"")

    def test_heaps(self) -> None:
        """Heaps of records that carry nothing, behind CCC: worked off as they come, none is kept."""
        ours, client = self.met()
        ours.leave()
        for _ in range(4):
            for _ in range(100):
                client.update_keys(NOT_REQUESTED)
            heap = client.outgoing()
            self.assertEqual(ours.feed(heap[:-1]), b"")
            self.assertLess(len(ours._part), len(split(heap)[-1]))
            ours.feed(heap[-1:])
            self.assertEqual(len(ours._part), 0)
        self.assertIs(ours.stage, Stage.LEAVING)

    def test_text_in_between(self) -> None:
        """A long session with a KeyUpdate now and then goes on."""
        ours, client = self.met()
        for _ in range(10):
            for _ in range(SILENT // 5):
                client.update_keys(NOT_REQUESTED)
            client.write(b"NOOP\r\n")
            self.assertEqual(ours.feed(client.outgoing()), b"NOOP\r\n")
        self.assertIs(ours.stage, Stage.SECURED)
