"""How servers are verified; hands are shaken in memory."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from OpenSSL import SSL

from ftpalg.certificate import make_pair
from ftpalg.config import (
    Certificate,
    ServerTlsRule,
    ServerTlsSettings,
    SettingsError,
)
from ftpalg.core.routes import ServerTls
from ftpalg.net.tls.contexts import describe
from ftpalg.net.tls.towards_servers import ServerSide
from tests.net.tls_sides import TlsCase, shake


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
