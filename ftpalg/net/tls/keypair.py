"""A certificate with its chain and its private key, read from two PEM files and kept.

They are kept because a context may be built from them long after the files were read: half-renewed
files, or a process that may no longer read the key, must not turn clients away.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from OpenSSL import SSL, crypto

from ftpalg.config import Certificate, SettingsError
from ftpalg.core.value import value
from ftpalg.net.tls.malformed import MALFORMED
from ftpalg.net.unreadable import because


@value
class KeyPair(NamedTuple):
    """The certificate first, its issuers behind it; ``names`` are its DNS names in lower case."""

    chain: tuple[crypto.X509, ...]
    key: crypto.PKey
    names: tuple[str, ...]

    @property
    def certificates(self) -> list[x509.Certificate]:
        """The chain, to be read."""
        return [one.to_cryptography() for one in self.chain]

    def use_in(self, context: SSL.Context) -> None:
        """Show this certificate on the context's connections.  Raise SSL.Error on a mismatch."""
        context.use_certificate(self.chain[0])
        for issuer in self.chain[1:]:
            context.add_extra_chain_cert(issuer)
        context.use_privatekey(self.key)
        context.check_privatekey()


def read_pair(files: Certificate, section: str) -> KeyPair:
    """Read both files.  Raise SettingsError naming the setting, the file and what is wrong."""
    chain_pem = _read(files.certificate, f"{section}.certificate")
    key_pem = _read(files.private_key, f"{section}.private-key")
    try:
        chain = x509.load_pem_x509_certificates(chain_pem)
    except MALFORMED:
        raise _fault(
            f"{section}.certificate", files.certificate, "holds no PEM certificate"
        ) from None
    try:
        names = _names(chain[0])
    except MALFORMED:
        remedy = "what extends the certificate is malformed; have it issued anew"
        raise _fault(f"{section}.certificate", files.certificate, remedy) from None
    try:
        key = crypto.load_privatekey(crypto.FILETYPE_PEM, key_pem, passphrase=b"")
    except (crypto.Error, ValueError):
        remedy = "holds no PEM private key without a passphrase"
        raise _fault(f"{section}.private-key", files.private_key, remedy) from None
    pair = KeyPair(tuple(crypto.X509.from_cryptography(c) for c in chain), key, names)
    try:
        pair.use_in(SSL.Context(SSL.TLS_METHOD))
    except SSL.Error:
        remedy = (
            f"does not belong to {str(files.certificate)!r}; put both files of one renewal there"
        )
        raise _fault(f"{section}.private-key", files.private_key, remedy) from None
    return pair


def _read(file: Path, key: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _fault(key, file, f"cannot be read: {because(error, file)}") from None


def _fault(key: str, file: Path, remedy: str) -> SettingsError:
    return SettingsError([f"{key} = {str(file)!r}: {remedy}"])


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(name.lower() for name in found.value.get_values_for_type(x509.DNSName))
