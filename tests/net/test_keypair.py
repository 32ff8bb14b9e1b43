"""Certificates and keys from files: what is wrong is a sentence that names the setting."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization
from OpenSSL import SSL
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.certificate import make_pair
from ftpalg.config import Certificate, SettingsError
from ftpalg.net.tls.keypair import read_pair

CA = trustme.CA()


class FilesCase(SynchronousTestCase):
    """A folder with certificates made on the spot."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-keypair-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def issue(self, *names: str, stem: str = "a", ca: trustme.CA = CA) -> Certificate:
        """Two files that belong together."""
        leaf = ca.issue_cert(*names)
        files = Certificate(self.folder / f"{stem}.pem", self.folder / f"{stem}.key")
        files.certificate.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        leaf.private_key_pem.write_to_path(files.private_key)
        return files

    def fault(self, files: Certificate, section: str = "client-tls") -> str:
        """The one sentence that reading them ends with."""
        error = self.assertRaises(SettingsError, read_pair, files, section)
        (sentence,) = error.faults
        return str(sentence)


class Pairs(FilesCase):
    """Reading two files."""

    def test_good(self) -> None:
        """Names are those of the certificate, in lower case and without addresses."""
        files = make_pair(["FTP.Example", "*.b.example", "192.0.2.1"], self.folder)
        pair = read_pair(Certificate(*files), "client-tls")
        self.assertEqual(pair.names, ("ftp.example", "*.b.example"))
        pair.use_in(SSL.Context(SSL.TLS_METHOD))

    def test_chain(self) -> None:
        """Issuers behind the certificate are kept in their order."""
        middle = CA.create_child_ca()
        pair = read_pair(self.issue("a.example", ca=middle), "client-tls")
        self.assertEqual(len(pair.chain), 2)
        self.assertEqual(pair.chain[0].get_issuer(), pair.chain[1].get_subject())

    def test_missing(self) -> None:
        """A file that is not there names its own setting, in either section."""
        files = self.issue("a.example")
        nowhere = self.folder / "none"
        self.assertEqual(
            self.fault(Certificate(nowhere, files.private_key)),
            f"client-tls.certificate = '{nowhere}': cannot be read: No such file or directory",
        )
        self.assertEqual(
            self.fault(Certificate(files.certificate, nowhere), "server-tls"),
            f"server-tls.private-key = '{nowhere}': cannot be read: No such file or directory",
        )

    def test_folder(self) -> None:
        """A folder is no file."""
        files = Certificate(self.folder, self.folder)
        self.assertRegex(self.fault(files), r"^client-tls\.certificate = .*: cannot be read: Is a")

    def test_forbidden(self) -> None:
        """A key that may not be read is told in the system's words."""
        files = self.issue("a.example")
        files.private_key.chmod(0)
        self.assertRegex(
            self.fault(files), r"^client-tls\.private-key = .*: Permission denied; let user "
        )

    if os.geteuid() == 0:
        test_forbidden.skip = "root may read everything"  # type: ignore[attr-defined]

    def test_no_certificate(self) -> None:
        """Anything but a certificate in PEM, even a key, is named so."""
        files = self.issue("a.example")
        for content in (b"", b"\x30\x82\x00\x01", files.private_key.read_bytes()):
            files.certificate.write_bytes(content)
            self.assertEqual(
                self.fault(files),
                f"client-tls.certificate = '{files.certificate}': holds no PEM certificate",
            )

    def test_no_key(self) -> None:
        """Anything but a key in PEM, even a certificate, is named so."""
        files = self.issue("a.example")
        for content in (b"", b"\x30\x82\x00\x01", files.certificate.read_bytes()):
            files.private_key.write_bytes(content)
            self.assertRegex(self.fault(files), r"^client-tls\.private-key = .* no PEM private key")

    def test_passphrase(self) -> None:
        """A key under a passphrase is refused at once, without a prompt."""
        files = self.issue("a.example")
        key = serialization.load_pem_private_key(files.private_key.read_bytes(), None)
        for form in (
            serialization.PrivateFormat.PKCS8,
            serialization.PrivateFormat.TraditionalOpenSSL,
        ):
            files.private_key.write_bytes(
                key.private_bytes(
                    serialization.Encoding.PEM,
                    form,
                    serialization.BestAvailableEncryption(b"secret"),
                )
            )
            self.assertEqual(
                self.fault(files),
                f"client-tls.private-key = '{files.private_key}':"
                " holds no PEM private key without a passphrase",
            )

    def test_mismatch(self) -> None:
        """A key of another certificate names both files."""
        one, other = self.issue("a.example"), self.issue("b.example", stem="b")
        self.assertEqual(
            self.fault(Certificate(one.certificate, other.private_key)),
            f"client-tls.private-key = '{other.private_key}':"
            f" does not belong to '{one.certificate}'; put both files of one renewal there",
        )
