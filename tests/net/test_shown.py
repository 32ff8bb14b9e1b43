"""Certificates and alerts in words."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import crypto
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.facts import Shown
from ftpalg.net.shown import MOST, alert_of, shown, shown_by

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


def certificate(names: int, common: str = "a") -> x509.Certificate:
    """One for that many names."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "b")]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(NOON)
    )
    if names:
        listed = [x509.DNSName(f"h{at}.example") for at in range(names)]
        made = made.add_extension(x509.SubjectAlternativeName(listed), False)
    return made.sign(key, hashes.SHA256())


class Words(SynchronousTestCase):
    """What an administrator reads."""

    def test_whole(self) -> None:
        """Whose, whose by, for which names, until when, and its digest."""
        made = certificate(2)
        digest = made.fingerprint(hashes.SHA256()).hex()
        names = ("h0.example", "h1.example")
        self.assertEqual(shown(made), Shown("CN=a", "CN=b", names, "2026-01-02T12:00:00Z", digest))

    def test_names(self) -> None:
        """None, and more than anybody reads."""
        self.assertEqual(shown(certificate(0)).names, ())
        self.assertEqual(len(shown(certificate(3 * MOST)).names), MOST)

    def test_unreadable(self) -> None:
        """What cannot be read is left out: a peer may have put anything there."""

        class Broken:
            not_valid_after_utc = NOON

            @property
            def subject(self) -> x509.Name:
                raise ValueError("error parsing asn1 value")

            issuer = extensions = subject

            def fingerprint(self, algorithm: object) -> bytes:
                return b"\xab"

        broken: Any = Broken()
        self.assertEqual(shown(broken), Shown("", "", (), "2026-01-02T12:00:00Z", "ab"))

    def test_which(self) -> None:
        """The one that was refused goes before the peer's own; there may be none."""
        refused, own = (
            crypto.X509.from_cryptography(certificate(0, name)) for name in ("refused", "own")
        )
        for rejected, peer, expected in (
            (refused, own, "CN=refused"),
            (None, own, "CN=own"),
            (None, None, None),
        ):
            found = self.shown_by(rejected, peer)
            self.assertEqual(None if found is None else found.subject, expected)

    def shown_by(self, rejected: object, peer: object) -> Shown | None:
        """What is told of a connection."""
        made: Any = SimpleNamespace(rejected=rejected, get_peer_certificate=lambda: peer)
        return shown_by(made)

    def test_no_certificate_for_python(self) -> None:
        """What OpenSSL reads and cryptography does not is no traceback."""

        class Odd:
            def to_cryptography(self) -> x509.Certificate:
                raise ValueError("invalid version")

        self.assertIsNone(self.shown_by(Odd(), None))

    def test_alerts(self) -> None:
        """By their names; one that has none by its number; none."""
        for code, expected in (
            (48, "unknown_ca"),
            (70, "protocol_version"),
            (200, "alert 200"),
            (0, ""),
        ):
            made: Any = SimpleNamespace(alert=code)
            self.assertEqual(alert_of(made), expected)
