"""The command, called as its entry point is, in a folder of its own."""

from __future__ import annotations

import io
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.__main__ import main


def faults_in(err: str) -> list[str]:
    """The faults of a report: what is not quoted below them."""
    return [line for line in err.splitlines() if not line.startswith(" ")]


class CommandCase(SynchronousTestCase):
    """Exit status, what is said, what is made."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-cli-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def run_it(self, *words: str) -> tuple[int, str, str]:
        """Exit status, stdout and stderr."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = main(list(words))
        return status, out.getvalue(), err.getvalue()

    def explained(self, text: str) -> list[str]:
        """What is said of a sound file, line by line."""
        status, out, err = self.run_it("check", self.file(text))
        self.assertEqual((status, err), (0, ""))
        return out.splitlines()

    def file(self, text: str, name: str = "f.toml") -> str:
        """A file with this text."""
        path = self.folder / name
        path.write_text(text, "utf-8")
        return str(path)

    def pair(self, begin: timedelta, end: timedelta, name: str = "c") -> tuple[Path, Path]:
        """A certificate that is valid from and until so long from now, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a.example")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now + begin)
            .not_valid_after(now + end)
            .sign(key, hashes.SHA256())
        )
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        files = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        files[0].write_bytes(made.public_bytes(pem))
        files[1].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
        files[1].chmod(0o600)
        return files
