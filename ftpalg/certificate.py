"""A certificate for trying out, with a CA that a client can trust, by the library that pyOpenSSL brings.

The CA's key signs this one certificate and is never written: whoever trusts the CA trusts nothing else.
"""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import idna
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ftpalg.whole_files import write_all

DAYS = 365
CA_FILE = "ca.pem"
"""Beside the pair."""
CA_NAME = "ftpalg for trying out"


def make_pair(names: list[str], folder: Path, *, overwrite: bool = False) -> tuple[Path, Path]:
    """Write ``certificate.pem`` and ``private-key.pem`` for those host names or addresses, and
    ``ca.pem``; the first two are given back.

    The key is readable by its owner only.  The folder is made if need be.  Raise ValueError for what is
    no name, OSError where the files cannot be made; one that exists is overwritten only if asked for.
    Either all are there or none has changed, as far as a folder can promise that.
    """
    pair = folder / "certificate.pem", folder / "private-key.pem"
    made = *pair, folder / CA_FILE
    alternatives = [_named(name) for name in names]
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    for file in made:
        if file.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
        if os.path.lexists(file) and not overwrite:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(file))
    certificate, key, ca = _issued(alternatives)
    plain = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    write_all(
        [
            (made[0], certificate.public_bytes(pem), 0o644),
            (made[1], key.private_bytes(pem, pkcs8, plain), 0o600),
            (made[2], ca.public_bytes(pem), 0o644),
        ]
    )
    return pair


def _issued(
    names: list[x509.GeneralName],
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A certificate with its key, and the CA that has issued it."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    serial = x509.random_serial_number()
    issuer = _name(f"{CA_NAME} {serial & 0xFFFFFFFF:08x}")  # two of them are not taken for one
    subject = _name(str(names[0].value)[:64])
    no = dict.fromkeys(
        (
            *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
            *("encipher_only", "decipher_only"),
        ),
        False,
    )
    ca = (
        _begun(issuer, issuer, ca_key)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(
            x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **no), True
        )
        .sign(ca_key, hashes.SHA256())
    )
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate = (
        _begun(subject, issuer, key)
        .serial_number(serial)
        .add_extension(x509.SubjectAlternativeName(names), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=False, crl_sign=False, **no), True
        )
        .add_extension(x509.ExtendedKeyUsage(uses), False)
        .add_extension(identifier, False)
        .sign(ca_key, hashes.SHA256())
    )
    return certificate, key, ca


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    """What both have: valid now, on a machine whose clock is a little behind too."""
    now = datetime.now(UTC)
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _named(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        pass
    try:
        any_host, plain = ("*.", name[2:]) if name.startswith("*.") else ("", name)
        return x509.DNSName(any_host + idna.encode(plain, uts46=True).decode("ascii"))
    except idna.IDNAError:
        raise ValueError(f"{name!r} is neither a host name nor an address") from None
