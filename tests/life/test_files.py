"""What is wrong with what settings name."""

from __future__ import annotations

import tomllib

from ftpalg.certificate import make_pair
from ftpalg.config import structure
from ftpalg.life.files import faults_of_files
from tests.cli.cases import CommandCase, faults_in


class Named(CommandCase):
    """Endpoints, certificates, keys, CAs and accounts."""

    def test_endpoints(self) -> None:
        """An endpoint that Twisted does not know is a fault of the settings; 2."""
        for text, fault in (
            ("listen = ['tcp']", "'tcp' is no endpoint: it has no port; write one like"),
            ("[[listeners]]\nendpoint = 'unix:/x'", "FTP needs addresses"),
            ("[[listeners]]\nendpoint = 'carrier-pigeon:1'", "is no endpoint that Twisted knows"),
        ):
            path = self.file(f"server = 'ftp://h'\n{text}")
            status, out, err = self.run_it("check", "--config", path)
            self.assertEqual((status, out, len(faults_in(err))), (2, "", 1))
            self.assertIn(fault, err)
            self.assertNotIn("_parse", err)

    def test_reads_certificates(self) -> None:
        """A certificate that cannot be read is a fault of the settings; 2."""
        text = '[client-tls]\nmode = "require"\ncertificate = "none"\nprivate-key = "none"\n'
        status, _, err = self.run_it("check", "--config", self.file(text))
        self.assertEqual(status, 2)
        self.assertIn("client-tls.certificate = 'none': cannot be read", err)

    def test_all(self) -> None:
        """Each thing that cannot be used is told, not the first alone, and each at its setting."""
        text = """
            listen = ["tcp:1", "carrier-pigeon:1"]
            server-tls.ca = "no-ca"
            accounts.auth = ["file:no-accounts"]
            [client-tls]
            mode = "offer"
            certificate = "no-first"
            private-key = "no-first"
            [[client-tls.more-certificates]]
            certificate = "no-second"
            private-key = "no-second"
            """
        settings = structure(tomllib.loads(text), "x")
        found = [
            (".".join(map(str, fault.path)), fault.sentence) for fault in faults_of_files(settings)
        ]
        for key, word in (
            ("listen.1", "carrier-pigeon"),
            ("accounts.auth", "no-accounts"),
            ("client-tls.certificate", "no-first"),
            ("client-tls.more-certificates.0.certificate", "no-second"),
            ("server-tls.ca", "no-ca"),
        ):
            self.assertEqual(
                [at for at, sentence in found if word in sentence], [key], (word, found)
            )

    def test_sound(self) -> None:
        """Nothing is wrong with what is there, systemd's sockets among it, which come at the start."""
        made, key = make_pair(["localhost"], self.folder)
        text = f"""
            listen = ["tcp:1", "systemd:domain=INET:index=0"]
            server-tls.ca = "{made}"
            accounts.auth = ["memory:a:b"]
            client-tls = {{ mode = "offer", certificate = "{made}", private-key = "{key}" }}
            """
        self.assertEqual(faults_of_files(structure(tomllib.loads(text), "x")), [])
