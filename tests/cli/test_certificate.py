"""``ftpalg certificate``."""

from __future__ import annotations

import stat

from cryptography import x509

from ftpalg.config import Certificate
from ftpalg.net.tls.keypair import read_pair
from tests.cli.cases import CommandCase


class Made(CommandCase):
    """Exit status, what is said, what is made."""

    def test_pair(self) -> None:
        """Both files are made, belong together, name every host; only the owner reads the key."""
        status, out, err = self.run_it("certificate", "a.example", "127.0.0.1", str(self.folder))
        self.assertEqual((status, err), (0, ""))
        made, key = self.folder / "certificate.pem", self.folder / "private-key.pem"
        self.assertIn(str(made), out)
        self.assertIn(str(key), out)
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        self.assertEqual(read_pair(Certificate(made, key), "client-tls").names, ("a.example",))
        found = x509.load_pem_x509_certificate(made.read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        (address,) = names.get_values_for_type(x509.IPAddress)
        self.assertEqual(str(address), "127.0.0.1")

    def test_ca(self) -> None:
        """A CA that a client can trust is beside it, and both uses are told, fit for a shell."""
        folder = self.folder / "a b"
        status, out, _ = self.run_it("certificate", "a.example", str(folder))
        self.assertEqual(status, 0)
        ca = folder / "ca.pem"
        made, issuer = (
            x509.load_pem_x509_certificate(file.read_bytes())
            for file in (folder / "certificate.pem", ca)
        )
        made.verify_directly_issued_by(issuer)
        for words in (f"--cacert '{ca}'", f"--server-ca '{ca}'", f"CA:          {ca}\n"):
            self.assertIn(words, out)

    def test_never_overwrites(self) -> None:
        """A file that exists stays as it is; 1."""
        for taken in ("private-key.pem", "certificate.pem", "ca.pem"):
            folder = self.folder / taken
            folder.mkdir()
            (folder / taken).write_bytes(b"precious")
            status, out, err = self.run_it("certificate", "localhost", str(folder))
            self.assertEqual((status, out), (1, ""))
            self.assertIn(f"{taken} exists already; --force overwrites it", err)
            self.assertEqual((folder / taken).read_bytes(), b"precious")

    def test_no_half_pair(self) -> None:
        """Where one of the files cannot be made, the other is not left behind."""
        (self.folder / "certificate.pem").write_bytes(b"precious")
        self.run_it("certificate", "localhost", str(self.folder))
        self.assertEqual([p.name for p in self.folder.iterdir()], ["certificate.pem"])

    def test_force(self) -> None:
        """Unless it is asked for; the new key is its owner's alone, whoever could read the old one."""
        for taken in ("private-key.pem", "certificate.pem"):
            (self.folder / taken).write_bytes(b"old")
            (self.folder / taken).chmod(0o666)
        status, _, err = self.run_it("certificate", "--force", "localhost", str(self.folder))
        self.assertEqual((status, err), (0, ""))
        key = self.folder / "private-key.pem"
        read_pair(Certificate(self.folder / "certificate.pem", key), "client-tls")
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)

    def test_folder(self) -> None:
        """A folder that is not there is made; a file in its place is told, 1 and one line."""
        status, _, err = self.run_it("certificate", "localhost", str(self.folder / "a" / "b"))
        self.assertEqual((status, err), (0, ""))
        self.assertTrue((self.folder / "a" / "b" / "certificate.pem").is_file())
        (self.folder / "file").write_bytes(b"")
        status, _, err = self.run_it("certificate", "localhost", str(self.folder / "file"))
        self.assertEqual((status, len(err.splitlines())), (1, 1))
        self.assertIn("file: Not a directory", err)
        (self.folder / "c" / "ca.pem").mkdir(parents=True)
        status, _, err = self.run_it("certificate", "--force", "localhost", str(self.folder / "c"))
        self.assertEqual((status, len(err.splitlines())), (1, 1))
        self.assertIn("ca.pem: Is a directory", err)
        self.assertEqual([p.name for p in (self.folder / "c").iterdir()], ["ca.pem"])

    def test_names(self) -> None:
        """A name in any script is in the certificate as the wire has it; a long one too."""
        long = ".".join(["a" * 60] * 3)
        status, _, err = self.run_it("certificate", "Bücher.example", long, str(self.folder))
        self.assertEqual((status, err), (0, ""))
        made = self.folder / "certificate.pem"
        found = read_pair(Certificate(made, self.folder / "private-key.pem"), "client-tls").names
        self.assertEqual(found, ("xn--bcher-kva.example", long))

    def test_bad_names(self) -> None:
        """Names that no certificate can hold; 2 and one line, nothing made."""
        for bad in ("", "a" * 65, "a..b", "a b"):
            folder = self.folder / "none"
            status, _, err = self.run_it("certificate", bad, str(folder))
            self.assertEqual((status, len(err.splitlines())), (2, 1), bad)
            self.assertIn(repr(bad), err)
        self.assertEqual(list(self.folder.iterdir()), [])
