"""TLS of both sides as the settings have it, and files that change."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import trustme
from attrs import evolve
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from OpenSSL import SSL
from twisted.internet.task import Clock

from ftpalg.config import Certificate, ClientTlsSettings, ServerTlsSettings, Settings, structure
from ftpalg.core.events import Side
from ftpalg.net.certificates import DAY, RELOAD_SECONDS, Certificates
from ftpalg.net.tls import ClientSide, TlsConnection
from tests.net.doubles import Log
from tests.net.test_keypair import CA, FilesCase
from tests.net.test_tls import shake


class Reloading(FilesCase):
    """Certificates that change while the gateway runs."""

    def setUp(self) -> None:
        super().setUp()
        self.files = self.issue("a.example")
        half = ClientTlsSettings(
            certificate=self.files.certificate, private_key=self.files.private_key
        )
        self.log = Log()
        self.clock = Clock()
        self.shared = self.certificates(Settings(client_tls=half))
        self.clock.advance(1000)

    def certificates(self, settings: Settings) -> Certificates:
        """Those of such settings."""
        log: Any = self.log
        return Certificates(self.clock, settings, log)

    def test_taken_up(self) -> None:
        """A change is seen with the next client, and said once."""
        self.issue("b.example")
        os.utime(self.files.certificate, ns=(1, 1))
        self.shared.client_side()
        self.shared.client_side()
        self.assertEqual(self.log.words, [("told", "certificates reloaded")])

    def test_seldom(self) -> None:
        """The files are looked at once in a while, not for each client."""
        looked: list[float] = []
        self.patch(self.shared, "reload", lambda: looked.append(self.clock.seconds()))
        for _ in range(5):
            self.shared.client_side()
        self.clock.advance(RELOAD_SECONDS)
        self.shared.client_side()
        self.assertEqual(looked, [1000, 1000 + RELOAD_SECONDS])

    def test_fault(self) -> None:
        """A fault is a warning that names the setting; the old certificates stay."""
        self.files.certificate.write_bytes(b"")
        side = self.shared.client_side()
        ((level, text),) = self.log.words
        self.assertEqual(level, "warned")
        self.assertRegex(text, r"^certificates not reloaded: client-tls\.certificate = ")
        self.assertEqual(side._pairs[0].names, ("a.example",))

    def test_without_tls(self) -> None:
        """A gateway without certificates has nothing to load."""
        self.certificates(Settings()).reload()
        self.assertEqual(self.log.words, [])

    def test_systems_authorities(self) -> None:
        """They are read at the start where there is TLS to servers, and else with the first of it;
        once, unless something has changed.  Where the settings name others they never are."""
        read: list[SSL.Context] = []
        self.patch(SSL.Context, "set_default_verify_paths", lambda made: read.append(made))
        for server, options, at_start in (
            ("ftp://h", {}, 0),
            ("ftpes://h", {}, 1),
            ("ftp://h", {"server-tls": {"mode": "auto"}}, 1),
            ("ftp://h", {"server-tls": {"rules": [{"server": "x", "mode": "explicit"}]}}, 1),
            ("ftp://h", {"routes": [{"server": "ftps://x"}]}, 1),
        ):
            read.clear()
            made = self.certificates(structure({"server": server, **options}, "x"))
            self.assertEqual(len(read), at_start, options)
            for _ in range(2):
                made.server_side.for_server("h")
            self.assertEqual(len(read), 1, options)
        ca = str(self.folder / "ca.pem")
        CA.cert_pem.write_to_path(ca)
        read.clear()
        made = self.certificates(structure({"server": "ftpes://h", "server-tls": {"ca": ca}}, "x"))
        made.server_side.for_server("h")
        self.assertEqual(read, [])

    def test_lenient(self) -> None:
        """Each side has its own word on TLS without close_notify."""
        settings = Settings()
        for name, sides in (("client_tls", (True, False)), ("server_tls", (False, True))):
            half = evolve(getattr(settings, name), lenient=True)
            made = self.certificates(evolve(settings, **{name: half}))
            self.assertEqual((made.lenient(Side.CLIENT), made.lenient(Side.SERVER)), sides)


NOW = datetime(2030, 6, 15, 12, 0, tzinfo=UTC)


def revocations(file: Path, ca: trustme.CA, end: datetime, *serials: int) -> None:
    """Write a CA's list, made four days before its end."""
    issuer = x509.load_pem_x509_certificate(ca.cert_pem.bytes())
    key: Any = serialization.load_pem_private_key(ca.private_key_pem.bytes(), None)
    made = x509.CertificateRevocationListBuilder().issuer_name(issuer.subject)
    made = made.last_update(end - timedelta(4)).next_update(end)
    for serial in serials:
        one = x509.RevokedCertificateBuilder().serial_number(serial)
        made = made.add_revoked_certificate(one.revocation_date(end - timedelta(4)).build())
    signed = made.sign(key, hashes.SHA256())
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))


