"""Certificates and alerts in words."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import crypto
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.certificates import Shown
from ftpalg.net.tls.shown import MOST, alert_of, shown, shown_by

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


BEGIN = "2020-01-01T00:00:00Z"


def certificate(names: int, common: str = "a") -> x509.Certificate:
    """One for that many names."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    return named([x509.DNSName(f"h{at}.example") for at in range(names)], subject)


def named(names: list[x509.GeneralName], subject: x509.Name | None = None) -> x509.Certificate:
    """One for those names; without a subject if none is given."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        x509.CertificateBuilder()
        .subject_name(subject or x509.Name([]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "b")]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(NOON)
    )
    if names:
        made = made.add_extension(x509.SubjectAlternativeName(names), False)
    return made.sign(key, hashes.SHA256())


class Words(SynchronousTestCase):
    """What an administrator reads."""

    def test_whole(self) -> None:
        """Whose, whose by, for which names, until when, and its digest."""
        made = certificate(2)
        digest = made.fingerprint(hashes.SHA256()).hex()
        names = ("h0.example", "h1.example")
        self.assertEqual(
            shown(made), Shown("CN=a", "CN=b", names, "2026-01-02T12:00:00Z", digest, BEGIN)
        )

    def test_names(self) -> None:
        """None, and more than anybody reads."""
        self.assertEqual(shown(certificate(0)).names, ())
        names = shown(certificate(3 * MOST)).names
        self.assertEqual(names[-2:], (f"h{MOST - 1}.example", f"and {2 * MOST} more"))
        self.assertEqual(len(names), MOST + 1)
        self.assertEqual(len(shown(certificate(MOST)).names), MOST)

    def test_addresses(self) -> None:
        """Addresses are names, too; a name of another kind that is no text is none."""
        other = x509.DirectoryName(x509.Name([]))
        found = [x509.IPAddress(ip_address(one)) for one in ("192.0.2.1", "2001:db8::1")]
        self.assertEqual(shown(named([*found, other])).names, ("192.0.2.1", "2001:db8::1"))

    def test_hostile_names(self) -> None:
        """A name looks like one name and like nothing else, whatever is in it, and is cut."""
        for text, expected in (
            ("a.example; sha256 00", r"a.example\x3b\x20sha256\x2000"),
            ("a\0.example", r"a\x00.example"),
            ("a\r\n\x1b[2J", r"a\x0d\x0a\x1b\x5b2J"),
            ("a\\x0a", r"a\x5cx0a"),
            ("b" * 65, "b" * 64 + "…"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("*.a_b.example", "*.a_b.example"),
        ):
            self.assertEqual(shown(named([x509.DNSName(text)])).names, (expected,))

    def test_no_subject(self) -> None:
        """It may be without one."""
        self.assertEqual(shown(named([x509.DNSName("a")])).subject, "")

    def test_unreadable(self) -> None:
        """What cannot be read is left out: a peer may have put anything there."""

        class Broken:
            not_valid_after_utc = NOON
            not_valid_before_utc = datetime(2020, 1, 1, tzinfo=UTC)

            @property
            def subject(self) -> x509.Name:
                raise ValueError("error parsing asn1 value")

            issuer = extensions = subject

            def fingerprint(self, algorithm: object) -> bytes:
                return b"\xab"

        broken: Any = Broken()
        self.assertEqual(shown(broken), Shown("", "", (), "2026-01-02T12:00:00Z", "ab", BEGIN))

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
        """Of what OpenSSL reads and cryptography does not there is the digest, and no traceback."""

        class Odd:
            def to_cryptography(self) -> x509.Certificate:
                raise ValueError("invalid version")

            def digest(self, name: str) -> bytes:
                return b"AB:01"

        self.assertEqual(self.shown_by(Odd(), None), Shown("", "", (), "", "ab01"))

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
