"""Contexts for both legs, shaken hands in memory."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from attrs import evolve
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from OpenSSL import SSL

from ftpalg.certificate import make_pair
from ftpalg.config import (
    Certificate,
    ClientTlsSettings,
    ServerTlsRule,
    ServerTlsSettings,
    SettingsError,
)
from ftpalg.core.routes import ServerTls
from ftpalg.net.contexts import describe
from ftpalg.net.tls import ClientSide, ServerSide, TlsConnection
from tests.net.test_keypair import CA, FilesCase


def shake(client: SSL.Connection, server: SSL.Connection) -> None:
    """Shake hands in memory.  Raise what either side raises."""
    for _ in range(10):
        waiting = 0
        for one, other in ((client, server), (server, client)):
            try:
                one.do_handshake()
            except SSL.WantReadError:
                waiting += 1
            try:
                other.bio_write(one.bio_read(1 << 16))
            except SSL.WantReadError:
                pass
        if not waiting:
            return
    raise AssertionError("the handshake does not end")


class TlsCase(FilesCase):
    """Both sides with files of a trusted CA."""

    def setUp(self) -> None:
        super().setUp()
        self.ca = self.folder / "ca.pem"
        CA.cert_pem.write_to_path(self.ca)

    def client_side(self, first: Certificate, *more: Certificate) -> ClientSide:
        """What clients are shown."""
        return ClientSide(
            ClientTlsSettings(
                certificate=first.certificate,
                private_key=first.private_key,
                more_certificates=more,
            )
        )

    def shown(self, side: ClientSide, name: str) -> tuple[str, ...]:
        """The names in the certificate that a client gets who asks for that name."""
        asked = ServerSide(ServerTlsSettings(ca=self.ca)).for_server(name).connection()
        shake(asked, side.for_session().connection())
        found = asked.get_peer_certificate(as_cryptography=True)
        assert found is not None
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return tuple(names.get_values_for_type(x509.DNSName))


class ClientLeg(TlsCase):
    """Certificates by SNI, and loaded anew."""

    def test_by_name(self) -> None:
        """The name decides, in any case of letters, wildcards too; else the first certificate."""
        side = self.client_side(
            self.issue("first.example"),
            self.issue("second.example", stem="b"),
            self.issue("*.third.example", stem="c"),
        )
        for asked, got in (
            ("first.example", "first.example"),
            ("SECOND.example", "second.example"),
            ("x.third.example", "*.third.example"),
            ("x.y.third.example", "first.example"),
            ("third.example", "first.example"),
            ("unknown.example", "first.example"),
            ("192.0.2.1", "first.example"),
        ):
            self.assertEqual(self.shown(side, asked), (got,), asked)

    def test_reload(self) -> None:
        """Files that changed are shown from then on; unchanged ones are not read again."""
        files = self.issue("old.example")
        side = self.client_side(files)
        self.assertFalse(side.reload())
        self.issue("new.example")
        os.utime(files.certificate, ns=(1, 1))
        self.assertTrue(side.reload())
        self.assertFalse(side.reload())
        self.assertEqual(self.shown(side, "new.example"), ("new.example",))

    def test_half_renewed(self) -> None:
        """Files that do not belong together are told once, and the old ones stay."""
        files = self.issue("old.example")
        side = self.client_side(files)
        files.certificate.write_bytes(self.issue("b.example", stem="b").certificate.read_bytes())
        os.utime(files.certificate, ns=(1, 1))
        self.assertRaises(SettingsError, side.reload)
        self.assertFalse(side.reload())
        self.assertEqual(self.shown(side, "old.example"), ("old.example",))

    def test_vanished(self) -> None:
        """Files that are gone leave the old ones in use, for new contexts too."""
        files = self.issue("old.example")
        side = self.client_side(files)
        side._settings = evolve(side._settings, require_reuse=True)
        files.private_key.unlink()
        self.assertRaises(SettingsError, side.reload)
        self.assertEqual(self.shown(side, "old.example"), ("old.example",))

    def test_sessions_apart(self) -> None:
        """Where resumption is required each session has a context of its own."""
        side = self.client_side(self.issue("a.example"))
        self.assertIs(side.for_session()._context, side.for_session()._context)
        side._settings = evolve(side._settings, require_reuse=True)
        self.assertIsNot(side.for_session()._context, side.for_session()._context)


class ServerLeg(TlsCase):
    """What servers are verified with."""

    def fault_of(self, settings: ServerTlsSettings) -> str:
        """The one sentence that these settings end with."""
        error = self.assertRaises(SettingsError, ServerSide, settings)
        (sentence,) = error.faults
        return str(sentence)

    def test_bad_ca(self) -> None:
        """A CA file that is missing or holds none names its setting."""
        empty = self.folder / "empty"
        empty.write_bytes(b"")
        for file, wrong in ((empty, "holds no"), (self.folder / "none", "cannot be read: No such")):
            self.assertRegex(
                self.fault_of(ServerTlsSettings(ca=file)), rf"^server-tls\.ca = '{file}': {wrong}"
            )

    def test_bad_crl(self) -> None:
        """A revocation list that is missing or is none names its setting and the file."""
        empty = self.folder / "empty"
        empty.write_bytes(b"")
        for file in (empty, self.folder / "none"):
            sentence = self.fault_of(ServerTlsSettings(ca=self.ca, crl=(file,)))
            self.assertRegex(sentence, rf"^server-tls\.crl: {file}: ")

    def test_bad_pair(self) -> None:
        """The certificate for servers is read as those for clients are."""
        files = self.issue("a.example")
        settings = ServerTlsSettings(certificate=files.certificate, private_key=Path("/none"))
        self.assertRegex(self.fault_of(settings), r"^server-tls\.private-key = '/none': cannot")

    def test_name(self) -> None:
        """A trusted certificate must be for the name or address that was asked for."""
        server = self.client_side(self.issue("a.example", "192.0.2.1"))
        for host, wrong in (
            ("a.example", ""),
            ("a.example.", ""),
            ("192.0.2.1", ""),
            ("b.example", "it is not for b.example"),
            ("192.0.2.2", "it is not for 192.0.2.2"),
        ):
            made = ServerSide(ServerTlsSettings(ca=self.ca)).for_server(host)
            connection = made.connection()
            shake(connection, server.for_session().connection())
            self.assertEqual(made.mismatch(connection), wrong, host)

    def test_unknown_issuer(self) -> None:
        """The reason of a refusal is kept in words; without verify there is none."""
        other = self.folder / "other.pem"
        self.issue("x.example", stem="x")
        other.write_bytes((self.folder / "x.pem").read_bytes())
        server = self.client_side(self.issue("a.example"))
        made = ServerSide(ServerTlsSettings(ca=other)).for_server("a.example").connection()
        self.assertRaises(SSL.Error, shake, made, server.for_session().connection())
        self.assertEqual(made.refused, "its issuer is unknown")
        lax = ServerSide(ServerTlsSettings(verify=False)).for_server("b.example")
        connection = lax.connection()
        shake(connection, server.for_session().connection())
        self.assertEqual(lax.mismatch(connection), "")

    def pinned(self, *pins: str, verify: bool = True) -> str:
        """What is wrong with a.example's own certificate, which nobody has issued, under these pins."""
        files = (self.folder / "own.pem", self.folder / "own.key")
        if not files[0].exists():
            for file, made_file in zip(
                files, make_pair(["other.example"], self.folder / "own"), strict=True
            ):
                made_file.rename(file)
        self.own = x509.load_pem_x509_certificate(files[0].read_bytes())
        rules = (ServerTlsRule("a.*", ServerTls.EXPLICIT, pins),)
        settings = ServerTlsSettings(ca=self.ca, rules=rules) if verify else None
        asked = ServerSide(settings or ServerTlsSettings(verify=False, rules=rules))
        made = asked.for_server("A.example")
        connection = made.connection()
        server = self.client_side(Certificate(*files))
        shake(connection, server.for_session().connection())
        return made.mismatch(connection)

    def digests(self) -> tuple[str, str]:
        """Of the certificate and of its key."""
        key = self.own.public_key()
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return (
            sha256(self.own.public_bytes(Encoding.DER)).hexdigest(),
            sha256(spki).hexdigest(),
        )

    def test_pin(self) -> None:
        """A pinned certificate or key is believed, whoever issued it; any other is not, both are said."""
        other = "0" * 64
        wrong = self.pinned(other)
        certificate, key = self.digests()
        self.assertEqual(
            wrong,
            f"it is sha256:{certificate} (its key sha256:{key}), pinned is sha256:{other}",
        )
        for pins in ((certificate,), (key,), (other, key)):
            self.assertEqual(self.pinned(*pins), "", pins)
            self.assertEqual(self.pinned(*pins, verify=False), "", pins)
        self.assertIn("pinned is", self.pinned(other, verify=False))

    def test_pin_is_for_its_server(self) -> None:
        """Others are verified as before."""
        rules = (ServerTlsRule("a.*", ServerTls.EXPLICIT, ("0" * 64,)),)
        asked = ServerSide(ServerTlsSettings(ca=self.ca, rules=rules)).for_server("b.example")
        server = self.client_side(Certificate(*make_pair(["b.example"], self.folder / "own")))
        made = asked.connection()
        self.assertRaises(SSL.Error, shake, made, server.for_session().connection())

    def test_old_renegotiation(self) -> None:
        """A ServerHello without RFC 5746 is the end, unless the setting lets it be."""
        hello = b"\x03\x03" + bytes(32) + b"\0" + b"\xc0\x2f" + b"\0"
        shaken = b"\x02" + len(hello).to_bytes(3, "big") + hello
        record = b"\x16\x03\x03" + len(shaken).to_bytes(2, "big") + shaken
        for allowed, error in ((False, SSL.Error), (True, SSL.WantReadError)):
            settings = ServerTlsSettings(ca=self.ca, maximum="1.2", old_renegotiation=allowed)
            made = ServerSide(settings).for_server("a.example").connection()
            self.assertRaises(SSL.WantReadError, made.do_handshake)
            made.bio_write(record)
            caught = self.assertRaises(error, made.do_handshake)
            if not allowed:
                self.assertEqual(describe(caught), "unsafe legacy renegotiation disabled")


