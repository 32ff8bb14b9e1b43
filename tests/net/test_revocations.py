"""Revocation lists that are read."""

from __future__ import annotations

import datetime as dates
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import SettingsError
from ftpalg.net.tls.revocations import read

BEGIN = dates.datetime(2026, 1, 1, tzinfo=dates.UTC)
END = BEGIN + dates.timedelta(days=8)
FILE = Path("revoked.pem")


def made() -> x509.CertificateRevocationList:
    """An empty list of eight days."""
    issuer = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "issuer")])
    builder = x509.CertificateRevocationListBuilder(issuer, BEGIN, END)
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())


class Lists(SynchronousTestCase):
    """Lists of an issuer."""

    def test_read(self) -> None:
        """A file that holds one is read; any other is a fault that names it and the setting."""
        good, bad = Path(self.mktemp()), Path(self.mktemp())
        good.write_bytes(made().public_bytes(Encoding.PEM))
        bad.write_text("no list")
        self.assertEqual([crl.last_update_utc for crl in read(good)], [BEGIN])
        for file, why in ((bad, "is no revocation list in PEM"), (FILE, "No such file")):
            error = self.assertRaises(SettingsError, read, file)
            self.assertIn(f"server-tls.crl: {file}: {why}", str(error))

    def test_several(self) -> None:
        """Each of the lists in a file counts, with text around them; none is passed over unread."""
        first, second = made(), made()
        texts = [crl.public_bytes(Encoding.PEM) for crl in (first, second)]
        file = Path(self.mktemp())
        file.write_bytes(b"of ours:\n" + b"and of theirs:\n".join(texts))
        self.assertEqual(read(file), [first, second])
        for cut in (texts[1][:-40], texts[1].replace(b"M", b"!", 1)):
            file.write_bytes(texts[0] + cut)
            error = self.assertRaises(SettingsError, read, file)
            self.assertIn("is no revocation list in PEM", str(error))
