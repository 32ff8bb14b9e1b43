"""Certificates made at run time in a temporary folder: good and bad ones."""

from __future__ import annotations

import atexit
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAMES = ("localhost", "127.0.0.1", "::1")
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


@dataclass(frozen=True)
class Pair:
    """Two PEM files, and the certificate in DER as a peer sees it."""

    certificate: Path
    private_key: Path
    der: bytes

    @property
    def serial(self) -> int:
        """The serial number."""
        return x509.load_der_x509_certificate(self.der).serial_number

    @property
    def toml(self) -> str:
        """The two keys of a section."""
        return f'certificate = "{self.certificate}"\nprivate-key = "{self.private_key}"\n'


class Authority:
    """One trusted CA, one that nobody trusts, and what they issued."""

    def __init__(self) -> None:
        self._kept = tempfile.TemporaryDirectory(prefix="ftpalg-tls-")
        atexit.register(self._kept.cleanup)
        self.folder = Path(self._kept.name)
        self.folder.chmod(0o755)
        self.trusted = trustme.CA()
        self.foreign = trustme.CA()
        self._names = count()
        self.file = self.folder / "ca.pem"
        self.trusted.cert_pem.write_to_path(self.file)

    def issue(self, *names: str, ca: trustme.CA | None = None, **options: Any) -> Pair:
        """A new certificate for these names."""
        leaf = (ca or self.trusted).issue_cert(*names, **options)
        base = self.folder / f"leaf-{next(self._names)}"
        chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
        return write_pair(base, chain, leaf.private_key_pem.bytes())

    @property
    def good(self) -> Pair:
        """For localhost and 127.0.0.1."""
        return issued("good")

    def expired(self) -> Pair:
        """Ended yesterday."""
        now = datetime.now(UTC)
        return self.issue(*NAMES, not_before=now - timedelta(9), not_after=now - timedelta(1))

    def unknown(self) -> Pair:
        """By a CA that nobody trusts."""
        return self.issue(*NAMES, ca=self.foreign)

    def self_signed(self) -> Pair:
        """By itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(1))
            .not_valid_after(now + timedelta(1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        private = key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return write_pair(self.folder / "self", made.public_bytes(pem), private)

    def odd(
        self,
        names: list[x509.GeneralName],
        subject: x509.Name | None = None,
        days: tuple[float, float] = (-1, 9),
        ca: trustme.CA | None = None,
    ) -> Pair:
        """Any subject, or none, and any names, valid from and until so many days from now."""
        issuer = (ca or self.trusted).cert_pem.bytes(), (ca or self.trusted).private_key_pem.bytes()
        signer: Any = serialization.load_pem_private_key(issuer[1], None)
        key = ec.generate_private_key(ec.SECP256R1())
        begin, end = (datetime.now(UTC) + timedelta(one) for one in days)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject or x509.Name([]))
            .issuer_name(x509.load_pem_x509_certificate(issuer[0]).subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
        )
        if names:
            made = made.add_extension(x509.SubjectAlternativeName(names), subject is None)
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        return write_pair(
            self.folder / f"odd-{next(self._names)}",
            made.sign(signer, hashes.SHA256()).public_bytes(pem),
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain),
        )

    def revocations(self, *serials: int) -> Path:
        """A revocation list of the trusted CA."""
        issuer = x509.load_pem_x509_certificate(self.trusted.cert_pem.bytes())
        key: Any = serialization.load_pem_private_key(self.trusted.private_key_pem.bytes(), None)
        now = datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.subject)
            .last_update(now - timedelta(1))
            .next_update(now + timedelta(1))
        )
        for serial in serials:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(serial)
                .revocation_date(now - timedelta(1))
                .build()
            )
        path = self.folder / f"crl-{next(self._names)}.pem"
        made = builder.sign(key, hashes.SHA256())
        path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        return path


def write_pair(base: Path, chain: bytes, private: bytes) -> Pair:
    """Write both files."""
    files = base.with_suffix(".pem"), base.with_suffix(".key")
    files[0].write_bytes(chain)
    files[1].write_bytes(private)
    first = x509.load_pem_x509_certificate(chain)
    return Pair(*files, first.public_bytes(serialization.Encoding.DER))


@cache
def authority() -> Authority:
    """The one of this process."""
    return Authority()


@cache
def issued(kind: str) -> Pair:
    """A certificate by the word for it, always the same one."""
    here = authority()
    if kind == "good":
        return here.issue(*NAMES)
    if kind == "rsa":
        return here.issue(*NAMES, key_type=trustme.KeyType.RSA)
    if kind == "client":
        return here.issue("joe@example.net")
    if kind in ("expired", "unknown", "self_signed"):
        made: Pair = getattr(here, kind)()
        return made
    return here.issue(kind)


def forced(context: ssl.SSLContext, version: ssl.TLSVersion | None) -> ssl.SSLContext:
    """Only that version of TLS; any from 1.2 where it is None."""
    context.minimum_version = version or ssl.TLSVersion.TLSv1_2
    if version is not None:
        context.maximum_version = version
    return context


def server_context(
    kind: str = "good", version: ssl.TLSVersion | None = None, *, tickets: bool = True
) -> ssl.SSLContext:
    """What a fake server uses for its control and data connections."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pair = issued(kind)
    context.load_cert_chain(pair.certificate, pair.private_key)
    if not tickets:
        context.options |= ssl.OP_NO_TICKET
    return forced(context, version)


def client_context(version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """What a client uses that trusts our CA, for the name localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority().file)
    return forced(context, version)