class Resumption(TlsCase):
    """Which of a client's data connections resumed the control connection's session."""

    def control(self) -> None:
        """A control connection that stands; ``clients`` made our side of it."""
        files = self.issue("a.example")
        side = self.client_side(files)
        side._settings = evolve(side._settings, require_reuse=True)
        self.clients = side.for_session()
        self.asking = ServerSide(ServerTlsSettings(ca=self.ca)).for_server("a.example")
        ours, theirs = self.clients.for_control(), self.asking.connection()
        shake(theirs, ours)
        ours.send(b"230 Welcome.")
        theirs.bio_write(ours.bio_read(1 << 16))
        theirs.recv(100)
        self.session = theirs.get_session()
        self.kept = theirs  # OpenSSL gives a session up with a connection that did not end

    def resumes(self, *, asked: bool) -> bool:
        """Whether a data connection counts as resumed; it is, where the client asks for it."""
        ours, theirs = self.clients.connection(), self.asking.connection()
        if asked:
            assert self.session is not None
            theirs.set_session(self.session)
        shake(theirs, ours)
        return self.clients.resumed(ours)

    def test_told_apart(self) -> None:
        """A resumed one counts, a full handshake does not."""
        self.control()
        self.assertTrue(self.resumes(asked=True))
        self.assertFalse(self.resumes(asked=False))

    def test_other_words(self) -> None:
        """Were OpenSSL to word its states otherwise, none would count: it fails closed."""
        self.patch(TlsConnection, "get_state_string", lambda connection: b"something else")
        self.control()
        self.assertFalse(self.resumes(asked=False))
        self.assertFalse(self.resumes(asked=True))

    def test_no_control_connection(self) -> None:
        """Without one under TLS there is nothing to resume."""
        self.control()
        self.clients._control = None
        self.assertFalse(self.resumes(asked=True))
