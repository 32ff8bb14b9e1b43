"""Revocation lists: which certificates of servers count no more (RFC 5280 section 5)."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from OpenSSL import SSL, crypto

from ftpalg.config import SettingsError
from ftpalg.net.tls.malformed import MALFORMED
from ftpalg.net.unreadable import because

BEGIN = b"-----BEGIN X509 CRL-----"


def read(file: Path) -> list[x509.CertificateRevocationList]:
    """The lists in PEM that a file holds, one behind the other.  Raise SettingsError."""
    try:
        before, *found = file.read_bytes().split(BEGIN)
        return [x509.load_pem_x509_crl(BEGIN + one) for one in found or [before]]
    except OSError as error:
        raise SettingsError([f"server-tls.crl: {file}: {because(error, file)}"]) from None
    except MALFORMED:
        sentence = f"server-tls.crl: {file}: is no revocation list in PEM"
        raise SettingsError([sentence]) from None


def add_to(
    context: SSL.Context, lists: list[x509.CertificateRevocationList], *, chain: bool
) -> None:
    """Refuse what they hold; ``chain``: the issuers' own certificates, too."""
    store = context.get_cert_store()
    if not lists or store is None:
        return
    for crl in lists:
        store.add_crl(crl)
    flags = crypto.X509StoreFlags
    store.set_flags(flags.CRL_CHECK | flags.CRL_CHECK_ALL if chain else flags.CRL_CHECK)
