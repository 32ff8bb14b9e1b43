"""Certificates and lists with any dates, made on the spot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOON = datetime(2030, 6, 15, 12, 0, tzinfo=UTC)
DAY = timedelta(1)
KEY = ec.generate_private_key(ec.SECP256R1())
"""One for all: nobody is to believe any of these."""


def dated(end: datetime, begin: datetime | None = None, name: str = "a") -> x509.Certificate:
    """A certificate of that name, from 30 days before its end if nothing else is said."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin or end - 30 * DAY)
        .not_valid_after(end)
        .sign(KEY, hashes.SHA256())
    )


def listed(begin: datetime, end: datetime) -> x509.CertificateRevocationList:
    """An empty revocation list."""
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer")])
    return x509.CertificateRevocationListBuilder(issuer, begin, end).sign(KEY, hashes.SHA256())


def write(file: Path, *made: x509.Certificate | x509.CertificateRevocationList) -> None:
    """Into one file, in PEM."""
    file.write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in made))


def write_key(file: Path) -> None:
    """The one key."""
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file.write_bytes(KEY.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
