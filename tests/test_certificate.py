"""A pair of files, and the CA that has issued it."""

from __future__ import annotations

import os
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.certificate import CA_FILE, DAYS, make_pair
from ftpalg.config import Certificate
from ftpalg.net.tls.keypair import read_pair

NAMES = ["*.a.example", "192.0.2.1", "2001:db8::1", "Bücher.example"]


class Pair(SynchronousTestCase):
    """What is made, and what is refused."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()

    def test_names(self) -> None:
        """Each host, by name or address, as the wire has it; the CA beside has issued it."""
        made, key = make_pair(NAMES, self.folder)
        read_pair(Certificate(made, key), "client-tls")
        found = x509.load_pem_x509_certificate(made.read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        self.assertEqual(
            names.get_values_for_type(x509.DNSName), ["*.a.example", "xn--bcher-kva.example"]
        )
        self.assertEqual(
            names.get_values_for_type(x509.IPAddress), list(map(ip_address, NAMES[1:3]))
        )
        ca = x509.load_pem_x509_certificate((self.folder / CA_FILE).read_bytes())
        found.verify_directly_issued_by(ca)
        self.assertNotEqual(found.issuer, found.subject)

    def test_trusted(self) -> None:
        """OpenSSL, strict about the standard, believes it by that CA alone, as server and as client."""
        made, _ = make_pair(NAMES, self.folder)
        strict = ["openssl", "verify", "-x509_strict"]
        trust = ["-no-CApath", "-no-CAfile"]
        for purpose in ("sslserver", "sslclient"):
            words = [*strict, "-purpose", purpose]
            for ca, status in ((["-CAfile", str(self.folder / CA_FILE)], 0), (trust, 2)):
                run = subprocess.run([*words, *ca, str(made)], capture_output=True, check=False)
                self.assertEqual(run.returncode, status, run.stderr)

    def test_no_key_of_the_ca(self) -> None:
        """The CA can issue no more: its key is nowhere."""
        make_pair(["localhost"], self.folder)
        ca = x509.load_pem_x509_certificate((self.folder / CA_FILE).read_bytes())
        names = sorted(file.name for file in self.folder.iterdir())
        self.assertEqual(names, ["ca.pem", "certificate.pem", "private-key.pem"])
        key = serialization.load_pem_private_key(
            (self.folder / "private-key.pem").read_bytes(), None
        )
        self.assertNotEqual(key.public_key(), ca.public_key())
        self.assertEqual(
            ca.extensions.get_extension_for_class(x509.BasicConstraints).value,
            x509.BasicConstraints(ca=True, path_length=0),
        )

    def test_full_disk(self) -> None:
        """What cannot be written changes nothing, and leaves nothing behind."""
        make_pair(["localhost"], self.folder)
        before = {file: file.read_bytes() for file in self.folder.iterdir()}

        opened = os.open

        def full(name: Path, flags: int, mode: int = 0o777) -> int:
            if mode == 0o600:
                raise OSError(28, "No space left on device")
            return opened(name, flags, mode)

        self.patch(os, "open", full)
        self.assertRaises(OSError, make_pair, ["localhost"], self.folder, overwrite=True)
        self.assertEqual({file: file.read_bytes() for file in self.folder.iterdir()}, before)

    def test_days(self) -> None:
        """It is valid now, on a machine whose clock is a little behind too, and not for ever."""
        made, _ = make_pair(["localhost"], self.folder)
        found = x509.load_pem_x509_certificate(made.read_bytes())
        now = datetime.now(UTC)
        self.assertLess(found.not_valid_before_utc, now - timedelta(minutes=30))
        self.assertLess(abs(found.not_valid_after_utc - now - timedelta(days=DAYS)), timedelta(1))

    def test_no_names(self) -> None:
        """What is neither name nor address is told, and nothing is made, not even the folder."""
        for bad in ("", "a b", "a..b", "*.", "a.*.b", "\0", "x" * 64, "300.1.1.1/8"):
            error = self.assertRaises(ValueError, make_pair, ["good.example", bad], self.folder)
            self.assertIn(repr(bad), str(error))
        self.assertFalse(self.folder.exists())

    def test_taken(self) -> None:
        """A file that is there stays, and the error names it."""
        self.folder.mkdir()
        key = self.folder / "private-key.pem"
        key.write_text("precious")
        error = self.assertRaises(FileExistsError, make_pair, ["localhost"], self.folder)
        self.assertEqual(error.filename, str(key))
        self.assertEqual((key.read_text(), len(list(self.folder.iterdir()))), ("precious", 1))

    def test_link(self) -> None:
        """A link that somebody has laid is replaced; the key is not written to where it leads."""
        self.folder.mkdir()
        elsewhere = self.folder / "elsewhere"
        elsewhere.write_text("precious")
        (self.folder / "private-key.pem").symlink_to(elsewhere)
        _, key = make_pair(["localhost"], self.folder, overwrite=True)
        self.assertFalse(key.is_symlink())
        self.assertEqual(elsewhere.read_text(), "precious")

    def test_rights(self) -> None:
        """The key is its owner's alone, whatever the process gives to new files."""
        self.addCleanup(os.umask, os.umask(0))
        made, key = make_pair(["localhost"], self.folder)
        files = made, key, self.folder / CA_FILE
        modes = [stat.S_IMODE(file.stat().st_mode) for file in files]
        self.assertEqual(modes, [0o644, 0o600, 0o644])
