"""Certificates and lists that OpenSSL takes and the library that reads them does not."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from OpenSSL import crypto

from ftpalg.config import Certificate, SettingsError
from ftpalg.net.tls.contexts import authorities
from ftpalg.net.tls.malformed import MALFORMED
from ftpalg.net.tls.revocations import read
from ftpalg.net.tls.shown import shown_by
from tests.net.dates import DAY, KEY, NOON
from tests.net.test_keypair import FilesCase

BEGIN, END = NOON - DAY, NOON
NAMES = x509.ObjectIdentifier("2.5.29.17")
FIRST, SECOND = "1.2.3.4.5", "1.2.3.4.6"
VERSION = bytes.fromhex("a003020102")


def certificate(*extensions: tuple[str, bytes]) -> bytes:
    """One in DER with those extensions."""
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "a")])
    made = x509.CertificateBuilder(name, name, KEY.public_key(), 1, BEGIN, END)
    for oid, content in extensions:
        one = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), content)
        made = made.add_extension(one, critical=False)
    return made.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


def twice(der: bytes) -> bytes:
    """The second extension becomes the first again."""
    return der.replace(bytes((0x2A, 3, 4, 6)), bytes((0x2A, 3, 4, 5)))


EXTENDED = {
    "one extension twice": twice(certificate((FIRST, b"\5\0"), (SECOND, b"\5\0"))),
    "an X.400 address": certificate((NAMES.dotted_string, bytes.fromhex("3004a3023000"))),
    "an EDI party": certificate((NAMES.dotted_string, bytes.fromhex("3004a5023000"))),
    "names that are none": certificate((NAMES.dotted_string, b"\xff")),
}
FUTURE = certificate().replace(VERSION, VERSION[:-1] + b"\4")
"""Version 5, which nobody knows."""


def pem(der: bytes, what: str = "CERTIFICATE") -> bytes:
    """The same in PEM."""
    lines = base64.encodebytes(der)
    return b"-----BEGIN %b-----\n%b-----END %b-----\n" % (what.encode(), lines, what.encode())


class Malformed(FilesCase):
    """From a peer, and from a file."""

    def test_shown(self) -> None:
        """What a peer shows is told by its digest at least, and is never an exception."""
        for what, der in {**EXTENDED, "of another version": FUTURE}.items():
            refused = crypto.load_certificate(crypto.FILETYPE_ASN1, der)
            made: Any = SimpleNamespace(rejected=refused)
            shown = shown_by(made)
            assert shown is not None
            digest = refused.digest("sha256").decode().replace(":", "").lower()
            self.assertEqual((shown.sha256, shown.names), (digest, ()), what)

    def pair(self, der: bytes) -> Certificate:
        """Our own certificate in that spelling."""
        files = Certificate(self.folder / "a.pem", self.folder / "a.key")
        files.certificate.write_bytes(pem(der))
        plain = Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        files.private_key.write_bytes(KEY.private_bytes(*plain))
        return files

    def test_own(self) -> None:
        """One of our own is a fault of the settings."""
        for what, der in EXTENDED.items():
            said = self.fault(self.pair(der))
            self.assertIn("what extends the certificate is malformed; have it issued", said, what)
        self.assertIn("holds no PEM certificate", self.fault(self.pair(FUTURE)))

    def test_authorities(self) -> None:
        """An authority that only OpenSSL can read is passed over where its time is told."""
        file = self.folder / "ca.pem"
        file.write_bytes(pem(FUTURE) + pem(certificate()))
        self.assertEqual(len(authorities(file)), 1)

    def test_list(self) -> None:
        """A revocation list of another version is a fault of the settings."""
        name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "a")])
        made = x509.CertificateRevocationListBuilder(name, BEGIN, END).sign(KEY, hashes.SHA256())
        der = made.public_bytes(Encoding.DER)
        file = self.folder / "crl.pem"
        file.write_bytes(pem(der.replace(b"\x02\x01\x01", b"\x02\x01\x05", 1), "X509 CRL"))
        error = self.assertRaises(SettingsError, read, file)
        self.assertIn("is no revocation list", str(error))

    def test_all(self) -> None:
        """Every exception of the library's own is known, but the one that tells of nothing there."""
        found = {one for one in vars(x509).values() if _is_exception(one)}
        known = {x509.ExtensionNotFound, x509.AttributeNotFound}
        self.assertLessEqual(found - known, set(MALFORMED))


def _is_exception(one: object) -> bool:
    return isinstance(one, type) and issubclass(one, Exception)
