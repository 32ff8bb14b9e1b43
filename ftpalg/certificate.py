"""A self-signed certificate for trying out, by the cryptography library that pyOpenSSL brings."""

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
from cryptography.x509.oid import NameOID

from ftpalg.whole_files import write

DAYS = 365


def make_pair(names: list[str], folder: Path, *, overwrite: bool = False) -> tuple[Path, Path]:
    """Write ``certificate.pem`` and ``private-key.pem`` for those host names or addresses.

    The key is readable by its owner only.  The folder is made if need be.  Raise ValueError for what is
    no name, OSError where the files cannot be made; one that exists is overwritten only if asked for.
    """
    files = folder / "certificate.pem", folder / "private-key.pem"
    alternatives = [_named(name) for name in names]
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        if file.exists() and not overwrite:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(file))
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(alternatives[0].value)[:64])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(alternatives), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    write(files[1], key.private_bytes(pem, pkcs8, plain), 0o600)
    write(files[0], certificate.public_bytes(pem), 0o644)
    return files


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