class OfServers(FilesCase):
    """What servers are verified with, while the gateway runs."""

    def setUp(self) -> None:
        super().setUp()
        self.ca = self.folder / "ca.pem"
        self.crl = self.folder / "crl.pem"
        CA.cert_pem.write_to_path(self.ca)
        self.end = datetime.now(UTC) + timedelta(2)
        revocations(self.crl, CA, self.end)
        self.log = Log()
        self.clock = Clock()
        self.now = NOW

    def certificates(self, **options: Any) -> Certificates:
        """With the list and the CA of this folder."""
        settings = Settings(server_tls=ServerTlsSettings(ca=self.ca, crl=(self.crl,), **options))
        log: Any = self.log
        return Certificates(self.clock, settings, log, lambda: self.now)

    def refusal(self, certificates: Certificates, files: Certificate) -> str:
        """Why a.example with these files is refused now, or nothing."""
        self.clock.advance(RELOAD_SECONDS)
        asked: TlsConnection = certificates.server_side.for_server("a.example").connection()
        pair = ClientTlsSettings(certificate=files.certificate, private_key=files.private_key)
        try:
            shake(asked, ClientSide(pair).for_session().connection())
        except SSL.Error:
            return asked.refused or "?"
        return ""

    def serial(self, files: Certificate) -> int:
        """The certificate's number."""
        return x509.load_pem_x509_certificate(files.certificate.read_bytes()).serial_number

    def test_lists_are_reloaded(self) -> None:
        """Whoever is revoked while the gateway runs is refused; a list that is spoilt changes nothing."""
        files = self.issue("a.example")
        made = self.certificates()
        self.assertEqual(self.refusal(made, files), "")
        revocations(self.crl, CA, self.end, self.serial(files))
        self.assertEqual(self.refusal(made, files), "it has been revoked")
        self.crl.write_bytes(b"")
        self.assertEqual(self.refusal(made, files), "it has been revoked")
        self.assertIn(
            (
                "warned",
                f"certificates not reloaded: server-tls.crl: {self.crl}: is no revocation list in PEM",
            ),
            self.log.words,
        )

    def test_authorities_are_reloaded(self) -> None:
        """A CA that is trusted no longer is so for the next session, and the log says it once."""
        files = self.issue("a.example")
        made = self.certificates()
        self.assertEqual(self.refusal(made, files), "")
        self.log.words.clear()
        trustme.CA().cert_pem.write_to_path(self.ca)
        for _ in range(2):
            self.assertEqual(self.refusal(made, files), "its issuer is unknown")
        self.assertEqual(self.log.words, [("told", "certificates reloaded")])

    def test_chain(self) -> None:
        """Only ``crl-chain`` asks for the lists of the issuers between."""
        middle = CA.create_child_ca()
        files = self.issue("a.example", ca=middle)
        issuer = x509.load_pem_x509_certificate(middle.cert_pem.bytes())
        leaf = self.folder / "leaf-crl.pem"
        revocations(leaf, middle, self.end)
        revocations(self.crl, CA, self.end, issuer.serial_number)
        for chain, refusal in ((False, ""), (True, "it has been revoked")):
            half = ServerTlsSettings(ca=self.ca, crl=(self.crl, leaf), crl_chain=chain)
            log: Any = self.log
            made = Certificates(self.clock, Settings(server_tls=half), log)
            self.assertEqual(self.refusal(made, files), refusal, chain)

    def old(self, made: Certificates, seconds: float) -> list[str]:
        """What is told of lists that long after the last look, without the file's name."""
        self.log.words.clear()
        self.clock.advance(seconds)
        made.look()
        return [text.partition(f"{self.crl}: ")[2] for level, text in self.log.words]

    def test_old_lists(self) -> None:
        """A list is told of in the last quarter of its time and behind its end, once a day."""
        revocations(self.crl, CA, NOW + timedelta(1, 60))
        made = self.certificates()
        self.assertEqual(self.old(made, 0), [])
        self.now += timedelta(0, 120)
        self.assertEqual(self.old(made, DAY - 1), [])
        soon = "expires on 2030-06-16 12:01 UTC; after it its issuer's servers are refused"
        self.assertEqual(self.old(made, 1), [soon])
        self.assertEqual(self.old(made, DAY - 1), [])
        self.now += timedelta(1)
        gone = "expired on 2030-06-16 12:01 UTC; its issuer's servers are refused"
        self.assertEqual(self.old(made, 1), [gone])
